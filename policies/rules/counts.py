"""HST-01: what a stack declares must fit into the quota that it declares, or the apply fails half way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Declared(Protocol):
    """A resource as the program declares it."""

    @property
    def type(self) -> str: ...
    @property
    def props(self) -> Mapping[str, Any]: ...


# Resource type → (quota set, field) that counts it.
COUNTED = {
    "openstack:compute/instance:Instance": ("openstack:compute/quotaSetV2:QuotaSetV2", "instances"),
    "openstack:networking/network:Network": ("openstack:networking/quotaV2:QuotaV2", "network"),
    "openstack:networking/subnet:Subnet": ("openstack:networking/quotaV2:QuotaV2", "subnet"),
    "openstack:networking/port:Port": ("openstack:networking/quotaV2:QuotaV2", "port"),
    "openstack:networking/router:Router": ("openstack:networking/quotaV2:QuotaV2", "router"),
    "openstack:networking/secGroup:SecGroup": ("openstack:networking/quotaV2:QuotaV2", "security_group"),
    "openstack:networking/secGroupRule:SecGroupRule": ("openstack:networking/quotaV2:QuotaV2", "security_group_rule"),
    "openstack:blockstorage/volume:Volume": ("openstack:blockstorage/quoteSetV3:QuoteSetV3", "volumes"),
}
SIZED = {"openstack:blockstorage/volume:Volume": ("openstack:blockstorage/quoteSetV3:QuoteSetV3", "gigabytes", "size")}


def over_quota(resources: Sequence[Declared]) -> list[str]:
    """What does not fit, one sentence each; empty when the stack declares no quota (site, agency) or all fits."""
    quotas = {r.type: r.props for r in resources if "quota" in r.type.lower() or "quoteSet" in r.type}
    needs: dict[tuple[str, str], int] = {}
    for r in resources:
        if place := COUNTED.get(r.type):
            needs[place] = needs.get(place, 0) + 1
        if sized := SIZED.get(r.type):
            needs[sized[:2]] = needs.get(sized[:2], 0) + int(r.props.get(sized[2]) or 0)
    return [
        f"{count} {name} are declared, the quota lets {int(limit)}"
        for (kind, name), count in needs.items()
        if kind in quotas and isinstance(limit := quotas[kind].get(name), int | float) and 0 <= limit < count
    ]
