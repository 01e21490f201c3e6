"""What `hatang host ssh-config` writes leads to real hosts, whose keys come from their consoles by Nova's API alone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hatang import settings
from hatang.commands.root import run
from hatang.errors import HostError, RefusedError
from hatang.hosts import wait_for_hosts
from hatang.hosts.host_keys import KnownHosts, from_console
from hatang.registry import HostRecord, Registry
from hatang.sandbox.hosts.netns import NETNS
from hatang.settings import Settings
from hatang.workflow import steps
from hatang.workflow.context import Context
from hatang.workflow.ssh_config import introduce
from tests.integration.sandbox.hosts.place import Place
from tests.unit.registry.test_registry import REQUEST, ROOT, SITE

SYSTEM = REQUEST.system.name
REACHED = ("web", "db")
KEY = "/etc/ssh/ssh_host_ed25519_key"


@dataclass
class Known:
    """A registry that has hosts of the place on record; nothing but the written files knows their keys."""

    place: Place
    state: Path
    kept: Path
    capsys: pytest.CaptureFixture[str]

    def __post_init__(self) -> None:
        self.kept.mkdir()
        keys = self.state / "keys"
        keys.mkdir(parents=True, mode=0o700)
        shutil.copy(self.place.key, keys / SYSTEM)
        config = self.kept / "ssh_config"
        config.write_text(
            f'Include "{self.kept}/ssh_hosts"\n'
            f"Host *\n  ProxyCommand nsenter --net={NETNS}/{self.place.sandbox.ident}-op nc -F -w 10 %h %p\n"
            "  ProxyUseFdpass yes\n  GlobalKnownHostsFile none\n"
        )
        settings.write(
            self.state, clouds_file=str(self.place.sandbox.clouds_file), cloud="hatang", ssh_config=str(config)
        )
        Registry.open(self.settings().registry).submit(REQUEST, "")
        self.record(*REACHED)

    def settings(self, **more: object) -> Settings:
        """Settings of the state folder; hosts are not waited for long."""
        return settings.load(state_dir=self.state, host_timeout_s=20, **more)

    def record(self, *hosts: str) -> None:
        """These hosts are the system's."""
        rows = [
            HostRecord(self.place.name(h), SYSTEM, REQUEST.agency.code, "dmz", self.place.address(h), "debian",
                       self.place.servers[h].id, 3) for h in hosts
        ]  # fmt: skip
        Registry.open(self.settings().registry).record_hosts(SYSTEM, rows)

    @property
    def hosts(self) -> list[HostRecord]:
        """On record."""
        return Registry.open(self.settings().registry).hosts()

    @property
    def file(self) -> Path:
        """The file with the keys."""
        return self.kept / "known_hosts"

    def write(self, *words: str, code: int = 0) -> str:
        """The command with --write; its errors."""
        site = str(ROOT / "inventories/example/site.yaml")
        argv = ["--state", str(self.state), "--site", site, "--lang", "en", "host", "ssh-config"]
        got = run([*argv, "--write", str(self.kept), *words])
        said = self.capsys.readouterr().err
        assert got == code, said
        return said

    def ssh(self, host: str) -> subprocess.CompletedProcess[str]:
        """Plain ssh with the written files."""
        argv = ["ssh", "-F", str(self.kept / "ssh_config"), "-o", "BatchMode=yes", self.place.name(host)]
        return subprocess.run([*argv, "hostname"], capture_output=True, text=True, timeout=60)

    def alter(self, host: str) -> None:
        """Another host's key stands where this one's stood."""
        there, name = KnownHosts.parse(self.file.read_text(), ""), self.place.name(host)
        other = next(key for key in there.keys(self.place.name(next(h for h in REACHED if h != host))))
        self.file.write_text(there.without(name).adding(name, [other]).text)


@pytest.fixture
def known(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Known]:
    """A state folder of its own."""
    yield Known(place, tmp_path / "state", tmp_path / "kept", capsys)


def test_ssh_and_hatang_get_in_with_the_written_files_alone(known: Known) -> None:
    known.write()
    for host in REACHED:
        done = known.ssh(host)
        assert done.stdout == f"{known.place.name(host)}\n", done.stderr
        inside = known.place.inside(host, "cat", f"{KEY}.pub").split()[:2]
        assert f"{known.place.name(host)} {' '.join(inside)}\n" in known.file.read_text()
    wait_for_hosts(known.settings(), known.hosts)


def test_the_way_leads_through_a_bastion(known: Known) -> None:
    """A host that no entry is made for stands for the bastion here."""
    place, config = known.place, known.kept / "ssh_config"
    known.write()
    bastion_keys = known.kept / "bastion_keys"
    known.file.rename(bastion_keys)
    known.record("db")
    known.write("--bastion", "cua-vao")
    config.write_text(
        f'Include "{known.kept}/ssh_hosts"\nHost cua-vao\n  HostName {place.address("web")}\n'
        f"  HostKeyAlias {place.name('web')}\n  User debian\n  IdentityFile {place.key}\n"
        f"  UserKnownHostsFile {bastion_keys}\n  StrictHostKeyChecking yes\n  ProxyUseFdpass yes\n"
        f"  ProxyCommand nsenter --net={NETNS}/{place.sandbox.ident}-op nc -F -w 10 %h %p\n"
    )
    done = known.ssh("db")
    assert done.stdout == f"{place.name('db')}\n", done.stderr
    wait_for_hosts(known.settings(), known.hosts)
    bastion_keys.write_text("")
    assert known.ssh("db").returncode == 255


def test_with_one_key_altered_both_refuse_that_host_alone(known: Known) -> None:
    known.write()
    known.alter("web")
    refused = known.ssh("web")
    assert refused.returncode == 255
    assert "Host key verification failed" in refused.stderr
    assert known.ssh("db").returncode == 0
    short = known.settings().model_copy(update={"host_timeout_s": 1.0})
    with pytest.raises(HostError, match="Host key verification failed"):
        wait_for_hosts(short, known.hosts[-1:] if "web" in known.hosts[-1].name else known.hosts[:1])
    before = known.file.read_text()
    assert known.place.name("web") in known.write(code=3)
    assert known.file.read_text() == before
    known.write("--renew", known.place.name("web"))
    assert known.ssh("web").returncode == 0


def test_without_its_key_no_host_is_believed(known: Known) -> None:
    known.write()
    known.file.write_text("")
    assert known.ssh("web").returncode == 255
    assert known.file.read_text() == ""


def test_apply_meets_the_hosts_by_itself_where_the_setting_names_the_folder(known: Known) -> None:
    context = Context(known.settings(ssh_folder=known.kept), SITE)
    assert steps.wait_for_hosts(context, SYSTEM) == {"hosts": sorted(map(known.place.name, REACHED))}
    again = introduce(context, SYSTEM)
    known.file.write_text("")  # as for a host whose console said nothing yet at first
    wait_for_hosts(context.settings, context.registry.hosts(SYSTEM), again)
    assert len(known.file.read_text().splitlines()) == len(REACHED)
    known.alter("web")
    with pytest.raises(RefusedError, match=known.place.name("web")):
        steps.wait_for_hosts(context, SYSTEM)


def test_a_host_that_was_made_anew_is_refused_until_that_is_said(known: Known) -> None:
    """Its console holds the keys of both boots; the newest are its own."""
    place, name = known.place, known.place.name("hermit")
    known.record("hermit")
    known.write()
    first = known.file.read_text()
    place.inside("hermit", "sh", "-c", f"rm {KEY} {KEY}.pub && ssh-keygen -q -t ed25519 -N '' -f {KEY}")
    place.cloud.compute.reboot_server(place.servers["hermit"].id, "HARD")
    place.await_status(place.servers["hermit"].id, "REBOOT", "HARD_REBOOT", "ACTIVE")
    place.await_status(place.servers["hermit"].id, "ACTIVE")
    said = known.write(code=3)
    assert f"--renew {name}" in said
    assert known.file.read_text() == first
    known.write("--renew", name)
    now = " ".join(place.inside("hermit", "cat", f"{KEY}.pub").split()[:2])
    assert known.file.read_text() == f"{name} {now}\n" != first


def test_a_server_that_is_gone_or_silent_is_named(known: Known) -> None:
    known.write()
    known.file.write_text("")
    registry = Registry.open(known.settings().registry)
    there = known.hosts[0]
    lost = HostRecord(f"{there.name}-x", SYSTEM, there.agency_code, "dmz", "192.0.2.9", "debian", "0" * 32, 3)
    registry.record_hosts(SYSTEM, [there, lost])
    assert lost.name in known.write(code=4)
    assert [line.split()[0] for line in known.file.read_text().splitlines()] == [there.name]


def test_nova_gives_the_real_console(place: Place) -> None:
    said = place.cloud.compute.get_server_console_output(place.servers["web"].id)["output"]
    inside = place.inside("web", "cat", f"{KEY}.pub")
    assert from_console(said) == {" ".join(inside.split()[:2])}
