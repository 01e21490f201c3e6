"""The engine leaves nothing of its own where nobody looks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatang import settings
from hatang.provision import toolchain


def test_whoever_asks_for_its_version_finds_nothing_in_the_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = toolchain.find(settings.load())
    monkeypatch.setenv("HOME", str(tmp_path))
    assert toolchain.engine_version(found.pulumi) == toolchain.ENGINE_VERSION
    assert list(tmp_path.iterdir()) == []
