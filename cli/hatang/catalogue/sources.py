"""The legal sources that controls cite (policies/sources.yaml), and how far each was read and verified."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field

from hatang.catalogue.loader import POLICIES
from hatang.model.base import Model, Text
from hatang.model.control import Mark


class Source(Model):
    """One law, decree or standard, and how it was read."""

    name: Text = Field(description="Name.")
    number: str = Field(description="Number as cited.")
    in_force: str = Field(description="Date from which it holds, YYYY-MM-DD; empty: not known.")
    made_binding_by: str = Field("", description="What makes it binding, where it is not law itself.")
    replaces: tuple[str, ...] = Field((), description="Numbers of what it replaces.")
    applies_to: str = Field("", description="Kind of system that it applies to; empty: all.")
    read: Text = Field(description="What was read, by whom confirmed.")
    marks: tuple[Mark, ...] = Field(description="Marks that its values may carry.")
    verified_against_original: Literal[False] = Field(description="Nobody has compared it with the original yet.")


@cache
def sources(file: Path | None = None) -> dict[str, Source]:
    """The legal sources."""
    raw = yaml.safe_load((file or POLICIES / "sources.yaml").read_text())
    return {name: Source.model_validate(s) for name, s in raw.items()}
