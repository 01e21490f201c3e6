"""Where sockets of one sandbox lie: in a short place, since a socket's path has at most about 104 characters."""

from __future__ import annotations

from pathlib import Path

GUEST = ".guest"  # ends the names of those that are not SSH's


def folder(ident: str) -> Path:
    """Folder of SSH's control sockets and of the guest agents of hosts under qemu; everything is named after the id."""
    return Path("/run") / f"hatang-{ident}"


def guest(ident: str, short: str) -> Path:
    """The guest agent's socket of one host."""
    return folder(ident) / f"{short}{GUEST}"
