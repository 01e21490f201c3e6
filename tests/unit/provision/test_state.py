"""The engine's state file as recovery reads it, locks of dead runs, and plugins that outlived their engine."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from hatang.errors import EngineError
from hatang.provision import orphans
from hatang.provision.state import StateFile


@pytest.fixture
def state(tmp_path: Path) -> StateFile:
    """An empty stack in a file back-end."""
    made = StateFile(tmp_path / ".pulumi" / "stacks" / "hatang-system" / "thu.json")
    made.create("organization/hatang-system/thu")
    return made


def _resource(name: str, **more: object) -> dict[str, object]:
    return {"urn": f"urn:pulumi:s::p::t::{name}", "type": "openstack:a/b:C", "custom": True, "id": f"id-{name}", **more}


def _fill(state: StateFile, resources: list[dict[str, object]], pending: list[dict[str, object]]) -> None:
    latest = {"resources": resources, "pending_operations": pending}
    state.path.write_text(json.dumps({"version": 3, "checkpoint": {"stack": "s", "latest": latest}}))


def test_a_new_stack_knows_nothing_and_is_not_readable_by_others(state: StateFile) -> None:
    assert (state.resources(), state.pending(), state.outputs()) == ([], [], {})
    assert state.path.stat().st_mode & 0o077 == 0


def test_components_are_no_cloud_resources(state: StateFile) -> None:
    _fill(state, [_resource("a"), {**_resource("b"), "custom": False}], [])
    assert [r.name for r in state.resources()] == ["a"]


def test_the_digest_changes_with_the_resources_and_not_with_what_is_pending(state: StateFile) -> None:
    _fill(state, [_resource("a")], [])
    before = state.digest()
    _fill(state, [_resource("a")], [{"type": "creating", "resource": _resource("b")}])
    assert state.digest() == before
    state.clear_pending()
    assert (state.pending(), state.digest()) == ([], before)
    _fill(state, [_resource("a", outputs={"x": 1})], [])
    assert state.digest() != before


def test_the_wish_to_refresh_outlives_the_process(state: StateFile) -> None:
    state.ask_refresh()
    again = StateFile(state.path)
    assert again.wants_refresh()
    again.refreshed()
    assert not state.wants_refresh()


def test_locks_and_half_written_files_of_this_stack_alone_are_removed(state: StateFile, tmp_path: Path) -> None:
    locks = tmp_path / ".pulumi" / "locks" / "organization" / "hatang-system"
    for file in ("thu/1.json", "thu/2.json.abc.tmp", "khac/1.json"):
        (locks / file).parent.mkdir(parents=True, exist_ok=True)
        (locks / file).touch()
    half = state.path.with_name("thu.json.def.tmp")
    half.touch()
    state.break_lock()
    assert not half.exists()
    assert [str(f.relative_to(locks)) for f in locks.rglob("*") if f.is_file()] == ["khac/1.json"]
    assert state.exists()


def test_a_state_that_cannot_be_read_names_the_file_and_the_remedy(state: StateFile) -> None:
    state.path.write_text("{")
    with pytest.raises(EngineError, match=r"thu\.json.bak") as caught:
        state.resources()
    assert caught.value.where == str(state.path)


def _holding(lock: Path, name: str) -> subprocess.Popen[bytes]:
    """A process called `name` that holds the lock file open."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT)
    try:
        return subprocess.Popen([name, "60"], executable="/usr/bin/sleep", pass_fds=[handle])
    finally:
        os.close(handle)


def test_a_plugin_without_its_engine_is_ended_and_nobody_else(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    orphan = _holding(lock, "/x/pulumi-resource-openstack")
    other = _holding(lock, "/x/somebody")
    elsewhere = _holding(tmp_path / "other", "/x/pulumi-resource-openstack")
    try:
        end = time.monotonic() + 5
        while not orphans.end(lock) and time.monotonic() < end:
            time.sleep(0.05)
        assert orphan.wait(5) == -9
        assert (other.poll(), elsewhere.poll()) == (None, None)
    finally:
        for child in (orphan, other, elsewhere):
            child.kill()
            child.wait()
