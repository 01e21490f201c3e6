"""The Ansible inventory of a run: hosts of the registry, with the values of their level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

from hatang.hosts.access import key_file, ssh_argv, target
from hatang.registry import HostRecord
from hatang.settings import Settings


def inventory(
    settings: Settings, hosts: Sequence[HostRecord], variables: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The inventory as data; groups are systems, zones and levels."""
    common = f"-F {quote(str(settings.ssh_config))}" if settings.ssh_config else "-o StrictHostKeyChecking=accept-new"
    groups: dict[str, dict[str, Any]] = {}
    for host in hosts:
        for group in (f"system_{host.system}", f"zone_{host.zone}", f"level_{host.level}"):
            groups.setdefault(group.replace("-", "_"), {"hosts": {}})["hosts"][host.name] = None
    return {
        "all": {
            "vars": {
                "ansible_python_interpreter": "/usr/bin/python3",
                "ansible_ssh_common_args": f"{common} -o IdentitiesOnly=yes",  # as in hatang.hosts.access
                # Ansible's own control sockets would win over those of the ssh_config.
                "ansible_ssh_args": "" if settings.ssh_config else "-o ControlMaster=auto -o ControlPersist=60",
            },
            "hosts": {h.name: _host(settings, h, variables.get(h.name, {})) for h in hosts},
            "children": groups,
        }
    }


def _host(settings: Settings, host: HostRecord, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ansible_host": target(settings, host),
        "ansible_user": host.login,
        "ansible_ssh_private_key_file": str(key_file(settings, host)),
        "hatang_level": host.level,
        "hatang_zone": host.zone,
        "lockout_guard_login": ssh_argv(settings, host, anew=True),
        **variables,
    }
