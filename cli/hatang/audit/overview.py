"""A check run put in order for reading: by system, by host or system in the cloud, with totals that add up. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from hatang.audit.results import CheckRun, Result, counted
from hatang.model.terms import ResultState

# What somebody must act on comes first.
ORDER = (
    ResultState.NOT_MET, ResultState.NOT_CHECKED, ResultState.WAIVED, ResultState.PARTLY, ResultState.NOT_AUTOMATED,
    ResultState.MET, ResultState.NOT_APPLICABLE,
)  # fmt: skip


@dataclass(frozen=True)
class ScopeView:
    """One host, or one system in the cloud."""

    name: str
    kind: str  # host, system
    level: int
    results: tuple[Result, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Number of results by state."""
        return counted(self.results)


@dataclass(frozen=True)
class SystemView:
    """One system with what was checked of it."""

    name: str
    level: int
    scopes: tuple[ScopeView, ...]


def by_system(run: CheckRun) -> tuple[SystemView, ...]:
    """Every result once: systems and scopes by name (the cloud before the hosts), results by state, then control."""
    found: dict[str, dict[tuple[bool, str], list[Result]]] = {}
    for r in run.results:
        found.setdefault(r.system, {}).setdefault((r.kind == "host", r.scope), []).append(r)
    views = []
    for name, scopes in sorted(found.items()):
        made = tuple(
            ScopeView(scope, rows[0].kind, rows[0].level, tuple(sorted(rows, key=_place)))
            for (_host, scope), rows in sorted(scopes.items())
        )
        views.append(SystemView(name, made[0].level, made))
    return tuple(views)


def _place(result: Result) -> tuple[int, str]:
    return ORDER.index(result.state), result.control
