"""Sắp xếp cơ quan: bodies that merge, split, get another name or another code, as one request.

JSON Schema: docs/reference/schemas/reorganisation.schema.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal

from pydantic import Field, JsonValue, field_validator, model_validator

from hatang.model.agency import QuotaCeiling
from hatang.model.agency_code import normalise
from hatang.model.base import Misfit, Model, Slug, Text
from hatang.model.body_request import BodyRequest
from hatang.model.terms import Tier

# Not Pydantic's own rule: that one is broken, and told of, whenever a part of the list is wrong.
NOT_EMPTY: dict[str, JsonValue] = {"minItems": 1}


class Basis(Model):
    """The decision that orders the reorganisation. hatang keeps the digest, not the document."""

    document: str = Field(min_length=3, max_length=200, description="Number of the document, e.g. NQ 1/2026.")
    document_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the document.")


class Successor(Model):
    """A body that is there afterwards. What is not stated is as with its predecessors."""

    code: str = Field(description="Identity code of the body afterwards, e.g. H17.21.")
    name: Text | None = Field(None, description="Official name; must be stated where the body is new or renamed.")
    tier: Tier | None = Field(None, description="province or commune; to be stated where its predecessors differ.")
    contact: str | None = Field(
        None, min_length=3, description="Office and telephone or mail; to be stated where its predecessors differ."
    )
    ceiling: QuotaCeiling | None = Field(
        None, description="Quota ceiling; not stated: the sum of its predecessors'. Must be stated after a split."
    )
    systems: tuple[Slug, ...] = Field((), max_length=1000, description="split: the systems that become this body's.")

    @field_validator("code")
    @classmethod
    def _new_form(cls, value: str) -> str:
        return normalise(value)


class Move(Model):
    """Which bodies become which."""

    kind: Literal["merge", "split", "rename", "recode"] = Field(description="What becomes of the bodies.")
    predecessors: tuple[str, ...] = Field(
        max_length=200, description="Identity codes of today's bodies.", json_schema_extra=NOT_EMPTY
    )
    successors: tuple[Successor, ...] = Field(
        max_length=50, description="The bodies afterwards.", json_schema_extra=NOT_EMPTY
    )

    @field_validator("predecessors")
    @classmethod
    def _new_form(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(normalise(code) for code in value)

    @model_validator(mode="after")
    def _numbers_fit(self) -> Move:
        before, after = len(self.predecessors), len(self.successors)
        if self.kind == "merge" and before < 2:
            raise Misfit("a merge has two predecessors or more", "predecessors")
        if self.kind != "merge" and before != 1:
            raise Misfit(f"a {self.kind} has one predecessor", "predecessors", 1)
        if self.kind == "split" and after < 2:
            raise Misfit("a split has two successors or more", "successors")
        if self.kind != "split" and after != 1:
            raise Misfit(f"a {self.kind} has one successor", "successors", 1)
        for i, new in enumerate(self.successors):
            self._fits(i, new)
        return self

    def _fits(self, i: int, new: Successor) -> None:
        place, is_there = ("successors", i), new.code in self.predecessors
        if self.kind == "rename" and not is_there:
            raise Misfit("a rename keeps the code; another code is a recode", *place, "code")
        if self.kind == "recode" and is_there:
            raise Misfit("a recode brings another code; another name alone is a rename", *place, "code")
        if self.kind == "split" and is_there:
            raise Misfit("a body that splits ends: under its old code its administrators would still rule the projects "
                         "that others get; give each part a new code", *place, "code")  # fmt: skip
        if new.name is None and (self.kind == "rename" or (self.kind in ("merge", "split") and not is_there)):
            raise Misfit("the name of this body is not stated", *place, "name")
        if self.kind == "split" and new.ceiling is None:
            raise Misfit("after a split each body's ceiling is stated", *place, "ceiling")
        if self.kind != "split" and new.systems:
            raise Misfit(f"all systems go to the one successor of a {self.kind}; only a split deals them out",
                         *place, "systems")  # fmt: skip

    @property
    def ended(self) -> tuple[str, ...]:
        """Codes of bodies that are no more afterwards."""
        left = {new.code for new in self.successors}
        return tuple(code for code in self.predecessors if code not in left)


class Reorganisation(BodyRequest):
    """A request that changes bodies. Systems stay as they are; who administers them changes."""

    kind: Literal["reorganise"] = Field(description="What is asked for.")
    requested_by: str = Field(min_length=3, max_length=200, description="Who asks; may not decide on it.")
    agency: str = Field(description="Identity code of the body that asks; one that is known here.")
    effective: date = Field(description="From this day on; not carried out before.")
    basis: Basis = Field(description="What orders it.")
    moves: tuple[Move, ...] = Field(
        max_length=500, description="Which bodies become which.", json_schema_extra=NOT_EMPTY
    )

    @model_validator(mode="after")
    def _nobody_twice(self) -> Reorganisation:
        if not self.moves:
            raise Misfit("no body is named", "moves")
        ends: dict[str, int] = {}
        for i, j, code in _each(m.predecessors for m in self.moves):
            if code in ends:
                raise Misfit(f"{code} is a predecessor twice", "moves", i, "predecessors", j)
            ends[code] = i
        begins: set[str] = set()
        for i, j, code in _each(tuple(s.code for s in m.successors) for m in self.moves):
            place = ("moves", i, "successors", j, "code")
            if code in begins:
                raise Misfit(f"{code} is a successor twice", *place)
            if ends.get(code, i) != i:
                raise Misfit(f"{code} is also a predecessor, of moves[{ends[code]}]; a body is changed once", *place)
            begins.add(code)
        given: set[str] = set()
        for i, move in enumerate(self.moves):
            for j, k, system in _each(s.systems for s in move.successors):
                if system in given:
                    raise Misfit(f"system {system} is dealt out twice", "moves", i, "successors", j, "systems", k)
                given.add(system)
        return self


def _each(lists: Iterator[tuple[str, ...]]) -> Iterator[tuple[int, int, str]]:
    for i, found in enumerate(lists):
        for j, text in enumerate(found):
            yield i, j, text
