"""Working days of State bodies: no Saturday, no Sunday, no day of policies/holidays/<year>.yaml."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field

from hatang.model.base import Model

FOLDER = Path(__file__).resolve().parents[1] / "policies" / "holidays"


class Day(Model):
    """One day that is not as its weekday says."""

    day: date
    name: str
    source: str = Field(min_length=5, description="Where it stands.")
    mark: Literal["A", "B", "G"] = Field(description="How it was read: whole, second-hand, not verified.")


class Year(Model):
    """The days of one year."""

    year: int
    days: tuple[Day, ...] = Field(description="Days off besides Saturdays and Sundays.")
    worked: tuple[Day, ...] = Field((), description="Saturdays and Sundays that are worked.")


class UnknownYear(Exception):
    """There is no file for a year: its holidays are not known."""

    def __init__(self, year: int) -> None:
        super().__init__(year)
        self.year = year


@cache
def year_of(year: int, folder: Path = FOLDER) -> Year:
    """The days of a year. Raises UnknownYear."""
    file = folder / f"{year}.yaml"
    if not file.is_file():
        raise UnknownYear(year)
    return Year.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))


def is_working(day: date, folder: Path = FOLDER) -> bool:
    """Whether State bodies work on this day. Raises UnknownYear."""
    known = year_of(day.year, folder)
    if day in {d.day for d in known.worked}:
        return True
    return day.weekday() < 5 and day not in {d.day for d in known.days}


def add_working_days(start: date, count: int, folder: Path = FOLDER) -> date:
    """The last day of a time limit of so many working days that begins on the day after `start`. Raises UnknownYear."""
    day = start
    while count:
        day += timedelta(days=1)
        count -= is_working(day, folder)
    return day
