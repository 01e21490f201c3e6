"""Network namespaces and the links in them. Nothing here touches the machine's own network."""

from __future__ import annotations

import ctypes
import json
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .programs import HostsError, run

NETNS = Path("/run/netns")
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def inside(name: str) -> Iterator[None]:
    """In the block this thread, and what it starts, is in the network namespace `name`."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    there = os.open(NETNS / name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _setns(there)
        yield
    finally:
        _setns(home)
        os.close(there)
        os.close(home)


def _setns(fd: int) -> None:
    if _libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def exists(name: str) -> bool:
    """Whether the namespace is there."""
    return (NETNS / name).exists()


def add(name: str) -> None:
    """Make the namespace unless it is there."""
    if not exists(name):
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")


def delete(name: str) -> None:
    """Remove the namespace with its links; nothing to do when it is not there."""
    if exists(name):
        run("ip", "netns", "delete", name, check=False)
        (NETNS / name).unlink(missing_ok=True)  # a file that a crash left without its mount


def named(prefix: str) -> list[str]:
    """Names of the namespaces that begin so."""
    return sorted(p.name for p in NETNS.glob(f"{prefix}*"))


def batch(name: str, lines: list[str], force: bool = False) -> None:
    """Many `ip` commands in one process; with force, one that fails does not stop the others."""
    if lines:
        more = ["-force"] if force else []
        run("ip", *more, "-n", name, "-batch", "-", input="\n".join(lines) + "\n", check=not force)


def links(name: str) -> set[str]:
    """Names of the links in the namespace."""
    return {link["ifname"] for link in json.loads(run("ip", "-n", name, "-j", "link").stdout or "[]")}


def links_up(name: str) -> dict[str, bool]:
    """Links in the namespace, and whether each is set up."""
    rows = json.loads(run("ip", "-n", name, "-j", "link").stdout or "[]")
    return {link["ifname"]: "UP" in link["flags"] for link in rows}


def sysctl(name: str, values: dict[str, str]) -> None:
    """Write `net.*` settings inside the namespace; those that the kernel lacks are passed over."""
    with inside(name):
        for key, value in values.items():
            path = Path("/proc/sys") / key.replace(".", "/")
            if path.exists():
                path.write_text(value)


def announce(name: str, link: str, mac: str, address: str) -> None:
    """Say on the link that this MAC answers for an IPv4 address: neighbours that knew another one ask no more.

    Nothing is said where the link is not up.
    """
    own, ip = bytes.fromhex(mac.replace(":", "")), socket.inet_aton(address)
    with inside(name):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    head = b"\xff" * 6 + own + b"\x08\x06" + b"\0\1\x08\0\6\4\0\1"
    with sock, suppress(OSError):
        sock.bind((link, 0))
        sock.send(head + own + ip + b"\0" * 6 + ip)


def forget(name: str, addresses: Iterable[str]) -> None:
    """Forget every connection that was translated to or from these IPv4 addresses: its next packet is judged anew."""
    for address in addresses:
        for side in ("--orig-dst", "--reply-dst"):
            done = run("ip", "netns", "exec", name, "conntrack", "-D", side, address, check=False)
            if done.returncode and "0 flow entries" not in done.stderr:
                raise HostsError(f"conntrack -D {side} {address}: {done.stderr.strip() or done.returncode}")


def nft(name: str, text: str) -> None:
    """Load an nftables file inside the namespace, in one step."""
    with inside(name):
        run("nft", "-f", "-", input=text)


def says_ssh(name: str, address: str, port: int = 22) -> bool:
    """Does an SSH server answer there, seen from inside the namespace? Impatient until it accepts, patient after that:
    a slow host that is asked again and again gets slower, and drops logins at sshd's MaxStartups."""
    try:
        with inside(name):
            sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        with sock:
            sock.settimeout(1)
            sock.connect((address, port))
            sock.settimeout(30)
            return sock.recv(4) == b"SSH-"
    except OSError:
        return False
