"""The way of a run to its hosts: one ssh_config of its own, gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hatang import private
from hatang.registry import HostRecord
from hatang.settings import Settings


@contextmanager
def ssh_config(settings: Settings, hosts: Sequence[HostRecord]) -> Iterator[Path]:
    """An ssh_config that names every host and its key.

    What the site's own ssh_config says about the way (bastion, known hosts) is kept.
    """
    with private.run_folder(settings, "way") as folder:
        file = folder / "ssh_config"
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
        rows += (
            [f'  Include "{settings.ssh_config}"'] if settings.ssh_config else ["  StrictHostKeyChecking accept-new"]
        )
        file.write_text("\n".join(rows) + "\n")
        yield file
