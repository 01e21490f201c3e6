"""Mutations of the registry: each on a copy of the same registry, with a system that is long in use."""

from __future__ import annotations

import shutil
from pathlib import Path

from hatang.model.mutation import Mutation
from hatang.policies.mutations.place import Undo
from hatang.registry import Registry
from tests.integration.audit.registry_place import SYSTEM, look
from tests.prove.outcome import Outcome
from tests.prove.proving import Proving, function
from tests.unit.audit.long_in_use import prepare


class RegistryProof(Proving):
    """A registry file with one system, everything on record; never changed itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.registry = Registry.open(f"sqlite:///{folder}/whole.db")
        prepare(self.registry, SYSTEM)
        self.unmet = self.bad()  # each copy is equal
        self.registry._engine.dispose()

    def prove(self, control: str, mutation: Mutation) -> Outcome:
        """Do one mutation on a fresh copy."""
        self.clean = False
        shutil.copy(self.folder / "whole.db", self.folder / "broken.db")
        self.registry = Registry.open(f"sqlite:///{self.folder}/broken.db")
        try:
            return super().prove(control, mutation)
        finally:
            self.registry._engine.dispose()

    def whole(self) -> dict[str, str]:
        """What does not pass untouched: a copy need not be looked at."""
        return self.unmet

    def bad(self) -> dict[str, str]:
        """Controls that do not pass."""
        found = look([self.registry], self.folder)[0]
        return {control: text for control, text in found.items() if text != "passed"}

    def break_it(self, mutation: Mutation) -> Undo:
        """Call its function."""
        return function(mutation)(self.registry, SYSTEM)

    def put_right(self, control: str, mutation: Mutation, done: Undo) -> None:
        """Undo it."""
        done()
