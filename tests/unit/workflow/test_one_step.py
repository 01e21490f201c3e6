"""What every step of every run has in common: begun, fenced, its failure kept with the request, journalled."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.registry.decided import approve
from tests.unit.registry.test_leases import age
from tests.unit.registry.test_registry import REQUEST, SITE
from tests.unit.registry.test_requests import asks

from hatang import settings
from hatang.errors import FencedError, HostError
from hatang.model.lifecycle import RequestState
from hatang.registry import leases, processes
from hatang.registry.leases import Leases
from hatang.registry.pending import has_pending
from hatang.workflow import one_step
from hatang.workflow.context import Context

S = RequestState
NAME = REQUEST.system.name


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def context(tmp_path: Path, said: list[str]) -> Context:
    """A context with the example request, approved."""
    made = Context(settings.load(state_dir=tmp_path), SITE, said.append)
    approve(made.registry, made.registry.submit(asks(), "", SITE).id)
    return made


def step(context: Context, *, begins: bool = True, fails: bool = True) -> one_step.Step:
    """A step of a long name."""
    (found,) = context.registry.requests()
    return one_step.Step("hand over " + "x" * 40, f"{NAME}: harden", lambda: found.id, begins, fails)


def state(context: Context) -> RequestState:
    (found,) = context.registry.requests()
    return found.state


def failing() -> dict[str, str]:
    raise HostError("host does not answer", where="web", do="look at it")


def test_a_step_begins_its_request_is_told_and_has_its_entries(context: Context, said: list[str]) -> None:
    assert one_step.run(context, step(context), lambda: {"state": str(state(context))}) == {"state": "provisioning"}
    assert said[0] == f"{NAME}: harden …"
    assert said[1].startswith(f"{NAME}: harden done in ")
    assert not has_pending(context.registry)


def test_a_step_that_does_not_begin_leaves_the_request_where_it_was(context: Context) -> None:
    one_step.run(context, step(context, begins=False), dict)
    assert state(context) is S.APPROVED


def test_a_failure_is_kept_with_the_request_where_it_is_one_of_it(context: Context, said: list[str]) -> None:
    with pytest.raises(HostError):
        one_step.run(context, step(context, fails=False), failing)
    assert state(context) is S.PROVISIONING
    with pytest.raises(HostError):
        one_step.run(context, step(context), failing)
    last = context.registry.requests()[0].case.events[-1]
    assert (last.target, last.note) == (S.FAILED, "host does not answer")
    assert last.step == "hand over " + "x" * (one_step.LONGEST - 10), "as much of the name as its column takes"
    assert not any("done" in line for line in said)
    assert not has_pending(context.registry)


class Died(Exception):
    """Stands for the end of the process, which a test cannot survive."""


@pytest.mark.parametrize("fails", [False, True])
def test_who_lost_the_lease_meanwhile_gives_no_result_and_writes_no_failure(
    context: Context, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    def die(why: FencedError) -> None:
        raise Died from why

    monkeypatch.setattr(leases, "die", die)
    found = Leases(context.settings.registry)

    def work() -> dict[str, str]:
        age(found, "lease", leases.LEASE_S + 1)
        found.take(NAME, processes.this())  # as another worker would
        return failing() if fails else {}

    with found.hold(NAME, lost=lambda why: None), pytest.raises(Died):
        one_step.run(context, step(context), work)
    assert state(context) is S.PROVISIONING
