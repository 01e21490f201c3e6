"""Mutations of hosts: repaired with the role's tag."""

from __future__ import annotations

from hatang.model.mutation import Mutation
from tests.integration.audit.checked import Checked
from tests.prove.proving import Proving


class HostProof(Proving):
    """A hardened host."""

    def __init__(self, checked: Checked) -> None:
        self.checked = checked

    def whole(self) -> dict[str, str]:
        """All roles once more, after a mutation that left something; what still does not pass."""
        self.checked.harden()
        return self.bad()

    def bad(self) -> dict[str, str]:
        """Controls that do not pass, over hatang's own link."""
        return self.checked.bad(by="hatang")

    def break_it(self, mutation: Mutation) -> None:
        """Run its scripts as root."""
        self.checked.break_it(mutation)

    def put_right(self, control: str, mutation: Mutation, done: None) -> None:
        """Undo what no role undoes, then the roles of what was broken."""
        self.checked.undo(mutation)
        self.checked.harden(tags=(control, *mutation.also))
