"""The whole report."""

from __future__ import annotations

from hatang.doctor import machine, product, sandbox
from hatang.doctor.looks import PARTS, Finding
from hatang.settings import Settings

GROUPS = ("machine", "toolchain", "product", "sandbox", "site")
MODULES = (machine, product, sandbox)  # importing them fills PARTS


def examine(settings: Settings) -> list[Finding]:
    """Look at every part, group by group. Never raises for what it finds."""
    ordered = sorted(PARTS, key=lambda part: GROUPS.index(part.group))
    return [part.look(settings) for part in ordered]
