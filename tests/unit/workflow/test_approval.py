"""Apply carries out exactly the plan that was approved; what moved since is said and waits for approval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.registry.decided import approve
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES
from tests.unit.registry.test_requests import asks

from hatang import settings
from hatang.errors import RefusedError
from hatang.model.case import Event
from hatang.model.lifecycle import Act, RequestState, Role
from hatang.provision.plan import AGENCY_IDS, NOT_MADE, Plan
from hatang.registry import RequestRecord, SystemRecord
from hatang.workflow import durable, status
from hatang.workflow.approval import require_decision, require_plan, target
from hatang.workflow.context import Context
from hatang.workflow.tenant import AFTER_APPROVAL, AGAIN_FROM

NAME = REQUEST.system.name
ROWS = [{"operation": "create", "type": "Server", "name": "web", "changed": []}]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(settings.load(state_dir=tmp_path), SITE)


def made(context: Context, rows: list[dict[str, Any]] = ROWS, state: str = "s", **config: Any) -> Plan:
    """A plan that is kept."""
    return Plan(NAME, {"name": NAME, **config}, state, {}, rows, False).seal().write(context.settings)


def record(context: Context, plan: Plan) -> RequestRecord:
    """The example request, with this plan approved."""
    found = context.registry.submit(asks(), "", SITE)
    context.registry.act(found.id, Event(Act.PLAN, Role.ENGINEER, plan=plan.digest, intent=plan.intent))
    return approve(context.registry, found.id)


def system(context: Context) -> SystemRecord:
    return context.registry.system(NAME)


def in_use(context: Context, plan: Plan) -> RequestRecord:
    found = record(context, plan)
    context.registry.begin(found.id)
    context.registry.set_system_state(NAME, "active")
    return context.registry.request(found.id)


def test_without_an_approval_nothing_is_planned(context: Context) -> None:
    found = context.registry.submit(asks(), "", SITE)
    with pytest.raises(RefusedError, match="is not approved") as refused:
        require_decision(context, system(context))
    assert f"hatang request plan {found.id}" in refused.value.do


def test_exactly_the_approved_plan_passes(context: Context) -> None:
    plan = made(context)
    found = record(context, plan)
    assert require_plan(context, system(context), plan.digest).id == found.id


def test_the_order_of_parallel_steps_makes_no_other_plan(context: Context) -> None:
    two = [*ROWS, {"operation": "create", "type": "Server", "name": "app", "changed": []}]
    assert made(context, two).digest == made(context, two[::-1]).digest


DOMAIN = {"operation": "create", "type": "Project", "name": "domain", "changed": []}
UNMADE: dict[str, Any] = dict.fromkeys(AGENCY_IDS, NOT_MADE)
THERE: dict[str, Any] = {k: f"id-{k}" for k in AGENCY_IDS}


def test_an_agency_that_another_approved_system_made_meanwhile_is_no_move(context: Context) -> None:
    found = record(context, made(context, [DOMAIN, *ROWS], **UNMADE))
    now = made(context, [{**DOMAIN, "operation": "same"}, *ROWS], **THERE)
    assert require_plan(context, system(context), now.digest).id == found.id


@pytest.mark.parametrize(
    ("rows", "state", "ids"),
    [
        ([{**DOMAIN, "operation": "update"}], "s", THERE),  # somebody else made it otherwise
        ([], "s", THERE),
        ([{**DOMAIN, "operation": "same"}, {**DOMAIN, "name": "more"}], "s", THERE),
        ([{**DOMAIN, "operation": "same"}], "t", THERE),  # the system itself is not as it was either
        ([{**DOMAIN, "operation": "same"}], "s", UNMADE),
        ([{**DOMAIN, "operation": "same"}], "s", {**THERE, "level": 4}),
    ],
)
def test_anything_more_than_that_is_a_move(
    context: Context, rows: list[dict[str, Any]], state: str, ids: dict[str, Any]
) -> None:
    record(context, made(context, [DOMAIN, *ROWS], **UNMADE))
    now = made(context, [*rows, *ROWS], state, **ids)
    with pytest.raises(RefusedError, match="is not what apply would do now"):
        require_plan(context, system(context), now.digest)


def test_another_agency_than_the_one_that_was_there_is_a_move(context: Context) -> None:
    record(context, made(context, **THERE))
    other: dict[str, Any] = {k: f"{v}-2" for k, v in THERE.items()}
    with pytest.raises(RefusedError, match="ids that the cloud gave"):
        require_plan(context, system(context), made(context, **other).digest)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rows": []}, "Server web: create was approved, now nothing"),
        ({"rows": [{**ROWS[0], "operation": "same"}]}, "Server web: create was approved, now same"),
        ({"level": 4}, "level differs"),
        ({"quota": {"cores": 2}}, "quota differs"),
        ({"state": "t"}, "what the engine knows of the cloud"),
        ({"domain_id": "new"}, "ids that the cloud gave"),
    ],
)
def test_what_moved_is_said_and_waits_for_approval(context: Context, change: dict[str, Any], told: str) -> None:
    found = record(context, made(context))
    now = made(context, **change)
    with pytest.raises(RefusedError) as refused:
        require_plan(context, system(context), now.digest)
    assert told in refused.value.what
    after = context.registry.request(found.id)
    assert (after.state, after.case.approval) == (RequestState.PLANNED, None)
    assert after.case.planned is not None
    assert after.case.planned.plan == now.digest
    assert told in after.case.events[-1].note
    approve(context.registry, found.id)
    assert require_plan(context, system(context), now.digest).state is RequestState.APPROVED


def test_putting_back_what_was_approved_needs_no_new_approval(context: Context) -> None:
    in_use(context, made(context))
    repair = made(context, [{**ROWS[0], "operation": "update", "changed": ["flavor"]}], "later", domain_id="given")
    assert require_plan(context, system(context), repair.digest).state is RequestState.ACTIVE


def test_a_site_that_wants_something_else_is_asked_about(context: Context) -> None:
    found = in_use(context, made(context))
    other = made(context, dns=["198.18.0.54"])
    with pytest.raises(RefusedError, match="dns differs") as refused:
        require_plan(context, system(context), other.digest)
    assert refused.value.do.endswith(f"hatang request plan {found.id}")
    event = Event(Act.PLAN, Role.ENGINEER, plan=other.digest, intent=other.intent)
    assert context.registry.act(found.id, event).state is RequestState.PLANNED
    with pytest.raises(RefusedError, match="is not approved"):
        require_plan(context, system(context), other.digest)
    approve(context.registry, found.id)
    context.registry.begin(found.id)
    assert require_plan(context, system(context), other.digest).state is RequestState.PROVISIONING


def test_a_change_is_worked_towards_only_once_it_is_approved(context: Context) -> None:
    in_use(context, made(context))
    context.registry.allocate(NAME, SITE, ZONES)
    change = context.registry.submit(asks("change", hosts=("app-hai",)), "", SITE)
    assert target(context, NAME) == system(context)
    approve(context.registry, change.id)
    assert [h.name for h in target(context, NAME).spec.hosts][-1] == "app-hai"
    assert target(context, NAME).request_id == change.id


def test_the_order_of_steps_is_told_alike_everywhere() -> None:
    order = status.APPLY_STEPS
    assert order.index("plan") < order.index("approve") < order.index("apply")
    assert order[order.index("apply") :] == AFTER_APPROVAL
    assert all(order.index(earlier) < order.index(failed) for failed, earlier in AGAIN_FROM.items())
    assert durable.VERSION != "chain-1", "runs of the former order are not taken up"
