"""What is demanded of a host or system under check: read from files, or worked out from the catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # models take long to load, and the checks of hosts do without
    from hatang.catalogue.zones import Matrix
    from hatang.model.agency import Agency
    from hatang.model.allocation import Allocation
    from hatang.model.interconnect import Interconnect
    from hatang.model.site import Site
    from hatang.model.system import System

Ask = Callable[..., str]  # ask(command, accepted exit codes) → what it prints


@dataclass(frozen=True)
class Expected:
    """What is demanded of one host."""

    values: dict[str, Any]  # control → value in force; None: not demanded
    variables: dict[str, Any] = field(default_factory=dict)  # role variable → value; places of the site


@dataclass(frozen=True)
class CheckedSystem:
    """A system to check in the cloud."""

    spec: System
    agency: Agency
    allocation: Allocation | None
    site: Site
    values: dict[str, Any]
    ids: dict[str, str]  # outputs of the system's stack: project_id …
    agency_ids: dict[str, str]  # outputs of the agency's stack: domain_id …
    kept: dict[str, Any] = field(default_factory=dict)  # what the registry keeps of it (kept.py)
    intervals: dict[str, dict[str, int]] = field(default_factory=dict)  # control → months and days between reviews
    # projects of this agency in domains of bodies that it came from by a reorganisation: project → domain
    afar: dict[str, str] = field(default_factory=dict)
    ways: tuple[Interconnect, ...] = ()  # to and from other systems, also those that hold no more

    @property
    def name(self) -> str:
        """Name of the system."""
        return self.spec.name

    @property
    def matrix(self) -> Matrix:
        """The zone matrix."""
        from hatang.catalogue.zones import zone_matrix

        return zone_matrix()


def from_options(config: pytest.Config, host: str) -> Expected:
    """What is demanded of a host, from --values, else from --level and --site-file."""
    if file := config.getoption("--values"):
        entry = _read(file)["hosts"].get(host)
        if entry is None:
            raise pytest.UsageError(f"{file} says nothing about host {host}")
        return Expected(entry["values"], entry["variables"])
    if level := config.getoption("--level"):
        return _from_level(
            level, config.getoption("--document-storage"), config.getoption("--site-file"), config.getoption("--branch")
        )
    raise pytest.UsageError("give --level 1…5, or --values FILE")


@cache
def _from_level(level: int, document_storage: bool, site_file: Path | None, branch: str | None) -> Expected:
    from hatang.catalogue import load
    from hatang.model.terms import Branch, Level, applying

    applies = applying(document_storage)
    catalogue = load()
    values = {k: r.value for k, r in catalogue.resolve(Level(level), applies).items()}
    if site_file is None:
        return Expected(values)
    from hatang import settings
    from hatang.inputs import load_site

    site = load_site(site_file, settings.load().cache)
    bastion = site.pool(Branch(branch)).bastion if branch else None
    return Expected(values, catalogue.role_variables(Level(level), applies, site, bastion))


def load_systems(file: Path) -> list[CheckedSystem]:
    """The systems of a --systems file."""
    from hatang.model.agency import Agency
    from hatang.model.allocation import Allocation
    from hatang.model.interconnect import Interconnect
    from hatang.model.site import Site
    from hatang.model.system import System

    data = _read(file)
    site = Site.model_validate(data["site"])
    return [
        CheckedSystem(
            System.model_validate(s["spec"]),
            Agency.model_validate(s["agency"]),
            Allocation.model_validate(s["allocation"]) if s["allocation"] else None,
            site,
            s["values"],
            s["ids"],
            s["agency_ids"],
            s["kept"],
            s["intervals"],
            s.get("afar", {}),
            tuple(Interconnect.model_validate(w) for w in s.get("ways", ())),
        )
        for s in data["systems"]
    ]


@cache
def _read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
    return found
