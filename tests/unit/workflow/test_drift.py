"""Drift: each finding with who may put it right; what was approved is put back, what was not is asked about."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.unit.registry.decided import approve
from tests.unit.registry.test_interconnects import asks_way, decide_way, expire
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES
from tests.unit.registry.test_reorganisations import in_use
from tests.unit.registry.test_requests import asks
from tests.unit.registry.test_standing import suspend

from hatang import settings
from hatang.audit.results import CheckRun, Result
from hatang.errors import CloudError
from hatang.model.case import Event
from hatang.model.lifecycle import Act, Role
from hatang.model.terms import ResultState
from hatang.provision.plan import Plan
from hatang.workflow import drift, lock
from hatang.workflow.context import Context

NAME = REQUEST.system.name
SAME = {"operation": "same", "type": "Router", "name": "router", "changed": []}
ROUTER = {**SAME, "operation": "update", "changed": ["adminStateUp"]}


class Cloud:
    """Stands where the provisioner does: says what a preview would."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = [SAME]
        self.unmanaged: list[dict[str, str]] = []
        self.config: dict[str, Any] = {"name": NAME}
        self.ways: list[str] = []
        self.interconnects: list[str] = []  # that the stack made

    def plan_system(self, record: Any) -> Plan:
        return Plan(record.spec.name, self.config, "s", {}, self.rows, True, self.unmanaged).seal()

    def open_ways(self, record: Any) -> list[str]:
        return self.ways

    def outputs(self, kind: str, name: str) -> dict[str, Any]:
        return {"ways": self.interconnects}


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def context(tmp_path: Path, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Context:
    """The example system in use, its plan approved; checks find nothing."""
    made = Context(settings.load(state_dir=tmp_path), SITE)
    made.__dict__["provisioner"] = cloud
    found = made.registry.submit(asks(), "", SITE)
    plan = cloud.plan_system(made.registry.system(NAME))
    made.registry.act(found.id, Event(Act.PLAN, Role.ENGINEER, plan=plan.digest, intent=plan.intent))
    approve(made.registry, found.id)
    made.registry.allocate(NAME, SITE, ZONES)
    made.registry.begin(found.id)
    made.registry.set_system_state(NAME, "active")
    checks_say(monkeypatch)
    return made


def checks_say(monkeypatch: pytest.MonkeyPatch, *results: Result) -> None:
    """What the checks find."""
    at = datetime.now(UTC)
    monkeypatch.setattr("hatang.audit.runner.check", lambda *a, **k: CheckRun(at, at, results))


def unmet(control: str, scope: str, kind: str, state: ResultState, check: str) -> Result:
    return Result(
        control,
        scope,
        kind,
        NAME,
        3,
        state,
        True,
        "",
        "x",
        "B2",
        "y",
        "must",
        detail="found otherwise",
        checks=(check,),
    )


def look(context: Context) -> list[drift.Finding]:
    return drift.look(context, context.registry.systems())


def test_nothing_differs_nothing_is_found(context: Context) -> None:
    assert look(context) == []


def test_what_was_changed_by_hand_is_an_engineers_to_put_back(context: Context, cloud: Cloud) -> None:
    cloud.rows = [SAME, ROUTER]
    cloud.unmanaged = [{"kind": "Port", "id": "p", "what": "mot-cua-dmz: port la"}]
    found = look(context)
    assert [f.what for f in found] == [
        "Port mot-cua-dmz: port la remove (not managed: added by hand)", "Router router differs (adminStateUp)",
    ]  # fmt: skip
    assert {(f.who, f.place, f.repairable) for f in found} == {(drift.ENGINEER, "cloud", True)}


def test_what_is_left_of_an_expired_interconnect_is_named_and_an_engineers_to_close(
    context: Context, cloud: Cloud
) -> None:
    in_use(context.registry, "H99.80", "noi-mot")
    request = context.registry.submit(
        asks_way("H99.80", "noi-mot", NAME, to={"system": NAME, "zone": "dmz"}), "", SITE
    ).id  # fmt: skip
    decide_way(context.registry, request)
    context.registry.begin(request)
    cloud.interconnects = [request]
    rule = {**SAME, "type": "SecGroupRule", "name": "ways-dmz-ingress-tcp-8443-10.72.0.0-26", "operation": "delete"}
    cloud.rows = [SAME, rule]
    expire(context.registry, request)
    found = drift.look(context, [context.registry.system(NAME)])
    assert [(f.repairable, f.who) for f in found] == [(True, drift.ENGINEER)]
    assert found[0].what.startswith(
        f"SecGroupRule {rule['name']} is there, and nothing wants it: interconnect {request}"
    )
    assert "expired on" in found[0].what


def test_what_nobody_approved_is_asked_about_and_not_repaired(context: Context, cloud: Cloud) -> None:
    cloud.rows, cloud.config = [ROUTER], {"name": NAME, "dns": ["198.18.0.54"]}
    (found,) = look(context)
    assert (found.who, found.repairable) == (drift.APPROVERS, False)
    assert found.do == f"hatang request plan {context.registry.system(NAME).request_id}"


def test_a_role_repairs_hosts_documents_are_no_drift_and_the_rest_is_by_hand(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = f"{NAME}-web"
    checks_say(
        monkeypatch,
        unmet("ACC-04", host, "host", ResultState.NOT_MET, "test_ssh_server.py::test_x"),
        unmet("ACC-05", host, "host", ResultState.NOT_CHECKED, "test_ssh_server.py::test_x"),
        unmet("BKP-01", NAME, "system", ResultState.NOT_MET, "test_registry_documents.py::test_x"),
    )
    found = {f.what.split(":")[0]: f for f in look(context)}
    assert set(found) == {"ACC-04", "ACC-05"}
    assert (found["ACC-04"].who, found["ACC-04"].scope, found["ACC-04"].repairable) == (drift.ENGINEER, host, True)
    assert (found["ACC-05"].who, found["ACC-05"].repairable) == (drift.BY_HAND, False), "not reached: nothing to repair"


def test_a_suspended_system_is_no_fault_and_an_open_way_into_it_is(
    context: Context, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspend(context.registry)
    monkeypatch.setattr("hatang.audit.runner.check", lambda *a, **k: pytest.fail("its hosts stand still"))
    cloud.config = {"name": NAME}
    context.registry.request(context.registry.system(NAME).request_id)
    monkeypatch.setattr(drift, "_as_approved", lambda *a: True)
    assert look(context) == []
    cloud.ways = ["server mot-cua-web is not locked"]
    (found,) = look(context)
    assert (found.what, found.repairable) == ("suspended, but server mot-cua-web is not locked", True)


def test_an_unfinished_run_and_a_busy_system_are_said(context: Context) -> None:
    with lock.exclusive(context.settings, NAME):
        (busy,) = look(context)
    assert "another process works on system" in busy.what
    context.registry.set_system_state(NAME, "changing")
    (found,) = look(context)
    assert (found.place, found.do) == ("registry", f"hatang system apply {NAME}")
    context.registry.set_system_state(NAME, "removed")
    assert look(context) == []


def test_repair_goes_through_the_workflow_of_each_system_and_says_what_stood_in_the_way(
    context: Context, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.rows = [ROUTER]
    ran: list[str] = []
    monkeypatch.setattr("hatang.workflow.tenant.apply_system", lambda context, name: ran.append(name))
    assert drift.repair(context, look(context)) == {}
    assert ran == [NAME]

    def fails(context: Context, name: str) -> None:
        raise CloudError("the cloud does not answer", where="x", do="y")

    monkeypatch.setattr("hatang.workflow.tenant.apply_system", fails)
    assert drift.repair(context, look(context)) == {NAME: "the cloud does not answer"}
    ran.clear()
    cloud.config = {"name": NAME, "dns": []}
    assert drift.repair(context, look(context)) == {}, "not approved: not touched"
