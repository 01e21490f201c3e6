"""What Nova does to a server happens to its host, and what happens to a host is what Nova says of its server."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from hatang.sandbox.cloud import records as pid_records
from hatang.sandbox.hosts import cgroup, control, netns, sockets
from hatang.sandbox.hosts.client import AgentError, ask
from hatang.sandbox.hosts.machines import Machines

from .place import Place


@pytest.fixture(autouse=True)
def restore(place: Place) -> None:
    """Each test finds its host running."""
    if place.status("hermit") == "SHUTOFF":
        place.cloud.compute.start_server(place.servers["hermit"].id)
    place.await_status(place.servers["hermit"].id, "ACTIVE")


def pid(place: Place, host: str) -> int:
    """The process that holds the host."""
    row = place.row(host)
    assert row and row["running"]
    return int(row["pid"])


def test_stop_and_start_keep_the_disk(place: Place) -> None:
    server = place.servers["hermit"].id
    place.inside("hermit", "sh", "-c", "echo kept > /var/lib/mark; echo lost > /run/mark")
    place.cloud.compute.stop_server(server)
    place.await_status(server, "SHUTOFF")
    row = place.row("hermit")
    assert row and not row["running"]
    namespace = f"{place.sandbox.ident}-h{server.replace('-', '')[:8]}"
    assert not netns.exists(namespace)
    place.cloud.compute.start_server(server)
    place.await_status(server, "ACTIVE")
    assert place.inside("hermit", "cat", "/var/lib/mark") == "kept\n"
    assert place.inside("hermit", "sh", "-c", "ls /run/mark 2>/dev/null", ok=False) == ""


def test_reboot_is_a_new_run_of_the_same_disk(place: Place) -> None:
    server, before = place.servers["hermit"].id, pid(place, "hermit")
    place.inside("hermit", "sh", "-c", "touch /var/lib/again; nft add table inet mine")
    place.cloud.compute.reboot_server(server, "HARD")
    place.await_status(server, "ACTIVE")
    assert pid(place, "hermit") != before
    assert place.inside("hermit", "sh", "-c", "ls /var/lib/again; nft list tables") == "/var/lib/again\n"


def test_a_port_attached_later_comes_with_the_next_reboot(place: Place) -> None:
    server, cloud = place.servers["hermit"], place.cloud
    before = pid(place, "hermit")
    attached = cloud.compute.create_server_interface(server.id, net_id=place.networks["far"].id)
    network: Any = cloud.network
    network.update_port(attached.port_id, security_groups=[place.group_id])  # it came with the project's default group
    try:
        cloud.compute.reboot_server(server.id, "HARD")
        place.await_status(server.id, "REBOOT", "HARD_REBOOT", "ACTIVE")
        place.await_status(server.id, "ACTIVE")
        assert pid(place, "hermit") != before
        assert attached.mac_addr in place.inside("hermit", "ip", "link")
        assert place.reaches("hermit", place.address("other"))
    finally:
        cloud.compute.delete_server_interface(attached.port_id, server.id)
    end = time.monotonic() + 30
    while len(list(cloud.compute.server_interfaces(server.id))) > 1:
        assert time.monotonic() < end
        time.sleep(0.2)
    cloud.compute.reboot_server(server.id, "HARD")
    while attached.mac_addr in place.inside("hermit", "ip", "link", ok=False) or place.status("hermit") != "ACTIVE":
        assert time.monotonic() < end
        time.sleep(0.2)


def test_a_host_may_reboot_itself(place: Place) -> None:
    before = pid(place, "hermit")
    place.inside("hermit", "systemctl", "reboot")
    end = time.monotonic() + 30
    while not (row := place.row("hermit")) or not row["running"] or row["pid"] == before:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert place.status("hermit") == "ACTIVE"


@pytest.mark.parametrize("way", ["killed", "powered off from inside"])
def test_a_host_that_ends_is_shut_off_in_nova(place: Place, way: str) -> None:
    if way == "killed":
        os.kill(pid(place, "hermit"), signal.SIGKILL)
    else:
        place.inside("hermit", "systemctl", "poweroff")
    place.await_status(place.servers["hermit"].id, "SHUTOFF", timeout_s=20)
    row = place.row("hermit")
    assert row and not row["running"]


def test_console_of_a_host_is_that_of_its_server(place: Place) -> None:
    said = place.cloud.compute.get_server_console_output(place.servers["hermit"].id)["output"]
    assert "Debian GNU/Linux 12" in said


def test_a_host_that_cannot_boot_is_an_error_that_says_why(place: Place) -> None:
    compute = place.cloud.compute
    image: Any = place.cloud.create_image(
        place.name("junk"), filename=str(place.public_key), disk_format="raw", container_format="bare", wait=True
    )
    try:
        server = place.server("stillborn", "alone", image=image.id)
        found = place.await_status(server.id, "ERROR")
        assert "is no host image of the sandbox" in found.fault["message"]
        assert place.row("stillborn") is None
        compute.delete_server(server.id)
    finally:
        place.cloud.image.delete_image(image.id)


def test_a_server_without_network_boots_too(place: Place) -> None:
    server = place.server("island", "")
    place.await_status(server.id, "ACTIVE")
    assert place.inside("island", "cat", "/proc/1/comm") == "systemd\n"
    place.cloud.compute.delete_server(server.id)


def test_delete_leaves_nothing_of_the_host(place: Place) -> None:
    server = place.server("mayfly", "dmz")
    place.await_status(server.id, "ACTIVE")
    assert place.ssh("mayfly", "echo here") == "here\n"
    short = server.id.replace("-", "")[:8]
    place.cloud.compute.delete_server(server.id)
    place.cloud.compute.wait_for_delete(server, interval=0.2, wait=30)
    assert place.row("mayfly") is None
    assert not netns.exists(f"{place.sandbox.ident}-h{short}")
    assert not cgroup.exists(f"hatang-{place.sandbox.ident}/{short}")
    assert not (place.sandbox.hosts_state / "machines" / short).exists()
    for file in ("ssh_config", "known_hosts"):
        assert place.name("mayfly") not in (place.sandbox.hosts_state / file).read_text()


def test_hosts_outlive_a_killed_agent_and_a_new_one_takes_them_over(place: Place) -> None:
    state, sandbox = place.sandbox.hosts_state, place.sandbox
    before = {h: pid(place, h) for h in ("web", "db", "hermit")}
    place.ssh("web", "true")  # leaves a connection open through the operator's namespace
    agent = pid_records.read(state / "run", "agent")
    assert agent
    os.kill(agent.pid, signal.SIGKILL)
    assert pid_records.wait_gone(agent, 10)
    assert not control.is_running(state)
    control.start(state, sandbox.cache / "images", sandbox.cloud_state, sandbox.state / "keys")
    assert {h: pid(place, h) for h in before} == before
    assert place.ssh("web", "echo back") == "back\n", "the connection that was open is open"
    assert place.ssh("web", "echo back", "-o", "ControlPath=none") == "back\n"
    assert not control.network_problem(state)
    assert place.status("web") == "ACTIVE"


def test_the_agents_socket_is_roots_alone(place: Place) -> None:
    socket = control.socket_path(place.sandbox.hosts_state)
    assert socket.stat().st_mode & 0o077 == 0
    with pytest.raises(AgentError, match="no such request"):
        ask(str(socket), do="dance")


def reboot_and_be_cut_off(socket: str, uuid: str) -> None:
    """Ask for a reboot that never ends."""
    with pytest.raises(AgentError):
        ask(socket, do="reboot", uuid=uuid)


def test_two_sandboxes_stand_side_by_side_and_down_leaves_nothing(place: Place, tmp_path: Path) -> None:
    """A second agent on the same cloud; it is killed in the middle of a boot, then stopped."""
    state, sandbox = tmp_path / "hosts", place.sandbox
    control.start(state, sandbox.cache / "images", sandbox.cloud_state, tmp_path)
    ident = Machines(state, state, state).id
    machine: dict[str, Any] = {
        "uuid": "0f5c7a52-1111-4222-8333-444455556666", "name": "twin", "image": place.image_id,
        "key": place.public_key.read_text(), "key_name": "", "nics": [],
    }  # fmt: skip
    ask(str(control.socket_path(state)), do="spawn", machine=machine)
    asking = threading.Thread(target=reboot_and_be_cut_off, args=(str(state / "agent.sock"), machine["uuid"]))
    asking.start()
    time.sleep(0.4)
    agent = pid_records.send(state / "run", "agent", signal.SIGKILL)
    assert agent
    asking.join(20)
    control.stop(state, wipe=True)
    assert netns.named(ident) == []
    assert not cgroup.exists(f"hatang-{ident}")
    assert not state.exists()
    assert not sockets.folder(ident).exists()
    assert str(state) not in Path("/proc/self/mounts").read_text()
    assert place.inside("web", "cat", "/proc/1/comm") == "systemd\n", "the other sandbox is as it was"
