"""Several processes at the same registry, on both databases: nothing twice, nothing lost, everybody gets on."""

from __future__ import annotations

import pytest

from hatang.model.allocation import Allocation
from hatang.registry import Registry
from tests.integration.registry.crew import HOSTS_EACH, ROOMY, ZONES, together
from tests.unit.registry.decided import appraise, approve
from tests.unit.registry.test_ceilings import asks, used
from tests.unit.registry.test_overlaps import all_apart, v4
from tests.unit.registry.test_registry import REQUEST, SITE, named

WORKERS = 8
ZONES_EACH = 12  # 40 with --long; `make bench-allocate` takes thousands


def given(registry: Registry) -> list[Allocation]:
    """Addresses of all systems that have some."""
    return [s.allocation for s in registry.systems() if s.allocation is not None]


@pytest.mark.parametrize("each", [ZONES_EACH, pytest.param(40, marks=pytest.mark.long)])
def test_allocation(either_url: str, each: int) -> None:
    registry = Registry.open(either_url)
    systems = [f"s{i}" for i in range(WORKERS * each // len(ZONES))]
    for name in systems:
        registry.submit(named(name), name)
    together("allocate", either_url, [systems[i::WORKERS] for i in range(WORKERS)])
    made = given(registry)
    zones = [z for a in made for z in a.zones]
    assert len(made) == len(systems)
    assert len(zones) == WORKERS * each
    assert all_apart(v4(made))
    assert all_apart([z.cidr for z in zones])
    assert all_apart([z.cidr_v6 for z in zones])
    assert all(z.cidr.subnet_of(a.block) for a in made for z in a.zones)
    # No gap: the blocks and the routers' addresses are the first ones of the branch.
    blocks = list(ROOMY.pool(REQUEST.agency.branch).prefix.subnets(new_prefix=ROOMY.system_prefix))
    assert sorted(a.block for a in made) == blocks[1 : len(systems) + 1]
    bastion = ROOMY.pool(REQUEST.agency.branch).bastion.network_address
    assert sorted(a.bastion_address for a in made) == [bastion + 10 + i for i in range(len(systems))]

    for name in systems[::5]:
        registry.set_system_state(name, "removed")
    new = [f"n{i}" for i in range(len(systems[::5]))]
    for name in new:
        registry.submit(named(name), name)
    together("allocate", either_url, [new[i::WORKERS] for i in range(WORKERS)])
    assert sorted(a.block for a in given(registry)) == blocks[1 : len(systems) + 1], "gaps are filled again"


def test_the_first_opening(either_url: str) -> None:
    together("open", either_url, [[]] * WORKERS)
    assert Registry.open(either_url).systems() == []


def test_one_request_from_everybody_is_one(either_url: str) -> None:
    together("submit", either_url, [["mot"]] * WORKERS)
    registry = Registry.open(either_url)
    assert [s.spec.name for s in registry.systems()] == ["mot"]
    (record,) = registry.requests()
    appraise(registry, record.id)
    together("approve", either_url, [[record.id]] * WORKERS)
    assert len(registry.request(record.id).approvals) == 1


def test_different_requests_of_one_new_agency_all_come_in(either_url: str) -> None:
    together("submit", either_url, [[f"s{i}"] for i in range(WORKERS)])
    assert len(Registry.open(either_url).systems()) == WORKERS


def hosts_asked_for(registry: Registry) -> int:
    """Hosts of all systems, each as it is or as a change wants it, whichever is more."""
    found = {s.spec.name: len(s.spec.hosts) for s in registry.systems() if s.state != "removed"}
    for request in registry.requests():
        wanted = registry.as_asked(request.id, SITE).spec
        found[wanted.name] = max(found[wanted.name], len(wanted.hosts))
    return sum(found.values())


def test_submissions_at_once_do_not_together_exceed_the_ceiling(either_url: str) -> None:
    """There is room for five systems of three hosts besides the first; eight ask at the same moment."""
    registry = Registry.open(either_url)
    room = 5
    approve(registry, registry.submit(asks("dau", 1, hosts=room * HOSTS_EACH + 1 + HOSTS_EACH - 1), "", SITE).id)
    together("submit-within", either_url, [[f"s{i}"] for i in range(WORKERS)])
    assert hosts_asked_for(registry) == room * HOSTS_EACH + 1
    assert len(registry.systems()) == room + 1, "no more, and no fewer"


def test_changes_at_once_do_not_together_exceed_the_ceiling(either_url: str) -> None:
    """Eight systems in use want to double; there is room for three of them to do so."""
    registry = Registry.open(either_url)
    names, room = [f"s{i}" for i in range(WORKERS)], 3
    for name in names:
        file = asks(name, HOSTS_EACH, hosts=(WORKERS + room) * HOSTS_EACH)
        approve(registry, registry.submit(file, "", SITE).id)
        used(registry, name)
    together("grow-within", either_url, [[name] for name in names])
    assert hosts_asked_for(registry) == (WORKERS + room) * HOSTS_EACH
    assert len([r for r in registry.requests() if r.kind == "change"]) == room


def test_ids_of_one_thing_are_kept_whole(either_url: str) -> None:
    together("record", either_url, [[str(i)] for i in range(WORKERS)])
    found = Registry.open(either_url).remote_ids("agency", "a")
    assert len(found) == 30
    assert len(set(found.values())) == 1, "the last writer's, not a mixture"
