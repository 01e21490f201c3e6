"""What no stack may declare: rules of the cloud controls over planned resources, with snake_case properties.

Used twice: by hatang over the plan, before anything is applied, and by the policy pack inside the engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import secrets
from .counts import over_quota
from .flows import (
    addresses_not_groups,
    administration_from_bastion,
    flow_violations,
    no_service_in_clear,
    ways_are_narrow,
)
from .planned import Check as Check
from .planned import Limits as Limits
from .planned import Planned as Planned
from .planned import Violation as Violation

ENCRYPTED_FROM = 2  # DAT-02: below, credentials alone, which hosts keep
STORAGE_QUOTA = "openstack:blockstorage/quoteSetV3:QuoteSetV3"
TYPE_FIELDS = ("volumes", "gigabytes", "snapshots")  # Cinder counts them for each volume type too
QUOTA_TYPES = {
    "openstack:compute/quotaSetV2:QuotaSetV2": (
        "instances", "cores", "ram", "key_pairs", "metadata_items", "server_groups", "server_group_members",
        "injected_files", "injected_file_content_bytes", "injected_file_path_bytes",
    ),
    "openstack:networking/quotaV2:QuotaV2": (
        "network", "subnet", "port", "router", "security_group", "security_group_rule", "floatingip", "rbac_policy",
        "subnetpool",
    ),
    STORAGE_QUOTA: (
        "volumes", "gigabytes", "per_volume_gigabytes", "snapshots", "backups", "backup_gigabytes", "groups",
    ),
}  # fmt: skip


def narrow_ingress(r: Planned, _limits: Limits) -> str:
    """SAC-13: nothing enters from everywhere, but HTTPS into the border zone."""
    if r.type != "openstack:networking/secGroupRule:SecGroupRule" or r.props.get("direction") != "ingress":
        return ""
    if not r.props.get("protocol"):
        return "lets every protocol in"
    remote = r.props.get("remote_ip_prefix")
    everywhere = remote in (None, "", "0.0.0.0/0", "::/0") and not r.props.get("remote_group_id")
    public_https = "border" in r.name and r.props.get("port_range_min") == r.props.get("port_range_max") == 443
    return "lets the whole world in" if everywhere and not public_https else ""


def no_default_rules(r: Planned, _limits: Limits) -> str:
    """SAC-13: a group begins empty."""
    is_group = r.type == "openstack:networking/secGroup:SecGroup"
    return "keeps Neutron's default rules" if is_group and r.props.get("delete_default_rules") is not True else ""


def port_security(r: Planned, _limits: Limits) -> str:
    """HST-02: a port without port security escapes its security group."""
    off = r.type == "openstack:networking/port:Port" and r.props.get("port_security_enabled") is False
    return "switches port security off" if off else ""


def no_floating_ip(r: Planned, _limits: Limits) -> str:
    """SAC-04: no public address outside the border zone."""
    is_public = r.type.startswith("openstack:networking/floatingIp")  # the address, and what binds it to a port
    at_border = r.name.startswith("published-border-")  # as stacks/system names what it publishes
    return "is a public address outside the border zone" if is_public and not at_border else ""


def not_shared(r: Planned, _limits: Limits) -> str:
    """HST-01: a network of a system is not shared with others."""
    is_shared = r.type == "openstack:networking/network:Network" and r.props.get("shared") is True
    return "is a network shared with every project" if is_shared else ""


def quotas_complete(r: Planned, limits: Limits) -> str:
    """HST-01: every quota field is set; an unset field is the region's default, -1 is no limit."""
    fields = QUOTA_TYPES.get(r.type, ())
    bad = [f for f in fields if not isinstance(r.props.get(f), int | float) or r.props[f] < 0]
    if r.type == STORAGE_QUOTA:
        given = r.props.get("volume_type_quota") or {}
        wanted = [f"{f}_{t}" for t in sorted(set(limits.volume_types.values())) for f in TYPE_FIELDS]
        bad += [f for f in wanted if not str(given.get(f)).isdecimal()]  # a map of texts
    return f"leaves {', '.join(bad)} without a limit" if bad else ""


def delegation_confined(r: Planned, limits: Limits) -> str:
    """ACC-11: on a domain only roles that Keystone confines to it."""
    if r.type != "openstack:identity/roleAssignment:RoleAssignment" or not limits.domain_role_ids:
        return ""
    on_domain = "domain_id" in r.props and not r.props.get("project_id")
    return "gives a role on a domain that is not confined to it" if (
        on_domain and r.props.get("role_id") not in limits.domain_role_ids
    ) else ""  # fmt: skip


def no_secret_in_clear(r: Planned, _limits: Limits) -> str:
    """DEV-01: no input of a resource holds a secret; it would stand in the repository, in plans and in the state."""
    return "; ".join(f"holds {place}" for place in secrets.found(r.props))


RESOURCE_RULES: tuple[tuple[str, str, Check], ...] = (
    ("SAC-13", "narrow-ingress", narrow_ingress),
    ("SAC-13", "no-default-rules", no_default_rules),
    ("HST-02", "port-security", port_security),
    ("SAC-04", "no-public-address", no_floating_ip),
    ("HST-01", "not-shared", not_shared),
    ("HST-01", "quotas-complete", quotas_complete),
    ("ACC-11", "delegation-confined", delegation_confined),
    ("SAC-07", "administration-from-bastion", administration_from_bastion),
    ("NET-22", "no-service-in-clear", no_service_in_clear),
    ("NET-12", "addresses-not-groups", addresses_not_groups),
    ("HST-01", "ways-are-narrow", ways_are_narrow),
    ("DEV-01", "no-secret-in-clear", no_secret_in_clear),
)


def stack_violations(resources: Sequence[Planned], limits: Limits) -> list[Violation]:
    """Rules over the whole stack: zones and volume type of the level (NET-01, HST-03, DAT-02), counts, flows."""
    found = [Violation("HST-01", "quota", message) for message in over_quota(resources)]
    level = _level(resources)
    if level is None:
        return found
    groups = {r.name.removeprefix("group-").removesuffix("-group") for r in resources if r.type.endswith(":SecGroup")}
    networks = {r.name.removeprefix("zone-").removesuffix("-network") for r in resources if r.type.endswith(":Network")}
    for zone in limits.zones.get(level, ()):
        if zone not in networks or zone not in groups:
            found.append(
                Violation("NET-01", f"zone-{zone}", f"level {level} demands this zone, with its security group")
            )
    wanted = limits.volume_types.get(level)
    for r in resources:
        if r.type != "openstack:blockstorage/volume:Volume":
            continue
        kind = r.props.get("volume_type")
        if wanted and kind != wanted:
            found.append(Violation("HST-03", r.name, f"volume type {kind}, not {wanted}"))
        if limits.volume_types and int(level) >= ENCRYPTED_FROM and kind not in limits.encrypted_types:
            found.append(Violation("DAT-02", r.name, f"volume type {kind} does not encrypt"))
    return [*found, *flow_violations(resources, level)]


def violations(resources: Sequence[Planned], limits: Limits) -> list[Violation]:
    """All rules over all resources."""
    found = [
        Violation(control, r.name, message)
        for r in resources
        for control, _, rule in RESOURCE_RULES
        if (message := rule(r, limits))
    ]
    return found + stack_violations(resources, limits)


def _level(resources: Sequence[Planned]) -> str | None:
    for r in resources:
        if r.type == "openstack:identity/project:Project":
            for tag in r.props.get("tags") or ():
                if str(tag).startswith("level-"):
                    return str(tag).removeprefix("level-")
    return None


def snake(props: Mapping[str, Any]) -> dict[str, Any]:
    """Property names as the Python SDK has them."""
    return {"".join("_" + c.lower() if c.isupper() else c for c in key): value for key, value in props.items()}
