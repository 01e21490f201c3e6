"""A state folder with a registry, a journal and files of every kind; and the command on it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from hatang import settings
from hatang.journal.journal import Journal
from hatang.keeping import envelope
from hatang.registry import Registry
from tests.unit.commands.invoked import invoked
from tests.unit.registry.test_registry import REQUEST

SECRET = "BI-MAT-khong-ai-duoc-doc"
WORDS = "cụm mật khẩu của bản sao lưu"
FILES = {  # place: content
    "engine/.pulumi/stacks/hatang-system/mot-cua.json": '{"version": 3}',
    "engine-salt": "v1:muoi",
    "keys/mot-cua": f"-----BEGIN {SECRET}-----\n" * 40,
    "copies/mot-cua-web/0001.json": "{}",
    "plans/hatang-system-mot-cua/plan.json": "{}",
    "checks/20261127T080000/report.json": "{}",
    "log/system/mot-cua.log": f"{SECRET}\n",
    "work/hatang-system/mot-cua/Pulumi.yaml": "name: hatang-system\n",
    "known_hosts": "mot-cua-web ssh-ed25519 AAAA\n",
}
LEFT_OUT = ("sandbox/cloud/clouds.yaml", "runs/1/artifacts/stdout", "lock/mot-cua.lock", "sandbox.lock")


@dataclass
class Place:
    """A state folder, and the command on it."""

    state: Path
    key: Path
    backup: Path

    def run(self, *words: str | Path, state: Path | None = None, code: int = 0) -> str:
        """What the command says; or its error, where it must end with another code."""
        return invoked("--state", state or self.state, "--lang", "en", "state", *words, code=code)

    def save(self, *words: str | Path, code: int = 0) -> str:
        """`state save` into `backup`."""
        return self.run("save", self.backup, "--key-file", self.key, *words, code=code)

    def restore(self, to: Path, *words: str, code: int = 0) -> str:
        """`state restore` from `backup`."""
        return self.run("restore", self.backup, "--key-file", self.key, *words, state=to, code=code)

    def tree(self, of: Path | None = None) -> dict[str, tuple[int, bytes]]:
        """Mode and content of every file; folders have none."""
        top = of or self.state
        return {
            str(p.relative_to(top)): (p.stat().st_mode & 0o7777, p.read_bytes() if p.is_file() else b"")
            for p in sorted(top.rglob("*")) if not p.is_symlink()
        }  # fmt: skip


def filled(folder: Path) -> Place:
    """A state folder that was worked with."""
    place = Place(folder / "state", folder / "key", folder / "out" / "backup")
    place.key.write_text(WORDS + "\n")
    place.backup.parent.mkdir()
    own = settings.load(state_dir=place.state)
    registry = Registry.open(own.registry)
    registry.submit(REQUEST, "")
    Journal(own, registry).catch_up()
    for name in (*FILES, *LEFT_OUT):
        file = place.state / name
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_text(FILES.get(name, SECRET))
        file.chmod(0o600 if "keys" in name else 0o640)
    (place.state / "checks" / "latest").symlink_to("20261127T080000")
    (place.state / "workflow").mkdir()
    for name in ("jobs.db", "workflow/mot-cua.db"):
        with closing(sqlite3.connect(place.state / name)) as made:
            made.execute("PRAGMA journal_mode=WAL")
            made.execute("CREATE TABLE run (id)")
    settings.write(place.state, cloud="hatang")
    return place


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    """Nobody guesses the passphrases of a test: deriving a key costs less. test_killed.py pays the real price."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envelope, "COST", 2**10)
        yield


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A state folder of this test."""
    before = os.umask(0)  # modes are said, not left to the user's
    yield filled(tmp_path)
    os.umask(before)


@pytest.fixture(scope="module")
def kept(quick: None, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A state folder with its backup, for tests that leave both as they are."""
    made = filled(tmp_path_factory.mktemp("kept"))
    made.save()
    return made
