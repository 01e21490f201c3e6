"""A worker that does not share what the others wrote is refused, and told what."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hatang import settings as settings_module
from hatang.errors import SettingsError
from hatang.registry import processes
from hatang.registry.workers import Workers
from hatang.settings import Settings
from hatang.workflow import shared
from hatang.workflow.lock import locked


def here(folder: Path, **more: Any) -> Settings:
    return settings_module.load(state_dir=folder, **more)


@pytest.fixture
def workers(tmp_path: Path) -> Workers:
    return Workers(f"sqlite:///{tmp_path}/registry.db")


def test_the_first_leaves_its_mark_and_who_shares_is_let_in(tmp_path: Path, workers: Workers) -> None:
    own = here(tmp_path / "state")
    shared.require(own, workers)
    shared.require(own, workers)
    assert (own.state_dir / shared.FILE).read_text() == (own.state_dir / "engine" / shared.FILE).read_text()
    copy = tmp_path / "mounted-elsewhere"
    shutil.copytree(own.state_dir, copy)
    shared.require(here(copy), workers)


def test_another_state_folder_is_refused_and_left_alone(tmp_path: Path, workers: Workers) -> None:
    shared.require(here(tmp_path / "state"), workers)
    other = here(tmp_path / "other")
    with pytest.raises(SettingsError, match="state folder of this machine is not the one") as refused:
        shared.require(other, workers)
    assert refused.value.exit_code == 2
    assert str(other.state_dir / shared.FILE) in refused.value.where
    assert not other.state_dir.exists()


def test_another_back_end_is_refused(tmp_path: Path, workers: Workers) -> None:
    shared.require(here(tmp_path / "state"), workers)
    other = here(tmp_path / "state", engine_backend=f"file://{tmp_path}/own-back-end")
    with pytest.raises(SettingsError, match="engine's back-end of this machine is not the one"):
        shared.require(other, workers)
    with pytest.raises(SettingsError, match="is not a folder"):
        shared.require(here(tmp_path / "state", engine_backend="s3://bucket"), workers)


def test_another_passphrase_is_refused_and_not_shown(tmp_path: Path, workers: Workers) -> None:
    own = here(tmp_path / "state")
    shared.require(own, workers)
    file = tmp_path / "passphrase"
    file.write_text("cum-mat-khau-khac")
    with pytest.raises(SettingsError, match="does not open what the other workers wrote") as refused:
        shared.require(here(tmp_path / "state", passphrase_file=file), workers)
    assert "cum-mat-khau-khac" not in str(refused.value)
    kept = workers.shared("state", lambda: pytest.fail("it is there"))
    assert (own.state_dir / "passphrase").read_text() not in str(kept)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "BEAT_S", 0.5)
    monkeypatch.setattr(shared, "LEASE_S", 8.0)


@pytest.fixture
def other(workers: Workers) -> Iterator[str]:
    """A worker that beats."""
    workers.enter("other", processes.this())
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(0.3):
            workers.beat("other", "")

    thread = threading.Thread(target=beat)
    thread.start()
    yield "other"
    ended.set()
    thread.join()


@pytest.mark.usefixtures("quick")
def test_locks_that_do_not_reach_are_found_out(tmp_path: Path, workers: Workers, other: str) -> None:
    own = here(tmp_path / "state")
    with pytest.raises(SettingsError, match="locks on files do not reach from machine to machine"):
        shared.require_locks(own, workers)
    with locked(shared.lock_file(own, other)) as holder:
        assert holder == ""
        shared.require_locks(own, workers)


@pytest.mark.usefixtures("quick")
def test_the_lock_of_one_that_was_killed_a_moment_ago_proves_nothing(
    tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "LEASE_S", 2.0)
    workers.enter("killed", processes.this())
    shared.require_locks(here(tmp_path / "state"), workers)
