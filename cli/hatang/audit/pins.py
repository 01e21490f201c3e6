"""What a waiver is pinned to, and whether it still stands: a source replaced or a demand changed makes it lapse."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from hatang.catalogue import Catalogue, load
from hatang.catalogue.resolver import resolve
from hatang.catalogue.sources import Source, sources
from hatang.model.system import System
from hatang.model.terms import Level
from hatang.model.waiver import Demand, Pin, Waiver, demand_of, difference


@dataclass(frozen=True)
class Law:
    """What the controls demand on a day."""

    catalogue: Catalogue
    sources: Mapping[str, Source]
    day: date

    @classmethod
    def on(cls, day: date) -> Law:
        """The catalogue and sources of this hatang, on a day."""
        return cls(load(), sources(), day)

    def demand(self, control_id: str, level: Level, applies: Collection[str]) -> Demand | None:
        """What a control demands; None: nothing. Raises UnknownNameError."""
        numbers = {key: s.number for key, s in self.sources.items()}
        return demand_of(resolve(self.catalogue.control(control_id), level, applies), numbers)

    def pins(self, control_id: str, systems: Collection[System]) -> tuple[Pin, ...]:
        """One pin for each level and set of sources among the systems at which the control demands anything.

        Raises:
            UnknownNameError: no control has such an id.
        """
        found = []
        for level, applies in sorted({(s.level, s.sources) for s in systems}):
            if demand := self.demand(control_id, level, applies):
                found.append(Pin(level=level, applies=applies, demand=demand))
        return tuple(found)

    def lapse(self, waiver: Waiver) -> str:
        """Why the waiver holds no longer although its time is not over; empty: what it was granted for stands.

        One changed pin is enough: whoever approved it decided on all of them together.
        """
        if waiver.control not in self.catalogue.controls:
            return f"control {waiver.control} is no longer in the catalogue"
        for pin in waiver.pins:
            if newer := self._replaced(pin.demand):
                return newer
            now = self.demand(waiver.control, pin.level, pin.applies)
            if now is None or now.digest != pin.demand.digest:
                return f"at level {int(pin.level)}: {difference(pin.demand, now)}"
        return ""

    def _replaced(self, demand: Demand) -> str:
        """A deciding source that is gone, or that a source in force replaces, although the control still cites it."""
        for key, number in demand.numbers.items():
            if key not in self.sources:
                return f"source {number or key} is no longer in the catalogue"
            source = self.sources[key]
            if source.in_force_until and self.day.isoformat() > source.in_force_until:
                return f"{number} was in force until {source.in_force_until}"
            for name, newer in self.sources.items():
                replaces = name == source.replaced_by or number in newer.replaces
                # Where no date was found, it may be in force: then the waiver must be argued for again.
                if replaces and newer.holds(self.day) is not False:
                    return f"{number} was replaced by {newer.number}"
        return ""


def is_pinned(waiver: Waiver, system: System) -> str:
    """Why the waiver says nothing about a system of this level and kind; empty: it does."""
    if any(p.level == system.level and p.applies == system.sources for p in waiver.pins):
        return ""
    granted = ", ".join(dict.fromkeys(str(int(p.level)) for p in waiver.pins))
    kind = f" with {', '.join(system.sources)}" if system.sources else ""
    return f"granted for level {granted}; system {system.name} has level {int(system.level)}{kind}"
