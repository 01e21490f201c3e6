"""`hatang host store-keys` and `restore` before any host is asked: what is shown, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hatang import settings
from hatang.commands.root import run
from hatang.hosts.copies import CopyKeys, KeptKeys
from hatang.registry import HostRecord, Registry
from tests.unit.registry.test_registry import REQUEST

SYSTEM = REQUEST.system.name
KEYS = CopyKeys("mo-ban-sao", "-----BEGIN OPENSSH PRIVATE KEY-----\nvi-du\n", "ssh-ed25519 AAAAvidu")


@pytest.fixture
def state(tmp_path: Path) -> str:
    """A state folder with a host, and the keys of another one that is gone."""
    registry = Registry.open(f"sqlite:///{tmp_path}/registry.db")
    registry.submit(REQUEST, "")
    registry.record_hosts(SYSTEM, [HostRecord("con-day", SYSTEM, "H99.05", "dmz", "10.72.0.5", "debian", "id", 3)])
    KeptKeys(settings.load(state_dir=tmp_path)).keep("da-mat", KEYS)
    return str(tmp_path)


def test_the_store_is_told_public_keys_alone(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--state", state, "host", "store-keys", "--output", "json"]) == 0
    said = capsys.readouterr().out
    assert json.loads(said)["copies_store_hosts"] == [{"name": "da-mat", "key": KEYS.public}]
    assert run(["--state", state, "host", "store-keys"]) == 0
    said += capsys.readouterr().out
    assert KEYS.public in said
    assert not [secret for secret in (KEYS.opens, "vi-du") if secret in said]


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [
        ("da-mat", ("--onto", "con-dau", "--folder", "/srv/x"), "did you mean con-day"),
        ("con-day", ("--onto", "con-day", "--folder", "/srv/x"), "no keys of copies of con-day are kept"),
        ("da-mat", ("--onto", "con-day", "--folder", "srv/x"), "--folder"),
        ("da-mat", ("--onto", "con-day", "--folder", "/srv/x; reboot"), "--folder"),
        ("da-mat", ("--onto", "con-day", "--folder", "/srv/x", "--repository", "../le-app"), "--repository"),
        ("da-mat", ("--onto", "con-day", "--folder", "/srv/x", "--copy", "last"), "--copy"),
        ("../da-mat", ("--onto", "con-day", "--folder", "/srv/x"), "NAME"),
    ],
)
def test_wrong_words_are_refused_before_any_host_is_asked(
    state: str, capsys: pytest.CaptureFixture[str], name: str, words: tuple[str, ...], told: str
) -> None:
    assert run(["--state", state, "--lang", "en", "host", "restore", name, *words]) == 2
    assert told in capsys.readouterr().err
