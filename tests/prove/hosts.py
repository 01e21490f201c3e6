"""Mutations of hosts: repaired with the role's tag."""

from __future__ import annotations

from collections.abc import Sequence

from hatang.catalogue.mutations import mutations
from hatang.model.mutation import Mutation
from tests.integration.audit.checked import Checked
from tests.prove.proving import Proving


def of_the_kernel() -> tuple[str, ...]:
    """Controls of which a part shows on hosts with a kernel of their own alone."""
    return tuple(control for control, found in mutations().items() if any(m.needs for m in found.mutations))


class HostProof(Proving):
    """A hardened host.

    Args:
        looked_at: controls that are looked at while it is broken; all of them where none is named. The first look is at
            all of them in any case.
    """

    def __init__(self, checked: Checked, looked_at: Sequence[str] = ()) -> None:
        self.checked = checked
        self.options = [word for control in looked_at for word in ("--control", control)]

    def whole(self) -> dict[str, str]:
        """All roles once more, after a mutation that left something; what still does not pass of all controls."""
        self.checked.harden()
        return self.checked.bad(by="hatang")

    def bad(self) -> dict[str, str]:
        """Controls that do not pass, over hatang's own link."""
        return self.checked.bad(*self.options, by="hatang")

    def break_it(self, mutation: Mutation) -> None:
        """Run its scripts as root."""
        self.checked.break_it(mutation)

    def put_right(self, control: str, mutation: Mutation, done: None) -> None:
        """Undo what no role undoes, then the roles of what was broken."""
        self.checked.undo(mutation)
        self.checked.harden(tags=(control, *mutation.also))
