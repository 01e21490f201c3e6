"""What systems take of their agency's quota ceiling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hatang.model.site import Site
from hatang.model.system import System

UNITS = {"vcpus": "vCPU", "ram_gib": "GiB of memory", "disk_gib": "GiB of block storage", "hosts": "hosts"}


def needs(systems: Iterable[System], site: Site | None) -> Mapping[str, int]:
    """Sum over systems, by the fields of QuotaCeiling.

    Args:
        site: of a flavor that it lacks, and of all of them without it, only the host counts.
    """
    flavors = {f.name: f for f in site.flavors} if site else {}
    found = dict.fromkeys(UNITS, 0)
    for system in systems:
        for host in system.hosts:
            flavor = flavors.get(host.flavor)
            found["vcpus"] += flavor.vcpus if flavor else 0
            found["ram_gib"] += flavor.ram_gib if flavor else 0
            found["hosts"] += 1
        found["disk_gib"] += sum(system.data_volumes().values())
    return found
