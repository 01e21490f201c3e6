"""Approvals of a registry of before: they stand where the system is in use, and wait for a plan where it is not."""

from __future__ import annotations

import json

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from hatang.model.lifecycle import RequestState
from hatang.registry import Registry, database
from tests.unit.registry.decided import approve

BEFORE = "0004"


def config_at(engine: Engine, revision: str, *, down: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)


@pytest.fixture
def engine(url: str) -> Engine:
    """Three approved requests and one that is not; one system active, one removed, one not there yet."""
    engine = database.connect(url)
    config_at(engine, BEFORE)
    with engine.begin() as connection:
        agency = {"code": "H99.05", "ceiling": {}}
        connection.execute(
            text("INSERT INTO agency VALUES ('H99.05', 'committee', :spec, '2026-01-01')"), {"spec": json.dumps(agency)}
        )
        for name, state, is_approved in (
            ("dung", "active", True), ("go", "removed", True), ("cho", "requested", True), ("moi", "requested", False),
        ):  # fmt: skip
            spec = json.dumps({"system": {"name": name, "level": 3}, "agency": {}})
            connection.execute(
                text("INSERT INTO request VALUES (:n, :n, '', :s, 'H99.05', 'Nguyễn  Văn A', '2026-01-01')"),
                {"n": name, "s": spec},
            )
            connection.execute(
                text("INSERT INTO system VALUES (:n, 'H99.05', :n, 3, :s, '2026-01-02')"), {"n": name, "s": spec}
            )
            for each in ("requested", state):
                connection.execute(
                    text("INSERT INTO system_state (system, state, created_at) VALUES (:n, :s, '2026-01-02')"),
                    {"n": name, "s": each},
                )
            if is_approved:
                connection.execute(
                    text(
                        "INSERT INTO approval (request_id, requested_by, approved_by, note, created_at) "
                        "VALUES (:n, 'Nguyễn  Văn A', 'Trần Thị B', 'QD 1', '2026-01-03')"
                    ),
                    {"n": name},
                )
    return engine


def test_states_after_the_move(engine: Engine, url: str) -> None:
    registry = Registry.open(url)
    found = {r.id: r for r in registry.requests()}
    assert {k: r.state for k, r in found.items()} == {
        "dung": RequestState.ACTIVE, "go": RequestState.REMOVED, "cho": RequestState.SUBMITTED,
        "moi": RequestState.SUBMITTED,
    }  # fmt: skip
    assert [(a.approved_by, a.note, a.plan) for a in found["cho"].approvals] == [("Trần Thị B", "QD 1", "")]
    assert found["moi"].approvals == ()
    assert found["cho"].created_at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert found["cho"].case.approval is None, "kept, but of no plan"
    assert found["dung"].case.approval is not None


def test_what_was_approved_without_a_plan_is_approved_again_with_one(engine: Engine, url: str) -> None:
    registry = Registry.open(url)
    assert approve(registry, "moi").state is RequestState.APPROVED


def test_approvals_come_back_with_the_former_schema(engine: Engine, url: str) -> None:
    Registry.open(url)
    config_at(engine, BEFORE, down=True)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT request_id, approved_by, note FROM approval ORDER BY request_id"))
        assert rows.tuples().all() == [(n, "Trần Thị B", "QD 1") for n in ("cho", "dung", "go")]
    assert {r.id for r in Registry.open(url).requests()} == {"dung", "go", "cho", "moi"}
