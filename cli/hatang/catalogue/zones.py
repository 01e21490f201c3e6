"""The zone matrix: which zones a system has at its level, and which flows pass between them (policies/zones.yaml)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field

from hatang.model.base import Model
from hatang.model.terms import Level, ZoneKind

FILE = Path(__file__).resolve().parents[1] / "policies" / "zones.yaml"
SITES = ("log", "mirror", "signatures", "store")  # address and port of these are the site's
OUTSIDE = ("internet", "bastion", "time", "dns", *SITES)
Place = Literal[
    "internet", "bastion", "time", "dns", "log", "mirror", "signatures", "store", "every", "border", "dmz",
    "application", "database", "internal", "wireless", "management", "wan", "equipment",
]  # fmt: skip


class ZoneSource(Model):
    """Zones that one source demands."""

    clause: str = Field(description="Where it stands.")
    mark: Literal["A", "B1", "B2", "own"] = Field(description="Provenance mark.")
    applies_to: Literal["", "document_storage", "public"] = Field(
        "", description="Kind of system that it applies to; empty: all."
    )
    levels: dict[Level, tuple[ZoneKind, ...]] = Field(description="Zones per level; empty: the source is silent.")


class FlowRule(Model):
    """One line of the matrix."""

    from_: Place = Field(alias="from", description="Where the connection begins.")
    to: Place = Field(description="Where it goes.")
    protocol: Literal["tcp", "udp", "icmp"] = Field(description="Protocol.")
    port: int | None = Field(None, ge=1, le=65535, description="Destination port; none: ICMP, or the site's.")
    public: bool = Field(False, description="Only for systems that serve the Internet.")
    without: ZoneKind | None = Field(None, description="Only where the system lacks this zone.")
    why: str = Field(description="Control and reason.")


class Flow(Model):
    """One flow that passes in a system: between two of its zones, or between a zone and a place outside."""

    source: str = Field(description="Zone, or internet, bastion.")
    destination: str = Field(description="Zone, or time, dns, log, mirror, signatures, store.")
    protocol: str = Field(description="tcp, udp or icmp.")
    port: int | None = Field(description="Destination port; none: ICMP, or the site's.")
    why: str = Field(description="Control and reason.")


class Matrix(Model):
    """The whole of policies/zones.yaml."""

    zones_by_source: dict[str, ZoneSource] = Field(alias="zones", description="Zones, by source.")
    egress_denied_from: Level = Field(description="From this level on, leaving a zone is denied by default.")
    rules: tuple[FlowRule, ...] = Field(alias="flows", description="Flows that pass.")

    def zones(self, level: Level, document_storage: bool = False, public: bool = False) -> tuple[ZoneKind, ...]:
        """Zones of a system of these kinds, in the order of `ZoneKind` (NET-01)."""
        kinds = {"": True, "document_storage": document_storage, "public": public}
        wanted = {z for s in self.zones_by_source.values() if kinds[s.applies_to] for z in s.levels[level]}
        return tuple(z for z in ZoneKind if z in wanted)

    def denies_egress(self, level: Level) -> bool:
        """Whether leaving a zone is denied by default too (SAC-13)."""
        return level >= self.egress_denied_from

    def flows(self, zones: tuple[ZoneKind, ...], public: bool) -> tuple[Flow, ...]:
        """What passes in a system with these zones. Everything else is denied (HST-02)."""
        found = []
        names = [z.value for z in zones]
        for rule in self.rules:
            if (rule.public and not public) or (rule.without is not None and rule.without in zones):
                continue
            for source in names if rule.from_ == "every" else [rule.from_]:
                for target in names if rule.to == "every" else [rule.to]:
                    if all(p in OUTSIDE or p in names for p in (source, target)):
                        found.append(
                            Flow(
                                source=source, destination=target, protocol=rule.protocol, port=rule.port, why=rule.why
                            )
                        )
        return tuple(found)


@cache
def zone_matrix(file: Path = FILE) -> Matrix:
    """The matrix, read once."""
    return Matrix.model_validate(yaml.safe_load(file.read_text()))
