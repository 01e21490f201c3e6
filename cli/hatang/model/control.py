"""Yêu cầu kiểm soát: one requirement, with values per level and per source, and how it is done and proven."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from hatang.model.base import Misfit, Model, Text
from hatang.model.terms import Level

Value = bool | int | str | tuple[str, ...]


class Mark(StrEnum):
    """How a value was read (policies/sources.yaml). None was compared with a signed original."""

    A = "A"  # full text read from a public copy
    B2 = "B2"  # paraphrased alike by two readers
    B1 = "B1"  # paraphrased by one reader
    OWN = "own"  # the law demands the thing but gives no number: the number is ours


class Strength(StrEnum):
    """How binding a requirement is."""

    MUST = "must"  # bắt buộc
    MUST_OR_EQUIVALENT = "must-or-equivalent"  # bắt buộc, cho phép tương đương
    ADVICE = "advice"  # gợi ý, on the basis of a risk assessment


class Combine(StrEnum):
    """Which of several applicable values is the strictest."""

    MAX = "max"
    MIN = "min"
    ANY = "any"  # true when any source demands it
    UNION = "union"
    ORDERED = "ordered"  # the one that stands last in the control's `order`


class VerifiedBy(StrEnum):
    """Where a control is verified."""

    HOST = "host"
    CLOUD = "cloud"
    STACK_POLICY = "stack-policy"
    REGISTRY = "registry"
    EVIDENCE = "evidence"
    OUTSIDE = "outside"


class LevelValues(Model):
    """Values of all levels, each written out: levels are not cumulative."""

    L1: Value | None = Field(description="Value at level 1; null: the source is silent.")
    L2: Value | None = Field(description="Value at level 2; null: the source is silent.")
    L3: Value | None = Field(description="Value at level 3; null: the source is silent.")
    L4: Value | None = Field(description="Value at level 4; null: the source is silent.")
    L5: Value | None = Field(description="Value at level 5; null: the source is silent.")

    def at(self, level: Level) -> Value | None:
        """The value at a level."""
        value: Value | None = getattr(self, f"L{int(level)}")
        return value

    def written(self) -> dict[str, Value]:
        """What is not null, by L1 … L5."""
        return {f"L{int(lv)}": v for lv in Level if (v := self.at(lv)) is not None}


class SourceValues(Model):
    """What one source demands at each level."""

    clause: str = Field(min_length=1, description="Clause of the source; x stands for 3–7, that is levels 1–5.")
    mark: Mark = Field(description="How it was read: A, B2, B1, own.")
    applies_to: Literal["", "document_storage"] = Field(
        "", description="Kind of system that it applies to; empty: all."
    )
    values: LevelValues = Field(description="Value at each level.")


class Implementation(Model):
    """What brings a control about."""

    role: str = Field("", description="Ansible role in roles/; empty: none.")
    variables: dict[str, str] = Field(
        default_factory=dict,
        description="Role variable: `value` (the resolved value), or site.<name> of the site file.",
    )
    stack: str = Field("", description="Stack in stacks/; empty: none.")
    absent: dict[str, Value] = Field(
        default_factory=dict, description="Role variable: value where no source demands the control."
    )


class OwnValue(Model):
    """A number of ours: the law demands the thing and names no number. Reports say so."""

    value: int = Field(description="The number.")
    unit: str = Field(min_length=1, description="Its unit.")
    why: Text = Field(description="Why this number.")


class Control(Model):
    """One requirement."""

    id: str = Field(pattern=r"^[A-Z]{3}-[0-9]{2}$", description="Id, equal to the file's name.")
    title: Text = Field(description="Title in our own words.")
    unit: str = Field(min_length=1, description="Unit of the values: months, minutes, yes/no …")
    strength: Strength = Field(description="How binding it is.")
    combine: Combine = Field(description="Which of several values is the strictest.")
    order: tuple[str, ...] = Field((), description="For `combine: ordered`: the values, the strictest last.")
    sources: dict[str, SourceValues] = Field(
        min_length=1, description="What each source demands; keys of sources.yaml."
    )
    verified_by: tuple[VerifiedBy, ...] = Field(min_length=1, description="Where it is verified.")
    implemented_by: Implementation = Field(
        default_factory=lambda: Implementation(), description="What brings it about."
    )
    checks: tuple[str, ...] = Field((), description="Checks that prove it, file::function below policies/checks.")
    partial_at: tuple[Level, ...] = Field(
        (), description="Levels at which the checks prove only a part; the note says which part is left."
    )
    own_value: OwnValue | None = Field(None, description="Our number, where the law demands the thing and gives none.")
    note: Text | None = Field(None, description="What it may break, or what is left open.")
    verified_against_original: Literal[False] = Field(False, description="Nobody has compared it with an original yet.")

    @model_validator(mode="after")
    def _consistent(self) -> Control:
        for name, source in self.sources.items():
            for level, value in source.values.written().items():
                if not self._fits(value):
                    kind = type(value).__name__
                    raise Misfit(
                        f"{value!r} ({kind}) does not go with `combine: {self.combine.value}`",
                        "sources", name, "values", level,
                    )  # fmt: skip
        roles = self.implemented_by
        if missing := sorted(set(roles.variables) ^ set(roles.absent)):
            raise Misfit(f"{missing[0]} needs a value in `variables` and one in `absent`", "implemented_by")
        if "own" in roles.variables.values() and self.own_value is None:
            raise Misfit("a variable takes `own`, but there is no own_value", "implemented_by", "variables")
        if self.partial_at and self.note is None:
            raise Misfit("a control that is proven in part needs a note that says what is left", "partial_at")
        return self

    def _fits(self, value: Value) -> bool:
        if self.combine is Combine.ANY:
            return isinstance(value, bool)
        if self.combine is Combine.UNION:
            return isinstance(value, tuple)
        if self.combine is Combine.ORDERED:
            return value in self.order
        return isinstance(value, int) and not isinstance(value, bool)

    @property
    def is_automated(self) -> bool:
        """Whether a check exists. What it is worth is shown by breaking it on a real host or cloud."""
        return bool(self.checks)


class Considered(Model):
    """What one applicable source says."""

    source: str
    value: Value | None
    mark: Mark
    clause: str


class Resolved(Model):
    """The value in force for one level: the strictest of the applicable sources."""

    control: str
    value: Value | None = Field(description="None: no applicable source demands it.")
    unit: str
    source: str = Field(description="The source that decided, or several that did so together; empty: none demands it.")
    mark: Mark | None = Field(description="How the deciding value was read.")
    clause: str
    strength: Strength
    considered: tuple[Considered, ...] = Field(description="What every applicable source says.")
    own_value: OwnValue | None = Field(None, description="Our number, where the law gives none.")
