"""One look at one part. The docstring of each function is the text that the operator reads."""

from __future__ import annotations

import inspect
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from hatang.errors import HatangError
from hatang.provision.toolchain import REMEDY
from hatang.settings import Settings, environment

RUN_TIMEOUT_S = 20


class State(StrEnum):
    """What a part is. `fake`: it answers, but does not do what its name says."""

    REAL = "real"
    MISSING = "missing"
    FAKE = "fake"


@dataclass(frozen=True)
class Look:
    """What a look found."""

    state: State
    version: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        name: of the part.
        group: machine, toolchain, product, sandbox or site.
        required: whether hatang cannot do its work without it.
        about: what the part is for.
        remedy: what to do when it is missing; empty when nothing is to be done.
    """

    name: str
    group: str
    required: bool
    state: State
    version: str
    detail: str
    about: str
    remedy: str

    @property
    def is_lacking(self) -> bool:
        """Whether it is missing and needed."""
        return self.required and self.state is State.MISSING

    def as_dict(self) -> dict[str, Any]:
        """The finding as data."""
        return asdict(self)


Function = Callable[[Settings], Look]


@dataclass(frozen=True)
class Part:
    """A part and the function that looks at it."""

    name: str
    group: str
    required: bool
    remedy: str
    function: Function

    def look(self, settings: Settings) -> Finding:
        """Look at it. What goes wrong on the way is the detail of a missing part."""
        try:
            found = self.function(settings)
        except HatangError as exc:
            found = Look(State.MISSING, detail=exc.what)
        except (OSError, subprocess.SubprocessError, ValueError, RuntimeError, ImportError) as exc:
            found = Look(State.MISSING, detail=f"{type(exc).__name__}: {exc}".split("\n")[0])
        about = inspect.getdoc(self.function) or ""
        remedy = "" if found.state is State.REAL else self.remedy
        return Finding(
            self.name,
            self.group,
            self.required,
            found.state,
            found.version,
            found.detail,
            about.split("\n\n")[0],
            remedy,
        )


PARTS: list[Part] = []


def part(name: str, group: str, *, required: bool = True, remedy: str = REMEDY) -> Callable[[Function], Function]:
    """Add a function to the report."""

    def add(function: Function) -> Function:
        PARTS.append(Part(name, group, required, remedy, function))
        return function

    return add


def output(*argv: str) -> str:
    """What a program prints to its end. Raises OSError or SubprocessError."""
    done = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=True,
        stdin=subprocess.DEVNULL,
        env=environment(),
    )
    return (done.stdout or done.stderr).strip()
