"""Is there room in a project's quota for what a plan makes? Else apply would stop half way, at the cloud's refusal.

The rules of the policy pack count what a stack declares. This counts what the project will hold on its way there: what
it holds now, also what others made in it; what is replaced; the reservations that Neutron counts beside the objects;
and flavors as they are on the cloud.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openstack.connection import Connection

from hatang.errors import InputError, InputErrors, QuotaError
from hatang.policies.rules.counts import COMPUTE, NETWORK, STORAGE, Declared, Field, allowed, excesses, taken
from hatang.policies.rules.resources import Planned, snake
from hatang.provision.bridge import something_goes, withdraws
from hatang.provision.cloud import guarded
from hatang.provision.state import StateFile

PROJECT, SERVER = "openstack:identity/project:Project", "openstack:compute/instance:Instance"
ADDS, REMOVES = ("create", "create-replacement", "update"), ("delete", "delete-replaced", "update")
SERVICES = {COMPUTE: "Nova", NETWORK: "Neutron", STORAGE: "Cinder"}
# openstacksdk's names of Neutron's fields
NETWORK_FIELDS = {
    "network": "networks", "subnet": "subnets", "port": "ports", "router": "routers", "floatingip": "floating_ips",
    "security_group": "security_groups", "security_group_rule": "security_group_rules", "rbac_policy": "rbac_policies",
    "subnetpool": "subnet_pools",
}  # fmt: skip
OF_A_TYPE = ("volumes_", "gigabytes_", "snapshots_")
# Fields that follow from one field of a request
OF_REQUEST = {
    "instances": "system.hosts", "port": "system.hosts", "volumes": "system.hosts[].volume_gib",
    "gigabytes": "system.hosts[].volume_gib",
}  # fmt: skip
Sizes = Mapping[str, tuple[int, int]]  # flavor id: vCPU, MiB of memory
Steps = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class Present:
    """What a project holds and may hold now. Empty: there is no such project yet."""

    held: dict[Field, int] = field(default_factory=dict)
    limits: dict[Field, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Excess:
    """One field of which a plan needs more than the quota that it sets."""

    place: Field
    needed: int
    allowed: int
    held: int


def check(name: str, steps: list[dict[str, Any]], state: StateFile, connection: Connection, parallel: int) -> None:
    """Does the plan of a system fit into the quota that it sets? Nothing to do for a stack without quota.

    Args:
        parallel: how many resources the engine makes at once.

    Raises:
        QuotaError, InputErrors: it does not; every field is named, with what is needed and what is allowed.
        CloudError: the cloud's API failed.
    """
    if not any(allowed(s["type"], _inputs(s, "new")) for s in steps):
        return
    found = shortages(steps, _present(steps, state, connection), _sizes(steps, connection), parallel)
    faults: list[InputError] = [
        QuotaError(
            f"system {name} needs {e.needed} {e.place[1]} on its way, the project holds {e.held} now; "
            f"its quota allows {e.allowed}",
            where=f"plan of system {name}, {SERVICES[e.place[0]]} quota {e.place[1]}",
            do=f"remove from project {name} what was made there by hand, or ask for less; "
            f"then look again: hatang system plan {name}",
        )
        for e in found
    ]
    if faults:
        raise faults[0] if len(faults) == 1 else InputErrors(faults)


def declared(steps: Steps) -> list[Planned]:
    """What the program declares, from the steps of a preview."""
    gone = {s["urn"] for s in steps if s["op"] == "delete"}  # a refresh has looked at these too
    found = {  # by URN: a refresh and what follows it are two steps of one resource
        s["urn"]: Planned(s["type"], s["urn"].rsplit("::", 1)[1], _inputs(s, "new"))
        for s in steps
        if s.get("new") and s["urn"] not in gone
    }
    return list(found.values())


def check_declared(name: str, resources: Sequence[Declared]) -> None:
    """Does what a request makes a stack declare fit into the quota that the stack declares?

    What no request decides on, such as networks and rules, is for the policy pack.

    Raises:
        QuotaError, InputErrors: it does not; each names the field of the request.
    """
    faults: list[InputError] = [
        QuotaError(
            f"system {name} declares {count} {place[1]}; its quota lets {limit}",
            where=f"request of system {name}, {OF_REQUEST[place[1]]} ({SERVICES[place[0]]} quota {place[1]})",
            do=f"ask for less: correct {OF_REQUEST[place[1]]} and submit the request again",
        )
        for place, count, limit in excesses(resources)
        if place[1] in OF_REQUEST
    ]
    if faults:
        raise faults[0] if len(faults) == 1 else InputErrors(faults)


def shortages(steps: Steps, present: Present, sizes: Sizes, parallel: int) -> list[Excess]:
    """Fields that a plan needs more of than it sets, in the order in which they come.

    Only what the plan adds to is compared, and limits that it lowers: the cloud refuses one below what is in use. What
    goes for good does so before anything is made and before its quota is lowered, and so does what volumes leave that
    get another type (`bridge`): what stays has to fit.
    """
    limits: dict[Field, int] = {}
    steps, held, added = list(steps), Counter(present.held), Counter[Field]()
    kinds = [(s["op"], s["type"].rsplit(":", 1)[1]) for s in steps]
    if something_goes(kinds) or withdraws(kinds):
        for step in (s for s in steps if s["op"] == "delete"):
            held.subtract(_taken(step, "old", sizes))
        steps = [s for s in steps if s["op"] != "delete"]
    top = Counter(held)
    for step in steps:
        limits |= allowed(step["type"], _inputs(step, "new"))
        before = _taken(step, "old", sizes) if step["op"] in REMOVES else {}
        after = _taken(step, "new", sizes) if step["op"] in ADDS else {}
        for place in {**before, **after}:
            more = after.get(place, 0) - before.get(place, 0)
            held[place] += more
            added[place] += max(0, more)
            top[place] = max(top[place], held[place])
    for place, count in added.items():
        if place[0] == NETWORK:
            top[place] += min(count, parallel)
    for place in held:
        if place[0] == STORAGE and place[1].startswith(OF_A_TYPE) and not added[place]:
            top[place] = held[place]
    return [
        Excess(place, top[place], limit, present.held.get(place, 0))
        for place, limit in limits.items()
        if top[place] > limit and (added[place] or not 0 <= present.limits.get(place, limit) <= limit)
    ]


def _taken(step: Mapping[str, Any], side: str, sizes: Sizes) -> dict[Field, int]:
    props = _inputs(step, side)
    found = taken(step["type"], props)
    if step["type"] == SERVER and (size := sizes.get(str(props.get("flavor_id")))):
        found |= {(COMPUTE, "cores"): size[0], (COMPUTE, "ram"): size[1]}
    return found


def _inputs(step: Mapping[str, Any], side: str) -> dict[str, Any]:
    return snake((step.get(side) or {}).get("inputs") or {})


def _sizes(steps: Steps, connection: Connection) -> Sizes:
    if not any(s["type"] == SERVER and s["op"] in (*ADDS, *REMOVES) for s in steps):
        return {}
    compute: Any = connection.compute
    return {str(f.id): (int(f.vcpus), int(f.ram)) for f in guarded(lambda: list(compute.flavors(is_public="None")))}


def _present(steps: Steps, state: StateFile, connection: Connection) -> Present:
    project = next((r.id for r in state.resources() if r.type == PROJECT), "")
    if not project or any(s["type"] == PROJECT and s["op"] in ("create", "create-replacement") for s in steps):
        return Present()
    found: Present = guarded(lambda: present(connection, project))
    return found


def present(connection: Connection, project: str) -> Present:
    """What a project holds and may hold, as Nova, Neutron and Cinder count."""
    cloud: Any = connection
    held: dict[Field, int] = {}
    limits: dict[Field, int] = {}
    for kind, found in (
        (COMPUTE, cloud.compute.get_quota_set(project, usage=True)),
        (STORAGE, cloud.block_storage.get_quota_set(project, usage=True)),
    ):
        held |= {(kind, name): int(count) for name, count in found.usage.items()}
        limits |= {(kind, name): int(limit) for name, limit in found.to_dict().items() if name in found.usage}
    details = cloud.network.get_quota(project, details=True)
    for name, attribute in NETWORK_FIELDS.items():
        if counts := getattr(details, attribute):
            held[NETWORK, name], limits[NETWORK, name] = int(counts["used"]), int(counts["limit"])
    return Present(held, limits)
