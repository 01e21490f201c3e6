"""A plan is what its digest says: nothing else is applied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hatang import settings
from hatang.errors import RefusedError
from hatang.provision.plan import Plan, load_plan, rows_of


@pytest.fixture
def here(tmp_path: Path) -> settings.Settings:
    """Settings on an empty state folder."""
    return settings.load(state_dir=tmp_path)


def _plan() -> Plan:
    rows = [{"operation": "create", "type": "Network", "name": "zone-dmz-network", "changed": []}]
    return Plan("thu", {"level": 3}, "digest-of-state", {"create": 1}, rows, refresh=False)


def test_a_kept_plan_is_read_back_as_it_was(here: settings.Settings) -> None:
    made = _plan().seal().write(here)
    assert load_plan(here, "thu", made.digest) == made
    assert made.file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("config", {"level": 1}), ("state_digest", "x"), ("refresh", True), ("rows", []), ("unmanaged", [{"id": "1"}])],
)
def test_a_plan_that_was_altered_is_refused(here: settings.Settings, field: str, value: object) -> None:
    made = _plan().seal().write(here)
    raw = json.loads(made.file.read_text())
    made.file.write_text(json.dumps({**raw, field: value}))
    with pytest.raises(RefusedError, match="was altered"):
        load_plan(here, "thu", made.digest)


def test_a_plan_that_is_not_there_is_refused(here: settings.Settings) -> None:
    with pytest.raises(RefusedError, match="cannot be read"):
        load_plan(here, "thu", "0" * 64)


def test_equal_plans_have_equal_digests() -> None:
    assert _plan().seal().digest == _plan().seal().digest


def test_bookkeeping_of_the_engine_is_no_row() -> None:
    steps: list[dict[str, Any]] = [
        {"op": "same", "type": "pulumi:pulumi:Stack", "urn": "a::b"},
        {"op": "create", "type": "pulumi:providers:openstack", "urn": "a::p"},
        {"op": "create", "type": "hatang:components:Zone", "urn": "a::z"},
        {"op": "refresh", "type": "openstack:networking/network:Network", "urn": "a::n"},
        {"op": "update", "type": "openstack:networking/network:Network", "urn": "a::n", "diffs": ["name", "mtu"]},
    ]
    assert rows_of(steps) == [{"operation": "update", "type": "Network", "name": "n", "changed": ["mtu", "name"]}]
