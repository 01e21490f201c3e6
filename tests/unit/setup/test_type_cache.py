"""A clone begins with mypy's cache of the machine, and leaves its own; other lock files have another."""

from __future__ import annotations

import os
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


def test_what_lies_beside_it_goes_after_a_day(own: Path) -> None:
    place = type_cache.shared()
    fill(place, "before")
    for name in ("of-other-locks", f"{place.name}.new-1"):  # the second of a run that was killed
        fill(place.with_name(name), "old")
        os.utime(place.with_name(name), (0, 0))
    fill(place.with_name("of-another-branch"), "in use")
    fill(own, "after")
    type_cache.keep()
    assert {p.name for p in place.parent.iterdir()} == {place.name, "of-another-branch"}
    assert (place / "found").read_text() == "after"


def test_two_clones_that_leave_theirs_at_once_do_no_harm(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one's comes between this one's two steps."""
    place, rename = type_cache.shared(), Path.rename
    fill(place, "before")
    fill(own, "mine")

    def rename_behind(path: Path, target: Path) -> Path:
        if target == place:
            fill(place, "other's")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", rename_behind)
    with pytest.raises(OSError):
        type_cache.keep()
    assert (place / "found").read_text() == "other's"


def test_other_lock_files_have_another(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = type_cache.shared()
    monkeypatch.setattr(type_cache, "LOCKS", tmp_path)
    (tmp_path / "product.txt").write_text("mypy==99")
    assert type_cache.shared() != before
