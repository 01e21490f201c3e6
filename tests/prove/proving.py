"""What the proofs of all places share: whole before, broken and looked at, put right, whole again."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from importlib import import_module
from time import monotonic
from typing import Any

from openstack.exceptions import SDKException
from sqlalchemy.exc import SQLAlchemyError

from hatang.errors import HatangError
from hatang.model.mutation import Mutation
from hatang.policies.mutations.place import Undo
from tests.prove.outcome import Outcome, Verdict, judge

TROUBLES = (AssertionError, HatangError, SDKException, SQLAlchemyError, subprocess.SubprocessError)


def function(mutation: Mutation) -> Callable[..., Undo]:
    """The function that a mutation of cloud or registry names."""
    file, name = mutation.call.split("::")
    module = import_module(f"hatang.policies.mutations.{file.removesuffix('.py')}")
    found: Callable[..., Undo] = getattr(module, name)
    return found


class Proving(ABC):
    """A place that is broken again and again."""

    clean = False  # all checks passed after the last mutation: it need not be looked at before the next

    def prove(self, control: str, mutation: Mutation) -> Outcome:
        """Do one mutation and put it right again; the place is whole afterwards, or the outcome says why not."""
        begun = monotonic()
        try:
            verdict, detail = self._prove(control, mutation)
        except TROUBLES as exc:
            self.clean = False
            verdict, detail = Verdict.TROUBLE, str(exc).strip()[-600:]
        return Outcome(control, mutation, verdict, detail, monotonic() - begun)

    def _prove(self, control: str, mutation: Mutation) -> tuple[Verdict, str]:
        if not self.clean and (unmet := self.whole()):
            return Verdict.NOT_MET_BEFORE, _listed(unmet)
        self.clean = False
        done = self.break_it(mutation)
        try:
            verdict, detail = judge(control, mutation, self.bad())
        finally:
            self.put_right(control, mutation, done)
        left = self.bad()
        self.clean = not left
        if left and verdict is Verdict.CAUGHT:
            return Verdict.NOT_REPAIRED, _listed(left)
        return verdict, detail

    def whole(self) -> Mapping[str, str]:
        """Make the place whole, where that can be done; what still does not pass."""
        return self.bad()

    @abstractmethod
    def bad(self) -> Mapping[str, str]:
        """Controls that do not pass, with the reason."""

    @abstractmethod
    def break_it(self, mutation: Mutation) -> Any:
        """Do it; what is returned helps to put it right."""

    @abstractmethod
    def put_right(self, control: str, mutation: Mutation, done: Any) -> None:
        """Repair it as its user would."""


def _listed(bad: Mapping[str, str]) -> str:
    return "; ".join(f"{control} {text}" for control, text in bad.items())
