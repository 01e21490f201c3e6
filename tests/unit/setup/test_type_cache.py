"""A clone begins with mypy's cache of the machine, and leaves its own; other lock files have another."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts import type_cache


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This clone's cache; the machine's is below the same folder."""
    monkeypatch.setenv("HATANG_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(type_cache, "OWN", tmp_path / "clone" / ".mypy_cache")
    return tmp_path / "clone" / ".mypy_cache"


def fill(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "found").write_text(text)


def test_the_first_clone_leaves_what_the_second_begins_with(own: Path) -> None:
    assert type_cache.bring(), "there is none yet, and none on the machine"
    assert not own.exists()
    fill(own, "first")
    type_cache.keep()
    (own / "found").unlink()
    own.rmdir()
    assert type_cache.bring()
    assert (own / "found").read_text() == "first"


def test_a_clone_with_its_own_keeps_it(own: Path) -> None:
    fill(type_cache.shared(), "machine")
    fill(own, "clone")
    assert not type_cache.bring()
    assert (own / "found").read_text() == "clone"


def test_one_is_kept_and_nothing_beside_it(own: Path) -> None:
    fill(type_cache.shared(), "before")
    fill(type_cache.shared().with_name("of-other-locks"), "old")
    fill(type_cache.shared().with_name(f"{type_cache.shared().name}.new-1"), "of a run that was killed")
    fill(own, "after")
    type_cache.keep()
    assert [p.name for p in type_cache.shared().parent.iterdir()] == [type_cache.shared().name]
    assert (type_cache.shared() / "found").read_text() == "after"


def test_other_lock_files_have_another(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = type_cache.shared()
    monkeypatch.setattr(type_cache, "LOCKS", tmp_path)
    (tmp_path / "product.txt").write_text("mypy==99")
    assert type_cache.shared() != before
