"""Which object is which: all of a tenant as hatang would make it is found, and what is wrong is said, not guessed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hatang.errors import InputError
from hatang.model.adoption import AdoptionMap
from hatang.model.terms import ZoneKind
from hatang.provision.adoption import seeding
from hatang.provision.adoption.addressing import addresses
from hatang.provision.adoption.declared import referred
from hatang.provision.adoption.discovery import discover
from hatang.provision.adoption.matching import Matches, match, unknown
from hatang.provision.adoption.tenant import Port, Server, Tenant, Thing, Volume, rule_facts
from hatang.provision.state import StateFile
from tests.unit.adoption.tenants import SYSTEM, asked, cidr, declaration, tenant, zones
from tests.unit.stacks.recorded import record_system, site

REGION = "RegionOne"
APP = ZoneKind("application")


def _matched(there: Tenant, given: AdoptionMap | None = None) -> Matches:
    found = discover(there, asked().spec, zones(), given or AdoptionMap(), site())
    return match(declaration(), there, found, REGION)


def test_a_declaration_is_what_the_program_declares() -> None:
    ours = {(d.type, d.name) for d in declaration().resources if not d.type.startswith("pulumi:pulumi:")}
    assert ours == {(m.type, m.name) for m in record_system(2)}
    seen: set[str] = set()
    for declared in declaration().resources:
        assert seen.issuperset(declared.needs), "nothing stands before what it needs"
        seen.add(declared.urn)


def test_all_of_it_is_found_when_it_is_as_hatang_would_make_it() -> None:
    matches = _matched(tenant())
    assert [d.name for d in matches.missing] == []
    cloud_resources = [d for d in declaration().resources if d.type.startswith("openstack:")]
    assert len(matches.taken) == len(cloud_resources) >= 40
    found = discover(tenant(), asked().spec, zones(), AdoptionMap(), site())
    assert unknown(tenant(), found, matches) == []


def test_addresses_are_those_in_use() -> None:
    there = asked().allocation
    assert there is not None
    found = discover(tenant(), asked().spec, zones(), AdoptionMap(), site())
    elsewhere = there.model_copy(update={"bastion_address": "10.75.255.99"})
    used = addresses(tenant(), found, asked().spec, site(), elsewhere, "bastion")
    assert used == there


def test_what_is_missing_is_told_with_all_that_hangs_on_it() -> None:
    gone = replace(tenant(), networks=tuple(n for n in tenant().networks if n.id != "net-wireless"),
                   keypairs=frozenset())  # fmt: skip
    missing = {d.name for d in _matched(gone).missing}
    zone = {f"zone-wireless-{x}" for x in ("network", "subnet-4", "subnet-6", "gateway", "interface")}
    assert missing == zone | {"key"}


def test_other_names_need_the_mapping_file() -> None:
    renamed = replace(
        tenant(),
        networks=tuple(replace(n, name="mang-" + n.id) for n in tenant().networks),
        servers=tuple(replace(s, name="may-" + s.id) for s in tenant().servers),
        routers=(Thing("router-1", "cua-ra"),),
    )
    with pytest.raises(InputError, match="is no host of system thu"):
        _matched(renamed)
    app = next(p for p in tenant().ports if p.id == "port-app")
    given = AdoptionMap.model_validate(
        {"zones": {z.value: f"mang-net-{z.value}" for z in zones()},
         "hosts": {"app": app.mac, "web": "may-server-web"}}
    )  # fmt: skip
    assert _matched(renamed, given).missing == []
    by_address = given.model_copy(update={"hosts": {"app": app.addresses[0][1], "web": "server-web"}})
    assert _matched(renamed, by_address).missing == []


def test_a_rule_is_taken_only_when_the_matrix_says_the_same() -> None:
    first = tenant().groups[0]
    key, facts = next(iter(first.rules.items()))
    wider = replace(first, rules={**first.rules, key: (*facts[:4], "0.0.0.0/1")})
    missing = _matched(replace(tenant(), groups=(wider, *tenant().groups[1:]))).missing
    assert len(missing) == 1
    assert missing[0].type.endswith(":SecGroupRule")
    raw = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22,
           "remote_ip_prefix": "10.0.0.0/8"}  # fmt: skip
    assert rule_facts(raw) == ("ingress", "IPv4", "tcp", 22, "10.0.0.0/8")
    assert rule_facts({**raw, "port_range_max": 80}) is None
    assert rule_facts({**raw, "remote_group_id": "g"}) is None


def test_a_port_in_another_group_shows_itself_in_the_state() -> None:
    ports = tuple(replace(p, groups=("default-group",)) if p.id == "port-web" else p for p in tenant().ports)
    matches = _matched(replace(tenant(), ports=ports))
    rows = seeding.resources(declaration(), matches, SYSTEM.name, SYSTEM.project)
    port = next(r for r in rows if r["urn"].endswith("::host-web-port"))
    assert port["inputs"]["securityGroupIds"] == ["group-dmz"]
    assert port["outputs"]["securityGroupIds"] == ["default-group"]


def test_the_state_is_whole(tmp_path: Path) -> None:
    gone = replace(tenant(), networks=tuple(n for n in tenant().networks if n.id != "net-border"))
    matches = _matched(gone)
    rows = seeding.resources(declaration(), matches, SYSTEM.name, SYSTEM.project)
    known: set[str] = set()
    for row in rows:
        assert known.issuperset([*row.get("dependencies", ()), *filter(None, [row.get("parent")])])
        if row["type"].startswith("openstack:"):
            assert row["provider"].rsplit("::", 1)[0] in known
            assert not referred(row["inputs"]) and not referred(row["outputs"])
        known.add(row["urn"])
    state = StateFile(tmp_path / ".pulumi" / "stacks" / "hatang-system" / "thu.json")
    state.create(SYSTEM.full_name, rows)
    assert len([r for r in state.resources() if r.type.startswith("openstack:")]) == len(matches.taken)
    assert state.outputs()["project_id"] == "project"
    assert state.outputs()["servers"] == {"app": "server-app", "web": "server-web"}
    assert "border" not in state.outputs()["networks"]


Change = Callable[[Tenant], Tenant]


def _with(there: Tenant, part: str, things: tuple[Thing, ...]) -> Tenant:
    fields: dict[str, Any] = {part: things}
    return replace(there, **fields)


def _more(part: str, thing: Thing) -> Change:
    return lambda t: _with(t, part, (*getattr(t, part), thing))


def _each(part: str, thing_id: str, **fields: Any) -> Change:
    return lambda t: _with(t, part, tuple(replace(x, **fields) if x.id == thing_id else x for x in getattr(t, part)))


TWO_ROUTERS = (Thing("r1", "a"), Thing("r2", "b"))
TWO_VOLUMES = (Volume("v1", "a", 5, ("server-app",)), Volume("v2", "b", 5, ("server-app",)))
TWIN, STRANGER = Server("x", "thu-web", "small", "image", {}), Server("x", "la", "small", "image", {})
SECOND_PORT = Port("x", "", "net-dmz", "server-web", "compute:shared", (("sub-dmz-4", "10.72.0.99"),), ())
TWO_ADDRESSES = (("s", "10.72.0.74"), ("s", "10.72.0.75"))
WRONG: dict[str, tuple[Change, str, str]] = {
    "two networks of a name": (_more("networks", Thing("x", "thu-dmz")), "2 networks come into question", "{dmz: "),
    "two routers": (lambda t: replace(t, routers=TWO_ROUTERS), "2 routers come into question", "router: r1"),
    "two servers of a name": (_more("servers", TWIN), "2 servers come into question", "hosts: {web"),
    "a server that is no host": (_more("servers", STRANGER), "la (x) is no host", "hosts"),
    "an unknown flavor": (_each("servers", "server-web", flavor="m1.tiny"), "does not offer", "site file"),
    "another flavor": (_each("servers", "server-web", flavor="large"), "would restart it", "flavor: large"),
    "another image": (_each("servers", "server-web", image="ubuntu"), "from image ubuntu", "new system"),
    "from a volume": (_each("servers", "server-web", image=""), "from a volume", "new system"),
    "another volume": (_each("volumes", "volume-app", size=7), "of 7 GiB, the request says 5", "volume_gib: 7"),
    "two volumes": (lambda t: replace(t, volumes=TWO_VOLUMES), "2 volumes come into question", "volumes: {app: v1}"),
    "no subnet pool": (_each("subnets", "sub-dmz-4", pool=""), "not of the subnet pool", "cannot be adopted"),
    "two subnets": (
        lambda t: replace(t, subnets=(*t.subnets, replace(t.subnets[0], id="x"))), "has 2 IPv4 subnets", "has one",
    ),
    "another gateway": (_each("subnets", "sub-dmz-4", gateway="10.72.0.126"), "is 10.72.0.126", "--gateway"),
    "in another zone": (_each("ports", "port-web", network="net-application"), "has 1 ports", "zones"),
    "two ports": (_more("ports", SECOND_PORT), "has 2 ports", "detach"),
    "two addresses": (_each("ports", "port-web", addresses=TWO_ADDRESSES), "has 2 IPv4 addresses", "one"),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(WRONG))
def test_what_cannot_be_taken_is_refused_with_the_remedy(what: str) -> None:
    change, said, do = WRONG[what]
    there, free = change(tenant()), asked().allocation
    assert free is not None
    with pytest.raises(InputError) as caught:
        found = discover(there, asked().spec, zones(), AdoptionMap(), site())
        addresses(there, found, asked().spec, site(), free, "bastion")
        match(declaration(), there, found, REGION)
    assert said in caught.value.what
    assert do in caught.value.do
    assert caught.value.where
    assert caught.value.exit_code == 2


WRONG_MAPS: dict[str, tuple[dict[str, object], str]] = {
    "a host that is none": ({"hosts": {"db": "x"}}, "has no host db"),
    "a zone of another level": ({"zones": {"database": "x"}}, "level 2 has no zone database"),
    "a network that is none": ({"zones": {"dmz": "x"}}, "has no network x"),
    "a server that is none": ({"hosts": {"web": "x"}}, "has no server x"),
    "one network twice": ({"zones": {"dmz": "thu-border"}}, "zones border and dmz"),
    "one server twice": ({"hosts": {"web": "thu-app"}}, "is no host"),
}


@pytest.mark.parametrize("what", sorted(WRONG_MAPS))
def test_a_mapping_that_says_what_is_not_so_is_refused(what: str) -> None:
    raw, said = WRONG_MAPS[what]
    with pytest.raises(InputError, match=said) as caught:
        _matched(tenant(), AdoptionMap.model_validate(raw))
    assert caught.value.do


def test_a_zone_that_is_missing_gets_a_free_subnet_of_the_same_block() -> None:
    gone = replace(tenant(), networks=tuple(n for n in tenant().networks if n.id != "net-wireless"))
    found = discover(gone, asked().spec, zones(), AdoptionMap(), site())
    free = asked().allocation
    assert free is not None
    used = addresses(gone, found, asked().spec, site(), free, "bastion")
    there = [z.cidr for z in used.zones]
    assert len(set(there)) == len(there)
    assert all(c.subnet_of(used.block) for c in there)
    assert cidr(APP) in there
