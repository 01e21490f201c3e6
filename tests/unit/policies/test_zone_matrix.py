"""The zone matrix, and what becomes of it in security groups."""

from __future__ import annotations

from itertools import product

import pytest

from hatang.catalogue.zones import OUTSIDE, zone_matrix
from hatang.model.site import Site
from hatang.model.terms import Level, ZoneKind
from hatang.policies.rules.groups import Rule
from hatang.provision.configs import group_rules
from tests.unit.stacks.recorded import site, system_record

SEVEN = {"border", "dmz", "application", "database", "internal", "wireless", "management"}


@pytest.mark.parametrize(
    ("level", "storage", "zones"),
    [
        (2, False, {"border", "dmz", "application", "internal", "wireless"}),
        (3, False, SEVEN),
        (4, False, SEVEN | {"wan", "equipment"}),
        (5, False, SEVEN | {"wan", "equipment"}),
        (2, True, {"border", "dmz", "application", "internal", "wireless", "database", "wan"}),
        (3, True, SEVEN | {"wan"}),
    ],
)
def test_zones_are_the_union_of_the_sources_that_apply(level: int, storage: bool, zones: set[str]) -> None:
    assert {z.value for z in zone_matrix().zones(Level(level), storage)} == zones


def test_a_level_1_system_has_somewhere_to_stand_by_our_own_choice() -> None:
    assert zone_matrix().zones_by_source["tcvn14423_2026"].levels[Level.L1] == ()
    assert set(zone_matrix().zones(Level.L1)) == {ZoneKind.DMZ, ZoneKind.APPLICATION}


@pytest.mark.parametrize(("level", "public", "storage"), list(product((1, 2, 3, 4, 5), (False, True), (False, True))))
def test_every_flow_has_both_its_ends(level: int, public: bool, storage: bool) -> None:
    """What may leave a zone for another may enter there, and the reverse, from level 3 on."""
    if not zone_matrix().denies_egress(Level(level)):
        return
    record = system_record(level, public=public, document_storage=storage)
    rules = group_rules(site(), record)
    assert record.allocation is not None
    of = {str(n): z.kind.value for z in record.allocation.zones for n in (z.cidr, z.cidr_v6)}
    out = {(z, of[r.remote], r.protocol, r.port) for z, rs in rules.items() for r in rs if _between(r, of, "egress")}
    into = {(of[r.remote], z, r.protocol, r.port) for z, rs in rules.items() for r in rs if _between(r, of, "ingress")}
    assert out == into


def _between(rule: Rule, of: dict[str, str], direction: str) -> bool:
    return rule.direction == direction and rule.remote in of


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_ssh_comes_from_the_bastion_alone(level: int) -> None:
    record = system_record(level)
    bastion = str(site().pool(record.agency.branch).bastion)
    for rules in group_rules(site(), record).values():
        assert {r.remote for r in rules if r.direction == "ingress" and r.port == 22} == {bastion}


def test_the_internet_enters_the_border_of_a_public_system_on_https_and_nothing_else() -> None:
    for public in (False, True):
        rules = group_rules(site(), system_record(3, public=public))
        open_ = {(z, r.protocol, r.port) for z, rs in rules.items() for r in rs if r.remote in ("0.0.0.0/0", "::/0")}
        assert open_ == ({("border", "tcp", 443)} if public else set())


def test_below_level_3_only_what_enters_is_denied() -> None:
    for rules in group_rules(site(), system_record(2)).values():
        assert {(r.protocol, r.remote) for r in rules if r.direction == "egress"} == {("", "0.0.0.0/0"), ("", "::/0")}


def test_no_database_zone_the_database_stands_beside_the_application() -> None:
    two, three = group_rules(site(), system_record(2)), group_rules(site(), system_record(3))
    assert any(r.port == 5432 and r.direction == "ingress" for r in two["application"])
    assert not any(r.port == 5432 and r.direction == "ingress" for r in three["application"])
    assert any(r.port == 5432 and r.direction == "ingress" for r in three["database"])


def test_rules_have_keys_of_their_own_and_reasons() -> None:
    for rules in group_rules(site(), system_record(4, public=True)).values():
        assert len({r.key for r in rules}) == len(rules) == len({r.facts for r in rules})
        assert all(r.why for r in rules)


def test_every_line_of_the_matrix_names_a_control() -> None:
    for rule in zone_matrix().rules:
        assert rule.why[:3].isupper(), rule
        assert {rule.from_, rule.to} <= {*OUTSIDE, "every", *(z.value for z in ZoneKind)}


# Services of the platform, each at an address and a port of its own; two names of one service lead to one end.
NAMED = {
    "mirror": {"addresses": ["198.18.0.30", "198.18.0.32"], "port": 8080},
    "signatures": {"addresses": ["198.18.0.31"], "scheme": "https", "port": 443},
    "backup_store": {"address": "198.18.0.40", "port": 2222, "host_key": "ssh-ed25519 AAAA"},
}
ENDS = {
    "mirror": {("198.18.0.30/32", 8080), ("198.18.0.32/32", 8080)},
    "signatures": {("198.18.0.31/32", 443)},
    "backup_store": {("198.18.0.40/32", 2222)},
}


def naming(*services: str) -> Site:
    """The example site, with these services named instead of the URLs that it has."""
    data = site().model_dump(mode="json")
    data["services"] |= {"package_mirror": "", "signature_mirror": ""} | {s: NAMED[s] for s in services}
    return Site.model_validate(data)


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_a_site_that_names_no_services_of_the_platform_has_the_rules_that_it_had(level: int) -> None:
    record = system_record(level)
    for rules in (group_rules(site(), record), group_rules(naming(), record)):
        for zone in rules.values():
            assert not [r for r in zone if r.why[:6] in ("VUL-03", "MAL-01", "BKP-09")]
            out = {(r.protocol, r.port) for r in zone if r.direction == "egress" and r.remote.startswith("198.18.")}
            assert out == ({("udp", 123), ("udp", 53), ("tcp", 53), ("tcp", 6514)} if level >= 3 else set())


@pytest.mark.parametrize("level", [2, 3, 5])
@pytest.mark.parametrize("services", [("mirror",), ("signatures",), ("backup_store",), tuple(NAMED)])
def test_each_service_that_is_named_may_be_called_there_and_nothing_more(services: tuple[str, ...], level: int) -> None:
    record = system_record(level)
    before, after = group_rules(naming(), record), group_rules(naming(*services), record)
    wanted = {("egress", "tcp", *end) for s in services for end in ENDS[s]} if level >= 3 else set()
    for zone, rules in after.items():
        more = set(rules) - set(before[zone])
        assert set(before[zone]) <= set(rules)
        assert {(r.direction, r.protocol, r.remote, r.port) for r in more} == wanted


def test_two_services_at_one_end_are_one_rule() -> None:
    data = naming("mirror").model_dump(mode="json")
    data["services"]["signatures"] = data["services"]["mirror"]
    rules = group_rules(Site.model_validate(data), system_record(3))["dmz"]
    assert len([r for r in rules if r.port == 8080 and r.remote.startswith("198.18.")]) == 2


def test_roles_ask_where_the_flows_lead() -> None:
    services = naming(*NAMED).services
    assert (services.package_url, services.signature_url) == ("http://198.18.0.30:8080", "https://198.18.0.31")
    assert site().services.package_url == site().services.package_mirror
    named = site().services.model_dump(mode="json") | {"package_mirror": ""}
    named["mirror"] = {"addresses": ["198.18.0.30"], "scheme": "https", "port": 443, "name": "kho.vi-du.example"}
    assert type(services).model_validate(named | {"mirror": named["mirror"] | {"path": "/goi"}}).package_url == (
        "https://kho.vi-du.example/goi"
    )
