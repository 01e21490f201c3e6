"""A tenant made by hand is adopted: nothing of it is made again, restarted or changed, and the next plan says so.

The long form kills adoptions, alters what differs before and after, and takes an adopted system away again.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openstack.connection import Connection

from hatang.errors import InputError, RefusedError
from hatang.model.adoption import AdoptionMap
from hatang.provision import configs
from hatang.provision.provisioner import Provisioner
from hatang.registry import Registry, SystemRecord
from hatang.workflow import steps
from hatang.workflow.adoption import adopt, forget
from hatang.workflow.context import Context
from tests.integration.provision.handmade import LARGE, SMALL, HandMade, Hands, Wanted
from tests.integration.provision.listing import everything

pytestmark = pytest.mark.turn("tenancy", "adopt")
NONE = AdoptionMap()
QUOTAS = {"quota-compute", "quota-network", "quota-storage"}
ROOT = Path(__file__).resolve().parents[3]


def _registry(maker: Provisioner) -> Registry:
    return Registry.open(maker.settings.registry)


def _context(maker: Provisioner) -> Context:
    return Context(maker.settings, maker.site)


def _by_hand(maker: Provisioner, cloud: Connection, wanted: Wanted) -> Hands:
    """A tenant and the request that it be a system; quotas are the region's still."""
    registry = _registry(maker)
    registry.submit(wanted.request(), "")
    asked = replace(registry.system(wanted.name), allocation=wanted.allocation())
    hands = Hands(maker, cloud, wanted)
    hands.all(configs.group_rules(maker.site, asked))
    return hands


def _lives(cloud: Connection, made: HandMade) -> list[tuple[str, ...]]:
    """What would differ if a server had been made anew, restarted or touched."""
    compute: Any = cloud.compute
    found = compute.servers(all_projects=True, project_id=made.project)
    fields = ("id", "name", "status", "created_at", "updated_at", "launched_at")
    actions = {s: len(list(compute.server_actions(s))) for s in made.servers.values()}
    return sorted((*(str(getattr(s, f)) for f in fields), str(actions[s.id])) for s in found)


def _revisions(cloud: Connection, made: HandMade) -> dict[str, int]:
    """Neutron counts each change of an object."""
    network: Any = cloud.network
    listed = (network.networks, network.ports, network.routers, network.security_groups)
    return {x.id: x.revision_number for each in listed for x in each(project_id=made.project)}


@pytest.fixture(scope="module")
def small(maker: Provisioner, cloud: Connection) -> Hands:
    """A small tenant, quotas set as the site's rule says."""
    hands = _by_hand(maker, cloud, SMALL)
    record = replace(_registry(maker).system(SMALL.name), allocation=SMALL.allocation())
    rules = sum(len(r) for r in configs.group_rules(maker.site, record).values())
    hands.quotas(configs.quota(maker.site, record, rules, maker.cloud.volume_types))
    return hands


def test_a_tenant_of_another_agency_is_refused(maker: Provisioner, small: Hands, cloud: Connection) -> None:
    identity: Any = cloud.identity
    domain = identity.create_domain(name="co-quan-khac")
    other = identity.create_project(name=SMALL.name, domain_id=domain.id)
    for project, said in ((other.id, "is in domain co-quan-khac"), ("khong-co", "has no project khong-co")):
        with pytest.raises(InputError, match=said) as caught:
            adopt(_context(maker), SMALL.name, project, NONE)
        assert caught.value.do
    assert _registry(maker).system(SMALL.name).allocation is None
    identity.delete_project(other)
    identity.update_domain(domain, is_enabled=False)
    identity.delete_domain(domain)


def test_adopted_the_next_plan_shows_no_change_and_nothing_was_touched(
    maker: Provisioner, small: Hands, cloud: Connection
) -> None:
    before = everything(cloud), _lives(cloud, small.made), _revisions(cloud, small.made)
    made = adopt(_context(maker), SMALL.name, small.made.project, NONE)
    assert made is not None
    assert len(made.taken) >= 40
    assert (made.differences, made.unknown) == ([], [])
    registry = _registry(maker)
    record = registry.system(SMALL.name)
    assert record.allocation == SMALL.allocation()
    plan = maker.plan_system(record)
    assert plan.changes == {"same": len(made.taken)}
    assert maker.apply_system(record, plan).changes == plan.changes
    assert adopt(_context(maker), SMALL.name, small.made.project, NONE) is None, "once is enough"
    assert (everything(cloud), _lives(cloud, small.made), _revisions(cloud, small.made)) == before
    assert maker.outputs("system", SMALL.name)["servers"] == small.made.servers

    registry.give_addresses_back(SMALL.name)  # as when its request is returned and submitted again
    with pytest.raises(RefusedError, match="must be taken in again"):
        steps.allocated(_context(maker), SMALL.name)
    assert adopt(_context(maker), SMALL.name, small.made.project, NONE) is not None
    assert registry.system(SMALL.name).allocation == SMALL.allocation()

    assert forget(_context(maker), SMALL.name)
    assert maker.outputs("system", SMALL.name) == {}
    assert _registry(maker).system(SMALL.name).allocation is None
    assert not forget(_context(maker), SMALL.name)
    assert (everything(cloud), _lives(cloud, small.made), _revisions(cloud, small.made)) == before


# -- the long form ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(maker: Provisioner, cloud: Connection) -> Hands:
    """A larger tenant; its quotas are the region's."""
    return _by_hand(maker, cloud, LARGE)


def _alter(hands: Hands, cloud: Connection) -> set[tuple[str, str]]:
    """Differences of every kind made by hand; returns the steps that a plan must show for them."""
    network, made = cloud.network, hands.made
    stranger: Any = network.create_security_group_rule(
        security_group_id=made.groups["dmz"], direction="ingress", ether_type="IPv4", protocol="tcp",
        port_range_min=23, port_range_max=23, remote_ip_prefix="0.0.0.0/0",
    )  # fmt: skip
    assert stranger.id
    own = next(r for r in network.security_group_rules(security_group_id=made.groups["dmz"]) if r.port_range_min == 443)
    network.delete_security_group_rule(own.id)
    port = next(iter(network.ports(device_id=made.servers["job"])))
    network.update_port(port, security_groups=[made.groups["internal"]])
    network.create_network(name="rieng", project_id=made.project)
    compute: Any = cloud.compute
    compute.update_server(made.servers["web"], name="may-web")
    compute.delete_server_metadata(made.servers["job"], ["hatang_zone"])
    compute.delete_keypair(hands.name)
    return {
        ("remove", f"{hands.name}-dmz: ingress IPv4 tcp port 23 0.0.0.0/0"), ("update", "host-job-port"),
        ("update", "host-web-server"), ("update", "host-job-server"), ("create", "key"),
    }  # fmt: skip


@pytest.mark.long
def test_what_differs_is_told_before_and_put_right_by_the_next_apply(
    maker: Provisioner, large: Hands, cloud: Connection
) -> None:
    expected = _alter(large, cloud) | {("update", q) for q in QUOTAS}
    given = AdoptionMap.model_validate({"hosts": {"web": large.made.servers["web"]}})
    before = everything(cloud), _lives(cloud, large.made), _revisions(cloud, large.made)
    with pytest.raises(InputError, match=r"may-web .* is no host"):
        adopt(_context(maker), LARGE.name, large.made.project, NONE, dry_run=True)
    made = adopt(_context(maker), LARGE.name, large.made.project, given, dry_run=True)
    assert made is not None
    told = {(r["operation"], r["name"]) for r in made.differences}
    rule = {x for x in told if x[1].startswith("group-dmz-ingress-tcp-443")}
    assert len(rule) == 1
    assert told == expected | rule
    assert [u.split()[:2] for u in made.unknown] == [["network", "rieng"]]
    assert _registry(maker).system(LARGE.name).allocation is None, "only told"
    assert maker.outputs("system", LARGE.name) == {}
    assert (everything(cloud), _lives(cloud, large.made), _revisions(cloud, large.made)) == before


def _killed(maker: Provisioner, project: str, server: str, seconds: float) -> bool:
    """Run an adoption as a process of its own and SIGKILL all of it; False: it had ended before."""
    words = ["system", "adopt", LARGE.name, "--project", project, "--map", str(_map(maker, server))]
    argv = [sys.executable, "-m", "hatang", "--state", str(maker.settings.state_dir), "--site",
            "inventories/example/site.yaml", *words]  # fmt: skip
    child = subprocess.Popen(argv, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        child.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return True


def _map(maker: Provisioner, server: str) -> Path:
    file = maker.settings.state_dir / "map.yaml"
    file.write_text(f"hosts: {{web: {server}}}\n")
    return file


@pytest.mark.long
def test_killed_at_any_moment_it_goes_on_and_the_cloud_is_as_it_was(
    maker: Provisioner, large: Hands, cloud: Connection, record_property: Callable[[str, object], None]
) -> None:
    before = everything(cloud), _lives(cloud, large.made), _revisions(cloud, large.made)
    moments, web, kills = random.Random(7), large.made.servers["web"], 0
    begun = time.monotonic()
    for _ in range(6):
        kills += _killed(maker, large.made.project, web, moments.uniform(1.0, 14.0))
    assert not _killed(maker, large.made.project, web, 300)
    assert kills
    record_property("kills", kills)
    record_property("seconds", round(time.monotonic() - begun, 1))
    record = _registry(maker).system(LARGE.name)
    assert record.allocation == LARGE.allocation()
    assert (everything(cloud), _lives(cloud, large.made), _revisions(cloud, large.made)) == before


@pytest.mark.long
def test_the_next_apply_puts_right_what_was_told_and_restarts_nothing(
    maker: Provisioner, large: Hands, cloud: Connection
) -> None:
    record: SystemRecord = _registry(maker).system(LARGE.name)
    lives = {life[0]: life[5] for life in _lives(cloud, large.made)}
    plan = maker.plan_system(record)
    assert {r["operation"] for r in plan.differences()} == {"remove", "update", "create"}
    maker.apply_system(record, plan)
    assert set(maker.plan_system(record).changes) == {"same"}
    assert {life[0]: life[5] for life in _lives(cloud, large.made)} == lives, "same servers, launched when they were"
    port: Any = next(iter(cloud.network.ports(device_id=large.made.servers["job"])))
    assert port.security_group_ids == [large.made.groups["application"]]


@pytest.mark.long
def test_an_adopted_system_can_be_taken_away_whole(maker: Provisioner, large: Hands, cloud: Connection) -> None:
    record = _registry(maker).system(LARGE.name)
    network: Any = cloud.network
    network.delete_network(network.find_network("rieng", project_id=large.made.project))
    maker.destroy_system(record)
    maker.destroy_agency(record.agency)
    left = {line for line in everything(cloud) if large.made.project in line}
    assert left == set()
    assert not [s for s in large.made.servers.values() if cloud.compute.find_server(s, all_projects=True)]
