"""Settings of a sandbox cloud: what is accepted, what is refused, what is written."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from hatang.sandbox.cloud import SERVICES, Settings, environment


def test_ports_follow_the_base_port(tmp_path: Path) -> None:
    s = Settings(tmp_path, tmp_path / "venv", base_port=20000)
    assert [s.port(n) for n in SERVICES] == list(range(20000, 20009))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"base_port": 33000}, "base_port must lie in"),
        ({"services": ("nova",)}, "keystone is always needed"),
        ({"services": ("keystone", "cinder")}, "cinder needs"),
        ({"services": ("keystone", "swift")}, "unknown services"),
        ({"log_level": "LOUD"}, "log_level must be one of"),
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(Settings(tmp_path, tmp_path / "venv"), **given)  # type: ignore[arg-type]


def test_settings_survive_a_round_trip_and_are_private(tmp_path: Path) -> None:
    s = Settings(tmp_path, tmp_path / "venv", base_port=20000, admin_password="example")
    s.save()
    assert Settings.load(tmp_path) == s
    assert stat.S_IMODE(s.file.stat().st_mode) == 0o600


def test_a_state_that_was_moved_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    Settings(tmp_path / "old", tmp_path / "venv").save()
    (tmp_path / "old").rename(tmp_path / "new")
    with pytest.raises(ValueError, match="moved since"):
        Settings.load(tmp_path / "new")


def test_the_lock_pins_every_package_with_hashes() -> None:
    lines = environment.lock_file().read_text().splitlines()
    pins = [n for n, line in enumerate(lines) if line and line[0].isalnum()]
    assert len(pins) > 150
    assert [lines[n] for n in pins if "==" not in lines[n] or "--hash=" not in lines[n + 1]] == []
