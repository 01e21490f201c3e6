"""Where mutations show: those that need a kernel of their own on a faithful host, and on no other."""

from __future__ import annotations

from hatang.catalogue.mutations import mutations
from hatang.model.mutation import Needs, Where
from tests.prove.choice import at, every
from tests.prove.places import Place, of


def test_what_needs_a_kernel_of_its_own_goes_to_a_faithful_host() -> None:
    own = [m for m in mutations()["MON-03"].mutations if m.needs is Needs.OWN_KERNEL]
    assert own
    assert {of(m) for m in own} == {Place.FAITHFUL_HOST}


def test_everything_else_goes_where_it_is_done() -> None:
    for _, mutation in every():
        if not mutation.needs:
            assert of(mutation).value == mutation.on.value


def test_samples_of_hosts_are_of_those_that_show_on_any() -> None:
    assert {of(m) for _, m in at(Where.HOST)} == {Place.HOST}


def test_a_control_that_needs_it_is_broken_on_other_hosts_too() -> None:
    for control, found in mutations().items():
        if any(m.needs for m in found.mutations):
            assert any(of(m) is Place.HOST for m in found.mutations), control
