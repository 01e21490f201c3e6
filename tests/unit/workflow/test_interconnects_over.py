"""Interconnects past their day are closed all at once: each once, one that cannot be closed keeps no other one open.

The systems are under way here, so that closing finds nothing in the cloud to change; on the real cloud:
tests/integration/isolation/test_interconnect.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.registry.test_interconnects import asks_way, decide_way, expire
from tests.unit.registry.test_registry import SITE
from tests.unit.registry.test_reorganisations import in_use

from hatang import settings
from hatang.journal import dsse
from hatang.model.lifecycle import RequestState, Role
from hatang.registry.interconnects import Interconnects
from hatang.registry.journal import JournalRows
from hatang.workflow import durable, lock
from hatang.workflow.context import Context
from hatang.workflow.interconnect import end_over, left_over

NAMES = ("mot-1", "mot-2")


class Stacks:
    """Stands where the provisioner does: says which ways the stack of a system made."""

    def __init__(self) -> None:
        self.made: dict[str, list[str]] = {}

    def outputs(self, kind: str, name: str) -> dict[str, Any]:
        return {"ways": self.made.get(name, [])}


@pytest.fixture
def context(tmp_path: Path) -> Context:
    made = Context(settings.load(state_dir=tmp_path), SITE)
    made.__dict__["provisioner"] = Stacks()
    for n, name in enumerate(NAMES, 1):
        in_use(made.registry, f"H99.0{n}", name)
    return made


def opened(context: Context, *ports: int) -> list[str]:
    """Ways that are open, one for each port; then a run of each system is under way."""
    ids = []
    for port in ports:
        request = context.registry.submit(asks_way("H99.01", *NAMES, ports=[port]), "", SITE).id
        decide_way(context.registry, request)
        context.registry.begin(request)
        Interconnects(context.registry).finish(request)
        ids.append(request)
    for name in NAMES:
        context.registry.set_system_state(name, "provisioning")
    return ids


def state(context: Context, request: str) -> RequestState:
    return context.registry.request(request).state


def test_only_what_is_over_is_closed_and_only_once(context: Context) -> None:
    over, holds = opened(context, 8443, 9443)
    assert end_over(context) == ([], {})
    expire(context.registry, over)
    assert end_over(context) == ([over], {})
    assert (state(context, over), state(context, holds)) == (RequestState.REMOVED, RequestState.ACTIVE)
    last = context.registry.request(over).case.events[-1]
    assert last.role is Role.HATANG and last.note.startswith("expired on")
    runs = durable.history(context.settings, context.registry.request(over).planned_as)
    assert [(r.kind, r.state) for r in runs] == [("interconnect-end", "SUCCESS")]
    entries = len(JournalRows(context.registry).all())
    assert end_over(context) == ([], {}), "the timer runs each day"
    assert len(JournalRows(context.registry).all()) == entries


def test_the_end_is_in_the_journal(context: Context) -> None:
    (over,) = opened(context, 8443)
    expire(context.registry, over)
    end_over(context)
    entries = [json.loads(dsse.parse(e).content)["predicate"] for _n, e in JournalRows(context.registry).all()]
    mine = [e for e in entries if e["act"] == "request.end" and e["facts"]["request_id"] == over]
    assert [e["facts"]["role"] for e in mine] == ["hatang"]


def test_one_that_cannot_be_closed_keeps_no_other_one_open(context: Context) -> None:
    first, second = opened(context, 8443, 9443)
    for request in (first, second):
        expire(context.registry, request)
    with lock.exclusive(context.settings, context.registry.request(first).planned_as):  # somebody works on it
        closed, failed = end_over(context)
    assert closed == [second] and list(failed) == [first]
    assert state(context, first) is RequestState.ACTIVE
    assert end_over(context) == ([first], {})


def test_what_was_ended_and_is_still_there_is_left_over(context: Context) -> None:
    """Its end is written down first: a run that was killed or failed after that is gone on with."""
    (over,) = opened(context, 8443)
    expire(context.registry, over)
    Interconnects(context.registry).end_expired(over)
    assert left_over(context) == []
    stacks: Any = context.provisioner
    stacks.made = {"mot-2": [over]}
    assert [w.request.id for w in left_over(context)] == [over]
    assert end_over(context) == ([over], {})


def test_what_was_never_begun_is_nothing_to_close(context: Context) -> None:
    request = context.registry.submit(asks_way("H99.01", *NAMES), "", SITE).id
    decide_way(context.registry, request)
    expire(context.registry, request)
    assert end_over(context) == ([], {})
    assert state(context, request) is RequestState.APPROVED
