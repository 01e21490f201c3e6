"""The server of each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from .place import Place, Seeded, make, seed


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Two agencies in a real registry, made once."""
    state = tmp_path_factory.mktemp("seeded")
    return Seeded(state, seed(state))


@pytest.fixture
def place(seeded: Seeded, tmp_path: Path) -> Place:
    """The server of a test, on a registry of its own."""
    return make(seeded, tmp_path)
