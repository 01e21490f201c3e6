"""How ssh comes to know the hosts: addresses from the registry, host keys from the consoles that Nova keeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hatang.errors import HostError, InputError, RefusedError, UnknownNameError
from hatang.hosts.host_keys import KnownHosts, agree, fingerprint, from_console
from hatang.hosts.ssh_files import KNOWN, Entry, Files, fragment, opened
from hatang.suggestions import did_you_mean

if TYPE_CHECKING:
    from hatang.registry import HostRecord, Registry
    from hatang.settings import Settings
    from hatang.workflow.context import Context

ASK_AGAIN_S = 3.0  # how often the console of a host that is awaited is read
LEAVING = ("removing", "purging", "removed")
Consoles = Callable[[Sequence[str]], dict[str, str]]


@dataclass(frozen=True)
class Met:
    """What is known of a host's key now.

    Attributes:
        state: known, added, renewed; silent: its console says no key and none was known; not-made, suspended.
        keys: that known_hosts holds for it.
    """

    entry: Entry
    state: str
    keys: tuple[str, ...] = ()


def entries(registry: Registry, login: str) -> list[Entry]:
    """All hosts that have an address, by name: also those that are not made yet."""
    recorded = {h.name: h for h in registry.hosts()}
    found: dict[str, Entry] = {}
    for record in registry.systems():
        system = record.spec.name
        for h in (h for h in recorded.values() if h.system == system):
            found[h.name] = Entry(h.name, system, h.address, h.login, h.server_id, record.held)
        if record.allocation is None or record.state in LEAVING:
            continue
        for planned in record.allocation.hosts:
            name = record.spec.server_name(planned.name)
            found.setdefault(name, Entry(name, system, str(planned.address), login, "", record.held))
    return [found[name] for name in sorted(found)]


def of_system(registry: Registry, known: Sequence[Entry], system: str | None) -> list[Entry]:
    """Those of one system, or all. Raises UnknownNameError; InputError: the system has no addresses yet."""
    if system is None:
        return list(known)
    registry.system(system)
    if not (own := [e for e in known if e.system == system]):
        raise InputError(
            f"system {system} has no addresses", where=f"registry, system {system}",
            do="hatang request plan ID gives them, before anybody approves",
        )  # fmt: skip
    return own


def write(
    settings: Settings, known: Sequence[Entry], folder: Path, consoles: Consoles, *,
    bastion: str = "", ask: Collection[str] | None = None, renew: Collection[str] = (),
) -> list[Met]:  # fmt: skip
    """Write both files: entries of all hosts, keys of those that are asked. A kill leaves each whole.

    Args:
        known: all hosts.
        consoles: gives consoles by ids of servers.
        ask: names of hosts whose consoles are read; None: all.
        renew: hosts that were made anew: what their consoles say takes the place of what was known.

    Raises:
        UnknownNameError: no host is called as one that was made anew.
        InputError: a file or the folder cannot be used.
        RefusedError: a host's console says another key than known_hosts holds; nothing was written.
    """
    names = [e.name for e in known]
    for name in renew:
        if name not in names:
            do = did_you_mean(name, names, "hatang host list shows all that are made")
            raise UnknownNameError(f"no host is called {name}", where="--renew", do=do)
    with opened(folder) as files:  # looked at first: a wrong folder needs no answer of the cloud
        text = fragment(settings, known, bastion, files.known_file)
    asked = [e for e in known if ask is None or e.name in ask]
    said = consoles([e.server_id for e in asked if e.server_id and not e.stands_still])
    with opened(folder) as files:
        met, now = _compare(files, asked, said, renew)
        files.write(now, text)
    return met


def _compare(
    files: Files, asked: Sequence[Entry], said: dict[str, str], renew: Collection[str]
) -> tuple[list[Met], KnownHosts]:
    met, now, changed = [], files.known, []
    for entry in asked:
        had, keys = now.keys(entry.name), from_console(said.get(entry.server_id, ""))
        state = "known" if had else "silent"
        if keys and not agree(had, keys):
            if entry.name not in renew:
                changed.append(f"{entry.name} ({', '.join(sorted(map(fingerprint, keys)))})")
                continue
            now, state = now.without(entry.name).adding(entry.name, keys), "renewed"
        elif keys - had:
            now, state = now.adding(entry.name, keys), "added"
        elif not had and (entry.stands_still or not entry.server_id):
            state = "suspended" if entry.stands_still else "not-made"
        met.append(Met(entry, state, tuple(sorted(now.keys(entry.name)))))
    if changed:
        raise RefusedError(
            f"the host key is another than the one that is known: {', '.join(changed)}", where=str(files.known_file),
            do="find out why; only where hatang or you made the host anew: hatang host ssh-config --write "
            f"{files.known_file.parent} --renew {changed[0].split()[0]}",
        )  # fmt: skip
    return met, now


def require_all(met: Sequence[Met], folder: Path) -> None:
    """Raises HostError: a host that is made has said no key."""
    if silent := [m.entry for m in met if m.state == "silent"]:
        raise HostError(
            f"no host key is on the console of {', '.join(e.name for e in silent)}; all else is written",
            where=f"Nova, console of server {silent[0].server_id}",
            do="run the same command again when it has booted; where its image prints none, read the key on the host "
            f"itself and write the line `{silent[0].name} TYPE KEY` into {folder / KNOWN}",
        )


def introduce(context: Context, system: str) -> Callable[[HostRecord], None]:
    """Write the files for a system that was just applied, where the setting `ssh_folder` says where.

    Returns what is to be called while a host does not let us in: it reads its console again, every few seconds.
    """
    settings, folder = context.settings, context.settings.ssh_folder
    if folder is None:
        return lambda host: None
    from hatang.provision.consoles import consoles

    cloud = context.provisioner.cloud
    known = entries(context.registry, context.site.image.login)
    last: dict[str, float] = {}

    def meet(*names: str) -> None:
        write(settings, known, folder, lambda ids: consoles(cloud, ids), bastion=settings.ssh_bastion, ask=names)

    def again(host: HostRecord) -> None:
        if time.monotonic() - last.get(host.name, -ASK_AGAIN_S) >= ASK_AGAIN_S:
            last[host.name] = time.monotonic()
            meet(host.name)

    meet(*(e.name for e in known if e.system == system))
    return again
