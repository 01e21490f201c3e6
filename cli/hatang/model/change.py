"""What a request for a change changes: old against new, in words, and what cannot be changed this way yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from hatang.model.account import AccountSpec
from hatang.model.agency import Agency
from hatang.model.base import Model
from hatang.model.system import HostSpec, System

N = TypeVar("N", HostSpec, AccountSpec)
# Another level brings its zones, rules, types of volumes and values of controls with it; criteria are why.
SYSTEM_FIELDS = frozenset({"level", "criteria", "document_storage", "title", "public"})
# The kind is not among them: what the old kind gave on the host (a shell, sudo) is not taken back.
ACCOUNT_FIELDS = frozenset({"manager", "department", "enabled", "disabled", "shared"})

KEPT = "system.kept_volumes"


@dataclass(frozen=True)
class Difference:
    """One thing that differs."""

    field: str  # as it stands in the request file
    old: str
    new: str
    carried_out: bool  # hatang does it; otherwise such a request is refused


def differences(old: tuple[Agency, System], new: tuple[Agency, System], stated: set[str]) -> list[Difference]:
    """Everything that differs.

    Args:
        stated: fields of agency.ceiling that the new request states; others stay as they are.
    """
    found = _fields("agency", old[0], new[0], frozenset({"contact"}), skip={"ceiling"})
    before, after = old[0].ceiling.model_dump(), new[0].ceiling.model_dump()
    found += [
        Difference(f"agency.ceiling.{f}", str(before[f]), str(after[f]), True)
        for f in sorted(stated)
        if before[f] != after[f]
    ]
    found += _fields("system", old[1], new[1], SYSTEM_FIELDS, skip={"hosts", "kept_volumes", "accounts"})
    found += _named("system.hosts", old[1].hosts, new[1].hosts, _host, frozenset(), may_go=True)
    found += _volumes(old[1], new[1])
    found += _named("system.accounts", old[1].accounts, new[1].accounts, _account, ACCOUNT_FIELDS)
    return found


def lost_data(old: System, new: System) -> dict[str, int]:
    """GiB of each data volume that the new system has no more, by the host that has it or had it."""
    has = new.data_volumes()
    return {name: gib for name, gib in old.data_volumes().items() if name not in has}


def _volumes(old: System, new: System) -> list[Difference]:
    """Volumes without a host: they come from a host that goes, and go to one that comes, with their size as it is."""
    had, before = old.data_volumes(), {v.host for v in old.kept_volumes}
    kept, found = {v.host: v.volume_gib for v in new.kept_volumes}, []
    for name, gib in sorted(kept.items()):
        if name not in before or had[name] != gib:
            words, right = (f"{had[name]} GiB", False) if name in before else ("", had.get(name) == gib)
            found.append(Difference(f"{KEPT}.{name}", words, f"{gib} GiB", right))
    hosts = {h.name: h.volume_gib for h in new.hosts}
    for name in sorted(before - kept.keys()):
        words = "of the host of that name" if name in hosts else ""
        right = hosts.get(name, had[name]) == had[name]
        found.append(Difference(f"{KEPT}.{name}", f"{had[name]} GiB", words, right))
    return found


def _host(host: HostSpec) -> str:
    return f"zone {host.zone.value}, flavor {host.flavor}, volume {host.volume_gib} GiB"


def _account(account: AccountSpec) -> str:
    return f"{account.kind.value}, {account.manager}, {account.department}"


def _named(
    where: str, old: Iterable[N], new: Iterable[N], words: Callable[[N], str], carried_out: frozenset[str],
    *, may_go: bool = False,
) -> list[Difference]:  # fmt: skip
    """Things with names. An account that is left out is not taken away: it is disabled."""
    found, had, has = [], {x.name: x for x in old}, {x.name: x for x in new}
    for name in sorted(had.keys() | has.keys()):
        if name not in had:
            found.append(Difference(f"{where}.{name}", "", words(has[name]), True))
        elif name not in has:
            found.append(Difference(f"{where}.{name}", words(had[name]), "", may_go))
        else:
            found += _fields(f"{where}.{name}", had[name], has[name], carried_out)
    return found


def _fields(
    where: str, old: Model, new: Model, carried_out: frozenset[str], skip: frozenset[str] | set[str] = frozenset()
) -> list[Difference]:
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    return [
        Difference(f"{where}.{f}", str(before[f]), str(after[f]), f in carried_out)
        for f in before
        if f not in skip and before[f] != after[f]
    ]
