"""A narrow change passes only rows that it may touch; whatever else a plan would do is named."""

from __future__ import annotations

from typing import Any

from hatang.provision import handover, narrow
from hatang.provision.plan import Plan
from hatang.workflow import ways

SAME: dict[str, Any] = {"operation": "same", "type": "Router", "name": "router", "changed": []}
RULE = {"operation": "create", "type": "SecGroupRule", "name": "ways-dmz-ingress-tcp-8443-x", "changed": []}
ROLE = {"operation": "replace", "type": "RoleAssignment", "name": "role-auditors", "changed": ["groupId"]}
OTHERS = [
    {**RULE, "name": "group-dmz-ingress-tcp-443-x"}, {**RULE, "type": "Instance", "name": "ways-server"},
    {**SAME, "operation": "update", "changed": ["adminStateUp"]},
]  # fmt: skip


def plan(*rows: dict[str, Any]) -> Plan:
    """A plan with these steps."""
    return Plan("thu", {}, "", {}, list(rows), False)


def test_a_way_may_touch_what_it_is_made_of_and_nothing_else() -> None:
    assert narrow.strange(plan(SAME, RULE), ways.may_change) == []
    assert narrow.strange(plan(RULE, ROLE, *OTHERS), ways.may_change) == [
        "replace RoleAssignment role-auditors", "create SecGroupRule group-dmz-ingress-tcp-443-x",
        "create Instance ways-server", "update Router router",
    ]  # fmt: skip


def test_a_handover_may_touch_roles_alone() -> None:
    assert narrow.strange(plan(SAME, ROLE), handover.may_change) == []
    found = narrow.strange(plan(ROLE, RULE), handover.may_change)
    assert found == ["create SecGroupRule ways-dmz-ingress-tcp-8443-x"]
