"""The local registry, for platform engineers: whoever types a command answers for the names in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatang.desk.rows import agency_row, is_late, request_row, system_row
from hatang.errors import InputError, RefusedError
from hatang.model.lifecycle import Act, RequestState, Role

if TYPE_CHECKING:
    from hatang.model.case import Event
    from hatang.model.site import Site
    from hatang.registry import Registry, RequestRecord
    from hatang.registry.overview import AgencyLine, Overview
    from hatang.registry.succession import Succession
    from hatang.settings import Settings


class LocalDesk:
    """What `RemoteDesk` does through a server, done here."""

    def __init__(self, settings: Settings, site: Callable[[], Site]) -> None:
        self._settings, self._site = settings, site

    @cached_property
    def _registry(self) -> Registry:
        from hatang.registry import Registry

        return Registry.open(self._settings.registry)

    @cached_property
    def _succession(self) -> Succession:
        from hatang.registry.succession import Succession

        return Succession(self._registry)

    @cached_property
    def _overview(self) -> Overview:
        from hatang.registry.overview import Overview

        return Overview(self._registry)

    # -- requests -----------------------------------------------------------------------------------------------------

    def submit(self, file: Path, *, draft: bool) -> dict[str, Any]:
        """Record a request file; of a sealed one the seal is checked."""
        from hatang.inputs.places import faults_in
        from hatang.inputs.seals import load_any
        from hatang.registry.agency_keys import AgencyKeys

        request, text, sealed = load_any(file, self._site())
        if sealed is not None:
            AgencyKeys(self._registry).check(sealed, str(file))
            # No places in this file are told: the lines are those of the text in it.
            return request_row(self._registry.submit(request, text, self._site(), draft=draft))
        with faults_in(file):
            return request_row(self._registry.submit(request, text, self._site(), draft=draft))

    def requests(self, state: str | None, *, overdue: bool) -> list[dict[str, Any]]:
        """Requests, oldest first."""
        rows = [request_row(r) for r in self._registry.requests(RequestState(state) if state else None)]
        return [r for r in rows if is_late(r)] if overdue else rows

    def request(self, request_id: str) -> tuple[dict[str, Any], list[dict[str, Any]] | None]:
        """A request with what a change changes, and the steps of its plan; None: not on this machine."""
        from hatang.provision.plan import load_plan

        record = self._registry.request(request_id)
        shown = request_row(record)
        shown["changes"] = [asdict(d) for d in self._registry.changes(request_id)]
        try:
            made = load_plan(self._settings, record.planned_as, shown["plan"]) if shown["plan"] else None
        except RefusedError:  # kept on the machine that made it
            made = None
        return shown, made.differences() if made else None

    def decide(
        self, request_id: str, act: str, *, role: str | None, by: str, note: str, plan: str, document: str,
        body: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        """Record a decision of the named person in the named role, or in the one that must decide."""
        if not by.strip():
            raise InputError("nobody is named", where="--by", do="name the person who decides: --by NAME")
        record = self._registry.request(request_id)
        event = _event(record, Act(act), Role(role) if role else None, by, note, plan, document)
        event = replace(event, body=body)
        return request_row(self._registry.act(request_id, event))

    # -- agencies and systems -----------------------------------------------------------------------------------------

    def agencies(self, as_of: date | None = None) -> list[dict[str, Any]]:
        """Agencies, by code; those of a day, as they were then."""
        return [agency_row(a) for a in (self._succession.as_of(as_of) if as_of else self._overview.agencies())]

    def agency(self, code: str) -> dict[str, Any]:
        """One agency. Raises UnknownNameError."""
        self._registry.agency(code)
        line: AgencyLine = self._overview.agencies(code)[0]
        return agency_row(line)

    def agency_then(self, code: str, as_of: date) -> dict[str, Any]:
        """One agency as it was on a day. Raises UnknownNameError, InputError: there was none of that code then."""
        self._registry.agency(code)
        found = [line for line in self._succession.as_of(as_of) if line.agency.code == code]
        if not found:
            raise InputError(f"there was no body {code} on {as_of}", where="--as-of",
                do=f"see its days: hatang agency history {code}")  # fmt: skip
        return agency_row(found[0])

    def agency_history(self, code: str) -> list[dict[str, Any]]:
        """What led to a body and what came of it. Raises UnknownNameError."""
        return [{**asdict(b), "day": b.day.isoformat(), "systems": list(b.systems)}
                for b in self._succession.history(code)]  # fmt: skip

    def systems(self) -> list[dict[str, Any]]:
        """Systems, by name."""
        return [system_row(s) for s in self._overview.systems()]

    def status(self, name: str) -> dict[str, Any]:
        """Where a system stands. Raises UnknownNameError."""
        from hatang.workflow.status import system_status

        return system_status(self._settings, self._registry, name)


def _event(
    record: RequestRecord, act: Act, role: Role | None, by: str, note: str, plan: str, document: str
) -> Event:  # fmt: skip
    from hatang.model.case import Event

    need = record.case.demand
    newest = record.case.planned.plan if record.case.planned else ""
    if act is Act.OPINION:
        return Event(act, role or Role.SPECIALISED, by, document=document, note=note)
    if act is Act.CONSENT:
        return Event(act, role or Role.OWNER, by, plan=newest, note=note)
    if act is Act.APPRAISE:
        return Event(act, role or need.appraiser or Role.SPECIALISED, by, plan=newest, note=note)
    if act is not Act.APPROVE:
        return Event(act, role or need.approver, by, note=note)
    if newest == "":
        raise RefusedError(f"request {record.id} has no plan yet", where=f"registry, request {record.id}",
            do=f"a plan is what is approved: hatang request plan {record.id}")  # fmt: skip
    read = newest if not plan or newest.startswith(plan) else plan
    return Event(act, role or need.approver, by, plan=read, note=note)
