"""Records, names, identity and the operator's configuration of hosts."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from dataclasses import asdict
from pathlib import Path

import pytest

from hatang.sandbox.hosts import access, control, image, nspawn, records, seed, sockets
from hatang.sandbox.hosts.links import inner_lines, link_name
from hatang.sandbox.hosts.machines import Machines, identity
from hatang.sandbox.hosts.programs import HostsError, discard, write_text
from hatang.sandbox.hosts.records import Address, Machine, Nic

UUID = "0f5c7a52-1111-4222-8333-444455556666"


def machine(name: str = "web", key_name: str = "van-ban", *ips: str) -> Machine:
    """A host with one port."""
    found = ips or ("fd00::5", "10.1.1.5")
    addresses = [Address(ip, 64 if ":" in ip else 26, "fd00::1" if ":" in ip else "10.1.1.1") for ip in found]
    nic = Nic(UUID, UUID, "fa:16:3e:00:00:01", 1400, addresses, [["10.9.0.0/16", "10.1.1.2"]])
    return Machine(UUID, name, "image", "ssh-ed25519 AAAA", key_name, [nic])


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = machine()
    records.save(tmp_path, made)
    assert records.load_all(tmp_path) == {UUID: made}
    raw = asdict(made) | {"of_another_version": 1}
    assert records.from_dict(json.loads(json.dumps(raw))) == made


def test_the_address_is_the_first_ipv4_one() -> None:
    assert machine().address == "10.1.1.5"
    assert machine("web", "k", "fd00::5").address == "fd00::5"
    assert Machine(UUID, "island", "image", "", "", []).address == ""


def test_names_fit_the_kernel_and_differ_between_sandboxes(tmp_path: Path) -> None:
    assert len(link_name("p", UUID)) < 16
    a, b = identity(tmp_path / "a"), identity(tmp_path / "b")
    assert a != b
    assert identity(tmp_path / "x" / ".." / "a") == a


def test_links_of_a_host_have_the_ports_addresses_and_routes() -> None:
    nic = machine().nics[0]
    assert inner_lines(0, nic, first=True) == [
        "link set host0 up",
        "addr add fd00::5/64 dev host0 nodad",
        "addr add 10.1.1.5/26 dev host0",
        "route add default via fd00::1 dev host0",
        "route add default via 10.1.1.1 dev host0",
        "route replace 10.9.0.0/16 via 10.1.1.2 dev host0",
    ]
    assert not [line for line in inner_lines(1, nic, first=False) if "default" in line]


def test_ssh_finds_host_key_and_way_by_name_and_by_address(tmp_path: Path) -> None:
    text = access.config(tmp_path, "ht123456", [machine()], tmp_path / "keys")
    (tmp_path / "ssh_config").write_text(text)
    for target in ("web", "10.1.1.5"):
        said = subprocess.run(
            ["ssh", "-G", "-F", str(tmp_path / "ssh_config"), target], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        assert {
            "hostname 10.1.1.5",
            "hostkeyalias web",
            "user debian",
            "stricthostkeychecking true",
            f"identityfile {tmp_path}/keys/van-ban",
            "proxyusefdpass yes",
            "proxycommand nsenter --net=/run/netns/ht123456-op nc -F -w 30 %h %p",
        } <= set(said)
    assert access.known_hosts([(machine(), "ssh-ed25519 BBBB")]) == "web,10.1.1.5 ssh-ed25519 BBBB\n"


@pytest.mark.parametrize("key_name", ["../../etc/shadow", ".hidden", 'a"b', "a b", "a\nProxyCommand x", ""])
def test_a_keypairs_name_cannot_name_another_file(tmp_path: Path, key_name: str) -> None:
    assert "IdentityFile" not in access.config(tmp_path, "ht123456", [machine("web", key_name)], tmp_path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a disk image", "no host image"),
        ('{"hatang_host_image": "../../etc"}', "not built"),
        ('{"hatang_host_image": "nspawn-000000000000"}', "not built"),
        ('["hatang_host_image"]', "no host image"),
        ("x" * 5000, "too large"),
    ],
)
def test_an_image_that_is_no_host_image_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "image").write_text(text)
    with pytest.raises(HostsError, match=why):
        seed.image_folder(tmp_path, tmp_path / "image")


def test_a_host_image_is_found_by_the_name_in_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "nspawn-0123456789ab"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"built_at": 1}')
    (tmp_path / "image").write_text('{"hatang_host_image": "nspawn-0123456789ab"}')
    assert seed.image_folder(tmp_path, tmp_path / "image") == folder


def test_exit_code_of_a_host_outlives_the_agent(tmp_path: Path) -> None:
    assert nspawn.exit_code(tmp_path) is None
    (tmp_path / "exit").write_text(f"{nspawn.REBOOT}\n")
    assert nspawn.exit_code(tmp_path) == nspawn.REBOOT
    (tmp_path / "exit").write_text("")
    assert nspawn.exit_code(tmp_path) is None


def test_a_foreign_process_with_the_hosts_number_does_not_keep_it(tmp_path: Path) -> None:
    machines = Machines(tmp_path, tmp_path, tmp_path)
    made = machine()
    made.pid = os.getpid()
    machines.known[UUID] = made
    assert machines.runs(UUID) is False
    assert machines.died() == [UUID]
    assert machines.runs("another") is None
    made.power = False
    assert machines.died() == []


def test_a_host_that_asked_for_a_reboot_has_not_died(tmp_path: Path) -> None:
    machines = Machines(tmp_path, tmp_path, tmp_path)
    machines.known[UUID] = made = machine()
    records.save(machines.folder, made)
    (machines.folder / made.short / "exit").write_text(str(nspawn.REBOOT))
    assert machines.runs(UUID) is True
    assert machines.died() == []


def test_a_server_without_host_says_why_it_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(HostsError, match="while the sandbox ran without hosts"):
        Machines(tmp_path, tmp_path, tmp_path).start(UUID)


def test_files_are_replaced_whole_by_many_writers(tmp_path: Path) -> None:
    machines = Machines(tmp_path, tmp_path, tmp_path)
    machines.id = f"test-{os.getpid()}"
    for n in range(20):
        machines.known[str(n)] = machine(f"h{n}", "k", f"10.1.1.{n + 5}")
    try:
        threads = [threading.Thread(target=access.write, args=(machines, tmp_path)) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    except PermissionError:
        pytest.skip("needs /run")
    finally:
        if sockets.folder(machines.id).exists():
            sockets.folder(machines.id).rmdir()
    assert (tmp_path / "ssh_config").read_text() == access.config(tmp_path, machines.id, machines.all(), tmp_path)
    assert (tmp_path / "ssh_config").stat().st_mode & 0o777 == 0o600


def test_text_is_written_with_its_mode(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "one", 0o600)
    write_text(tmp_path / "a", "two", 0o600)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_a_socket_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HostsError, match="shorter state folder"):
        control.socket_path(tmp_path / ("x" * 100))


def test_stopping_what_never_was_does_nothing(tmp_path: Path) -> None:
    control.stop(tmp_path / "never", wipe=True)
    assert not control.is_running(tmp_path)
    assert control.hosts(tmp_path) == []
    assert control.network_problem(tmp_path) == ""


def test_the_page_of_hosts_names_every_package_of_the_image() -> None:
    page = Path(__file__).parents[4] / "docs" / "reference" / "sandbox-hosts.md"
    words = set(page.read_text().replace(",", " ").replace(". ", " ").split())
    assert set(image.default_packages()) <= words


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a file that cannot be removed")
def test_logs_that_only_grow_go_with_their_host(tmp_path: Path) -> None:
    logs = tmp_path / "web" / "up" / "var" / "log"
    logs.mkdir(parents=True)
    (logs / "auth.log").write_text("ai đó đăng nhập\n")
    kept = subprocess.run(["chattr", "+a", logs / "auth.log"], capture_output=True).returncode == 0
    if kept:
        with pytest.raises(PermissionError):
            (logs / "auth.log").unlink()
    discard(tmp_path / "web")
    assert not (tmp_path / "web").exists()
