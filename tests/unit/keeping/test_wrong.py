"""Wrong files, folders, passphrases and archives: said clearly, and nothing is changed."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from hatang import settings
from hatang.keeping.envelope import HEADER, MAGIC, Sealer
from hatang.keeping.manifest import Manifest
from tests.unit.keeping.conftest import WORDS, Place

pytestmark = pytest.mark.usefixtures("quick")
ALTERED = "was altered, or its end is missing"
NO_BACKUP = "no backup that this hatang can read"
SHUT = "the passphrase does not open this backup"
FOREIGN = "not of the form that this hatang makes"


def flipped(at: int) -> Callable[[bytes], bytes]:
    """The file with one bit changed."""

    def change(raw: bytes) -> bytes:
        made = bytearray(raw)
        made[at] ^= 1
        return bytes(made)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda raw: b"", NO_BACKUP), (lambda raw: b"PK\x03\x04" + raw, NO_BACKUP),
        (lambda raw: raw.replace(b"backup 1", b"backup 2", 1), NO_BACKUP),
        (lambda raw: raw[:HEADER], ALTERED), (lambda raw: raw[: HEADER - 3], ALTERED),
        (lambda raw: raw[: len(raw) // 2], ALTERED), (lambda raw: raw[:-1], ALTERED),
        (lambda raw: raw + b"\0", ALTERED), (flipped(-1), ALTERED), (flipped(HEADER + 40), ALTERED),
        (flipped(len(MAGIC) + 20), ALTERED),  # nonce
        (flipped(len(MAGIC)), SHUT), (flipped(HEADER - 1), SHUT),  # salt, check: as of another passphrase
    ],
)  # fmt: skip
def test_a_damaged_file(kept: Place, tmp_path: Path, change: Callable[[bytes], bytes], said: str) -> None:
    file = tmp_path / "backup"
    file.write_bytes(change(kept.backup.read_bytes()))
    words = (file, "--key-file", kept.key)
    assert said in kept.run("verify", *words, code=2)
    assert said in kept.run("restore", *words, state=tmp_path / "new", code=2)
    assert list(tmp_path.iterdir()) == [file]


def test_wrong_passphrases_and_files(kept: Place, tmp_path: Path) -> None:
    keys = {"other": "một cụm mật khẩu khác", "empty": " \n", "short": "ngắn", "binary": ""}
    for name, words in keys.items():
        (tmp_path / name).write_text(words)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xfd")
    assert SHUT in kept.run("verify", kept.backup, "--key-file", tmp_path / "other", code=2)
    assert "is empty" in kept.run("verify", kept.backup, "--key-file", tmp_path / "empty", code=2)
    assert "cannot be read" in kept.run("verify", kept.backup, "--key-file", tmp_path / "binary", code=2)
    assert "cannot be read" in kept.run("verify", kept.backup, "--key-file", tmp_path / "none", code=2)
    assert "this is no terminal" in kept.run("verify", kept.backup, code=2)
    assert "cannot be read" in kept.run("verify", tmp_path / "none", "--key-file", kept.key, code=2)
    new = tmp_path / "out"
    assert "fewer than 12 letters" in kept.run("save", new, "--key-file", tmp_path / "short", code=2)
    assert not new.exists()


def test_places_where_nothing_is_saved(kept: Place, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("của người khác")
    within = kept.state / "backup"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")

    def refused(file: Path, state: Path = kept.state, key: Path = kept.key) -> str:
        return kept.run("save", file, "--key-file", key, state=state, code=2)

    assert "overwrite none" in refused(there)
    assert there.read_text() == "của người khác"
    assert "overwrite none" in refused(tmp_path / "link")
    assert "lost with it" in refused(within)
    assert "lost with the state folder" in refused(tmp_path / "new", key=kept.state / "passphrase")
    assert "cannot be written" in refused(tmp_path / "none" / "new")
    assert "no state folder" in refused(tmp_path / "new", state=tmp_path / "none")
    (tmp_path / "empty").mkdir()
    assert "nothing in the state folder" in refused(tmp_path / "new", state=tmp_path / "empty")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "link", "there"]


def test_a_link_or_a_damaged_database_is_not_saved(place: Place, tmp_path: Path) -> None:
    link = place.state / "keys" / "elsewhere"
    link.symlink_to("/etc/hostname")
    assert "a link lies in the state folder" in place.save(code=2)
    link.unlink()
    with (place.state / "jobs.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    assert "a database cannot be copied" in place.save(code=3)
    assert list(place.backup.parent.iterdir()) == []


def test_a_folder_that_holds_something_is_left_as_it_is(kept: Place, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").write_text("a")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "empty").mkdir()
    assert "not empty" in kept.restore(tmp_path / "full", code=2)
    assert "something else" in kept.restore(tmp_path / "link", code=2)
    assert "not empty" in kept.restore(kept.state, code=2)
    assert (tmp_path / "full" / "a").read_text() == "a"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "full", "link"]


def manifest(**more: Any) -> dict[str, Any]:
    """Of a backup with one file, `a`, that holds `a`."""
    kept = {"path": "a", "size": 1, "mode": 0o600, "sha256": hashlib.sha256(b"a").hexdigest()}
    made = {"hatang": "9.9.9", "made_at": datetime.now(UTC), "state_dir": "x", "schema_revision": "0001", "absent": ()}
    return {**made, "files": [kept], **more}


Member = tuple[str, bytes, bytes]  # name, type, content or target
A: Member = ("state/a", tarfile.REGTYPE, b"a")


def forged(file: Path, members: list[Member], told: dict[str, Any] | None) -> None:
    """A backup such as only who knows the passphrase can make."""
    text = "" if told is None else Manifest.model_construct(**told).model_dump_json(warnings=False)
    end: list[Member] = [("manifest.json", tarfile.REGTYPE, text.encode())] if text else []
    with file.open("wb") as out:
        sealer = Sealer(out, WORDS)
        with (
            gzip.GzipFile(fileobj=cast("BinaryIO", sealer), mode="wb") as packed,
            tarfile.open(fileobj=packed, mode="w|") as tar,
        ):
            for name, kind, content in [*members, *end]:
                member = tarfile.TarInfo(name)
                member.type = kind
                if kind == tarfile.REGTYPE:
                    member.size = len(content)
                else:
                    member.linkname = content.decode()
                tar.addfile(member, io.BytesIO(content))
        sealer.finish()


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ([("state/../../a", tarfile.REGTYPE, b"a")], manifest()),
        ([("../a", tarfile.REGTYPE, b"a")], manifest()),
        ([("/tmp/a", tarfile.REGTYPE, b"a")], manifest()),
        ([("state//a", tarfile.REGTYPE, b"a")], manifest()),
        ([("elsewhere/a", tarfile.REGTYPE, b"a")], manifest()),
        ([A, ("state/b", tarfile.SYMTYPE, b"/etc")], manifest()),
        ([("state/a", tarfile.SYMTYPE, b"/etc"), ("state/a/b", tarfile.REGTYPE, b"a")], manifest()),
        ([A, ("state/b", tarfile.LNKTYPE, b"state/a")], manifest()),
        ([A, ("state/b", tarfile.CHRTYPE, b"")], manifest()),
        ([A, A], manifest()),
        ([A, ("state/b", tarfile.REGTYPE, b"a")], manifest()),
        ([], manifest()),
        ([("state/a", tarfile.REGTYPE, b"b")], manifest()),
        ([A], manifest(folders=[{"path": "../b", "mode": 0o700}])),
        ([A], manifest(files=[{"path": "a", "size": 1, "mode": 0o4755, "sha256": "0" * 64}])),
        ([A], manifest(format="hatang.state-backup/9")),
        ([A], None),
    ],
)  # fmt: skip
def test_an_archive_that_is_none_of_ours(
    kept: Place, tmp_path: Path, members: list[Member], told: dict[str, Any] | None
) -> None:
    file = tmp_path / "forged"
    forged(file, members, told)
    words = (file, "--key-file", kept.key)
    assert FOREIGN in kept.run("verify", *words, code=2)
    assert FOREIGN in kept.run("restore", *words, state=tmp_path / "new", code=2)
    assert list(tmp_path.iterdir()) == [file]


def test_a_newer_registry_is_refused(kept: Place, tmp_path: Path) -> None:
    file = tmp_path / "newer"
    forged(file, [A], manifest(schema_revision="9999"))
    words = (file, "--key-file", kept.key)
    kept.run("verify", *words)
    said = kept.run("restore", *words, state=tmp_path / "new", code=3)
    assert "schema 9999; this hatang knows 0013" in said
    assert "use hatang 9.9.9" in said
    assert list(tmp_path.iterdir()) == [file]
    forged(tmp_path / "older", [A], manifest())
    kept.run("restore", tmp_path / "older", "--key-file", kept.key, state=tmp_path / "new")
    assert settings.load(state_dir=tmp_path / "new").state_dir.joinpath("a").read_text() == "a"
