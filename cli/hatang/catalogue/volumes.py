"""BKP-13, as far as it is said of a system before anything of it is made."""

from __future__ import annotations

from hatang.catalogue import load
from hatang.catalogue.resolver import resolve
from hatang.model.system import System

CONTROL = "BKP-13"


def goes_in_several_steps(system: System) -> bool:
    """Whether deleting a volume of this system takes several confirmations, by its level and what it stores."""
    return resolve(load().control(CONTROL), system.level, system.sources).value is True
