"""The legal sources (policies/sources.yaml): how long they hold, how far each was read, and what falls due when."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError

from hatang.catalogue.loader import POLICIES, validated
from hatang.errors import InputError
from hatang.model.base import Model, Text
from hatang.model.control import Mark
from hatang.model.terms import Level

FILE = POLICIES / "sources.yaml"
DAY = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"


class SourceKind(StrEnum):
    """What a source is."""

    LAW = "law"
    DECREE = "decree"
    DECISION = "decision"
    CIRCULAR = "circular"
    LETTER = "letter"  # công văn
    REGULATION = "regulation"  # quy chuẩn, binding by itself
    STANDARD = "standard"  # tiêu chuẩn, voluntary unless something makes it binding


class Reading(Model):
    """What was read of a source."""

    how: Literal["original", "reproduction", "paraphrase", "mention"] = Field(
        description="original: signed or bought; reproduction: a public copy; paraphrase; mention: named elsewhere."
    )
    readers: int = Field(ge=0, description="Independent readers that it rests on; 0: nobody read its text.")
    number: str = Field("", description="Number of the copy in the register of legal documents (docid); empty: none.")
    note: Text = Field(description="What was read, what is missing.")


class Deadline(Model):
    """A day by which something must be done."""

    day: str = Field(
        pattern=r"^([0-9]{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
        description="YYYY-MM-DD, or MM-DD for every year.",
    )
    clause: str = Field(min_length=1, description="Where it stands.")
    mark: Mark = Field(description="How it was read.")
    what: Text = Field(description="What is to be done.")
    concerns: Literal["systems", "site"] = Field(description="Systems of the registry, or the site as a whole.")
    levels: tuple[Level, ...] = Field((), description="Levels of the systems concerned; empty: all.")
    condition: Text | None = Field(None, description="What decides who is concerned, where hatang cannot see it.")

    def next(self, today: date) -> date:
        """The day on which it falls due: the given one, or the next of a yearly one."""
        if len(self.day) > len("MM-DD"):
            return date.fromisoformat(self.day)
        this = date.fromisoformat(f"{today.year}-{self.day}")
        return this if this >= today else date.fromisoformat(f"{today.year + 1}-{self.day}")


class Source(Model):
    """One law, decree or standard, and how it was read."""

    name: Text = Field(description="Name.")
    number: str = Field(description="Number as cited.")
    kind: SourceKind = Field(description="What it is.")
    issued: str = Field("", pattern=DAY, description="Date of issue, YYYY-MM-DD; empty: not known.")
    in_force: str = Field(pattern=DAY, description="Date from which it holds, YYYY-MM-DD; empty: not known.")
    in_force_until: str = Field("", pattern=DAY, description="Last date of validity; empty: it holds, or not known.")
    made_binding_by: str = Field("", description="What makes it binding, where it is not law itself.")
    replaces: tuple[str, ...] = Field((), description="Numbers of what it replaces.")
    replaced_by: str = Field("", description="Key of the source that took its place; empty: none.")
    applies_to: str = Field("", description="Kind of system that it applies to; empty: all.")
    read: Reading = Field(description="What was read.")
    marks: tuple[Mark, ...] = Field(description="Marks that its values may carry; empty: no value rests on it.")
    deadlines: tuple[Deadline, ...] = Field((), description="What falls due when.")
    verified_against_original: Literal[False] = Field(description="Nobody has compared it with the original yet.")

    def holds(self, day: date) -> bool | None:
        """Whether it is in force on a day; None: the date was not found."""
        if self.in_force_until and day.isoformat() > self.in_force_until:
            return False
        return day.isoformat() >= self.in_force if self.in_force else None


@cache
def sources(file: Path | None = None) -> dict[str, Source]:
    """The legal sources, by key.

    Raises:
        InputError: the file is wrong.
    """
    file = file or FILE
    try:
        raw = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        found = {name: Source.model_validate(s) for name, s in raw.items()}
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise InputError(f"not valid YAML: {exc.problem}", where=f"{file}:{line}", do="correct the line") from exc
    except ValidationError:
        for name in raw:
            validated(Source, file, name)  # raises, naming line and field
        raise
    for name, source in found.items():
        if source.replaced_by and source.replaced_by not in found:
            raise InputError(
                f"{name} is replaced by {source.replaced_by}, which is no source",
                where=f"{file} ({name}.replaced_by)", do="add that source, or correct the key",
            )  # fmt: skip
    return found
