"""Where engine and provider are looked for, and in which order."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hatang import settings as settings_module
from hatang.errors import MissingPartError
from hatang.provision import toolchain
from hatang.settings import Settings


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A machine with an empty cache and no engine on PATH."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi-home"))
    return settings_module.load(state_dir=tmp_path / "state", cache_dir=tmp_path / "cache")


def _program(file: Path, prints: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho {prints}\n")
    file.chmod(0o755)


def _built(cache: Path, key: str, **facts: str) -> Path:
    root = cache / "toolchain" / f"{key}-go1.26"
    _program(root / "bin" / "pulumi", "v" + toolchain.ENGINE_VERSION)
    _program(root / "home" / toolchain.PLUGIN, "")
    stamp = {
        "origin": "built",
        "engine_version": toolchain.ENGINE_VERSION,
        "provider_version": toolchain.PROVIDER_VERSION,
    }
    (root / toolchain.STAMP).write_text(json.dumps(stamp | facts))
    return root


def test_nothing_is_an_error_with_its_remedy(machine: Settings) -> None:
    with pytest.raises(MissingPartError) as caught:
        toolchain.find(machine)
    assert caught.value.do == "make setup"


def test_what_was_built_from_these_sources_is_found(machine: Settings) -> None:
    root = _built(machine.cache, toolchain.source_key())
    found = toolchain.find(machine)
    assert (found.root, found.origin, found.home) == (root, "built", root / "home")


def test_the_engine_keeps_no_logs_of_its_own(machine: Settings) -> None:
    home = _built(machine.cache, toolchain.source_key()) / "home"
    (home / "logs").mkdir()
    (home / "logs" / "an-agency.log").write_text("what its resources are made of")
    for _run in range(2):
        assert toolchain.find(machine).home == home
        assert "on purpose" in (home / "logs").read_text()
    assert sorted(p.name for p in home.iterdir()) == ["logs", "plugins"]


def test_a_build_of_other_sources_or_versions_is_not_used(machine: Settings) -> None:
    _built(machine.cache, "0123456789abcdef")
    _built(machine.cache, toolchain.source_key(), engine_version="3.1.0")
    with pytest.raises(MissingPartError):
        toolchain.find(machine)


def test_a_build_without_its_plugin_is_not_used(machine: Settings) -> None:
    root = _built(machine.cache, toolchain.source_key())
    (root / "home" / toolchain.PLUGIN).unlink()
    with pytest.raises(MissingPartError):
        toolchain.find(machine)


@pytest.mark.parametrize(("version", "with_plugin", "origin"), [
    (toolchain.ENGINE_VERSION, True, "path"),
    (toolchain.ENGINE_VERSION, False, "built"),
    ("3.1.0", True, "built"),
])  # fmt: skip
def test_path_comes_first_when_version_and_plugin_are_right(
    machine: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, with_plugin: bool, origin: str
) -> None:
    _built(machine.cache, toolchain.source_key())
    _program(tmp_path / "released" / "bin" / "pulumi", f"v{version}")
    monkeypatch.setenv("PATH", f"{tmp_path / 'released' / 'bin'}:/usr/bin:/bin")
    if with_plugin:
        _program(tmp_path / "pulumi-home" / toolchain.PLUGIN, "")
    found = toolchain.find(machine)
    assert found.origin == origin
    if origin == "path":
        assert found.root == tmp_path / "released"
        assert (found.analyzer_dir / toolchain.ANALYZER).is_file()


def test_the_analyzer_runs_the_interpreter_that_it_is_given(tmp_path: Path) -> None:
    toolchain.write_analyzer(tmp_path)
    toolchain.write_analyzer(tmp_path)
    _program(tmp_path / "python", '"$@"')
    done = subprocess.run(
        [tmp_path / toolchain.ANALYZER, "address", "folder"],
        env={"ANALYZER_PYTHON": str(tmp_path / "python"), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    words = done.stdout.split()
    assert words[:2] == ["-u", "-c"]
    assert words[-2:] == ["address", "folder"]
    assert 'runpy.run_module("pulumi.policy",' in done.stdout


def test_set_up_reads_this_module_without_any_package(tmp_path: Path) -> None:
    cli = Path(toolchain.__file__).resolve().parents[2]
    load = f"import sys; sys.path.insert(0, {str(cli)!r}); from hatang.provision import toolchain"
    code = f"{load}; print(toolchain.source_key())"
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == toolchain.source_key()


def _installed(prefix: Path) -> Path:
    """What the offline bundle's installer puts into an environment."""
    root = _built(prefix, "x")
    root.rename(prefix / "x")
    (prefix / toolchain.INSTALLED.parent).mkdir(parents=True)
    return (prefix / "x").rename(prefix / toolchain.INSTALLED)


def test_what_the_bundle_brought_comes_before_the_cache(
    machine: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _built(machine.cache, toolchain.source_key())
    root = _installed(tmp_path / "env")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    found = toolchain.find(machine)
    assert (found.root, found.origin, found.is_bundled) == (root, "built", True)
    assert found.plugin.resolve() == root / "home" / toolchain.PLUGIN


def test_everybody_has_a_home_of_the_engine_for_each_installation(machine: Settings, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    gone = _installed(first)
    _installed(second)
    homes = [found.home for p in (first, first, second) if (found := toolchain.beside(p, machine.cache))]
    assert len(homes) == 3
    assert len(set(homes)) == 2
    assert all(home.is_relative_to(machine.cache) for home in homes)
    gone.rename(tmp_path / "removed")
    third = tmp_path / "third"
    _installed(third)
    assert toolchain.beside(third, machine.cache)
    assert [home.exists() for home in homes] == [False, False, True], "that of a removed installation goes"
    assert toolchain.beside(first, machine.cache) is None
