"""The way to a host: an ssh command line through the bastion network, with the system's key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hatang.registry import HostRecord
from hatang.settings import Settings


def key_file(settings: Settings, host: HostRecord) -> Path:
    """Private key of the host's system."""
    return settings.state_dir / "keys" / host.system


def ssh_options(settings: Settings, host: HostRecord) -> list[str]:
    """Options that lead to the host; the site's ssh_config knows the bastion."""
    options = ["-F", str(settings.ssh_config)] if settings.ssh_config else ["-o", "StrictHostKeyChecking=accept-new"]
    # The system's key alone: a host that allows few tries would refuse whoever offers those of an agent first.
    own = ["-o", f"IdentityFile={key_file(settings, host)}", "-o", "IdentitiesOnly=yes"]
    return [*options, *own, "-o", "BatchMode=yes"]


def ssh_argv(settings: Settings, host: HostRecord, command: Sequence[str] = (), *, anew: bool = False) -> list[str]:
    """Words of an ssh command.

    Args:
        anew: a connection of its own, not one that is open already.
    """
    own = ["-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "ConnectTimeout=10"] if anew else []
    return ["ssh", *ssh_options(settings, host), *own, "-l", host.login, target(settings, host), *command]


def target(settings: Settings, host: HostRecord) -> str:
    """How the host is named to ssh: its name where an ssh_config knows it, else its address."""
    return host.name if settings.ssh_config else host.address
