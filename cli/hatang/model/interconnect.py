"""Kết nối giữa hai hệ thống: a narrow way from hosts of one system to hosts of another, asked for, agreed on, expiring.

JSON Schema of the request file: docs/reference/schemas/interconnect.schema.json. Systems are apart unless somebody
decides otherwise (HST-01, SAC-13); branches never route to each other (ADR 0016).
"""

from __future__ import annotations

from datetime import date, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal

from pydantic import ConfigDict, Field, JsonValue, model_validator

from hatang.model.base import Misfit, Model, Slug
from hatang.model.body_request import BodyRequest
from hatang.model.terms import ZoneKind

LONGEST_DAYS = 365  # hatang's own bound, as for waivers: who needs it for longer says so again, once a year
MOST_PORTS = 5
NOT_EMPTY: dict[str, JsonValue] = {"minItems": 1, "maxItems": MOST_PORTS}
# Administration goes by the bastion alone (SAC-03, NET-15).
NEVER = frozenset({ZoneKind.MANAGEMENT, ZoneKind.EQUIPMENT})


class Side(Model):
    """One end, as it is asked for."""

    system: Slug = Field(description="Name of the system.")
    zone: ZoneKind = Field(description="The zone; management and equipment are not for this.")
    hosts: tuple[Slug, ...] = Field((), max_length=32, description="Hosts of that zone; left out: all of the zone.")

    @model_validator(mode="after")
    def _fits(self) -> Side:
        if self.zone in NEVER:
            raise Misfit(f"zone {self.zone.value} is administered by the bastion alone (SAC-03, NET-15)", "zone")
        if twice := [i for i, name in enumerate(self.hosts) if name in self.hosts[:i]]:
            raise Misfit(f"host {self.hosts[twice[0]]} stands there twice", "hosts", twice[0])
        return self


class InterconnectFile(BodyRequest):
    """A request for a way from one system to another: one direction, one protocol, a few ports, until a day."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    kind: Literal["interconnect"] = Field(description="What is asked for.")
    requested_by: str = Field(min_length=3, max_length=200, description="Who asks; may not decide on it.")
    agency: str = Field(description="Identity code of the body that asks; one of the two systems is its own.")
    from_: Side = Field(alias="from", description="Who begins connections.")
    to: Side = Field(description="Who is called.")
    protocol: Literal["tcp", "udp"] = Field(description="tcp or udp.")
    ports: tuple[int, ...] = Field(
        description=f"Ports that are called, one to {MOST_PORTS}.", json_schema_extra=NOT_EMPTY
    )
    reason: str = Field(min_length=3, max_length=2000, description="Why; those who decide read it.")
    legal_ground: str = Field(
        min_length=3, max_length=500, description="What law or decision asks for it, e.g. number and article."
    )
    until: date = Field(description=f"Last day on which it holds: after today, at most {LONGEST_DAYS} days ahead.")

    @model_validator(mode="after")
    def _narrow(self) -> InterconnectFile:
        if not self.ports:
            raise Misfit("no port is named", "ports")
        if len(self.ports) > MOST_PORTS:
            raise Misfit(f"{len(self.ports)} ports are named, {MOST_PORTS} at most", "ports", MOST_PORTS)
        for i, port in enumerate(self.ports):
            if not 1 <= port <= 65535:
                raise Misfit(f"{port} is no port: 1 to 65535", "ports", i)
            if port in self.ports[:i]:
                raise Misfit(f"port {port} stands there twice", "ports", i)
        if self.from_.system == self.to.system:
            raise Misfit("within a system the zone matrix says what passes (policies/zones.yaml)", "to", "system")
        return self


def fault_of_day(until: date, today: date) -> str:
    """What is wrong with the last day of a way that is asked for today; empty: nothing."""
    if until <= today:
        return f"{until} is not after today"
    if until > today + timedelta(days=LONGEST_DAYS):
        return f"{until} is more than {LONGEST_DAYS} days ahead"
    return ""


class End(Model):
    """One end, with its addresses. They stay what they are as long as the system is there."""

    system: Slug = Field(description="Name of the system.")
    level: int = Field(description="Its level when it was asked for; at another level the way is asked for anew.")
    zone: ZoneKind = Field(description="The zone.")
    networks: tuple[IPv4Network | IPv6Network, ...] = Field(description="Its hosts, or its whole zone.")
    router: IPv4Address = Field(description="The system's router on the interconnect network of the branch.")
    router_v6: IPv6Address = Field(description="Its IPv6 address there.")


class Interconnect(Model):
    """A way from one system to another, resolved. Stacks, checks and probes take it as it is."""

    id: str = Field(description="Id of its request.")
    source: End = Field(description="Who begins connections.")
    destination: End = Field(description="Who is called.")
    protocol: Literal["tcp", "udp"] = Field(description="Protocol.")
    ports: tuple[int, ...] = Field(description="Ports that are called.")
    until: date = Field(description="Last day on which it holds.")
    lapsed: str = Field("", description="Why it holds no more; empty: it is in force.")

    @property
    def told(self) -> str:
        """The way in short."""
        a, b = self.source, self.destination
        ports = ",".join(map(str, self.ports))
        return f"{a.system}/{a.zone.value} → {b.system}/{b.zone.value} {self.protocol} {ports}"

    def other(self, system: str) -> End:
        """The end that is not this system's."""
        return self.destination if self.source.system == system else self.source
