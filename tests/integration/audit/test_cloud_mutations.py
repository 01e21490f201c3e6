"""Every cloud check, proven by changing the cloud by hand: the control is named, and what the change also breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openstack.connection import Connection

from hatang.audit.join import CLOUD_PREFIX
from hatang.audit.results import CheckRun
from hatang.audit.runner import check
from hatang.model.terms import ResultState
from hatang.registry import HostRecord, Registry, SystemRecord
from hatang.sandbox.lifecycle import Sandbox
from tests.integration.provision import driver

NAME = "bi-pha"
Undo = Callable[[], object]


class Site:
    """A system on the cloud, and what is done to it."""

    def __init__(self, state: Any, cloud: Connection) -> None:
        self.cloud: Any = cloud
        self.maker = driver.provisioner(state)
        self.maker.apply_site()
        self.record = driver.record(self.maker, NAME, code="H99.79", level=3)
        self.maker.apply_system(self.record, self.maker.plan_system(self.record))
        self.ids, self.agency = self.maker.outputs("system", NAME), self.maker.outputs("agency", "h99-79")
        registry = Registry.open(self.maker.settings.registry)
        registry.record_remote_ids("system", NAME, {"project_id": self.ids["project_id"]})
        registry.record_remote_ids("agency", "H99.79", {k: v for k, v in self.agency.items() if isinstance(v, str)})

    def check(self, hosts: tuple[HostRecord, ...] = ()) -> CheckRun:
        """Run all checks of the system."""
        return check(self.maker.settings, self.maker.site, [self.record], hosts)

    def bad(self) -> dict[str, str]:
        """Controls that do not pass, with the reason."""
        return {r.control: f"{r.state.value}: {r.detail}" for r in self.check().not_met()}

    def rule(self, remote: str, port: int) -> Undo:
        """A rule added by hand."""
        network = self.cloud.network
        made = network.create_security_group_rule(
            security_group_id=self.ids["groups"]["database"], direction="ingress", ether_type="IPv4", protocol="tcp",
            port_range_min=port, port_range_max=port, remote_ip_prefix=remote,
        )  # fmt: skip
        return lambda: network.delete_security_group_rule(made)


@pytest.fixture(scope="module")
def place(sandbox: Sandbox, cloud: Connection) -> Iterator[Site]:
    """The system, checked once: nothing is wrong."""
    made = Site(sandbox.state, cloud)
    yield made
    made.maker.destroy_system(made.record)


def narrow_rule(s: Site) -> Undo:
    return s.rule("192.0.2.7/32", 3389)


def open_rule(s: Site) -> Undo:
    return s.rule("0.0.0.0/0", 3389)


def missing_rule(s: Site) -> Undo:
    network = s.cloud.network
    rules = network.security_group_rules(security_group_id=s.ids["groups"]["application"], direction="ingress")
    old = next(r for r in rules if r.port_range_min == 22)
    network.delete_security_group_rule(old)
    return lambda: network.create_security_group_rule(
        security_group_id=old.security_group_id, direction="ingress", ether_type=old.ether_type, protocol=old.protocol,
        port_range_min=22, port_range_max=22, remote_ip_prefix=old.remote_ip_prefix, description=old.description,
        project_id=s.ids["project_id"],
    )  # fmt: skip


def other_addresses(s: Site) -> Undo:
    network = s.cloud.network
    port = next(p for p in network.ports(project_id=s.ids["project_id"]) if p.name == f"{NAME}-app")
    network.update_port(port, allowed_address_pairs=[{"ip_address": "10.0.0.0/8"}])
    return lambda: network.update_port(port, allowed_address_pairs=[])


def zone_off(s: Site) -> Undo:
    network, zone = s.cloud.network, s.ids["networks"]["wireless"]
    network.update_network(zone, is_admin_state_up=False)
    return lambda: network.update_network(zone, is_admin_state_up=True)


def strange_network(s: Site) -> Undo:
    network = s.cloud.network
    made = network.create_network(name=f"{NAME}-extra", project_id=s.ids["project_id"])
    return lambda: network.delete_network(made)


def port_outside(s: Site) -> Undo:
    network = s.cloud.network
    outside = network.find_network("internet")
    made = network.create_port(network_id=outside.id, project_id=s.ids["project_id"], name="public")
    return lambda: network.delete_port(made)


def no_limit(s: Site) -> Undo:
    project = s.ids["project_id"]
    before = s.cloud.compute.get_quota_set(project).cores
    s.cloud.compute.update_quota_set(project, cores=-1)
    return lambda: s.cloud.compute.update_quota_set(project, cores=before)


def no_limit_of_a_volume_type(s: Site) -> Undo:
    own = s.maker.site.volume_type(s.record.spec.level).name
    return _storage_quota(s, f"gigabytes_{own}", -1)


def another_volume_type_allowed(s: Site) -> Undo:
    return _storage_quota(s, f"snapshots_{s.maker.site.volume_types[0].name}", 1)


def _storage_quota(s: Site, field: str, limit: int) -> Undo:
    project, storage = s.ids["project_id"], s.cloud.block_storage
    before = storage.get_quota_set(project).to_dict()[field]
    storage.update_quota_set(project, **{field: limit})
    return lambda: storage.update_quota_set(project, **{field: before})


def shared_network(s: Site) -> Undo:
    network = s.cloud.network
    made = network.create_rbac_policy(
        object_type="network", object_id=s.ids["networks"]["database"], action="access_as_shared",
        target_project_id=s.cloud.current_project_id,
    )  # fmt: skip
    return lambda: network.delete_rbac_policy(made)


def admin_of_the_domain(s: Site) -> Undo:
    identity, role = s.cloud.identity, s.cloud.identity.find_role("admin")
    domain, group = s.agency["domain_id"], s.agency["administrators_id"]
    identity.assign_domain_role_to_group(domain, group, role)
    return lambda: identity.unassign_domain_role_from_group(domain, group, role)


def reader_elsewhere(s: Site) -> Undo:
    identity, role = s.cloud.identity, s.cloud.identity.find_role("reader")
    project, group = s.cloud.current_project_id, s.agency["auditors_id"]
    identity.assign_project_role_to_group(project, group, role)
    return lambda: identity.unassign_project_role_from_group(project, group, role)


def volume_of_another_type(s: Site) -> Undo:
    """A volume of another level's type; the type itself cannot be changed while volumes are of it."""
    project, level_1 = s.ids["project_id"], s.maker.site.volume_types[0].name
    before = s.cloud.block_storage.get_quota_set(project)
    more = {f"volumes_{level_1}": 1, f"gigabytes_{level_1}": 1}
    s.cloud.block_storage.update_quota_set(project, volumes=before.volumes + 1, gigabytes=before.gigabytes + 1, **more)
    storage = s.cloud.connect_as_project({"id": project}).block_storage
    made = storage.create_volume(name="by-hand", size=1, volume_type=level_1)
    storage.wait_for_status(made, "available", ["error"], interval=0.3, wait=60)

    def undo() -> None:
        storage.delete_volume(made)
        storage.wait_for_delete(made, interval=0.3, wait=60)
        less = dict.fromkeys(more, 0)
        s.cloud.block_storage.update_quota_set(project, volumes=before.volumes, gigabytes=before.gigabytes, **less)

    return undo


MUTATIONS: dict[Callable[[Site], Undo], set[str]] = {
    narrow_rule: {"HST-02"},
    open_rule: {"HST-02", "SAC-13"},
    missing_rule: {"HST-02"},
    other_addresses: {"HST-02"},
    zone_off: {"NET-01"},
    strange_network: {"NET-01"},
    port_outside: {"SAC-04"},
    no_limit: {"HST-01"},
    shared_network: {"HST-01"},
    admin_of_the_domain: {"ACC-11"},
    reader_elsewhere: {"ACC-11"},
    no_limit_of_a_volume_type: {"HST-01"},
    another_volume_type_allowed: {"HST-01"},
    volume_of_another_type: {"HST-01", "HST-03"},  # Cinder has it only since the type's quota was lifted
}


def test_untouched_cloud_has_no_fault_and_every_control_was_judged(place: Site) -> None:
    run = place.check()
    assert {r.control: r.detail for r in run.not_met()} == {}
    looked = [r for r in run.results if any(c.startswith(CLOUD_PREFIX) for c in r.checks)]
    met = {r.control for r in looked if r.state in (ResultState.MET, ResultState.PARTLY)}
    assert met == {c for controls in MUTATIONS.values() for c in controls}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.__name__)
def test_change_by_hand_is_named(place: Site, mutation: Callable[[Site], Undo]) -> None:
    undo = mutation(place)
    try:
        bad = place.bad()
    finally:
        undo()
    assert set(bad) == MUTATIONS[mutation], bad
    assert all(text.startswith("not-met: ") for text in bad.values()), bad


def test_all_is_well_again(place: Site) -> None:
    assert place.bad() == {}


def test_host_that_cannot_be_reached_is_never_met(place: Site) -> None:
    server = place.ids["servers"]["app"]
    host = HostRecord(f"{NAME}-app", NAME, "H99.79", "application", "192.0.2.9", "debian", server, 3)
    place.cloud.compute.stop_server(server)
    place.cloud.compute.wait_for_server(place.cloud.compute.get_server(server), status="SHUTOFF", interval=0.2)
    try:
        run = place.check((host,))
    finally:
        place.cloud.compute.start_server(server)
    states = {r.state for r in run.results if r.scope == host.name}
    assert states <= {ResultState.NOT_CHECKED, ResultState.NOT_AUTOMATED, ResultState.NOT_APPLICABLE}
    assert [r for r in run.not_met() if r.detail.startswith("not reached")]


def test_system_is_the_one_that_was_asked_for(place: Site) -> None:
    record: SystemRecord = place.record
    assert {r.system for r in place.check().results} == {record.spec.name}
