"""What a snapshot may hold: files and folders below the state folder, also where Python has no filter for it."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from hatang.sandbox.cloud import snapshot


def _packed(*members: tuple[str, bytes]) -> tarfile.TarFile:
    """An archive with members of these names and kinds."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, kind in members:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            entry.size = 2 if kind == tarfile.REGTYPE else 0
            tar.addfile(entry, io.BytesIO(b"ab"))
    stream.seek(0)
    return tarfile.open(fileobj=stream)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../outside", tarfile.REGTYPE), ("db/../../outside", tarfile.REGTYPE), ("/outside", tarfile.REGTYPE),
        ("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("device", tarfile.CHRTYPE),
    ],
)  # fmt: skip
def test_what_leads_elsewhere_has_no_place_in_it(tmp_path: Path, name: str, kind: bytes) -> None:
    into = tmp_path / "state"
    into.mkdir()
    with _packed(("db", tarfile.DIRTYPE), (name, kind)) as tar, pytest.raises(ValueError, match="has no place"):
        snapshot._extract(tar, into)
    assert [p.name for p in tmp_path.rglob("*")] == ["state"]


def test_files_and_folders_come_out(tmp_path: Path) -> None:
    with _packed(("db", tarfile.DIRTYPE), ("db/nova", tarfile.REGTYPE)) as tar:
        snapshot._extract(tar, tmp_path)
    assert (tmp_path / "db" / "nova").read_bytes() == b"ab"
