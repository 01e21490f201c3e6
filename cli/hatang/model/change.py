"""What a request for a change changes: old against new, in words, and what cannot be changed this way yet."""

from __future__ import annotations

from dataclasses import dataclass

from hatang.model.agency import Agency
from hatang.model.base import Model
from hatang.model.system import System


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
    found += _fields("system", old[1], new[1], frozenset(), skip={"hosts"})
    had, has = {h.name: h for h in old[1].hosts}, {h.name: h for h in new[1].hosts}
    for name in sorted(had.keys() | has.keys()):
        if name not in had:
            host = has[name]
            told = f"zone {host.zone.value}, flavor {host.flavor}, volume {host.volume_gib} GiB"
            found.append(Difference(f"system.hosts.{name}", "", told, True))
        elif name not in has:
            found.append(Difference(f"system.hosts.{name}", f"zone {had[name].zone.value}", "", False))
        else:
            found += _fields(f"system.hosts.{name}", had[name], has[name], frozenset())
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
