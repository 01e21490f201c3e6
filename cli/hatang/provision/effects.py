"""What a plan does to a system, by what people who decide ask: what comes, what goes, what becomes of the data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

ANEW = ("replace", "create-replacement", "delete-replaced")


class Data(StrEnum):
    """What becomes of the data of a thing."""

    NONE = ""  # it holds none
    KEPT = "kept"
    LOST = "lost"


@dataclass(frozen=True)
class Effect:
    """One effect on things of one kind."""

    kind: str  # key of `KINDS`, or `other`
    act: str  # made, gone, anew, changed, moved
    names: tuple[str, ...]  # as the stack names them
    data: Data = Data.NONE


# Type in the engine → kind for people; what is not here is counted as `other`.
KINDS = {
    "Network": "zone",
    "Instance": "server",
    "Volume": "volume",
    "SecGroupRule": "rule",
    "FloatingIp": "published",
    "rule": "rule",  # added by hand
    "server": "server",  # these four as a removal lists them
    "floating-ip": "published",
    "volume": "volume",
    "network": "zone",
    "RoleAssignment": "role",
    "QuotaSetV2": "quota",
    "QuotaV2": "quota",
    "QuoteSetV3": "quota",
}
# Steps of a reorganisation: what becomes of bodies; nothing of a system is touched.
OF_BODIES = ("begin", "continue", "end", "hand over", "gain", "lose", "leave")
HOLDS_DATA = {"server", "volume"}
ORDER = ("server", "volume", "published", "zone", "rule", "role", "quota", "other")


def effects(steps: Iterable[dict[str, Any]]) -> list[Effect]:
    """Effects of the steps of a plan, as `Plan.differences` gives them; those that lose data come first.

    A volume whose type alone differs is retyped by Cinder: it keeps its id and its data. What is made anew loses what
    lies on it; the data volume of a server is a thing of its own, and stays.
    """
    found: dict[tuple[str, str, Data], list[str]] = {}
    for step in steps:
        kind = KINDS.get(step["type"], "other")
        act = _act(step, kind)
        if act:
            names = found.setdefault((kind, act, _data(kind, act)), [])
            if (name := _plain(step["name"])) not in names:  # a replacement is several steps
                names.append(name)
    made = [Effect(kind, act, tuple(sorted(names)), data) for (kind, act, data), names in found.items()]
    return sorted(made, key=lambda e: (e.data is not Data.LOST, ORDER.index(e.kind), e.act))


def loses_data(found: Sequence[Effect]) -> bool:
    """Whether something that holds data goes or is made anew."""
    return any(e.data is Data.LOST for e in found)


def _act(step: dict[str, Any], kind: str) -> str:
    operation = step["operation"]
    if operation in ("same", "read", "refresh", *OF_BODIES):
        return ""
    if operation in ANEW:
        return "anew"
    if operation == "create":
        return "made"
    if operation == "update":
        return "moved" if kind == "volume" and step["changed"] == ["volumeType"] else "changed"
    return "gone"  # delete, remove, purge


def _data(kind: str, act: str) -> Data:
    if kind not in HOLDS_DATA or act == "made":
        return Data.NONE
    return Data.LOST if act in ("gone", "anew") else Data.KEPT


def _plain(name: str) -> str:
    """Name of a host or zone, as its agency wrote it."""
    affixes = (("host-", "-server"), ("host-", "-volume"), ("zone-", "-network"), ("published-border-", "-address"))
    for before, after in affixes:
        if name.startswith(before) and name.endswith(after):
            return name.removeprefix(before).removesuffix(after)
    return name
