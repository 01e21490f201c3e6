"""A host with a kernel of its own: what a container cannot show is seen there, named when broken, and repaired.

Its processor is in software where no other boots a kernel, so these tests are long ones (docs/reference/benchmarks.md).
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatang.catalogue.mutations import mutations
from hatang.model.mutation import Needs
from hatang.sandbox.hosts import cgroup, control, netns, qemu, sockets
from hatang.sandbox.hosts.machines import Machines, identity
from tests.integration.audit.checked import Checked
from tests.integration.hosts.lone import ROOT, Lone
from tests.prove.hosts import HostProof, of_the_kernel

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def faithful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lone]:
    """A place with one such host. Skipped, visibly, where it cannot be."""
    if reason := control.why_not() or qemu.why_not():
        pytest.skip(f"no faithful hosts here: {reason}")
    made = Lone(tmp_path_factory.mktemp("faithful"))
    try:
        made.add("le-web", own_kernel=True)
        made.add_store()
        yield made
    finally:
        made.down()


def test_it_is_a_machine_with_debians_kernel_and_lets_in_whom_it_should(faithful: Lone) -> None:
    host = faithful.hosts[0]
    assert faithful.inside(host, "systemd-detect-virt --vm; hostname; id -u").split()[1:] == ["le-web", "0"]
    assert "Debian" in faithful.inside(host, "uname -v")
    assert "apparmor" in faithful.inside(host, "cat /sys/kernel/security/lsm")
    assert faithful.inside(host, "systemctl is-active auditd").strip() == "active"
    assert faithful.lets_in(host, timeout_s=60)


def test_what_is_on_its_disk_outlives_a_loss_of_power(faithful: Lone) -> None:
    host = faithful.hosts[0]
    faithful.inside(host, "echo kept > /root/mark; sync")
    boot = faithful.inside(host, "cat /proc/sys/kernel/random/boot_id")
    faithful.close(host)
    faithful.machines.reboot(host.server_id)
    assert faithful.inside(host, "cat /root/mark") == "kept\n"
    assert faithful.inside(host, "cat /proc/sys/kernel/random/boot_id") != boot


def test_what_its_kernel_lets_slip_is_named_and_repaired(faithful: Lone) -> None:
    proof = HostProof(Checked(faithful), of_the_kernel())
    assert proof.whole() == {}, "a real kernel meets all that is demanded"
    proof.clean = True
    [mutation] = [m for m in mutations()["LOG-15"].mutations if m.needs is Needs.OWN_KERNEL]
    outcome = proof.prove("LOG-15", mutation)
    assert outcome.caught, f"{outcome}\nagain: python -m tests.prove --control LOG-15"


KILLED = """
import sys
from pathlib import Path
from tests.integration.hosts.lone import Lone
Lone(Path(sys.argv[1])).add("le-app", own_kernel=True)
"""


def test_what_a_killed_process_left_is_found_and_removed(faithful: Lone, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    folder.mkdir()
    job = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], cwd=ROOT)
    state = folder / "sandbox" / "hosts"
    ident = identity(state)
    end = time.monotonic() + 120
    while not cgroup.alive(f"hatang-{ident}"):
        assert job.poll() is None and time.monotonic() < end, "no host was begun"
        time.sleep(0.1)
    job.send_signal(signal.SIGKILL)
    job.wait()
    assert cgroup.alive(f"hatang-{ident}"), "the host outlives who began it"
    Machines(state, faithful.cache / "images", folder / "glance").halt_all()
    assert not cgroup.exists(f"hatang-{ident}")
    assert not netns.named(ident)
    assert not list(sockets.folder(ident).glob("*"))
