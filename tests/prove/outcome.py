"""What became of one mutation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hatang.model.mutation import Mutation


class Verdict(StrEnum):
    """How a mutation ended. Only the first says that the check is worth something."""

    CAUGHT = "caught"  # met before, not met and named while broken, met after the repair
    NOT_MET_BEFORE = "not-met-before"  # nothing can be shown on what does not hold untouched
    MISSED = "missed"  # broken, and the check passed
    NOT_SURE = "not-sure"  # broken, and the check could not tell
    BLAMED_OTHERS = "blamed-others"  # named, and unrelated controls with it
    NOT_REPAIRED = "not-repaired"  # role or stack did not bring it back
    TROUBLE = "trouble"  # breaking it or looking at it went wrong


@dataclass(frozen=True)
class Outcome:
    """One mutation's end. `detail` is the reason, or what the check said."""

    control: str
    mutation: Mutation
    verdict: Verdict
    detail: str = ""
    seconds: float = 0.0

    @property
    def caught(self) -> bool:
        """Whether it counts as proof."""
        return self.verdict is Verdict.CAUGHT

    def __str__(self) -> str:
        where = f"{self.control} {self.mutation.name} ({self.mutation.by}, {self.mutation.on})"
        return f"{self.verdict:<14} {where}" + ("" if self.caught else f": {self.detail}")


def judge(control: str, mutation: Mutation, broken: Mapping[str, str]) -> tuple[Verdict, str]:
    """What the checks of a broken place say of the mutation.

    Args:
        broken: controls that do not pass, with `failed: reason` or another outcome.
    """
    said = broken.get(control)
    if said is None:
        return Verdict.MISSED, f"not met: {', '.join(sorted(broken)) or 'nothing'}"
    if not said.startswith(("failed", "not-met")):
        return Verdict.NOT_SURE, said
    if others := set(broken) - {control, *mutation.also}:
        return Verdict.BLAMED_OTHERS, "; ".join(f"{c} {broken[c]}" for c in sorted(others))
    return Verdict.CAUGHT, said
