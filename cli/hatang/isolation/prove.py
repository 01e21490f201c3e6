"""One proof: a prober at every place, all probes sent, what arrived compared with policy."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from hatang.hosts import ssh_argv
from hatang.isolation.causes import causes, connect, rule_ports
from hatang.isolation.expected import Probe, probes
from hatang.isolation.places import Stand, host_spots, load_places, policies
from hatang.isolation.proof import Proof, Result
from hatang.isolation.station import Station, StationError
from hatang.model.site import Site
from hatang.registry import HostRecord, Registry, SystemRecord
from hatang.settings import Settings

# Besides those of the matrix: what people open by hand.
USUAL_PORTS = (
    21, 23, 25, 80, 110, 111, 135, 139, 143, 389, 445, 636, 1433, 1521, 2049, 3000, 3306, 3389, 4444, 5000, 5601, 5900,
    6379, 8000, 8081, 8888, 9000, 9090, 9200, 10050, 11211, 27017, 54321,
)  # fmt: skip
SETTLE_S = 1.0  # after the last probe: what is still on its way
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
    law = policies(site, records)
    spots = host_spots(records, hosts)
    branches = {s.branch for s in spots}
    extra = [p for p in load_places(settings.places_file, site) if not p.spot.branch or p.spot.branch in branches]
    everywhere = [*spots, *(e.spot for e in extra)]
    planned = probes(everywhere, law, {*USUAL_PORTS, *rule_ports(cloud), *ports})
    progress(f"{len(planned)} probes between {len(everywhere)} places")
    troubles = [] if extra else ["no bastion and no outside: the setting places_file names none"]
    stations: dict[str, Station] = {}
    by_name = {h.name: h for h in hosts}
    ways: dict[str, Stand] = {e.spot.name: e for e in extra}
    token = secrets.token_bytes(8).hex()

    def enter(name: str) -> str:
        try:
            if name in by_name:
                station = Station(name, ssh_argv(settings, by_name[name]), "exec sudo -n --")
            else:
                station = Station(name, ways[name].command)
            stations[name] = station
            way = ways.get(name)
            own = list(way.spot.addresses) if way and way.spot.kind == "bastion" else []
            station.ask("open", token=token, serve=list(way.serve) if way else [], own=own)
        except StationError as exc:
            return str(exc)
        return ""

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            failed = [t for t in pool.map(enter, [s.name for s in everywhere]) if t]
            troubles += failed
            away = {t.split(":")[0] for t in failed}
            mine: dict[str, list[Probe]] = {}
            for probe in planned:
                if probe.source not in away and probe.target not in away:
                    mine.setdefault(probe.source, []).append(probe)
            unsent: dict[int, str] = {}
            for name, said in pool.map(lambda n: (n, _send(stations[n], mine[n])), mine):
                if isinstance(said, str):
                    troubles.append(said)
                    away.add(name)
                else:
                    unsent |= said
            time.sleep(SETTLE_S)
            heard: dict[str, set[int]] = {}
            for name, got in pool.map(lambda n: (n, _heard(stations[n])), [n for n in stations if n not in away]):
                if isinstance(got, str):
                    troubles.append(got)
                    away.add(name)
                else:
                    heard[name] = got
    finally:
        for station in stations.values():
            station.close()
    results = [
        Result(p, p.number in heard[p.target], unsent.get(p.number, ""))
        for ps in mine.values() for p in ps if p.source not in away and p.target not in away
    ]  # fmt: skip
    troubles += _mute(results)
    found = causes(cloud, site, registry, records)
    seconds = round(time.monotonic() - begun, 1)
    return Proof(started, seconds, tuple(everywhere), tuple(results), tuple(found), tuple(troubles))


def _send(station: Station, mine: Sequence[Probe]) -> dict[int, str] | str:
    rows = [[p.number, p.protocol, p.disguise, p.address, p.port] for p in mine]
    try:
        return {int(n): why for n, why in station.ask("send", probes=rows).items()}
    except StationError as exc:
        return str(exc)


def _heard(station: Station) -> set[int] | str:
    try:
        return set(station.ask("heard"))
    except StationError as exc:
        return str(exc)


def _mute(results: Sequence[Result]) -> list[str]:
    """Places that could send nothing at all: silence there proves nothing."""
    sources = {r.probe.source for r in results}
    spoke = {r.probe.source for r in results if not r.unsent}
    return [f"{name}: could send no probe" for name in sorted(sources - spoke)]
