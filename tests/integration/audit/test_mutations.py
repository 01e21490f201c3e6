"""Every host check, proven by breaking the host: the broken controls are named, no other is; the roles repair them.

Each round breaks all controls at once, each in a way that touches no other: first as a careless administrator would,
then as somebody would who wants it to look right.
"""

from __future__ import annotations

import pytest

from hatang.catalogue import load
from hatang.catalogue.ways import OF_SYSTEMS
from hatang.model.mutation import By, Mutation, Where
from tests.integration.audit.checked import Checked
from tests.prove.choice import at, sample, seed_of_run
from tests.prove.hosts import HostProof

SAMPLE = 4  # mutations one by one on every run, with those of cloud and registry at least 15; `make prove` does all


def on_hosts(by: By) -> dict[str, Mutation]:
    """The first mutation of each control that such a person does on a host, and that shows on any host."""
    return dict(reversed([(c, m) for c, m in at(Where.HOST) if m.by is by]))


def demanded() -> set[str]:
    """Controls that a host check proves."""
    return {c.id for c in load().controls.values() if any(not check.startswith(OF_SYSTEMS) for check in c.checks)}


def outcomes(found: dict[str, str]) -> dict[str, str]:
    """Outcomes without reasons: over plain ssh the login shell of each command adds its own complaints to stderr."""
    return {control: text.split(":")[0] for control, text in found.items()}


@pytest.mark.parametrize("by", [pytest.param(by, marks=pytest.mark.turn("parts", by.value)) for by in By])
def test_what_is_broken_is_named_and_repaired(checked: Checked, by: By) -> None:
    done = on_hosts(by)
    assert set(done) == demanded(), "every control is broken"
    assert checked.bad(by="hatang") == {}
    for mutation in done.values():
        checked.break_it(mutation)
    plain = checked.check()
    assert outcomes(checked.check(by="hatang")) == outcomes(plain), "a link and plain ssh say the same"
    bad = {control: told for control, told in plain.items() if told != "passed"}
    missed = {c: m.name for c, m in done.items() if c not in bad}
    assert not missed, f"not noticed: {missed}"
    assert not [f"{k} {v}" for k, v in bad.items() if not v.startswith("failed: ")], "a check could not tell"
    for mutation in done.values():
        checked.undo(mutation)
    checked.harden()
    assert checked.bad(by="hatang") == {}


CHOSEN = sample(SAMPLE, seed_of_run(), at(Where.HOST))


@pytest.fixture(scope="module")
def proof(checked: Checked) -> HostProof:
    """The host, to be broken by one mutation at a time."""
    return HostProof(checked)


@pytest.mark.parametrize(("control", "mutation"), CHOSEN, ids=lambda x: getattr(x, "name", x))
def test_one_broken_control_is_named_alone(proof: HostProof, control: str, mutation: Mutation) -> None:
    outcome = proof.prove(control, mutation)
    assert outcome.caught, f"{outcome}\nagain: python -m tests.prove --control {control}"


def test_no_check_changes_the_host(checked: Checked) -> None:
    sums = (
        "find /etc /usr/local /root /home -xdev -type f -print0 | sort -z | xargs -0 sha256sum;"
        " faillock; nft --terse list ruleset"  # terse: who is connected now is no setting
    )
    before = checked.root(sums)
    checked.check()
    assert checked.root(sums) == before


def test_one_control_alone(checked: Checked) -> None:
    assert checked.check("--control", "AUT-03") == {"AUT-03": "passed"}
