"""Phần mềm: what may be installed and run on hosts, as the site's list of software names it (CFG-10, CFG-11)."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from hatang.model.base import Misfit, Model

PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")
PROGRAM = re.compile(r"/[A-Za-z0-9/._*+-]+")
Said = Annotated[str, StringConstraints(min_length=2, max_length=200)]


class Software(Model):
    """One entry of the list: the eight fields of the standard, who answers for it, and what it consists of."""

    name: Said = Field(description="Name, e.g. Debian GNU/Linux.")
    purpose: Said = Field(description="What it is for.")
    support_until: date = Field(description="Day on which its support ends.")
    scope: Said = Field(description="Where it is used.")
    owner: Said = Field(description="Body that owns it.")
    licence: Said = Field(description="Licence, or where the licences of its parts stand.")
    version: str = Field(min_length=1, max_length=200, description="Version.")
    part: Said = Field(description="Part of which system it is.")
    responsible: Said = Field(description="Unit that answers for it.")
    packages: tuple[str, ...] = Field((), description="Debian packages that it consists of.")
    packages_from: Path | None = Field(
        None,
        description="JSON object with the packages of an image as keys; relative to the site file, `~` and "
        "`$HATANG_CACHE` allowed.",
    )
    programs: tuple[str, ...] = Field(
        (), description="Programs of it that no package brings, as absolute paths; * stands for anything."
    )

    @model_validator(mode="after")
    def _consists_of_something(self) -> Software:
        if not (self.packages or self.packages_from or self.programs):
            raise Misfit(f"{self.name} names neither packages nor programs, so it allows nothing", "packages")
        for i, name in enumerate(self.packages):
            if not PACKAGE.fullmatch(name):
                raise Misfit(f"{name} is no name of a Debian package", "packages", i)
        for i, name in enumerate(self.programs):
            if not PROGRAM.fullmatch(name):
                raise Misfit(f"{name} is no absolute path of a program", "programs", i)
        return self
