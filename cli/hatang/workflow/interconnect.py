"""The durable way of an interconnect: opened at both ends as is approved, closed at both when it is over.

Killed anywhere, the same command goes on; each step finds what is there already. Intent comes first: from the begin of
the request on plans and checks of both systems want the rules, from its end on they do not.
"""

from __future__ import annotations

from dbos import DBOS

from hatang.errors import HatangError, InputError, RefusedError
from hatang.locale import _
from hatang.model.case import Event
from hatang.model.interconnect import Interconnect
from hatang.model.lifecycle import Act, RequestState, Role
from hatang.policies.rules.ways import routes_of_ways, rules_of_ways
from hatang.provision import narrow
from hatang.provision.plan import Plan
from hatang.registry import RequestRecord
from hatang.registry.interconnects import Interconnects, Way
from hatang.workflow import durable, lock, several, ways
from hatang.workflow.context import Context
from hatang.workflow.several import BEGUN, Result, step


def plan_interconnect(context: Context, request_id: str) -> tuple[RequestRecord, Plan]:
    """Make the plan that both owners and the approver decide on, and record it with the request.

    Raises:
        RefusedError: the request does not stand where a plan is made, it is over, or a system is not as it was left.
    """
    return several.plan_with(context, request_id, make)


def make(context: Context, request: RequestRecord) -> Plan:
    """Look at both systems and say all that will change in each. Changes nothing.

    Raises:
        RefusedError: it does not hold any more, or a system is not as it was left.
        PolicyError, QuotaError, CloudError, StepError: as `narrow.plan`.
    """
    way = _in_force(Interconnects(context.registry).one(request.id))
    config: dict[str, object] = {"way": way.model_dump(mode="json", exclude={"lapsed"})}
    rows, changes = [], dict[str, int]()
    for end in (way.source, way.destination):
        name = end.system
        record = ways.with_way(context.registry.system(name), way)
        context.progress(_("{system}: cloud against state").format(system=name))
        with lock.exclusive(context.settings, name):
            made = narrow.plan(context.provisioner, record, ways.may_change)
        rules = {z: [r.model_dump() for r in rs] for z, rs in rules_of_ways(name, [way]).items()}
        config[name] = {"intent": made.intent, "rules": rules, "routes": routes_of_ways(name, [way])}
        for row in made.differences():
            rows.append({**row, "name": f"{name}: {row['name']}"})
            changes[row["operation"]] = changes.get(row["operation"], 0) + 1
    return Plan(request.planned_as, config, "", changes, rows, False).seal().write(context.settings)


def open_interconnect(context: Context, request_id: str) -> Result:
    """Open a way at both ends as is approved, or go on with that. Returns the result of each step, by step name.

    Raises:
        RefusedError: it is not approved, is over, or the cloud has moved since.
        HatangError: what the failing step raised; run again, it goes on there.
    """
    way = Interconnects(context.registry).one(request_id)
    with lock.exclusive(context.settings, way.request.planned_as):
        if way.state == "open":
            return {"finish": {"state": "active"}}
        _in_force(way)
        return several.run(context, "interconnect", way.request, _open)


def end_interconnect(context: Context, request_id: str, *, by: str = "", owner: str = "", reason: str = "") -> Result:
    """End a way, and close it at both ends; or close one that is over of itself, or go on with that.

    Args:
        by: the person who ends it; needed unless it is over already.
        owner: the owner for whom; empty: the specialised unit ends it.

    Raises:
        InputError: it is in force and nobody or no reason is named.
        RefusedError: it was never approved, or this person may not end it.
        HatangError: what the failing step raised; run again, it goes on there.
    """
    known = Interconnects(context.registry)
    way = known.one(request_id)
    with lock.exclusive(context.settings, way.request.planned_as):
        if way.interconnect is not None and way.begun and way.interconnect.lapsed:
            known.end_expired(request_id)
        elif way.request.state is not RequestState.REMOVED:
            _end_early(context, way, by, owner, reason)
        context.write_journal()
        if not way.begun:
            return {"finish": {"state": "ended"}}
        durable.leave_others(context.settings, "interconnect-end", way.request.planned_as)
        return several.run(context, "interconnect-end", way.request, _end)


def left_over(context: Context) -> list[Way]:
    """Ways that are over and not closed: nobody wrote their end down, or something of them is there, or closing one
    stopped half way."""
    over = [w for w in Interconnects(context.registry).all() if w.begun and w.interconnect and w.interconnect.lapsed]
    return [w for w in over if w.request.state is not RequestState.REMOVED or _is_left(context, w)]


def _is_left(context: Context, way: Way) -> bool:
    made = way.interconnect
    if made is not None and any(made.id in ways.in_cloud(context, e.system) for e in (made.source, made.destination)):
        return True
    runs = [r for r in durable.history(context.settings, way.request.planned_as) if r.kind == "interconnect-end"]
    return bool(runs) and runs[-1].state not in durable.FINISHED


def end_over(context: Context) -> tuple[list[str], dict[str, HatangError]]:
    """Close every way that is over; run again, go on with what is left. One that cannot be closed keeps no other open.

    Returns:
        Ids of those that were closed; and what hinders the others, by id.
    """
    closed, failed = list[str](), dict[str, HatangError]()
    for way in left_over(context):
        try:
            end_interconnect(context, way.request.id)
            closed.append(way.request.id)
        except HatangError as exc:
            failed[way.request.id] = exc
    return closed, failed


def _end_early(context: Context, way: Way, by: str, owner: str, reason: str) -> None:
    role = Role.OWNER if owner else Role.SPECIALISED
    event = Event(Act.END, role, by, note=reason, body=owner)
    if not reason.strip():
        raise InputError("no reason is given", where="--reason", do="say why it is ended before its day")
    context.registry.act(way.request.id, event)


def _in_force(way: Way) -> Interconnect:
    where = f"registry, request {way.request.id}, state {way.request.state.value}"
    if way.interconnect is None:
        raise RefusedError("it is a draft", where=where, do="hand it in: hatang request submit FILE")
    if way.interconnect.lapsed:
        raise RefusedError(f"the interconnect holds no more: {way.interconnect.lapsed}", where=where,
            do="ask for it anew, with another last day")  # fmt: skip
    return way.interconnect


@DBOS.workflow(name="interconnect")
def _open(name: str) -> Result:
    request_id = name.removeprefix("interconnect-")
    done: Result = {"approve": step("approve", approve, request_id, begins=False, fails=False)}
    for system in done["approve"]["systems"]:
        done[f"open {system}"] = step(f"open {system}", settle, request_id, system)
    done["firewalls"] = step("firewalls", firewalls, request_id)
    done["finish"] = step("finish", finish, request_id)
    return done


@DBOS.workflow(name="interconnect-end")
def _end(name: str) -> Result:
    request_id = name.removeprefix("interconnect-")
    done: Result = {"ends": step("ends", ends, request_id, begins=False)}
    for system in done["ends"]["systems"]:
        done[f"close {system}"] = step(f"close {system}", settle, request_id, system, begins=False)
    done["firewalls"] = step("firewalls", firewalls, request_id, begins=False)
    return done


def approve(context: Context, request_id: str) -> Result:
    """Is exactly this plan approved? Once begun, what was approved is carried on with. Raises RefusedError."""
    request = context.registry.request(request_id)
    if request.state not in BEGUN:
        several.require_approved(context, request, make)
    return ends(context, request_id)


def ends(context: Context, request_id: str) -> Result:
    """The two systems."""
    way = _way(context, request_id)
    return {"systems": [way.source.system, way.destination.system]}


def settle(context: Context, request_id: str, system: str) -> Result:
    """One system's part of the cloud. Raises RefusedError, EngineError."""
    return ways.settle(context, system)


def firewalls(context: Context, request_id: str) -> Result:
    """The hosts' own firewalls. Raises HostError."""
    return ways.firewalls(context, _way(context, request_id))


def finish(context: Context, request_id: str) -> Result:
    """The way is open from now on; its request is fulfilled."""
    Interconnects(context.registry).finish(request_id)
    return {"state": "active"}


def _way(context: Context, request_id: str) -> Interconnect:
    way = Interconnects(context.registry).one(request_id).interconnect
    assert way is not None, "it was handed in"
    return way
