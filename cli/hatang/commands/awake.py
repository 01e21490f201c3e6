"""Hosts of suspended systems stand still: nothing can be asked of them, and that is no fault of theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from hatang.locale import _

if TYPE_CHECKING:
    from hatang.registry import HostRecord, Registry


def awake(registry: Registry, hosts: Iterable[HostRecord]) -> list[HostRecord]:
    """These hosts without those of suspended systems; which are left out is said on stderr."""
    given = list(hosts)
    held = {name for name in dict.fromkeys(h.system for h in given) if registry.system(name).held}
    for name in sorted(held):
        click.echo(_("System {name} is suspended: its hosts are left out.").format(name=name), err=True)
    return [h for h in given if h.system not in held]
