"""One proof: a prober at every place, all probes sent, what arrived compared with policy."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar, cast

from hatang.hosts import ssh_argv
from hatang.isolation.causes import causes, connect, rule_ports
from hatang.isolation.expected import Probe, probes
from hatang.isolation.places import Stand, host_spots, load_places, policies
from hatang.isolation.proof import Proof, Result
from hatang.isolation.station import Station, StationError
from hatang.locale import _
from hatang.model.site import Site
from hatang.registry import HostRecord, Registry, SystemRecord
from hatang.settings import Settings

T = TypeVar("T")
# Besides those of the matrix: what people open by hand.
USUAL_PORTS = (
    21, 23, 25, 80, 110, 111, 135, 139, 143, 389, 445, 636, 1433, 1521, 2049, 3000, 3306, 3389, 4444, 5000, 5601, 5900,
    6379, 8000, 8081, 8888, 9000, 9090, 9200, 10050, 11211, 27017, 54321,
)  # fmt: skip
SETTLE_S = 1.0  # after the last probe: what is still on its way
TRIES = 3  # of a probe that should arrive
AT_ONCE = 8  # places that send at the same time


def prove(
    settings: Settings,
    site: Site,
    registry: Registry,
    records: Sequence[SystemRecord],
    hosts: Sequence[HostRecord],
    *,
    ports: Collection[int] = (),
    progress: Callable[[str], None] = lambda text: None,
) -> Proof:
    """Send probes between these hosts, the bastions and the outside.

    Args:
        ports: TCP ports to try besides those of the matrix, of the cloud's rules and the usual ones.

    Raises:
        InputError: the file of places is wrong.
        CloudError: the cloud cannot be reached.
    """
    begun, started = time.monotonic(), datetime.now(UTC)
    cloud = connect(settings)
    spots = host_spots(records, hosts)
    branches = {s.branch for s in spots}
    extra = [p for p in load_places(settings.places_file, site) if not p.spot.branch or p.spot.branch in branches]
    everywhere = [*spots, *(e.spot for e in extra)]
    planned = probes(everywhere, policies(site, records), {*USUAL_PORTS, *rule_ports(cloud), *ports})
    progress(_("{n} probes between {places} places").format(n=len(planned), places=len(everywhere)))
    field = Field(settings, hosts, extra)
    if not extra:
        field.troubles.append("no bastion and no outside: the setting places_file names none")
    try:
        field.enter([s.name for s in everywhere])
        results = field.run(planned)
    finally:
        field.leave()
    found = causes(cloud, site, registry, records)
    seconds = round(time.monotonic() - begun, 1)
    troubles = (*field.troubles, *_mute(results))
    return Proof(started, seconds, tuple(everywhere), tuple(results), tuple(found), troubles)


class Field:
    """All places with their probers; what one of them cannot do is a trouble, and nothing is proven of it."""

    def __init__(self, settings: Settings, hosts: Sequence[HostRecord], extra: Sequence[Stand]) -> None:
        self.settings = settings
        self.hosts = {h.name: h for h in hosts}
        self.extra = {e.spot.name: e for e in extra}
        self.stations: dict[str, Station] = {}
        self.away: set[str] = set()
        self.troubles: list[str] = []
        self.token = secrets.token_bytes(8).hex()

    def enter(self, names: Sequence[str]) -> None:
        """A prober at every place, listening."""
        self._each(names, self._enter)

    def run(self, planned: Sequence[Probe]) -> list[Result]:
        """Send all probes, wait, and ask what was heard; what should have arrived and did not is sent again.

        One lost packet is not a closed way. The other way round one packet is enough: what got through is open.
        """
        planned = [p for p in planned if not {p.source, p.target} & self.away]
        heard, unsent = self._round(planned)
        for _again in range(TRIES - 1):
            late = [p for p in planned if p.allowed and not self._arrived(p, heard)]
            if not late:
                break
            more, unsent_again = self._round(late)
            heard |= more
            unsent = {n: why for n, why in unsent.items() if n not in {p.number for p in late}} | unsent_again
        return [
            Result(p, self._arrived(p, heard), unsent.get(p.number, ""))
            for p in planned if not {p.source, p.target} & self.away
        ]  # fmt: skip

    def _round(self, planned: Sequence[Probe]) -> tuple[dict[str, set[int]], dict[int, str]]:
        """Send these once: what each place has heard so far, and why some could not be sent."""
        mine: dict[str, list[Probe]] = {}
        for probe in planned:
            if not {probe.source, probe.target} & self.away:
                mine.setdefault(probe.source, []).append(probe)
        unsent: dict[int, str] = {}
        for said in self._each(list(mine), lambda name: _send(self.stations[name], mine[name])).values():
            unsent |= said
        time.sleep(SETTLE_S)
        here = [n for n in self.stations if n not in self.away]
        return self._each(here, lambda name: set(self.stations[name].ask("heard"))), unsent

    @staticmethod
    def _arrived(probe: Probe, heard: Mapping[str, Collection[int]]) -> bool:
        return probe.number in heard.get(probe.target, ())

    def leave(self) -> None:
        """End all probers."""
        for station in self.stations.values():
            station.close()

    def _enter(self, name: str) -> None:
        stand = self.extra.get(name)
        if stand:
            station = Station(name, stand.command)
        else:
            station = Station(name, ssh_argv(self.settings, self.hosts[name]), "exec sudo -n --")
        self.stations[name] = station
        own = list(stand.spot.addresses) if stand and stand.spot.kind == "bastion" else []
        station.ask("open", token=self.token, serve=list(stand.serve) if stand else [], own=own)

    def _each(self, names: Sequence[str], work: Callable[[str], T]) -> dict[str, T]:
        """The same at many places at once; what fails is noted."""

        def attempt(name: str) -> tuple[str, T | None, str]:
            try:
                return name, work(name), ""
            except StationError as exc:
                return name, None, str(exc)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            done = list(pool.map(attempt, names))
        for name, _found, trouble in done:
            if trouble:
                self.away.add(name)
                self.troubles.append(trouble)
        return {name: cast(T, found) for name, found, trouble in done if not trouble}


def _send(station: Station, mine: Sequence[Probe]) -> dict[int, str]:
    rows = [[p.number, p.protocol, p.disguise, p.address, p.port] for p in mine]
    return {int(n): why for n, why in station.ask("send", probes=rows).items()}


def _mute(results: Sequence[Result]) -> list[str]:
    """Places that could send nothing at all: silence there proves nothing."""
    sources = {r.probe.source for r in results}
    spoke = {r.probe.source for r in results if not r.unsent}
    return [f"{name}: could send no probe" for name in sorted(sources - spoke)]
