"""Keys of copies in the state folder: sealed, each once, those of before beside the new ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatang import settings
from hatang.errors import HostError
from hatang.hosts.copies import CopyKeys, KeptKeys

OLD = CopyKeys("mo-ban-sao-cu", "-----BEGIN OPENSSH PRIVATE KEY-----\ncu\n", "ssh-ed25519 AAAAcu")
NEW = CopyKeys("mo-ban-sao-moi", "-----BEGIN OPENSSH PRIVATE KEY-----\nmoi\n", "ssh-ed25519 AAAAmoi")


@pytest.fixture
def kept(tmp_path: Path) -> KeptKeys:
    return KeptKeys(settings.load(state_dir=tmp_path))


def test_keys_come_back_the_newest_first(kept: KeptKeys) -> None:
    assert list(kept.of("le-web")) == []
    assert kept.public() == {}
    assert [kept.keep("le-web", k) for k in (OLD, NEW, NEW, OLD)] == [True, True, False, False]
    assert list(kept.of("le-web")) == [NEW, OLD]
    assert kept.public() == {"le-web": NEW.public}


def test_nothing_lies_there_in_clear(kept: KeptKeys, tmp_path: Path) -> None:
    kept.keep("le-web", OLD)
    (file,) = (tmp_path / "copies" / "le-web").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert OLD.opens not in file.read_text()
    assert OLD.opens not in repr(OLD)
    assert OLD.logs_in not in repr(OLD)


def test_another_passphrase_opens_nothing_and_says_so(kept: KeptKeys, tmp_path: Path) -> None:
    kept.keep("le-web", OLD)
    (tmp_path / "passphrase").write_text("another one")
    with pytest.raises(HostError, match="cannot be opened"):
        list(kept.of("le-web"))


def test_keys_of_one_host_are_not_taken_for_another_ones(kept: KeptKeys, tmp_path: Path) -> None:
    kept.keep("le-web", OLD)
    (tmp_path / "copies" / "le-web").rename(tmp_path / "copies" / "le-app")
    with pytest.raises(HostError, match="le-app"):
        list(kept.of("le-app"))
