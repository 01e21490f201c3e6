"""The way of a run to its hosts: one ssh_config of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hatang.registry import HostRecord
from hatang.settings import Settings


def write_ssh_config(file: Path, settings: Settings, hosts: Sequence[HostRecord]) -> None:
    """An ssh_config that names every host and its key.

    What the site's own ssh_config says about the way (bastion, known hosts) is kept.
    """
    rows: list[str] = []
    for host in hosts:
        rows += [
            f"Host {host.name}",
            f"  User {host.login}",
            f'  IdentityFile "{settings.state_dir / "keys" / host.system}"',
            "  IdentitiesOnly yes",
        ]
        rows += [] if settings.ssh_config else [f"  HostName {host.address}"]
    rows += ["Host *"]
    rows += [f'  Include "{settings.ssh_config}"'] if settings.ssh_config else ["  StrictHostKeyChecking accept-new"]
    file.write_text("\n".join(rows) + "\n")
