"""One stack planned, applied or destroyed: alone, on the right cloud, after what a killed run left was put right."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatang.errors import EngineError, PolicyError
from hatang.model.site import Site
from hatang.policies.rules.resources import violations
from hatang.provision import departure, recovery, refusals, room, same_cloud
from hatang.provision.cloud import Cloud
from hatang.provision.engine import Engine, Program, Stack
from hatang.provision.events import Report
from hatang.provision.limits import as_config, limits
from hatang.provision.plan import Plan, rows_of, shown
from hatang.provision.state import StateFile
from hatang.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """What an apply did."""

    stack: str
    changes: dict[str, int]
    outputs: dict[str, Any]
    seconds: float
    log: Path


class StackRuns:
    """Runs the engine on one stack after another."""

    def __init__(self, settings: Settings, site: Site, cloud: Cloud, say: Callable[[str], None]) -> None:
        self.settings = settings
        self.site = site
        self.cloud = cloud
        self.say = say
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """The engine with the cloud's credentials. Raises MissingPartError, SettingsError."""
        if self._engine is None:
            self._engine = Engine(self.settings, self.cloud.environment())
        return self._engine

    def plan(self, stack: Stack, program: Program, config: dict[str, Any], *, document_storage: bool = False) -> Plan:
        """What `up` would do, not sealed yet.

        Args:
            config: what the program is made from, as data; kept in the plan.
            document_storage: whether QCVN 12:2026/BCA applies.

        Raises:
            PolicyError: what the program declares breaks a rule of the policy pack.
            QuotaError, RefusedError: the project has no room for it; a volume that shall go cannot.
            RefusedError: the state was made on another cloud.
        """
        with self._alone(stack) as state:
            recovery.recover(state, self.cloud.connection, self.say)
            refresh = bool(state.resources())
            report = self.engine.preview(stack, program, config, refresh=refresh, log=self.log(stack, "plan"))
            digest = state.digest()
        self._judge(stack, report, document_storage)
        departure.check(stack.name, report.steps, self.cloud.connection)
        room.check(stack.name, report.steps, state, self.cloud.connection, self.settings.engine_parallel)
        changes = shown(report)
        moved = refresh and any(n for op, n in changes.items() if op != "same")
        return Plan(stack.name, config, digest, changes, rows_of(report.steps), moved)

    def up(
        self,
        stack: Stack,
        program: Program,
        config: dict[str, Any],
        refresh: bool = False,
        *,
        document_storage: bool = False,
    ) -> Outcome:
        """Make it so, with the policy pack inside the engine. Arguments as for `plan`; refresh: look first.

        Raises:
            EngineError, CloudError: it stopped on the way; run again.
            RefusedError: the state was made on another cloud.
        """
        pack = as_config(limits(self.site, self.cloud.role_ids, document_storage))
        log = self.log(stack, "apply")
        with self._alone(stack) as state, refusals.explained(self.cloud.connection):
            refresh = recovery.recover(state, self.cloud.connection, self.say) or refresh
            try:
                report = self.engine.up(stack, program, config, refresh=refresh, log=log, pack_config=pack)
            except EngineError as failure:
                recovery.clear_the_way(failure, state, self.cloud.connection, self.say)
                report = self.engine.up(stack, program, config, refresh=True, log=log, pack_config=pack)
            recovery.sweep(state, self.cloud.connection, self.say)
            return Outcome(stack.name, shown(report), state.outputs(), report.seconds, log)

    def destroy(self, stack: Stack) -> Outcome:
        """Remove all that the stack made. Raises like `up`."""
        with self._alone(stack) as state:
            refresh = recovery.recover(state, self.cloud.connection, self.say)
            if not state.exists():
                return Outcome(stack.name, {}, {}, 0.0, Path())
            report = self.engine.destroy(stack, refresh=refresh, log=self.log(stack, "destroy"))
            recovery.sweep(state, self.cloud.connection, self.say)
        return Outcome(stack.name, shown(report), {}, report.seconds, report.log)

    @contextlib.contextmanager
    def _alone(self, stack: Stack) -> Iterator[StateFile]:
        with self.engine.alone(stack):
            landing = Stack("hatang-site", self.site.name)
            same_cloud.check(self.site.name, self.engine.state(landing), self.cloud.connection)
            yield self.engine.state(stack)

    def _judge(self, stack: Stack, report: Report, storage: bool) -> None:
        """The rules of the policy pack, offline, over what the program declares."""
        planned = room.declared(report.steps)
        room.check_declared(stack.name, planned)
        if found := violations(planned, limits(self.site, self.cloud.role_ids, storage)):
            raise PolicyError(
                f"the plan of {stack.name} breaks {len(found)} rules: " + "; ".join(map(str, found[:5])),
                where=str(report.log),
                do="correct the request or the site; nothing was changed",
            )

    def log(self, stack: Stack, what: str) -> Path:
        """The engine's log of a stack; what: plan, apply, destroy."""
        return self.settings.log_dir / stack.name / f"{stack.project.removeprefix('hatang-')}-{what}.log"
