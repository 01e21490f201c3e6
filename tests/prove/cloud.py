"""Mutations of the cloud: undone by what did them."""

from __future__ import annotations

from hatang.model.mutation import Mutation
from hatang.policies.mutations.place import Undo
from tests.prove.cloud_place import Site
from tests.prove.proving import Proving, function


class CloudProof(Proving):
    """A system on the cloud."""

    def __init__(self, place: Site) -> None:
        self.place = place

    def bad(self) -> dict[str, str]:
        """Controls that do not pass."""
        return self.place.bad()

    def break_it(self, mutation: Mutation) -> Undo:
        """Call its function."""
        return function(mutation)(self.place)

    def put_right(self, control: str, mutation: Mutation, done: Undo) -> None:
        """Undo it."""
        done()
