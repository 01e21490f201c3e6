"""Mutations of the registry, one at a time: each on a copy of the same registry, with a system that is long in use."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from hatang.errors import HatangError
from hatang.model.mutation import Mutation
from hatang.registry import Registry
from tests.integration.audit.registry_place import function, look
from tests.prove.outcome import Outcome, Verdict, judge
from tests.unit.audit.long_in_use import prepare

SYSTEM = "lau-nam"


@dataclass
class RegistryProof:
    """A registry file with one system, everything on record; never changed itself."""

    folder: Path
    unmet: dict[str, str] = field(default_factory=dict, init=False)  # what does not pass untouched; each copy is equal

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        registry = Registry.open(f"sqlite:///{self.folder}/whole.db")
        prepare(registry, SYSTEM)
        self.unmet = self._bad(registry)
        registry._engine.dispose()

    def prove(self, control: str, mutation: Mutation) -> Outcome:
        """Do one mutation and undo it."""
        begun = monotonic()
        try:
            verdict, detail = self._prove(control, mutation)
        except (AssertionError, HatangError, SQLAlchemyError) as exc:
            verdict, detail = Verdict.TROUBLE, str(exc).strip()[-600:]
        return Outcome(control, mutation, verdict, detail, monotonic() - begun)

    def _prove(self, control: str, mutation: Mutation) -> tuple[Verdict, str]:
        shutil.copy(self.folder / "whole.db", self.folder / "broken.db")
        registry = Registry.open(f"sqlite:///{self.folder}/broken.db")
        try:
            if self.unmet:
                return Verdict.NOT_MET_BEFORE, "; ".join(f"{c} {text}" for c, text in self.unmet.items())
            undo = function(mutation)(registry, SYSTEM)
            verdict, detail = judge(control, mutation, self._bad(registry))
            undo()
            left = self._bad(registry)
        finally:
            registry._engine.dispose()
        if left and verdict is Verdict.CAUGHT:
            return Verdict.NOT_REPAIRED, "; ".join(f"{c} {text}" for c, text in left.items())
        return verdict, detail

    def _bad(self, registry: Registry) -> dict[str, str]:
        found = look([(registry, SYSTEM)], self.folder)[SYSTEM]
        return {control: text for control, text in found.items() if text != "passed"}
