"""Doctor: truthful about what is there, with a remedy for each thing that is not."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hatang import settings as settings_module
from hatang.doctor import Finding, State, examine
from hatang.doctor.looks import PARTS, Look, Part
from hatang.sandbox.hosts import control
from hatang.settings import Settings

HATANG = Path(sys.executable).parent / "hatang"


@pytest.fixture
def bare(tmp_path: Path) -> Settings:
    """Settings of a machine where nothing was set up: empty state, empty cache."""
    return settings_module.load(state_dir=tmp_path / "state", cache_dir=tmp_path / "cache")


def _of(settings: Settings, name: str) -> Finding:
    return next(p for p in PARTS if p.name == name).look(settings)


def test_every_part_says_what_it_is_for_and_what_to_do(bare: Settings) -> None:
    for finding in examine(bare):
        assert finding.about.endswith("."), finding.name
        assert bool(finding.remedy) == (finding.state is not State.REAL), finding.name


def test_names_are_unique() -> None:
    names = [p.name for p in PARTS]
    assert len(names) == len(set(names))


def test_parts_that_the_sandbox_only_imitates_are_called_fake(bare: Settings) -> None:
    for name in ("hypervisor", "volume-storage", "load-balancers", "dns-servers"):
        assert _of(bare, name).state is State.FAKE


@pytest.mark.parametrize(("why", "state"), [("", State.REAL), ("this is not root", State.FAKE)])
def test_packets_are_filtered_where_hosts_can_be(
    why: str, state: State, bare: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "why_not", lambda: why)
    found = _of(bare, "packet-filter")
    assert found.state is state
    assert why in found.detail


def test_the_uv_of_the_cache_tells_its_version(bare: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    own = bare.cache / "uv" / "0" / "bin" / "uv"
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\necho uv 12.34.56\n")
    own.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert _of(bare, "uv").version == "12.34.56"


def test_an_empty_cache_lacks_the_engine_and_says_how_to_get_it(
    bare: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    finding = _of(bare, "engine")
    assert finding.is_lacking
    assert finding.remedy == "make setup"


def test_an_error_on_the_way_is_the_detail_of_a_missing_part(bare: Settings) -> None:
    def broken(settings: Settings) -> Look:
        """A part that cannot be looked at."""
        raise OSError("the disk is gone")

    finding = Part("x", "machine", True, "buy a disk", broken).look(bare)
    assert (finding.state, finding.detail, finding.remedy) == (State.MISSING, "OSError: the disk is gone", "buy a disk")


def test_a_registry_of_another_schema_is_not_called_real(bare: Settings) -> None:
    bare.state_dir.mkdir()
    with sqlite3.connect(bare.state_dir / "registry.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES ('0000')")
    finding = _of(bare, "registry")
    assert finding.state is State.MISSING
    assert "schema 0000" in finding.detail


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("clouds: {}\n", "has no entry hatang"),
        ("clouds: {hatang: {auth: {}}}\n", "has no auth_url"),
        ("clouds: {hatang: {auth: {auth_url: 'http://127.0.0.1:9/v3'}}}\n", "URLError"),
    ],
)
def test_a_cloud_that_does_not_answer_is_missing(bare: Settings, text: str, detail: str) -> None:
    file = bare.state_dir / "sandbox" / "cloud" / "clouds.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    finding = _of(bare, "cloud")
    assert finding.state is State.MISSING
    assert detail in finding.detail


def test_json_and_exit_code_agree(tmp_path: Path) -> None:
    done = subprocess.run(
        [HATANG, "--state", tmp_path / "state", "doctor", "--output", "json"],
        env=settings_module.environment(HATANG_CACHE_DIR=str(tmp_path / "cache")),
        capture_output=True,
        text=True,
    )
    report = json.loads(done.stdout)
    assert report["schema"] == "hatang.doctor/1"
    assert report["ok"] is (not report["lacking"])
    assert done.returncode == (0 if report["ok"] else 1)
    assert {p["state"] for p in report["parts"]} <= {"real", "missing", "fake"}
    assert not (tmp_path / "state").exists(), "looking changes nothing"
