"""Where probes start and end: hosts as the registry knows them, bastions and outside from the site's file of places.

The file, YAML, named by the setting `places_file`; `hatang sandbox up` writes it for the sandbox:

    - {kind: bastion, branch: committee, addresses: [10.75.255.2], command: [ssh, bastion-committee]}
    - {kind: outside, addresses: [203.0.113.1], command: [ssh, tester], adds_addresses: true}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from hatang.catalogue.zones import zone_matrix
from hatang.errors import InputError
from hatang.isolation.expected import Policy, Spot
from hatang.model.base import Model
from hatang.model.site import Site
from hatang.policies.rules.ways import in_force
from hatang.registry import HostRecord, SystemRecord


class Place(Model):
    """A place that is no host of a system. `command` takes one more word, and runs it there as root in a shell."""

    kind: Literal["bastion", "outside"] = Field(description="What it is.")
    branch: str = Field("", description="Of a bastion: its branch; empty: the one whose bastion network it stands in.")
    addresses: tuple[str, ...] = Field(description="Its addresses, as hosts reach it.")
    command: tuple[str, ...] = Field(min_length=1, description="Program and words before the shell command.")
    adds_addresses: bool = Field(
        False, description="Outside: it may take the addresses of time, DNS and log servers, mirrors and the store."
    )


@dataclass(frozen=True)
class Stand:
    """A spot and the way to it."""

    spot: Spot
    command: tuple[str, ...] = ()
    serve: tuple[str, ...] = ()


def load_places(file: Path | None, site: Site) -> list[Stand]:
    """Bastions and outside. Raises InputError."""
    if file is None:
        return []
    try:
        raw = yaml.safe_load(file.read_text())
        places = TypeAdapter(list[Place]).validate_python(raw)
        for place in places:
            for address in place.addresses:
                ip_address(address)
    except (OSError, yaml.YAMLError, ValidationError, ValueError) as exc:
        raise InputError(
            f"the file of places cannot be used: {str(exc).splitlines()[0]}", where=str(file),
            do="correct it as docs/how-to/prove-isolation.md says; for the sandbox run: hatang sandbox up",
        ) from exc  # fmt: skip
    return [stand for p in places for stand in [_stand(p, site)] if stand]


def _stand(place: Place, site: Site) -> Stand | None:
    if place.kind == "bastion":
        home = {p.branch.value for p in site.branches for a in place.addresses if ip_address(a) in p.bastion}
        branch = place.branch or next(iter(home), "")
        spot = Spot(f"bastion-{branch}", "bastion", place.addresses, branch)
        return Stand(spot, place.command) if branch else None
    services = _services(site)
    extra = tuple(a for a in services if a not in place.addresses) if place.adds_addresses else ()
    known = {a: s for a, s in services.items() if a in (*place.addresses, *extra)}
    return Stand(Spot("outside", "outside", (*place.addresses, *extra), services=known), place.command, extra)


def _services(site: Site) -> dict[str, tuple[str, ...]]:
    """Address of each service outside → what it is in the zone matrix; one address may serve several."""
    found: dict[str, tuple[str, ...]] = {}
    for word, addresses in site.services.by_word.items():
        for address in map(str, addresses):
            found[address] = (*found.get(address, ()), word)
    return found


def host_spots(records: Sequence[SystemRecord], hosts: Sequence[HostRecord]) -> list[Spot]:
    """Hosts, with the addresses that the registry gave them, inside and on the Internet."""
    from hatang.provision.configs import host_address_v6

    known = {r.spec.name: r for r in records}
    found = []
    for host in hosts:
        record = known[host.system]
        assert record.allocation is not None, "a system with hosts has addresses"
        mine = next(h for h in record.allocation.hosts if record.spec.server_name(h.name) == host.name)
        addresses = (str(mine.address), str(host_address_v6(record.allocation, mine)))
        published = (str(mine.public_address),) if mine.public_address else ()
        branch, zone = record.agency.branch.value, mine.zone.value
        found.append(Spot(host.name, "host", addresses, branch, host.system, zone, published=published))
    return found


def policies(site: Site, records: Sequence[SystemRecord]) -> dict[str, Policy]:
    """What each system allows, by the zone matrix of its level and its interconnects in force."""
    matrix, found = zone_matrix(), {}
    ends = {w: frozenset((str(a), port) for a, port in at) for w, at in site.services.ends.items()}
    for record in records:
        assert record.allocation is not None
        zones = tuple(z.kind for z in record.allocation.zones)
        flows = matrix.flows(zones, record.spec.public)
        denied, ways = matrix.denies_egress(record.spec.level), tuple(in_force(record.ways))
        found[record.spec.name] = Policy(flows, denied, ends, ways)
    return found
