"""What a faithful host is started with: its second disk, its taps, the processor, and what is refused."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

from hatang.sandbox.hosts import disk, image, qemu, seed, sockets
from hatang.sandbox.hosts.links import link_name, outer_lines
from hatang.sandbox.hosts.programs import HostsError
from tests.unit.sandbox.hosts.test_machines import UUID, machine


def read(file: Path) -> dict[str, tuple[int, int, str]]:
    """Path → owner, mode, text."""
    with tarfile.open(file) as tar:
        return {m.name: (m.uid, m.mode, tar.extractfile(m).read().decode()) for m in tar}  # type: ignore[union-attr]


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen")
def test_the_second_disk_tells_a_host_from_others(tmp_path: Path) -> None:
    found = read(seed.identity_disk(tmp_path, machine()))
    assert found["etc/hostname"][2] == "web\n"
    assert found["etc/machine-id"][2].strip() == UUID.replace("-", "")
    assert found["etc/ssh/ssh_host_ed25519_key"][:2] == (0, 0o600)
    assert found[f"home/{image.USER}/.ssh/authorized_keys"] == (seed.LOGIN_ID, 0o600, "ssh-ed25519 AAAA\n")
    network = found["etc/systemd/network/20-port0.network"][2].splitlines()
    assert {"MACAddress=fa:16:3e:00:00:01", "MTUBytes=1400", "Address=10.1.1.5/26", "Gateway=10.1.1.1"} <= set(network)
    assert network[network.index("Destination=10.9.0.0/16") + 1] == "Gateway=10.1.1.2"


def test_after_the_first_boot_addresses_alone_are_written_anew(tmp_path: Path) -> None:
    (tmp_path / "disk.qcow2").touch()
    assert set(read(seed.identity_disk(tmp_path, machine()))) == {"etc/systemd/network/20-port0.network"}


def test_a_host_under_qemu_is_plugged_in_by_a_tap() -> None:
    nic = machine().nics[0]
    tap, up = outer_lines(0, nic, "")
    assert tap == f"tuntap add dev {link_name('p', UUID)} mode tap"
    assert up == f"link set {link_name('p', UUID)} mtu 1400 master {link_name('b', UUID)} up"
    assert "netns ht-h1" in outer_lines(0, nic, "ht-h1")[0]


def test_each_port_is_a_device_with_neutrons_mac(tmp_path: Path) -> None:
    words = qemu.argv(machine(), tmp_path, tmp_path, tmp_path / "s", qemu.SOFTWARE)
    assert f"tap,id=n0,ifname={link_name('p', UUID)},script=no,downscript=no" in words
    assert "virtio-net-pci,netdev=n0,mac=fa:16:3e:00:00:01" in words
    assert "tcg,thread=multi,tb-size=512" in words


def test_a_folder_that_qemu_cannot_name_is_refused() -> None:
    with pytest.raises(HostsError, match="comma"):
        qemu.argv(machine(), Path("/a,b"), Path("/c"), Path("/s"), qemu.SOFTWARE)


def test_the_processor_is_tried_once_and_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kvm-of-an-earlier-boot").write_text("yes")
    asked: list[Path] = []

    def never(made: Path) -> bool:
        asked.append(made)
        return False

    monkeypatch.setattr(qemu, "hardware_boots", never)  # no machine has both kinds of processors
    assert qemu.accelerator(tmp_path) == qemu.SOFTWARE
    assert qemu.accelerator(tmp_path) == qemu.SOFTWARE
    assert asked == [tmp_path]
    [noted] = tmp_path.glob("kvm-*")
    noted.write_text("yes")
    assert qemu.accelerator(tmp_path) == qemu.HARDWARE


def test_sockets_of_guests_have_short_names_of_their_own() -> None:
    assert str(sockets.guest("ht012345", "0f5c7a52")) == "/run/hatang-ht012345/0f5c7a52.guest"


def test_the_disk_has_all_that_fast_hosts_have_and_a_kernel() -> None:
    assert set(image.default_packages()) < set(disk.packages())
    assert "linux-image-amd64" in disk.packages()
    assert disk.name() != image.name()
    assert seed.IMAGE_NAME.fullmatch(disk.name())
