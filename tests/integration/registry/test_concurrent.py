"""Several processes at the same registry, on both databases: nothing twice, nothing lost, everybody gets on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hatang.model.allocation import Allocation
from hatang.model.terms import ZoneKind
from hatang.registry import Registry
from tests.unit.registry.test_overlaps import all_apart, v4
from tests.unit.registry.test_registry import REQUEST, SITE, named

ROOT = Path(__file__).resolve().parents[3]
WORKERS = 8
ZONES_EACH = 40
ZONES = (ZoneKind.BORDER, ZoneKind.DMZ, ZoneKind.APPLICATION, ZoneKind.DATABASE)
SYSTEMS = [f"s{i}" for i in range(WORKERS * ZONES_EACH // len(ZONES))]

BEGIN = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from hatang.registry import Registry
from tests.integration.registry.test_concurrent import SITE, ZONES, REQUEST, named
print("ready", flush=True)
sys.stdin.readline()
registry = Registry.open(sys.argv[1])
"""
ALLOCATE = BEGIN + "for name in sys.argv[2:]: registry.allocate(name, SITE, ZONES)"
SUBMIT = BEGIN + "for name in sys.argv[2:]: registry.submit(named(name), name, SITE)"
APPROVE = BEGIN + "registry.approve(sys.argv[2], 'nguoi-phe-duyet')"
RECORD = BEGIN + "registry.record_remote_ids('agency', 'a', {str(i): sys.argv[2] for i in range(30)})"


def together(script: str, url: str, words: list[list[str]]) -> None:
    """Run one process for each list of words; all begin when the last has been loaded, and all succeed."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, url, *own], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )
        for own in words
    ]  # fmt: skip
    for child in running:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in running:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [child.communicate(timeout=240)[1] for child in running]
    assert [child.returncode for child in running] == [0] * len(running), "\n".join(said)


def given(registry: Registry) -> list[Allocation]:
    """Addresses of all systems that have some."""
    return [s.allocation for s in registry.systems() if s.allocation is not None]


def test_allocation(url: str) -> None:
    registry = Registry.open(url)
    for name in SYSTEMS:
        registry.submit(named(name), name)
    together(ALLOCATE, url, [SYSTEMS[i::WORKERS] for i in range(WORKERS)])
    made = given(registry)
    zones = [z for a in made for z in a.zones]
    assert len(made) == len(SYSTEMS)
    assert len(zones) == WORKERS * ZONES_EACH
    assert all_apart(v4(made))
    assert all_apart([z.cidr for z in zones])
    assert all_apart([z.cidr_v6 for z in zones])
    assert all(z.cidr.subnet_of(a.block) for a in made for z in a.zones)
    # No gap: the blocks and the routers' addresses are the first ones of the branch.
    blocks = list(SITE.pool(REQUEST.agency.branch).prefix.subnets(new_prefix=SITE.system_prefix))
    assert sorted(a.block for a in made) == blocks[1 : len(SYSTEMS) + 1]
    bastion = SITE.pool(REQUEST.agency.branch).bastion.network_address
    assert sorted(a.bastion_address for a in made) == [bastion + 10 + i for i in range(len(SYSTEMS))]

    for name in SYSTEMS[::5]:
        registry.set_system_state(name, "removed")
    new = [f"n{i}" for i in range(len(SYSTEMS[::5]))]
    for name in new:
        registry.submit(named(name), name)
    together(ALLOCATE, url, [new[i::WORKERS] for i in range(WORKERS)])
    assert sorted(a.block for a in given(registry)) == blocks[1 : len(SYSTEMS) + 1], "gaps are filled again"


def test_the_first_opening(url: str) -> None:
    together(BEGIN, url, [[] for _ in range(WORKERS)])
    assert Registry.open(url).systems() == []


def test_one_request_from_everybody_is_one(url: str) -> None:
    together(SUBMIT, url, [["mot"] for _ in range(WORKERS)])
    registry = Registry.open(url)
    assert [s.spec.name for s in registry.systems()] == ["mot"]
    (record,) = registry.requests()
    together(APPROVE, url, [[record.id] for _ in range(WORKERS)])
    assert len(registry.request(record.id).approvals) == 1


def test_different_requests_of_one_new_agency_all_come_in(url: str) -> None:
    together(SUBMIT, url, [[f"s{i}"] for i in range(WORKERS)])
    assert len(Registry.open(url).systems()) == WORKERS


def test_ids_of_one_thing_are_kept_whole(url: str) -> None:
    together(RECORD, url, [[str(i)] for i in range(4)])
    found = Registry.open(url).remote_ids("agency", "a")
    assert len(found) == 30
    assert len(set(found.values())) == 1, "the last writer's, not a mixture"
