"""A change that may touch a few kinds of resources of a system and nothing else, whatever a plan would find besides."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hatang.errors import RefusedError
from hatang.provision import unmanaged
from hatang.provision.plan import Plan

if TYPE_CHECKING:
    from hatang.provision.provisioner import Provisioner
    from hatang.registry import SystemRecord

May = Callable[[dict[str, Any]], bool]  # whether a row of a plan is one that may change


def plan(maker: Provisioner, record: SystemRecord, may: May) -> Plan:
    """What makes a system as `record` says. Changes nothing.

    Raises:
        RefusedError: the system is not as it was left, so more would change.
        PolicyError, QuotaError, StepError: as `Provisioner.plan_system`.
    """
    stack, storage = maker._system_stack(record), record.spec.document_storage
    made = maker.runs.plan(stack, *maker.system_program(record), document_storage=storage)
    added = unmanaged.find(maker.cloud.connection, maker.engine.state(stack))
    if found := [*strange(made, may), *(a["what"] for a in added)]:
        raise RefusedError(f"system {stack.name} is not as it was left: {'; '.join(found[:5])}",
            where=f"system {stack.name}", do=f"put it right first: hatang system apply {stack.name}")  # fmt: skip
    return made.seal()


def apply(maker: Provisioner, record: SystemRecord, may: May) -> dict[str, int]:
    """Make it so; returns what changed. Harmless again.

    Raises:
        RefusedError: as `plan`.
        EngineError: the engine stopped; run again.
    """
    made, stack, storage = plan(maker, record, may), maker._system_stack(record), record.spec.document_storage
    if not made.differences():
        return made.changes
    return maker.runs.up(stack, *maker.system_program(record), refresh=True, document_storage=storage).changes


def strange(made: Plan, may: May) -> list[str]:
    """What a plan changes besides; empty: nothing."""
    return [f"{r['operation']} {r['type']} {r['name']}" for r in made.differences() if not may(r)]
