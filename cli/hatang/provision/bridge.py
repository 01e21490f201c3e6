"""No quota falls below what is in use: Nova, Neutron and Cinder refuse that.

So the engine runs twice. First what leaves does so, while every quota stays as high as it is: servers and volumes that
go are deleted, volumes that get another type move there. Then all is as it was planned. Public addresses go in the
first run too, with the router's gateway as it is: Neutron moves none that an address still leads through.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hatang.provision.plan import Plan
from hatang.provision.state import Known, StateFile
from hatang.stacks.components.host import KeptVolumeArgs
from hatang.stacks.components.quota import QuotaArgs, by_volume_type
from hatang.stacks.system.config import SystemConfig

COMPUTE = "openstack:compute/quotaSetV2:QuotaSetV2"
QUOTA, VOLUME = "openstack:blockstorage/quoteSetV3:QuoteSetV3", "openstack:blockstorage/volume:Volume"
ADDRESS = "openstack:networking/floatingIp:FloatingIp"
SERVER, ROUTER = "openstack:compute/instance:Instance", "openstack:networking/router:Router"
# Field of the needs → quota set and field of the provider; those without headroom.
EXACT = {
    "instances": (COMPUTE, "instances"), "cores": (COMPUTE, "cores"), "ram_mib": (COMPUTE, "ram"),
    "volumes": (QUOTA, "volumes"), "gigabytes": (QUOTA, "gigabytes"),
}  # fmt: skip


def something_goes(steps: Iterable[tuple[str, str]]) -> bool:
    """Whether a server or volume is deleted for good, by (operation, last part of the type) of each step."""
    return any(operation == "delete" and kind in ("Instance", "Volume") for operation, kind in steps)


def withdraws(steps: Iterable[tuple[str, str]]) -> bool:
    """Whether a public address goes for good; steps as in `something_goes`."""
    return ("delete", "FloatingIp") in steps


def first(config: SystemConfig, plan: Plan, state: StateFile) -> SystemConfig | None:
    """What to apply before what was planned; None: nothing leaves, or nothing stands in its way."""
    steps = [(row["operation"], row["type"]) for row in plan.rows]
    goes, hides = something_goes(steps), withdraws(steps)
    moves = any(row["type"] == "Volume" and "volumeType" in row["changed"] for row in plan.rows)
    if not (goes or moves or hides):
        return None
    there = state.resources()
    quota = _as_high(config.quota, there) if goes else config.quota
    if goes or moves:
        now = _inputs(there, QUOTA).get("volumeTypeQuota") or {}
        wanted = by_volume_type(quota)
        kept = {field: int(count) for field, count in now.items() if int(count) > wanted.get(field, 0)}
        quota = quota.model_copy(update={"leaving": kept})
    if hides:
        held = max(quota.floating_ips, sum(r.type == ADDRESS for r in there))
        quota = quota.model_copy(update={"floating_ips": held})
    gateway = str(_inputs(there, ROUTER).get("externalNetworkId") or "") if hides else config.external_network_id
    made = config.model_copy(update={"quota": quota, "external_network_id": gateway})
    if made == config:
        return None
    return _without_what_comes(made, there) if goes else made


def _as_high(quota: QuotaArgs, there: list[Known]) -> QuotaArgs:
    """The needs, no field lower than the project's quota is now."""
    now = {field: int(_inputs(there, kind).get(name) or 0) for field, (kind, name) in EXACT.items()}
    return quota.model_copy(update={field: max(getattr(quota, field), count) for field, count in now.items()})


def _without_what_comes(config: SystemConfig, there: list[Known]) -> SystemConfig:
    """Only servers that there are: the quota has no room for new ones beside those that go.

    A volume whose host comes back, or was not made wholly by a run before, stays where it is meanwhile.
    """
    known = {(r.type, r.name) for r in there}
    hosts = {n: p for n, p in config.hosts.items() if (SERVER, f"host-{n}-server") in known}
    waiting = {
        n: KeptVolumeArgs(server_name=p.args.server_name, volume_gib=p.args.volume_gib, volume_type=p.args.volume_type)
        for n, p in config.hosts.items()
        if n not in hosts and (VOLUME, f"host-{n}-volume") in known
    }
    published = {n: p for n, p in config.published.items() if n in hosts}
    return config.model_copy(
        update={"hosts": hosts, "published": published, "kept_volumes": {**config.kept_volumes, **waiting}}
    )


def _inputs(there: list[Known], kind: str) -> dict[str, Any]:
    return next((r.inputs for r in there if r.type == kind), {})
