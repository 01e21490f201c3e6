"""What is made of the answers of a broken place."""

from __future__ import annotations

import pytest

from hatang.catalogue.mutations import mutations
from hatang.model.mutation import Where
from tests.prove.choice import at, every, sample
from tests.prove.outcome import Verdict, judge

OWN = mutations()["AUT-13"].mutations[0]
WITH_OTHERS = next(m for _, m in every() if m.also)


@pytest.mark.parametrize(
    ("broken", "verdict"),
    [
        ({"AUT-13": "failed: deny is 50"}, Verdict.CAUGHT),
        ({"AUT-13": "not-met: deny is 50"}, Verdict.CAUGHT),
        ({}, Verdict.MISSED),
        ({"AUT-14": "failed: something else"}, Verdict.MISSED),
        ({"AUT-13": "error: cannot read"}, Verdict.NOT_SURE),
        ({"AUT-13": "skipped"}, Verdict.NOT_SURE),
        ({"AUT-13": "failed: deny is 50", "AUT-14": "failed: too"}, Verdict.BLAMED_OTHERS),
    ],
)
def test_verdict(broken: dict[str, str], verdict: Verdict) -> None:
    assert judge("AUT-13", OWN, broken)[0] is verdict


def test_those_that_the_act_honestly_breaks_are_not_unrelated() -> None:
    control = next(c for c, m in every() if m is WITH_OTHERS)
    broken = dict.fromkeys((control, *WITH_OTHERS.also), "failed: x")
    assert judge(control, WITH_OTHERS, broken)[0] is Verdict.CAUGHT


def test_sample_is_random_repeatable_and_no_larger_than_asked() -> None:
    assert sample(10, 1, every()) == sample(10, 1, every())
    assert len({tuple((c, m.name) for c, m in sample(10, seed, every())) for seed in range(8)}) == 8
    assert len(sample(10, 1, every())) == 10
    assert sample(10**6, 1, at(Where.CLOUD)) == sorted(
        (c for c in every() if c[1].on is Where.CLOUD), key=lambda c: (c[0], c[1].name)
    )
