"""Data go only where the system's name is said once more, here and for a worker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hatang.commands.root import root
from hatang.errors import HatangError
from hatang.registry import Registry
from tests.unit.registry.decided import approve
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES
from tests.unit.registry.test_requests import asks
from tests.unit.registry.test_taking_away import APP, COPY, WEB, change

SITE_FILE = Path(__file__).resolve().parents[3] / "inventories" / "example" / "site.yaml"
NAME = REQUEST.system.name


CLOUDS = """
clouds:
  hatang:
    auth: {auth_url: "http://127.0.0.1:9/v3", username: x, password: x, project_name: x}
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The example system in use, with an approved change that deletes the data of its host db.

    The queue bears the name of a cloud; nobody asks this one anything.
    """
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(CLOUDS)
    monkeypatch.setenv("HATANG_CLOUDS_FILE", str(clouds))
    made = Registry.open(f"sqlite:///{tmp_path}/registry.db")
    first = made.submit(asks(), "", SITE)
    approve(made, first.id)
    made.allocate(NAME, SITE, ZONES)
    made.begin(first.id)
    made.set_system_state(NAME, "active")
    approve(made, made.submit(change(WEB, APP, loss={"hosts": ["db"], **COPY}), "", SITE).id)
    return made


def run(state: Path, *words: str) -> str:
    """What `hatang system apply` printed, or what its error says."""
    argv = ["--state", str(state), "--site", str(SITE_FILE), "--lang", "en", "system", "apply", NAME, *words]
    done = CliRunner().invoke(root, argv)
    if done.exit_code == 0:
        return done.stdout
    assert isinstance(done.exception, HatangError), (done.output, done.exception)
    assert done.exception.exit_code == 3
    return str(done.exception)


def test_without_the_second_word_nothing_begins(registry: Registry, tmp_path: Path) -> None:
    before = registry.requests()
    for words in ((), ("--queue",), ("--data-of", "db"), ("--restart",)):
        refused = run(tmp_path, *words)
        assert f"deletes data of system {NAME}: the volumes of db" in refused
        assert f"--data-of {NAME}" in refused
    assert registry.requests() == before
    assert registry.system(NAME).state == "active"


def test_with_it_a_worker_gets_the_job(registry: Registry, tmp_path: Path) -> None:
    done = json.loads(run(tmp_path, "--queue", "--data-of", NAME, "--output", "json"))
    assert (done["system"], done["new"]) == (NAME, True)


def test_it_is_asked_for_again_after_a_failure_and_not_once_the_data_are_gone(
    registry: Registry, tmp_path: Path
) -> None:
    change_id = registry.requests()[-1].id
    registry.begin(change_id, SITE)
    assert "deletes data" in run(tmp_path, "--queue")
    registry.fail(change_id, "apply", "the engine stopped")
    assert "deletes data" in run(tmp_path, "--queue")
    registry.begin(change_id, SITE)
    registry.set_system_state(NAME, "active")
    assert "queue" in run(tmp_path, "--queue")
