"""Services: what runs, what would start, and which doors are open."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hatang.policies.checks.expected import Ask
from hatang.policies.checks.units import MOUNTING, UNUSED, awake

INSECURE = (
    "telnetd", "inetutils-telnetd", "telnetd-ssl", "rsh-server", "rsh-redone-server", "inetutils-inetd", "vsftpd",
    "proftpd-core", "pure-ftpd", "tftpd-hpa", "atftpd", "nis",
)  # fmt: skip
UNUSED_PORTS = {
    69: "tftp", 111: "rpcbind", 137: "netbios", 139: "smb", 161: "snmp", 445: "smb", 631: "ipp", 2049: "nfs",
    5353: "mdns",
}  # fmt: skip
INSECURE_PORTS = {21: "ftp", 23: "telnet", 512: "rexec", 513: "rlogin", 514: "rsh"}  # TCP
LISTENING = "ss -Hlntu"
PACKAGES = "dpkg-query -W -f '${Package} ${db:Status-Status}\\n' " + " ".join(INSECURE) + " 2>/dev/null"


def doors(ask: Ask, ports: dict[int, str], protocols: tuple[str, ...]) -> list[str]:
    """Those of the ports that listen for others, not only for the host itself."""
    found = set()
    for row in ask(LISTENING).splitlines():
        words = row.split()
        address, _, port = words[4].rpartition(":")
        local = re.match(r"^(127\.|\[::1\])", address.split("%")[0])
        if words[0] in protocols and port.isdigit() and int(port) in ports and not local:
            found.add(f"{port}/{words[0]} ({ports[int(port)]})")
    return sorted(found)


@pytest.mark.control("CFG-02")
def test_unused_services_are_off(value: Any, ask: Ask) -> None:
    """Nothing that nobody needs runs, may start, or listens."""
    units = awake(ask, UNUSED)
    assert not units, f"not needed, but on: {', '.join(units)}"
    open_ = doors(ask, UNUSED_PORTS, ("tcp", "udp"))
    assert not open_, f"not needed, but listening: {', '.join(open_)}"


@pytest.mark.control("SAC-01")
def test_no_insecure_remote_access(value: bool, ask: Ask) -> None:
    """No server for telnet, rsh, FTP or TFTP is installed, and nothing listens at their ports."""
    installed = [row.split()[0] for row in ask(PACKAGES, (0, 1)).splitlines() if row.endswith(" installed")]
    assert not installed, f"insecure servers are installed: {', '.join(installed)}"
    open_ = doors(ask, INSECURE_PORTS, ("tcp",))
    assert not open_, f"insecure protocols listen: {', '.join(open_)}"


@pytest.mark.control("CFG-09")
def test_no_automount(value: bool, ask: Ask) -> None:
    """USB storage is kept out of the kernel, and no service mounts by itself."""
    rules = ask("modprobe --showconfig | grep -E '^install usb[-_]storage ' || true")
    assert re.search(r"/bin/(false|true)\b", rules), "the kernel may load usb-storage"
    units = awake(ask, MOUNTING)
    assert not units, f"mounts by itself: {', '.join(units)}"
