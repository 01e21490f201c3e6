"""The SSH server: what `sshd -T` says is in effect, whichever file it stands in."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

import pytest

from hatang.policies.checks.expected import Ask, Expected

SSHD = "sshd -T -C user=root,host=localhost,addr=127.0.0.1"
ROOT_PASSWORD = "awk -F: '$1 == \"root\" {print substr($2, 1, 1)}' /etc/shadow"  # its first sign only
AUTOLOGIN = r"agetty.*(--autologin|[[:space:]]-a[[:space:]])"
UNITS = "/etc/systemd/system /run/systemd/system /usr/lib/systemd/system /usr/local/lib/systemd/system"
# Algorithms with published weaknesses: SHA-1, MD5, CBC, RC4, 3DES, 64-bit tags, 1024-bit groups, DSA.
WEAK = re.compile(
    r"cbc|arcfour|3des|blowfish|cast128|md5|umac-64|hmac-sha1|ripemd|group1-|group14-sha1|group-exchange-sha1"
    r"|^ssh-dss|^ssh-rsa(-cert-v01@openssh\.com)?$|^null|^none$"
)
# Somebody who shows nothing tries to come in, from the host itself; the server says what it wants of him.
NOTHING = (
    "ssh -F /dev/null -o BatchMode=yes -o PreferredAuthentications=none -o StrictHostKeyChecking=no"
    " -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=5"
    " -p {port} {name}@127.0.0.1 true 2>&1 || true"
)
LONGEST_IDLE_S = (
    900  # the law gives no number (SES-04); more than 15 minutes would not be "idle connections are closed"
)
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def server(ask: Ask) -> dict[str, str]:
    """Options in effect, names in small letters."""
    return {name.lower(): rest for name, _, rest in (row.partition(" ") for row in ask(SSHD).splitlines())}


def server_for(ask: Ask, place: str) -> dict[str, str]:
    """Options in effect for somebody who comes from an address, names in small letters."""
    rows = ask(f"sshd -T -C user=root,host={place},addr={place}").splitlines()
    return {name.lower(): rest.lower() for name, _, rest in (row.partition(" ") for row in rows)}


def seconds(text: str) -> int:
    """An interval of sshd_config(5), such as 5m or 300, in seconds; 0 for none."""
    return sum(int(n) * UNITS_S[u or "s"] for n, u in re.findall(r"(\d+)([smhdw]?)", text.lower()))


@pytest.mark.control("ACC-04")
def test_root_cannot_log_in(value: Any, ask: Ask) -> None:
    """Root logs in neither over SSH nor with a password."""
    assert server(ask)["permitrootlogin"] == "no", "sshd lets root log in"
    assert ask(ROOT_PASSWORD).strip() in ("!", "*"), "root has a password"


@pytest.mark.control("AUT-11")
def test_no_automatic_login(value: Any, ask: Ask) -> None:
    """Nobody gets in without showing who he is: no empty password, no console that logs in by itself."""
    assert server(ask)["permitemptypasswords"] == "no", "sshd takes empty passwords"
    empty = ask("awk -F: '$2 == \"\" {print $1}' /etc/shadow").split()
    assert not empty, f"accounts without a password: {', '.join(empty)}"
    consoles = ask(f"grep -rlE '{AUTOLOGIN}' {UNITS} 2>/dev/null", (0, 1, 2)).split()
    assert not consoles, f"consoles that log in by themselves: {', '.join(consoles)}"
    running = ask("ps -eo args=")
    assert not re.search(r"agetty.*(--autologin|\s-a\s)", running), "a running console logs in by itself"


@pytest.mark.control("CFG-08")
def test_only_strong_crypto(value: Any, ask: Ask) -> None:
    """The server offers no algorithm with a known weakness."""
    options = server(ask)
    for kind in ("ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms"):
        weak = [a for a in options[kind].split(",") if WEAK.search(a)]
        assert not weak, f"{kind}: {', '.join(weak)}"


@pytest.mark.control("SES-04")
def test_idle_connections_are_closed(value: Any, ask: Ask) -> None:
    """Idle sessions, and connections without any session, are closed by the server (OpenSSH 9.2 or newer)."""
    options = server(ask)
    unused = seconds(options.get("unusedconnectiontimeout", "none"))
    assert 0 < unused <= LONGEST_IDLE_S, f"connections without a session are closed after {unused or 'no'} seconds"
    channels = dict(entry.split("=", 1) for entry in options.get("channeltimeout", "").split() if "=" in entry)
    shells = [seconds(t) for kind, t in channels.items() if kind in ("session", "session:*", "session:shell", "*")]
    assert shells, "idle sessions are never closed"
    assert 0 < max(shells) <= LONGEST_IDLE_S, f"idle sessions are closed after {max(shells) or 'no'} seconds"


@pytest.mark.control("SAC-05")
def test_network_alone_lets_nobody_in(value: Any, expected: Expected, ask: Ask) -> None:
    """Wherever somebody comes from, also past the VPN, the host asks for authentication of its own."""
    networks = [ip_network(n) for n in expected.variables.get("firewall_management_sources", ())]
    for place in ["127.0.0.1", *(str(n[1] if n.num_addresses > 1 else n[0]) for n in networks)]:
        options = server_for(ask, place)
        assert options["hostbasedauthentication"] == "no", f"hosts at {place} are trusted"
        assert options["permitemptypasswords"] == "no", f"empty passwords are taken from {place}"
        assert "none" not in re.split(r"[ ,]", options["authenticationmethods"]), f"nothing is asked of {place}"
    port = server(ask)["port"].split()[0]
    name = ask('printf %s "${SUDO_USER:-root}"').strip()
    said = ask(NOTHING.format(port=port, name=name))
    assert "Permission denied (" in said, f"somebody who shows nothing is let in, or not answered: {said.strip()}"
