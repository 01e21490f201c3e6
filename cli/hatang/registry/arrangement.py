"""What a reorganisation does, resolved against the registry: which bodies end and begin, which systems change hands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.errors import InputError, InputErrors, QuotaError
from hatang.model.agency import Agency, QuotaCeiling
from hatang.model.needs import UNITS, needs
from hatang.model.reorganisation import Move, Reorganisation, Successor
from hatang.model.site import Site
from hatang.model.system import System
from hatang.registry import tables as t
from hatang.registry.states import ended, state_of
from hatang.suggestions import did_you_mean

HANDED_OVER = ("active", "suspended")
LEFT_BEHIND = ("removed", "requested")  # what is gone, or never came to be, stays with the body that it was of


@dataclass(frozen=True)
class Arrangement:
    """A reorganisation, resolved."""

    day: date
    successors: tuple[Agency, ...]  # as they shall be
    ended: tuple[str, ...]  # codes
    changes: tuple[tuple[str, str, str], ...]  # kind, old code, new code
    handovers: tuple[tuple[str, str, str], ...]  # system, old code, new code
    level: int | None  # the highest of these systems
    owners: tuple[str, ...]  # chủ quản of these systems

    def as_kept(self) -> dict[str, Any]:
        """As the registry keeps it with the request."""
        return {
            "successors": [a.model_dump(mode="json") for a in self.successors], "ended": list(self.ended),
            "changes": [list(c) for c in self.changes], "handovers": [list(h) for h in self.handovers],
        }  # fmt: skip

    @staticmethod
    def of(spec: dict[str, Any]) -> Arrangement:
        """From a request as the registry keeps it."""
        kept = spec["arranged"]
        return Arrangement(
            date.fromisoformat(spec["effective"]),
            tuple(Agency.model_validate(a) for a in kept["successors"]), tuple(kept["ended"]),
            tuple((k, o, n) for k, o, n in kept["changes"]), tuple((s, o, n) for s, o, n in kept["handovers"]),
            spec["system"]["level"], tuple(spec["owners"]),
        )  # fmt: skip


def arrange(session: Session, file: Reorganisation, site: Site | None) -> Arrangement:
    """Resolve a reorganisation.

    Args:
        site: its flavors tell whether the systems of each successor fit into its ceiling; without it none is measured.

    Raises:
        InputErrors: every fault, with the field.
    """
    maker = _Maker(session, site)
    for i, move in enumerate(file.moves):
        maker.add(i, move)
    if maker.faults:
        raise InputErrors(maker.faults)
    return maker.made(file)


class _Maker:
    """Goes through the moves and collects faults."""

    def __init__(self, session: Session, site: Site | None) -> None:
        self.session, self.site = session, site
        self.known = {r.code: r for r in session.scalars(select(t.AgencyRow))}
        self.gone = ended(session)
        self.owned: dict[str, list[t.SystemRow]] = {}
        for row in session.scalars(select(t.SystemRow)):
            self.owned.setdefault(row.agency_code, []).append(row)
        self.faults: list[InputError] = []
        self.successors: list[Agency] = []
        self.changes: list[tuple[str, str, str]] = []
        self.handovers: list[tuple[str, str, str]] = []
        self.moved: list[System] = []
        self.ended: list[str] = []

    def made(self, file: Reorganisation) -> Arrangement:
        """All of it."""
        levels, owners = [int(s.level) for s in self.moved], {s.owner for s in self.moved}
        return Arrangement(
            file.effective, tuple(self.successors), tuple(self.ended), tuple(self.changes),
            tuple(sorted(self.handovers)), max(levels, default=None), tuple(sorted(owners)),
        )  # fmt: skip

    def add(self, i: int, move: Move) -> None:
        """One move."""
        before = [a for j, code in enumerate(move.predecessors) if (a := self._predecessor(f"moves.{i}", j, code))]
        if len(before) != len(move.predecessors):
            return
        if len({a.branch for a in before}) > 1:
            self._fault(f"moves.{i}.predecessors", "bodies of different branches do not become one: addresses belong "
                        "to a branch", "state bodies of one branch in each move")  # fmt: skip
            return
        systems = self._systems(i, move)
        dealt = self._dealt(i, move, systems)
        for j, new in enumerate(move.successors):
            self._successor(f"moves.{i}.successors.{j}", move, before, new, [systems[n] for n in dealt[j]])
            self.changes += [(move.kind, code, new.code) for code in move.predecessors]
            for name in dealt[j]:
                if (old := systems[name].agency_code) != new.code:
                    self.handovers.append((name, old, new.code))
                    self.moved.append(System.model_validate(systems[name].spec))
        self.ended += move.ended

    def _predecessor(self, place: str, j: int, code: str) -> Agency | None:
        where = f"{place}.predecessors.{j}"
        if code in self.gone:
            self._fault(where, f"body {code} ended on {self.gone[code]}", f"see: hatang agency history {code}")
        elif code not in self.known:
            known = sorted(self.known)
            self._fault(where, f"no body is called {code}", did_you_mean(code, known, "see: hatang agency list"))
        else:
            return Agency.model_validate(self.known[code].spec)
        return None

    def _systems(self, i: int, move: Move) -> dict[str, t.SystemRow]:
        found = {}
        for j, code in enumerate(move.predecessors):
            for row in sorted(self.owned.get(code, []), key=lambda r: r.name):
                state = state_of(self.session, row.name)
                if state in HANDED_OVER:
                    found[row.name] = row
                elif state not in LEFT_BEHIND:
                    self._fault(f"moves.{i}.predecessors.{j}", f"system {row.name} of {code} is {state}",
                                f"let that come to its end first: hatang system status {row.name}")  # fmt: skip
        return found

    def _dealt(self, i: int, move: Move, systems: dict[str, t.SystemRow]) -> list[list[str]]:
        """Names of the systems of each successor."""
        if move.kind != "split":
            return [sorted(systems)]
        for j, new in enumerate(move.successors):
            for k, name in enumerate(new.systems):
                if name not in systems:
                    there = sorted(systems)
                    self._fault(f"moves.{i}.successors.{j}.systems.{k}",
                                f"{move.predecessors[0]} has no system {name} in use",
                                did_you_mean(name, there, f"its systems: {', '.join(there)}"))  # fmt: skip
        given = {n for s in move.successors for n in s.systems}
        for name in sorted(systems.keys() - given):
            self._fault(f"moves.{i}.successors", f"system {name} of {move.predecessors[0]} goes to nobody",
                        "name it among the systems of one successor")  # fmt: skip
        return [[n for n in s.systems if n in systems] for s in move.successors]

    def _successor(
        self, place: str, move: Move, before: list[Agency], new: Successor, systems: list[t.SystemRow]
    ) -> None:
        if new.code not in move.predecessors and new.code in self.known:
            self._fault(
                f"{place}.code", f"the code {new.code} is that of another body, of today or of the past",
                "choose a code that nobody had; to merge into that body, list it as a predecessor too",
            )  # fmt: skip
            return
        if new.code[0] != before[0].code[0]:
            self._fault(f"{place}.code", f"code {new.code} is of another branch than {before[0].code}",
                        f"codes of this branch begin with {before[0].code[0]} (QĐ 09/2025/QĐ-TTg)")  # fmt: skip
            return
        same = next((a for a in before if a.code == new.code), before[0])
        for field, found in (("tier", {a.tier for a in before}), ("contact", {a.contact for a in before})):
            if getattr(new, field) is None and len(found) > 1 and same.code != new.code:
                self._fault(f"{place}.{field}", f"the predecessors differ in {field}", "state it")
        agency = same.model_copy(
            update={
                "code": new.code, "name": new.name or same.name, "tier": new.tier or same.tier,
                "contact": new.contact or same.contact, "ceiling": new.ceiling or _sum(before),
            }
        )  # fmt: skip
        self._fits(place, agency, [System.model_validate(r.spec) for r in systems])
        self.successors.append(agency)

    def _fits(self, place: str, agency: Agency, systems: list[System]) -> None:
        if self.site is None or not systems:
            return
        for field, taken in needs(systems, self.site).items():
            if taken > (there := agency.ceiling.model_dump()[field]):
                self.faults.append(QuotaError(
                    f"the systems of {agency.code} take {taken} {UNITS[field]}; its ceiling is {there}",
                    where=f"{place}.ceiling.{field}", do=f"state {taken} or more",
                ))  # fmt: skip

    def _fault(self, where: str, what: str, do: str) -> None:
        self.faults.append(InputError(what, where=where, do=do))


def _sum(agencies: list[Agency]) -> QuotaCeiling:
    every = [a.ceiling.model_dump() for a in agencies]
    return QuotaCeiling.model_validate({field: sum(c[field] for c in every) for field in every[0]})
