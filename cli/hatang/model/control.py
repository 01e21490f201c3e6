"""Yêu cầu kiểm soát: one requirement, with values per level and per source, and how it is done and proven."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from hatang.model.base import Misfit, Model, Text
from hatang.model.terms import UNSTATED, Level

Value = bool | int | str | tuple[str, ...]


class Mark(StrEnum):
    """How a value was read (policies/sources.yaml). None was compared with a signed original."""

    A = "A"  # full text read from a public copy
    B2 = "B2"  # paraphrased alike by two readers
    B1 = "B1"  # paraphrased by one reader
    C = "C"  # taken from an application built on the text; decides nothing
    G = "G"  # remembered, not verified; decides nothing
    OWN = "own"  # the law demands the thing but gives no number: the number is ours


class Unit(StrEnum):
    """What the values of a control count, or are."""

    YES_NO = "yes/no"
    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    INTERVAL = "interval"  # in words, where the sources use different units
    CHARACTERS = "characters"
    KINDS_OF_CHARACTERS = "kinds of characters"
    PASSWORDS = "passwords"
    FAILURES = "failures"
    CONNECTIONS = "connections"
    LAYERS = "layers"
    CLASSES = "classes"
    WAYS = "ways"
    KILOMETRES = "kilometres"
    PERCENT = "percent"
    ZONES = "zones"
    DIRECTIONS = "directions"
    SEPARATION = "separation"
    DEGREE = "degree"  # steps of one demand, each explained under `words`
    KINDS_OF_LOGS = "kinds of logs"
    KINDS_OF_DATA = "kinds of data"
    FIELDS = "fields"


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


class EvidenceOwner(StrEnum):
    """Who brings a document."""

    OWNER = "owner"  # chủ quản hệ thống thông tin
    OPERATOR = "operator"  # đơn vị vận hành hệ thống
    SECURITY_UNIT = "security-unit"  # đơn vị chuyên trách về an ninh mạng
    PLATFORM = "platform"  # đơn vị vận hành trung tâm dữ liệu


class Evidence(Model):
    """A document that a person attaches."""

    document: Text = Field(description="What the document shows.")
    interval: int | Literal["value"] = Field(
        description="Months after which it is renewed: a number, which is ours, or `value`: the value in force."
    )
    owner: EvidenceOwner = Field(description="Who brings it: owner, operator, security-unit, platform.")


class Remark(Model):
    """What a source says beside its value: a condition, a restriction, details."""

    levels: tuple[Level, ...] = Field((), description="Levels that it is about; empty: all.")
    text: Text = Field(description="The remark.")


class LevelValues(Model):
    """Values of all levels, each written out: levels are not cumulative."""

    L1: Value | None = Field(description="Value at level 1; null: silent; unstated: demanded without a value.")
    L2: Value | None = Field(description="Value at level 2; null: silent; unstated: demanded without a value.")
    L3: Value | None = Field(description="Value at level 3; null: silent; unstated: demanded without a value.")
    L4: Value | None = Field(description="Value at level 4; null: silent; unstated: demanded without a value.")
    L5: Value | None = Field(description="Value at level 5; null: silent; unstated: demanded without a value.")

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
    remarks: tuple[Remark, ...] = Field((), description="What the source says beside its values.")


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
    """A number of ours, for levels at which the law demands the thing and names no number. Reports say so."""

    value: int = Field(description="The number.")
    unit: Unit = Field(description="Its unit.")
    why: Text = Field(description="Why this number.")


class Control(Model):
    """One requirement."""

    id: str = Field(pattern=r"^[A-Z]{3}-[0-9]{2}$", description="Id, equal to the file's name.")
    title: Text = Field(description="Title in our own words.")
    unit: Unit = Field(description="Unit of the values: months, minutes, yes/no …")
    strength: Strength = Field(description="How binding it is.")
    combine: Combine = Field(description="Which of several values is the strictest.")
    order: tuple[str, ...] = Field((), description="For `combine: ordered`: the values, the strictest last.")
    words: dict[str, Text] = Field(
        default_factory=dict, description="For values that are words: what each of them means."
    )
    sources: dict[str, SourceValues] = Field(
        min_length=1, description="What each source demands; keys of sources.yaml."
    )
    verified_by: tuple[VerifiedBy, ...] = Field(
        min_length=1, description="Where it is verified; the first is the main way."
    )
    evidence: Evidence | None = Field(None, description="For `evidence`: the document.")
    outside_reason: Text | None = Field(None, description="For `outside`: why it is not this tool's matter.")
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
        self._ways_fit()
        roles = self.implemented_by
        if missing := sorted(set(roles.variables) ^ set(roles.absent)):
            raise Misfit(f"{missing[0]} needs a value in `variables` and one in `absent`", "implemented_by")
        if "own" in roles.variables.values() and self.own_value is None:
            raise Misfit("a variable takes `own`, but there is no own_value", "implemented_by", "variables")
        if self.partial_at and self.note is None:
            raise Misfit("a control that is proven in part needs a note that says what is left", "partial_at")
        return self

    def _ways_fit(self) -> None:
        ways = set(self.verified_by)
        if (VerifiedBy.EVIDENCE in ways) != (self.evidence is not None):
            raise Misfit("`evidence` in verified_by and the field `evidence` go together", "verified_by")
        if (VerifiedBy.OUTSIDE in ways) != (self.outside_reason is not None):
            raise Misfit("`outside` in verified_by and the field `outside_reason` go together", "verified_by")
        if VerifiedBy.OUTSIDE in ways and (len(ways) > 1 or self.checks):
            raise Misfit("what is outside this tool is verified in no other way and has no check", "verified_by")
        if len(ways) < len(self.verified_by):
            raise Misfit("a way of verifying stands there twice", "verified_by")
        if self.evidence and self.evidence.interval != "value" and self.evidence.interval < 1:
            raise Misfit("a document is renewed after a month or more", "evidence", "interval")
        if self.evidence and self.evidence.interval == "value" and self.unit is not Unit.MONTHS:
            raise Misfit(f"the values are {self.unit.value}, so they are no interval in months", "evidence", "interval")

    def _fits(self, value: Value) -> bool:
        if self.combine is Combine.ANY:
            return isinstance(value, bool)
        if value == UNSTATED:
            return True
        if self.combine is Combine.UNION:
            return isinstance(value, tuple)
        if self.combine is Combine.ORDERED:
            return value in self.order
        return isinstance(value, int) and not isinstance(value, bool)

    @property
    def kind(self) -> VerifiedBy:
        """The main way of verifying: each control has one, so that totals add up."""
        return self.verified_by[0]

    def explained_words(self) -> dict[str, dict[str, str]]:
        """What values that are words mean: vi and en by word."""
        return {word: text.model_dump() for word, text in self.words.items()}

    def used_words(self) -> set[str]:
        """Words that the values consist of."""
        found: set[str] = set()
        for source in self.sources.values():
            for value in source.values.written().values():
                found.update([value] if isinstance(value, str) else value if isinstance(value, tuple) else ())
        return found - {UNSTATED}

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
    value: Value | None = Field(description="None: no applicable source demands it; unstated: without a value.")
    unit: Unit
    source: str = Field(description="The source that decided, or several that did so together; empty: none demands it.")
    mark: Mark | None = Field(description="How the deciding value was read.")
    clause: str
    strength: Strength
    considered: tuple[Considered, ...] = Field(description="What every applicable source says.")
    own_value: OwnValue | None = Field(None, description="Our number, where the law gives none at this level.")
