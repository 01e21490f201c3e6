"""What rules judge: planned resources with snake_case properties, and what a rule must know of the site."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Planned:
    """One resource as the program declares it; a value that is not known yet is None."""

    type: str
    name: str
    props: Mapping[str, Any]


@dataclass(frozen=True)
class Limits:
    """What rules need to know of the site."""

    domain_role_ids: frozenset[str] = frozenset()  # roles that may be given on a domain
    volume_types: Mapping[str, str] = field(default_factory=dict)  # level: volume type
    zones: Mapping[str, Sequence[str]] = field(default_factory=dict)  # level: zones that it must have
    bastions: Sequence[str] = ()  # prefixes that hosts are administered from; empty: not known
    encrypted_types: Sequence[str] = ()  # volume types that encrypt


@dataclass(frozen=True)
class Violation:
    """One resource that breaks one control."""

    control: str
    resource: str
    message: str

    def __str__(self) -> str:
        return f"{self.control}: {self.resource}: {self.message}"


Check = Callable[[Planned, Limits], str]
