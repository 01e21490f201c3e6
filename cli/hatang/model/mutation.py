"""Mutations: how a careless or a hostile person breaks a control, so that its check shows what it is worth."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator

from hatang.model.base import Misfit, Model
from hatang.model.control import VerifiedBy

CONTROL = r"^[A-Z]{3}-[0-9]{2}$"


class By(StrEnum):
    """Who breaks it."""

    CARELESS = "careless"  # somebody in a hurry, who does not mean to
    HOSTILE = "hostile"  # somebody who wants it to look right


class Where(StrEnum):
    """Where it is broken."""

    HOST = "host"
    CLOUD = "cloud"
    REGISTRY = "registry"

    @property
    def ways(self) -> tuple[VerifiedBy, ...]:
        """Ways of verifying that see what is broken here."""
        return (VerifiedBy.CLOUD, VerifiedBy.STACK_POLICY) if self is Where.CLOUD else (VerifiedBy(self.value),)


class Needs(StrEnum):
    """What a host must have so that a mutation shows."""

    OWN_KERNEL = "own-kernel"  # containers share their machine's: a host under qemu


class Mutation(Model):
    """One way to break a control."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="Name, unique within the control.")
    by: By = Field(description="Who would do it: careless or hostile.")
    on: Where = Field(description="Where it is done: host, cloud, registry.")
    needs: Needs | None = Field(None, description="On a host: what it must have; own-kernel: it is no container.")
    run: str = Field("", description="On a host: shell script run as root; it touches no other control.")
    undo: str = Field(
        "", description="On a host: shell script for what the role does not put right, such as a user who was added."
    )
    run_on_store: str = Field(
        "", description="On a host: shell script run as root on the store of its copies, before `run`."
    )
    undo_on_store: str = Field("", description="On a host: shell script for the store, before `undo`.")
    call: str = Field(
        "", pattern=r"^([a-z][a-z0-9_]*\.py::[a-z][a-z0-9_]*)?$",
        description="On cloud or registry: file::function below policies/mutations; it returns what undoes it.",
    )  # fmt: skip
    also: tuple[str, ...] = Field((), description="Other controls that the same act honestly breaks.")
    why: str = Field("", description="English, with `also`: why those too.")

    @model_validator(mode="after")
    def _consistent(self) -> Mutation:
        if self.on is Where.HOST:
            if not (self.run.strip() or self.run_on_store.strip()):
                raise Misfit("what is done on a host stands under `run`", "run")
            if self.call:
                raise Misfit("`call` is for cloud and registry; on a host write `run`", "call")
        else:
            if not self.call:
                raise Misfit(f"what is done on {self.on.value} is a function, named under `call`", "call")
            if self.needs:
                raise Misfit("`needs` is for hosts", "needs")
            scripts = ("run", "undo", "run_on_store", "undo_on_store")
            if field := next((f for f in scripts if getattr(self, f)), ""):
                raise Misfit(f"`{field}` is for hosts; elsewhere `call` returns what undoes it", field)
        if bool(self.also) != bool(self.why.strip()):
            raise Misfit("`also` and the reason `why` go together", "also" if self.also else "why")
        return self


class Mutations(Model):
    """The mutations of one control: one careless and one hostile act at least on hosts, one act elsewhere."""

    control: str = Field(pattern=CONTROL, description="Id of the control, equal to the file's name.")
    mutations: tuple[Mutation, ...] = Field(min_length=1, description="The ways to break it.")

    @model_validator(mode="after")
    def _enough(self) -> Mutations:
        names: set[str] = set()
        for i, mutation in enumerate(self.mutations):
            if mutation.name in names:
                raise Misfit(f"the name {mutation.name} stands there twice", "mutations", i, "name")
            names.add(mutation.name)
            if self.control in mutation.also:
                raise Misfit(f"`also` names {self.control} itself", "mutations", i, "also")
        by = {m.by for m in self.mutations if m.on is Where.HOST}
        if by and by != set(By):
            lacking = next(b for b in By if b not in by)
            raise Misfit(f"nobody {lacking.value} breaks it on the host", "mutations")
        return self
