"""`hatang host ssh-config` without a cloud: entries for planned hosts, what is refused, keys that changed."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hatang import settings
from hatang.commands.root import run
from hatang.errors import HostError, RefusedError
from hatang.hosts.ssh_files import MARK, Entry
from hatang.registry import HostRecord, Registry
from hatang.workflow.ssh_config import entries, require_all, write
from tests.unit.hosts.keys import console, made
from tests.unit.registry.test_registry import REQUEST, ROOT, SITE, ZONES, named

SYSTEM = REQUEST.system.name
HOSTS = sorted(f"{SYSTEM}-{h.name}" for h in REQUEST.system.hosts)
WEB = f"{SYSTEM}-web"


class Hatang:
    """The command on a registry with one system that was planned and one that has no addresses."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.state, self.kept, self._capsys = folder / "state", folder / "kept", capsys
        self.kept.mkdir()
        self.state.mkdir()
        self.registry = Registry.open(f"sqlite:///{self.state}/registry.db")
        self.registry.submit(REQUEST, "")
        self.registry.submit(named("chua-tinh"), "")
        self.registry.allocate(SYSTEM, SITE, ZONES)

    def __call__(self, *words: str, code: int = 0) -> str:
        """What it says: its result, or else its errors."""
        site = str(ROOT / "inventories/example/site.yaml")
        got = run(["--state", str(self.state), "--site", site, "--lang", "en", "host", "ssh-config", *words])
        said = self._capsys.readouterr()
        assert got == code, said.err
        return said.err if code else said.out

    def is_made(self, **login: Any) -> None:
        """All hosts of the planned system are there now."""
        allocation = self.registry.system(SYSTEM).allocation
        assert allocation is not None
        rows = [
            HostRecord(f"{SYSTEM}-{h.name}", SYSTEM, REQUEST.agency.code, h.zone.value, str(h.address), "debian",
                       f"id-{h.name}", 3) for h in allocation.hosts
        ]  # fmt: skip
        self.registry.record_hosts(SYSTEM, [replace(r, **login) for r in rows])

    def write(self, consoles: dict[str, str], *names: str, renew: Sequence[str] = ()) -> dict[str, str]:
        """States of hosts after a run that finds these consoles, by host."""
        own = settings.load(state_dir=self.state)
        known = entries(self.registry, "debian")
        met = write(
            own, known, self.kept, lambda ids: {i: consoles.get(i, "") for i in ids},
            ask=names or None, renew=renew,
        )  # fmt: skip
        require_all(met, self.kept)
        return {m.entry.name: m.state for m in met}


@pytest.fixture
def hatang(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Hatang:
    """The command, in English."""
    return Hatang(tmp_path, capsys)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A key for each host, and more."""
    folder = tmp_path_factory.mktemp("keys")
    return [made(folder) for _ in range(len(HOSTS) + 1)]


def asked_of_ssh(file: Path, host: str) -> dict[str, str]:
    """What ssh itself reads in a file about a host."""
    done = subprocess.run(["ssh", "-G", "-F", file, host], capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)


def test_hosts_that_are_planned_are_known_before_they_are_made(hatang: Hatang, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(hatang("--bastion", "quan-tri@bastion.example"))
    allocation = hatang.registry.system(SYSTEM).allocation
    assert allocation is not None
    for host in allocation.hosts:
        read = asked_of_ssh(file, f"{SYSTEM}-{host.name}")
        assert read["hostname"] == str(host.address)
        assert read["hostkeyalias"] == f"{SYSTEM}-{host.name}"
        assert read["user"] == SITE.image.login
        assert read["identityfile"] == str(hatang.state / "keys" / SYSTEM)
        assert read["proxyjump"] == "quan-tri@bastion.example"
        assert read["stricthostkeychecking"] == "true"


def test_entries_are_the_same_once_the_hosts_are_made(hatang: Hatang) -> None:
    planned = hatang()
    hatang.is_made()
    assert hatang() == planned
    assert f"Host {WEB}\n" in planned
    assert planned.startswith(MARK)


def test_entries_end_where_their_file_ends(hatang: Hatang, tmp_path: Path) -> None:
    hatang("--bastion", "bastion", "--write", str(hatang.kept))
    config = tmp_path / "config"
    config.write_text(f'Include "{hatang.kept}/ssh_hosts"\nHost bastion\n  HostName 192.0.2.20\n  User quan-tri\n')
    host, bastion = asked_of_ssh(config, WEB), asked_of_ssh(config, "bastion")
    assert host["userknownhostsfile"] == str(hatang.kept / "known_hosts")
    assert (host["proxyjump"], "proxyjump" in bastion) == ("bastion", False)
    assert (bastion["hostname"], bastion["user"]) == ("192.0.2.20", "quan-tri")


def test_written_while_nothing_is_made_yet(hatang: Hatang) -> None:
    said = json.loads(hatang("--write", str(hatang.kept), "--output", "json"))
    assert said["schema"] == "hatang.ssh-config/1"
    assert {h["name"]: h["host_key"] for h in said["hosts"]} == dict.fromkeys(HOSTS, "not-made")
    modes = {f.name: stat.S_IMODE(f.stat().st_mode) for f in hatang.kept.iterdir()}
    assert modes == {"ssh_hosts": 0o600, "known_hosts": 0o644}
    assert (hatang.kept / "ssh_hosts").read_text() == said["ssh_config"]


def test_the_setting_names_the_bastion(hatang: Hatang) -> None:
    settings.write(hatang.state, ssh_bastion="bastion")
    assert "  ProxyJump bastion\n" in hatang()
    assert "ProxyJump" not in hatang("--bastion", "")


def test_what_is_shown_is_what_would_be_written_where_the_setting_says(hatang: Hatang) -> None:
    settings.write(hatang.state, ssh_folder=str(hatang.kept))
    shown = hatang()
    hatang("--write", str(hatang.kept))
    assert (hatang.kept / "ssh_hosts").read_text() == shown


@pytest.mark.parametrize(
    "bastion",
    ["-oProxyCommand=touch /tmp/x", "bastion -oProxyCommand=x", "a,b", "bastion\n  LocalCommand x", "máy", "u@-x", WEB],
)
@pytest.mark.parametrize("way", ["shown", "written"])
def test_a_bastion_that_is_no_host_is_refused(hatang: Hatang, bastion: str, way: str) -> None:
    more = ["--write", str(hatang.kept)] if way == "written" else []
    assert "--bastion" in hatang(f"--bastion={bastion}", *more, code=2)
    assert list(hatang.kept.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--system", "mot-cu"), f"did you mean {SYSTEM}"),
        (("--system", "chua-tinh"), "hatang request plan"),
        (("--renew", WEB), "add --write"),
        (("--write", "{kept}", "--renew", f"{SYSTEM}-wed"), f"did you mean {WEB}"),
        (("--write", "{kept}/nowhere"), "No such file or directory"),
        (("--write", "{state}/registry.db"), "Not a directory"),
        (("--write", "/proc"), "cannot be kept there"),
    ],
)
def test_wrong_words_change_nothing(hatang: Hatang, words: tuple[str, ...], told: str) -> None:
    assert told in hatang(*(w.format(kept=hatang.kept, state=hatang.state) for w in words), code=2)
    assert list(hatang.kept.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "content"),
    [("ssh_hosts", b"Host *\n  User root\n"), ("known_hosts", b"[defaults]\ninventory = x\n"),
     ("known_hosts", b"\xff\xfe\x00"), ("ssh_hosts", None)],
    ids=["by-hand", "something-else", "no-text", "folder"],
)  # fmt: skip
def test_a_file_that_is_something_else_is_left_alone(hatang: Hatang, file: str, content: bytes | None) -> None:
    there = hatang.kept / file
    there.mkdir() if content is None else there.write_bytes(content)
    assert str(there) in hatang("--write", str(hatang.kept), code=2)
    assert [f.name for f in hatang.kept.iterdir()] == [file]
    assert content is None or there.read_bytes() == content


def test_a_state_folder_that_ssh_would_read_otherwise_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "100%d").mkdir()
    odd = Hatang(tmp_path / "100%d", capsys)
    assert "choose another folder" in odd(code=2)


def said_by(keys: Sequence[str]) -> dict[str, str]:
    """A console for each host."""
    return {
        f"id-{name.removeprefix(SYSTEM + '-')}": console(key, name=name) for name, key in zip(HOSTS, keys, strict=False)
    }


def test_keys_of_consoles_are_written_beside_those_of_others(hatang: Hatang, keys: list[str]) -> None:
    hatang.is_made()
    file = hatang.kept / "known_hosts"
    file.write_text(f"bastion {keys[-1]}\n")
    assert hatang.write(said_by(keys)) == dict.fromkeys(HOSTS, "added")
    assert set(file.read_text().splitlines()) == {
        f"bastion {keys[-1]}", *(f"{name} {key}" for name, key in zip(HOSTS, keys, strict=False))
    }  # fmt: skip
    before = file.read_text()
    assert hatang.write({}) == dict.fromkeys(HOSTS, "known")  # a console that scrolled on, or was lost, takes none away
    assert file.read_text() == before


def test_a_host_whose_console_says_nothing_is_named_and_gets_no_key(hatang: Hatang, keys: list[str]) -> None:
    hatang.is_made()
    with pytest.raises(HostError) as caught:
        hatang.write({k: v for k, v in said_by(keys).items() if k != "id-web"})
    assert f"console of {WEB};" in caught.value.what
    assert f"{WEB} TYPE KEY" in caught.value.do
    assert WEB not in (hatang.kept / "known_hosts").read_text()
    assert len((hatang.kept / "known_hosts").read_text().splitlines()) == len(HOSTS) - 1
    assert hatang.write(said_by(keys))[WEB] == "added"


def test_a_key_that_changed_is_refused_until_it_is_said_that_the_host_was_made_anew(
    hatang: Hatang, keys: list[str]
) -> None:
    hatang.is_made()
    hatang.write(said_by(keys))
    before = {f.name: f.read_bytes() for f in hatang.kept.iterdir()}
    other = said_by(keys) | {"id-web": console(keys[-1])}
    with pytest.raises(RefusedError, match=WEB) as caught:
        hatang.write(other)
    assert f"--renew {WEB}" in caught.value.do
    with pytest.raises(RefusedError):
        hatang.write(other, renew=[HOSTS[0]])  # another one
    assert {f.name: f.read_bytes() for f in hatang.kept.iterdir()} == before
    assert hatang.write(other, HOSTS[0]) == {HOSTS[0]: "known"}  # who is not asked is not compared
    assert hatang.write(other, renew=[WEB]) == {**dict.fromkeys(HOSTS, "known"), WEB: "renewed"}
    assert [x for x in (hatang.kept / "known_hosts").read_text().splitlines() if WEB in x] == [f"{WEB} {keys[-1]}"]


def test_renewing_without_a_new_key_keeps_the_old_one(hatang: Hatang, keys: list[str]) -> None:
    """ssh refuses the host then, which is right: nobody vouches for its new key."""
    hatang.is_made()
    hatang.write(said_by(keys))
    assert hatang.write({}, renew=[WEB])[WEB] == "known"
    assert f"{WEB} {keys[HOSTS.index(WEB)]}\n" in (hatang.kept / "known_hosts").read_text()


def test_two_runs_at_once_lose_no_key(hatang: Hatang, keys: list[str]) -> None:
    hatang.is_made()
    consoles = said_by(keys)
    own, known = settings.load(state_dir=hatang.state), entries(hatang.registry, "debian")

    def slowly(first: Callable[[], Any]) -> Callable[[Sequence[str]], dict[str, str]]:
        def ask(ids: Sequence[str]) -> dict[str, str]:
            first()  # another run begins and ends while this one waits for its consoles
            return {i: consoles[i] for i in ids}

        return ask

    other = slowly(lambda: None)
    write(own, known, hatang.kept, slowly(lambda: write(own, known, hatang.kept, other, ask=HOSTS[1:])), ask=HOSTS[:1])
    assert len((hatang.kept / "known_hosts").read_text().splitlines()) == len(HOSTS)


def test_a_suspended_system_is_not_asked(hatang: Hatang) -> None:
    hatang.is_made()
    hatang.registry.set_system_state(SYSTEM, "suspended")
    assert [e.stands_still for e in entries(hatang.registry, "debian")] == [True] * len(HOSTS)
    assert hatang.write({}) == dict.fromkeys(HOSTS, "suspended")


def test_what_is_being_removed_brings_no_new_entries(hatang: Hatang) -> None:
    hatang.registry.set_system_state(SYSTEM, "removed")
    assert entries(hatang.registry, "debian") == []


def test_addresses_of_the_registry_win_over_those_of_the_plan(hatang: Hatang) -> None:
    hatang.is_made(login="quan-tri", address="192.0.2.77")
    assert {(e.login, e.address) for e in entries(hatang.registry, "debian")} == {("quan-tri", "192.0.2.77")}
    assert Entry(WEB, SYSTEM, "192.0.2.77", "quan-tri", "id-web") in entries(hatang.registry, "debian")
