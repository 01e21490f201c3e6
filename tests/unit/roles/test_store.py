"""The store's program: what a host adds can be read, and by no request of the protocol changed, moved or removed."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from time import time

import pytest

PROGRAM = Path(__file__).resolve().parents[3] / "roles" / "copies_store" / "files" / "hatang-store"
HOST, REPOSITORY = "le-web", "le-web/2026-11"
DONE, END, MISSING, REFUSED, FAILED, UNKNOWN = 0, 1, 2, 3, 4, 8
OPEN, CLOSE, READ, WRITE, LSTAT, SETSTAT, OPENDIR, READDIR, REMOVE, MKDIR, RMDIR = 3, 4, 5, 6, 7, 9, 11, 12, 13, 14, 15
REALPATH, RENAME, SYMLINK, EXTENDED = 16, 18, 20, 200
READING, WRITING, CREATING, EMPTYING = 1, 2, 8, 16
STATUS, HANDLE, DATA = 101, 102, 103
OLD = b"copied before the break-in"
PACK = f"{REPOSITORY}/data/{sha256(OLD).hexdigest()[:2]}/{sha256(OLD).hexdigest()}"


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(raw)) + raw


class Client:
    """Speaks to the program as sshd would let a host speak."""

    def __init__(self, folder: Path, host: str = HOST) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", PROGRAM, host], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.send(struct.pack(">BI", 1, 3)) == struct.pack(">BI", 2, 3)

    def send(self, raw: bytes) -> bytes:
        """One request and its answer."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(struct.pack(">I", len(raw)) + raw)
        self.process.stdin.flush()
        (size,) = struct.unpack(">I", self.process.stdout.read(4))
        return self.process.stdout.read(size)

    def ask(self, kind: int, *parts: bytes) -> tuple[int, bytes]:
        """Kind of the answer, and the rest of it."""
        found = self.send(bytes([kind]) + struct.pack(">I", 7) + b"".join(parts))
        assert found[1:5] == struct.pack(">I", 7)
        return found[0], found[5:]

    def code(self, kind: int, *parts: bytes) -> int:
        """Status that a request ends with."""
        answer, rest = self.ask(kind, *parts)
        assert answer == STATUS
        return int(struct.unpack(">I", rest[:4])[0])

    def open(self, path: str, flags: int) -> bytes | int:
        """A handle, or the status."""
        answer, rest = self.ask(OPEN, text(path), struct.pack(">II", flags, 0))
        return rest if answer == HANDLE else int(struct.unpack(">I", rest[:4])[0])

    def add(self, path: str, contents: bytes) -> int:
        """Write a file as restic does: aside, then by its name. Returns the last status."""
        handle = self.open(f"{path}-restic-temp-0", WRITING | CREATING)
        assert isinstance(handle, bytes)
        assert self.code(WRITE, handle, struct.pack(">Q", 0), text(contents)) == DONE
        assert self.code(CLOSE, handle) == DONE
        return self.code(RENAME, text(f"{path}-restic-temp-0"), text(path))

    def read(self, path: str) -> bytes:
        """Contents of a file."""
        handle = self.open(path, READING)
        assert isinstance(handle, bytes)
        answer, rest = self.ask(READ, handle, struct.pack(">QI", 0, 32768))
        assert answer == DATA
        assert self.code(CLOSE, handle) == DONE
        return rest[4:]

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        assert self.process.wait(timeout=10) == 0


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A host with one repository and one file in it."""
    made = Client(tmp_path)
    for folder in (HOST, REPOSITORY, *(f"{REPOSITORY}/{n}" for n in ("data", "locks", "snapshots")), PACK[:-65]):
        assert made.code(MKDIR, text(folder), struct.pack(">I", 0)) in (DONE, FAILED)
    assert made.add(PACK, OLD) == DONE
    yield made
    made.close()


def test_what_was_added_can_be_read(client: Client, tmp_path: Path) -> None:
    assert client.read(PACK) == client.read(f"/{PACK}") == OLD
    assert (tmp_path / PACK).stat().st_mode & 0o777 == 0o400
    assert not list(tmp_path.rglob("*-restic-temp-*"))


@pytest.mark.parametrize("flags", [WRITING, WRITING | CREATING, WRITING | CREATING | EMPTYING, READING | WRITING])
def test_nothing_is_written_over(client: Client, flags: int) -> None:
    assert client.open(PACK, flags) == REFUSED
    assert client.add(PACK, b"other") == FAILED, "the name is taken"
    assert client.read(PACK) == OLD


def test_nothing_is_moved_or_removed(client: Client, tmp_path: Path) -> None:
    assert client.code(REMOVE, text(PACK)) == REFUSED
    assert client.code(RENAME, text(PACK), text(f"{PACK}-restic-temp-9")) == REFUSED
    assert client.code(RENAME, text(REPOSITORY), text("le-web/2026-12")) == REFUSED
    assert client.code(SETSTAT, text(PACK), struct.pack(">IQ", 1, 0)) == REFUSED, "nor cut to no length"
    assert client.code(RMDIR, text(PACK)) == client.code(RMDIR, text(f"{REPOSITORY}/locks")) == REFUSED
    for kind in (SYMLINK, EXTENDED):
        assert client.code(kind, text(PACK), text(PACK)) == UNKNOWN
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [tmp_path / PACK]
    assert client.read(PACK) == OLD


def test_locks_and_what_is_half_written_go_again(client: Client, tmp_path: Path) -> None:
    lock = f"{REPOSITORY}/locks/{'a' * 64}"
    assert client.add(lock, b"lock") == DONE
    assert client.code(REMOVE, text(lock)) == DONE
    assert isinstance(client.open(f"{PACK}-restic-temp-1", WRITING | CREATING), bytes)
    assert client.open(f"{PACK}-restic-temp-1", WRITING | CREATING) == FAILED, "somebody else writes it"
    assert client.code(REMOVE, text(f"{PACK}-restic-temp-1")) == DONE
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [tmp_path / PACK]


BAD = (
    "le-app/2026-11/config", "le-web/../le-app/2026-11/config", "/etc/passwd", "../../etc/passwd", "", "/", ".",
    "le-web/2026-11/../../etc", f"{REPOSITORY}/key", f"{REPOSITORY}/data/zz/{'a' * 64}", f"{REPOSITORY}/config\n",
    f"{REPOSITORY}/data/aa/{'a' * 63}", f"{REPOSITORY}/hatang-backup.key", "le-web/2026-11\0/config",
    "le-webb/2026-11/config",
)  # fmt: skip


@pytest.mark.parametrize("path", BAD)
def test_names_that_restic_does_not_use_are_neither_there_nor_made(client: Client, tmp_path: Path, path: str) -> None:
    (tmp_path / "le-app" / "2026-11").mkdir(parents=True)
    (tmp_path / "le-app" / "2026-11" / "config").write_text("of another host")
    before = sorted(tmp_path.rglob("*"))
    assert client.open(path, READING) in (MISSING, REFUSED)
    assert client.open(path, WRITING | CREATING) == REFUSED
    assert client.open(f"{path}-restic-temp-0", WRITING | CREATING) == REFUSED
    assert client.code(REMOVE, text(path)) == REFUSED
    assert client.code(RENAME, text(path), text(PACK)) == REFUSED
    assert client.code(MKDIR, text(path), struct.pack(">I", 0)) == REFUSED
    assert client.code(OPENDIR, text(path)) in (MISSING, REFUSED)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_that_somebody_laid_on_the_store_is_not_followed(client: Client, tmp_path: Path) -> None:
    (tmp_path / REPOSITORY / "config").symlink_to("/etc/passwd")
    assert client.open(f"{REPOSITORY}/config", READING) == FAILED


def test_sftp_finds_its_way(client: Client) -> None:
    answer, rest = client.ask(REALPATH, text("."))
    assert (answer, rest[4:9]) == (104, text("/"))
    answer, handle = client.ask(OPENDIR, text(f"/{HOST}/"))
    assert answer == HANDLE
    answer, rest = client.ask(READDIR, handle)
    assert answer == 104
    assert text("2026-11") in rest
    assert client.code(READDIR, handle) == END


@pytest.mark.parametrize(
    "raw", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1\3", b"\0\0\0\5\3\0", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_noise_ends_the_connection(tmp_path: Path, raw: bytes) -> None:
    words = [sys.executable, "-I", str(PROGRAM), HOST]
    done = subprocess.run(words, cwd=tmp_path, input=raw, capture_output=True, timeout=10)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not list(tmp_path.iterdir())


def test_requests_that_are_cut_fail_and_the_next_is_answered(client: Client) -> None:
    assert client.code(OPEN, b"\0\0\0\xff") == FAILED
    assert client.code(WRITE, text("99"), struct.pack(">Q", 0), text("x")) == FAILED
    assert client.code(CLOSE, text("99")) == FAILED
    assert client.read(PACK) == OLD


@pytest.mark.parametrize(
    "words", [[], ["../x"], ["Le-Web"], ["tidy"], ["tidy", "0"], ["tidy", "soon"], ["a", "b", "c"]]
)
def test_wrong_words_are_refused(tmp_path: Path, words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-I", PROGRAM, *words], cwd=tmp_path, capture_output=True, timeout=10)
    assert (done.returncode, done.stdout) == (2, b"")


def test_old_repositories_go_but_never_the_last_of_a_host(tmp_path: Path) -> None:
    def made(path: str, days: float) -> Path:
        folder = tmp_path / path
        (folder / "snapshots").mkdir(parents=True)
        file = folder / "snapshots" / ("a" * 64)
        file.write_text("")
        for each in (file, file.parent, folder):
            os.utime(each, (time() - days * 86400,) * 2)
        return folder

    old, young, last = made("web/2026-01", 200), made("web/2026-10", 20), made("gone/2026-01", 400)
    half = young / "snapshots" / f"{'b' * 64}-restic-temp-0"
    half.write_text("")
    os.utime(half, (time() - 2 * 86400,) * 2)
    subprocess.run([sys.executable, "-I", PROGRAM, "tidy", "90"], cwd=tmp_path, check=True, timeout=10)
    assert (old.exists(), young.exists(), last.exists(), half.exists()) == (False, True, True, False)
