"""Each rule of the policy pack, with what it lets through and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.policies.rules.resources import QUOTA_TYPES, RESOURCE_RULES, Limits, Planned, snake, violations

LIMITS = Limits(
    frozenset({"manager", "reader"}),
    {"3": "level-3-4"},
    {"3": ["dmz", "database"]},
    ("10.75.255.0/24",),
    ("level-3-4",),
)
RULE, GROUP = "openstack:networking/secGroupRule:SecGroupRule", "openstack:networking/secGroup:SecGroup"
PORT, FLOATING = "openstack:networking/port:Port", "openstack:networking/floatingIp:FloatingIp"
BOUND = "openstack:networking/floatingIpAssociate:FloatingIpAssociate"
NETWORK, ROLE = "openstack:networking/network:Network", "openstack:identity/roleAssignment:RoleAssignment"
COMPUTE = "openstack:compute/quotaSetV2:QuotaSetV2"
VOLUMES = "openstack:blockstorage/quoteSetV3:QuoteSetV3"
FULL = dict.fromkeys(QUOTA_TYPES[COMPUTE], 1)
BY_TYPE = dict.fromkeys(("volumes_level-3-4", "gigabytes_level-3-4", "snapshots_level-3-4"), "100")
STORED = {**dict.fromkeys(QUOTA_TYPES[VOLUMES], 1), "volume_type_quota": BY_TYPE}
SERVER = "openstack:compute/instance:Instance"
SSH = {"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
ROUTE = "openstack:networking/routerRoute:RouterRoute"
HOST = {**SSH, "port_range_min": 8443, "port_range_max": 8443, "remote_ip_prefix": "10.72.8.10/32"}
HTTPS = {"direction": "ingress", "protocol": "tcp", "port_range_min": 443, "port_range_max": 443}

PASSES: list[tuple[str, str, dict[str, Any]]] = [
    (RULE, "group-border-x", {**HTTPS, "remote_ip_prefix": "0.0.0.0/0"}),
    (RULE, "group-dmz-x", {**HTTPS, "remote_ip_prefix": "10.72.0.0/26"}),
    (RULE, "group-dmz-x", {"direction": "egress", "protocol": "tcp", "remote_ip_prefix": "10.72.0.0/26"}),
    (GROUP, "group-dmz-group", {"delete_default_rules": True}),
    (PORT, "host-app-port", {"port_security_enabled": True}),
    (FLOATING, "published-border-gateway-address", {}),
    (NETWORK, "zone-dmz-network", {"shared": False}),
    (COMPUTE, "quota-compute", FULL),
    (VOLUMES, "quota-storage", STORED),
    (ROLE, "role", {"domain_id": "d", "role_id": "reader"}),
    (ROLE, "role", {"project_id": "p", "role_id": "member"}),
    (RULE, "group-dmz-x", {**SSH, "remote_ip_prefix": "10.75.255.0/24"}),
    (RULE, "group-dmz-x", {**SSH, "direction": "egress", "remote_ip_prefix": "10.72.0.0/26"}),
    (RULE, "group-dmz-x", {"direction": "ingress", "protocol": "icmp", "remote_ip_prefix": "10.75.255.0/24"}),
    (GROUP, "group-dmz-group", {"delete_default_rules": True, "description": "Secret: none here. Token ring."}),
    (ROUTE, "ways-route-x", {"destination_cidr": "10.72.8.0/26"}),
    (ROUTE, "ways-route-x", {"destination_cidr": "2001:db8:c000:40::/64"}),
    (RULE, "ways-dmz-x", HOST),
    ("openstack:compute/keypair:Keypair", "key", {"public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB"}),
]
REFUSED: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("narrow-ingress", RULE, "group-dmz-x", {**HTTPS, "remote_ip_prefix": "0.0.0.0/0"}, "SAC-13"),
    ("narrow-ingress", RULE, "group-dmz-x", {**HTTPS, "remote_ip_prefix": "::/0"}, "SAC-13"),
    ("narrow-ingress", RULE, "group-dmz-x", HTTPS, "SAC-13"),
    ("narrow-ingress", RULE, "group-border-x", {**HTTPS, "port_range_max": 444}, "SAC-13"),
    ("narrow-ingress", RULE, "group-border-x", {"direction": "ingress", "remote_ip_prefix": "10.0.0.0/8"}, "SAC-13"),
    ("no-default-rules", GROUP, "group-dmz-group", {}, "SAC-13"),
    ("no-default-rules", GROUP, "group-dmz-group", {"delete_default_rules": False}, "SAC-13"),
    ("port-security", PORT, "host-app-port", {"port_security_enabled": False}, "HST-02"),
    ("no-public-address", FLOATING, "host-app-address", {}, "SAC-04"),
    ("no-public-address", FLOATING, "published-dmz-border-address", {}, "SAC-04"),
    ("no-public-address", BOUND, "host-app-association", {}, "SAC-04"),
    ("not-shared", NETWORK, "zone-dmz-network", {"shared": True}, "HST-01"),
    ("quotas-complete", COMPUTE, "quota", {**FULL, "cores": -1}, "HST-01"),
    ("quotas-complete", COMPUTE, "quota", {k: v for k, v in FULL.items() if k != "ram"}, "HST-01"),
    ("quotas-complete", VOLUMES, "quota", {k: v for k, v in STORED.items() if k != "volume_type_quota"}, "HST-01"),
    (
        "quotas-complete",
        VOLUMES,
        "quota",
        {**STORED, "volume_type_quota": {**BY_TYPE, "volumes_level-3-4": "-1"}},
        "HST-01",
    ),
    ("quotas-complete", VOLUMES, "quota", {**STORED, "volume_type_quota": {"volumes_level-3-4": "1"}}, "HST-01"),
    ("delegation-confined", ROLE, "role", {"domain_id": "d", "role_id": "admin"}, "ACC-11"),
    ("administration-from-bastion", RULE, "group-dmz-x", {**SSH, "remote_ip_prefix": "10.72.0.0/26"}, "SAC-07"),
    ("administration-from-bastion", RULE, "group-dmz-x", {**SSH, "remote_ip_prefix": "10.75.0.0/16"}, "SAC-07"),
    (
        "administration-from-bastion",
        RULE,
        "group-dmz-x",
        {**SSH, "port_range_max": 4000, "port_range_min": 3000, "remote_ip_prefix": "10.72.0.0/26"},
        "SAC-07",
    ),
    (
        "no-service-in-clear",
        RULE,
        "group-dmz-x",
        {**SSH, "port_range_max": 23, "port_range_min": 23, "remote_ip_prefix": "10.75.255.0/24"},
        "NET-22",
    ),
    (
        "no-service-in-clear",
        RULE,
        "group-dmz-x",
        {
            "direction": "egress",
            "protocol": "udp",
            "port_range_max": 514,
            "port_range_min": 514,
            "remote_ip_prefix": "198.18.0.20/32",
        },
        "NET-22",
    ),
    ("addresses-not-groups", RULE, "group-dmz-x", {**HTTPS, "remote_group_id": "g"}, "NET-12"),
    ("ways-are-narrow", ROUTE, "by-hand", {"destination_cidr": "10.72.8.10/32"}, "HST-01"),
    ("ways-are-narrow", ROUTE, "ways-route-x", {"destination_cidr": "10.64.0.0/14"}, "HST-01"),
    ("ways-are-narrow", ROUTE, "ways-route-x", {"destination_cidr": "::/0"}, "HST-01"),
    ("ways-are-narrow", RULE, "ways-dmz-x", {**HOST, "port_range_max": 8999}, "HST-01"),
    ("ways-are-narrow", RULE, "ways-dmz-x", {**HOST, "protocol": "icmp"}, "HST-01"),
    ("ways-are-narrow", RULE, "ways-dmz-x", {**HOST, "remote_ip_prefix": "10.72.0.0/16"}, "HST-01"),
    (
        "no-secret-in-clear",
        GROUP,
        "group-dmz-group",
        {"delete_default_rules": True, "description": "db_password=Khong-nen-viet"},
        "DEV-01",
    ),
    ("no-secret-in-clear", SERVER, "host-app-server", {"metadata": {"api_token": "0123456789abcdef"}}, "DEV-01"),
    ("no-secret-in-clear", SERVER, "host-app-server", {"user_data": "-----BEGIN OPENSSH PRIVATE KEY-----"}, "DEV-01"),
    ("no-secret-in-clear", NETWORK, "zone-dmz-network", {"tags": ["postgres://app:khong-nen@db/thu"]}, "DEV-01"),
]


@pytest.mark.parametrize(("kind", "name", "props"), PASSES)
def test_let_through(kind: str, name: str, props: dict[str, Any]) -> None:
    assert violations([Planned(kind, name, props)], LIMITS) == []


@pytest.mark.parametrize(("rule", "kind", "name", "props", "control"), REFUSED)
def test_refused_with_the_control_that_it_breaks(
    rule: str, kind: str, name: str, props: dict[str, Any], control: str
) -> None:
    found = violations([Planned(kind, name, props)], LIMITS)
    assert [(v.control, v.resource) for v in found] == [(control, name)], rule


def test_each_rule_has_something_that_it_refuses() -> None:
    assert {name for _, name, _ in RESOURCE_RULES} == {rule for rule, *_ in REFUSED}


def _stack(*more: Planned) -> list[Planned]:
    project = Planned("openstack:identity/project:Project", "project", {"tags": ["hatang", "level-3"]})
    zones = [Planned(NETWORK, f"zone-{z}-network", {}) for z in ("dmz", "database")]
    groups = [Planned(GROUP, f"group-{z}-group", {"delete_default_rules": True}) for z in ("dmz", "database")]
    return [project, *zones, *groups, *more]


def _volume(kind: str) -> Planned:
    return Planned("openstack:blockstorage/volume:Volume", "host-db-volume", {"volume_type": kind})


def test_a_whole_stack_passes() -> None:
    assert violations(_stack(_volume("level-3-4")), LIMITS) == []


@pytest.mark.parametrize("missing", ["zone-database-network", "group-database-group"])
def test_a_zone_of_the_level_that_is_missing_or_has_no_group_is_refused(missing: str) -> None:
    found = violations([r for r in _stack() if r.name != missing], LIMITS)
    assert [(v.control, v.resource) for v in found] == [("NET-01", "zone-database")]


def test_a_volume_of_another_levels_type_is_refused() -> None:
    found = violations(_stack(_volume("level-1-2")), LIMITS)
    assert [str(v) for v in found] == [
        "HST-03: host-db-volume: volume type level-1-2, not level-3-4",
        "DAT-02: host-db-volume: volume type level-1-2 does not encrypt",
    ]


def _high(*more: Planned) -> list[Planned]:
    """A stack of level 4 with one zone."""
    project = Planned("openstack:identity/project:Project", "project", {"tags": ["level-4"]})
    subnet = {"cidr": "10.72.0.64/26", "subnetpool_id": "pool"}
    return [project, Planned(SUBNET, "zone-database-subnet-4", subnet), *more]


SUBNET = "openstack:networking/subnet:Subnet"
OUT = {"direction": "egress", "protocol": "tcp", "port_range_min": 443, "port_range_max": 443}
TO_DATABASE = {"direction": "ingress", "protocol": "tcp", "port_range_min": 5432, "port_range_max": 5432}


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        (Planned(RULE, "group-database-ingress-x", {**TO_DATABASE, "remote_ip_prefix": "10.72.0.0/26"}), ""),
        (Planned(RULE, "group-database-ingress-x", {**TO_DATABASE, "remote_ip_prefix": "10.72.0.64/26"}), "NET-12"),
        (Planned(RULE, "group-database-egress-x", {**OUT, "remote_ip_prefix": "198.18.0.20/32"}), ""),
        (Planned(RULE, "group-database-egress-x", {**OUT, "remote_ip_prefix": "0.0.0.0/0"}), "SAC-11"),
        (Planned(RULE, "group-database-egress-x", {"direction": "egress", "remote_ip_prefix": "10.0.0.0/8"}), "SAC-11"),
        (Planned(SUBNET, "zone-dmz-subnet-4", {"cidr": "192.168.7.0/24"}), "TSL-03"),
    ],
)  # fmt: skip
def test_flows_and_addresses_of_a_high_level(more: Planned, refused: str) -> None:
    found = violations(_high(more), LIMITS)
    assert [(v.control, v.resource) for v in found] == ([(refused, more.name)] if refused else [])


def test_what_looks_like_a_secret_is_named_and_never_shown() -> None:
    found = violations([Planned(SERVER, "host-app-server", {"metadata": {"note": "password: Khong-nen-viet"}})], LIMITS)
    assert [str(v) for v in found] == ["DEV-01: host-app-server: holds a password in metadata.note"]


QUOTA_NET = "openstack:networking/quotaV2:QuotaV2"


def _quota(kind: str, **fields: int) -> Planned:
    types = {"volume_type_quota": {**BY_TYPE, **{k: str(v) for k, v in fields.items() if "level" in k}}}
    numbers = {k: v for k, v in fields.items() if "level" not in k}
    return Planned(kind, "quota", {**dict.fromkeys(QUOTA_TYPES[kind], 50), **numbers, **types})


@pytest.mark.parametrize(
    ("quota", "refused"),
    [
        (_quota(QUOTA_NET, network=2), ""),
        (_quota(QUOTA_NET, network=1), "2 network are declared, the quota lets 1"),
        (_quota(COMPUTE, instances=0), "1 instances are declared, the quota lets 0"),
        (_quota(VOLUMES, gigabytes=99), "100 gigabytes are declared, the quota lets 99"),
        (_quota(VOLUMES, gigabytes=100, volumes=1), ""),
        (
            _quota(VOLUMES, gigabytes=100, **{"volumes_level-3-4": 0}),
            "1 volumes_level-3-4 are declared, the quota lets 0",
        ),
        (
            _quota(VOLUMES, gigabytes=100, **{"gigabytes_level-3-4": 99}),
            "100 gigabytes_level-3-4 are declared, the quota lets 99",
        ),
    ],
)
def test_what_a_stack_declares_must_fit_into_its_quota(quota: Planned, refused: str) -> None:
    volume = _volume("level-3-4")
    big = Planned(volume.type, volume.name, {**volume.props, "size": 100})
    found = violations(_stack(quota, big, Planned(SERVER, "host-web-server", {})), LIMITS)
    assert [str(v) for v in found] == ([f"HST-01: quota: {refused}"] if refused else [])


def test_property_names_of_the_engine_become_those_of_the_sdk() -> None:
    assert snake({"remoteIpPrefix": 1, "name": 2, "noSecurityGroups": 3}) == {
        "remote_ip_prefix": 1, "name": 2, "no_security_groups": 3,
    }  # fmt: skip
