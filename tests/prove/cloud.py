"""Mutations of the cloud, one at a time: checks pass, change by hand, look, undo, checks pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from openstack.exceptions import SDKException

from hatang.errors import HatangError
from hatang.model.mutation import Mutation
from tests.integration.audit.test_cloud_mutations import Site, function
from tests.prove.outcome import Outcome, Verdict, judge


@dataclass
class CloudProof:
    """A system on the cloud that is changed again and again."""

    place: Site
    clean: bool = field(default=False, init=False)

    def prove(self, control: str, mutation: Mutation) -> Outcome:
        """Do one mutation and undo it."""
        begun = monotonic()
        try:
            verdict, detail = self._prove(control, mutation)
        except (AssertionError, HatangError, SDKException) as exc:
            self.clean = False
            verdict, detail = Verdict.TROUBLE, str(exc).strip()[-600:]
        return Outcome(control, mutation, verdict, detail, monotonic() - begun)

    def _prove(self, control: str, mutation: Mutation) -> tuple[Verdict, str]:
        if not self.clean and (bad := self.place.bad()):
            return Verdict.NOT_MET_BEFORE, "; ".join(f"{c} {text}" for c, text in bad.items())
        self.clean = False
        undo = function(mutation)(self.place)
        try:
            verdict, detail = judge(control, mutation, self.place.bad())
        finally:
            undo()
        left = self.place.bad()
        self.clean = not left
        if left and verdict is Verdict.CAUGHT:
            return Verdict.NOT_REPAIRED, "; ".join(f"{c} {text}" for c, text in left.items())
        return verdict, detail
