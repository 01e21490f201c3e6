"""HST-01: what a stack declares must fit into the quota that it declares, or the apply fails half way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Declared(Protocol):
    """A resource as the program declares it."""

    @property
    def type(self) -> str: ...
    @property
    def props(self) -> Mapping[str, Any]: ...


COMPUTE = "openstack:compute/quotaSetV2:QuotaSetV2"
NETWORK = "openstack:networking/quotaV2:QuotaV2"
STORAGE = "openstack:blockstorage/quoteSetV3:QuoteSetV3"
Field = tuple[str, str]  # quota set, field

# Resource type → (quota set, field) that counts it.
COUNTED: dict[str, Field] = {
    "openstack:compute/instance:Instance": (COMPUTE, "instances"),
    "openstack:networking/network:Network": (NETWORK, "network"),
    "openstack:networking/subnet:Subnet": (NETWORK, "subnet"),
    "openstack:networking/port:Port": (NETWORK, "port"),
    "openstack:networking/router:Router": (NETWORK, "router"),
    "openstack:networking/secGroup:SecGroup": (NETWORK, "security_group"),
    "openstack:networking/secGroupRule:SecGroupRule": (NETWORK, "security_group_rule"),
    "openstack:networking/floatingIp:FloatingIp": (NETWORK, "floatingip"),
    "openstack:networking/rbacPolicyV2:RbacPolicyV2": (NETWORK, "rbac_policy"),
    "openstack:networking/subnetPool:SubnetPool": (NETWORK, "subnetpool"),
    "openstack:blockstorage/volume:Volume": (STORAGE, "volumes"),
}


def taken(kind: str, props: Mapping[str, Any]) -> dict[Field, int]:
    """What one resource takes of the quota of its project."""
    place = COUNTED.get(kind)
    if place is None:
        return {}
    found = {place: 1}
    if place == (STORAGE, "volumes"):
        size, own = int(props.get("size") or 0), props.get("volume_type")
        found[STORAGE, "gigabytes"] = size
        if own:
            found |= {(STORAGE, f"volumes_{own}"): 1, (STORAGE, f"gigabytes_{own}"): size}
    return found


def allowed(kind: str, props: Mapping[str, Any]) -> dict[Field, int]:
    """Limits that a quota set declares; -1, no limit, is left out: another rule refuses it."""
    if kind not in (COMPUTE, NETWORK, STORAGE):
        return {}
    numbers = {n: int(v) for n, v in props.items() if isinstance(v, int | float)}
    by_type = {n: int(v) for n, v in (props.get("volume_type_quota") or {}).items() if str(v).isdecimal()}
    return {(kind, name): limit for name, limit in {**numbers, **by_type}.items() if limit >= 0}


def excesses(resources: Sequence[Declared]) -> list[tuple[Field, int, int]]:
    """Fields of which more is declared than the quota that is declared lets: (field, declared, let).

    Empty when the stack declares no quota (site, agency) or all fits.
    """
    limits: dict[Field, int] = {}
    needs: Counter[Field] = Counter()
    for r in resources:
        limits |= allowed(r.type, r.props)
        needs.update(taken(r.type, r.props))
    return [
        (place, count, limits[place]) for place, count in needs.items() if place in limits and limits[place] < count
    ]


def over_quota(resources: Sequence[Declared]) -> list[str]:
    """What does not fit, one sentence each."""
    return [f"{count} {place[1]} are declared, the quota lets {limit}" for place, count, limit in excesses(resources)]
