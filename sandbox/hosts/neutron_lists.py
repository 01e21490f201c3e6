"""Reads Neutron's lists, each again only when something that it shows has changed.

All eight lists cost Neutron as much as making one of the resources that they show, while others wait for its answers.
Whether a list has changed is in the database file: Neutron gives each resource a revision number, which grows with
whatever belongs to it (a port's addresses and groups, a router's routes, a group's rules). In case something ever
changes without one, all lists are read now and then as long as anything is written at all.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from ..cloud.rest import Session
from .plan import Lists

ALL_EVERY_S = 10.0
# The types of resources, as Neutron's table of revisions names them, that a list shows something of.
SHOWS = {
    "networks": ("networks",),
    "subnets": ("subnets",),
    "ports": ("ports",),
    "routers": ("routers",),
    "subnetpools": ("subnetpools",),
    "security_groups": ("securitygroups", "securitygrouprules"),
    "address_groups": ("address_groups",),
    "floatingips": ("floatingips",),
}
Revisions = dict[str, set[tuple[Any, ...]]]


def revisions(database: Path) -> Revisions:
    """Id, revision and time of making of every resource, by type.

    Raises:
        sqlite3.Error: the file cannot be read, or has no such table.
    """
    found: Revisions = {}
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as db:
        for kind, *row in db.execute("SELECT resource_type, id, revision_number, created_at FROM standardattributes"):
            found.setdefault(kind, set()).add(tuple(row))
    return found


class NeutronLists:
    """The lists as they were last read.

    Args:
        database: Neutron's file.
        all_every_s: how long a list stays as it is whose revisions do not change.
    """

    def __init__(self, database: Path, all_every_s: float = ALL_EVERY_S) -> None:
        self.database, self.all_every_s = database, all_every_s
        self._lists: dict[str, list[dict[str, Any]]] = {}
        self._seen: Revisions = {}
        self._all_again = 0.0

    def read(self, session: Session) -> tuple[Lists, set[str]]:
        """The lists as they are now, and which of them differ from what was read before.

        Raises:
            HttpError: Neutron did not answer, or refused; the next call reads again what this one could not.
        """
        try:
            now = revisions(self.database)
        except sqlite3.Error:
            now = {}
        due = not now or time.monotonic() >= self._all_again
        again = [name for name in SHOWS if due or name not in self._lists or self._moved(name, now)]
        before = {name: self._lists.pop(name, None) for name in again}
        for name in again:
            self._lists[name] = session.get("neutron", f"/v2.0/{name.replace('_', '-')}")[name]
        if due:
            self._all_again = time.monotonic() + self.all_every_s
        self._seen = now
        return Lists(*(self._lists[name] for name in SHOWS)), {n for n in again if before[n] != self._lists[n]}

    def _moved(self, name: str, now: Revisions) -> bool:
        return any(now.get(kind) != self._seen.get(kind) for kind in SHOWS[name])
