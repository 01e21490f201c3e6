"""Mutations of hosts, one at a time: checks pass, break, look, repair with the role's tag, checks pass."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from time import monotonic

from hatang.errors import HatangError
from hatang.model.mutation import Mutation
from tests.integration.audit.checked import Checked
from tests.prove.outcome import Outcome, Verdict, judge


@dataclass
class HostProof:
    """A hardened host that is broken again and again. It is looked at once between two mutations."""

    checked: Checked
    clean: bool = field(default=False, init=False)  # all checks passed after the last mutation

    def prove(self, control: str, mutation: Mutation) -> Outcome:
        """Do one mutation and put it right again; the host is whole afterwards, or the outcome says why not."""
        begun = monotonic()
        try:
            verdict, detail = self._prove(control, mutation)
        except (AssertionError, HatangError, subprocess.SubprocessError) as exc:
            self.clean = False
            verdict, detail = Verdict.TROUBLE, str(exc).strip()[-600:]
        return Outcome(control, mutation, verdict, detail, monotonic() - begun)

    def _prove(self, control: str, mutation: Mutation) -> tuple[Verdict, str]:
        if not self.clean and (bad := self._whole()):
            return Verdict.NOT_MET_BEFORE, "; ".join(f"{c} {text}" for c, text in bad.items())
        self.clean = False
        self.checked.root(mutation.run)
        verdict, detail = judge(control, mutation, self.checked.bad(by="hatang"))
        if mutation.undo:
            self.checked.root(mutation.undo)
        self.checked.harden(tags=(control, *mutation.also))
        left = self.checked.bad(by="hatang")
        self.clean = not left
        if left and verdict is Verdict.CAUGHT:
            return Verdict.NOT_REPAIRED, "; ".join(f"{c} {text}" for c, text in left.items())
        return verdict, detail

    def _whole(self) -> dict[str, str]:
        """All roles once more, after a mutation that left something; what still does not pass."""
        self.checked.harden()
        return self.checked.bad(by="hatang")
