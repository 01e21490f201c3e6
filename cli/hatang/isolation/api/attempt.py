"""One operation with one token: every object that it is about is asked for, the worst answer counts, and what was done
in spite of everything is taken back."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from hatang.isolation.api.askers import Asker
from hatang.isolation.api.calls import Answer, Caller
from hatang.isolation.api.catalogue import REVOKE, Operation, filled, places
from hatang.isolation.api.found import Outcome, Tried
from hatang.isolation.api.target import Target

REFUSED = (403, 404)
UNDONE_S = 30.0
WORST = list(Outcome)
SHOWN = 3  # names that are reported of one answer


@dataclass
class Attempts:
    """Tries operations; `troubles` says what could not be taken back."""

    target: Target
    decoys: Mapping[str, str]  # ids by place
    janitor: Caller  # takes back what was let through
    troubles: list[str] = field(default_factory=list)

    def attempt(self, asker: Asker, service: str, operation: Operation) -> Tried:
        """Try it. Raises CloudError: the service does not answer."""
        if service not in asker.caller.bases:
            return Tried(asker.name, service, operation, Outcome.UNTRIED, why="the cloud has no such service")
        if asker.scope not in operation.scopes:
            return Tried(asker.name, service, operation, Outcome.UNTRIED, why=f"has no meaning for a {asker.scope}")
        fillings, missing = self._fillings(operation, asker)
        if missing:
            return Tried(asker.name, service, operation, Outcome.UNTRIED, why=f"there is no {missing}")
        return max(
            (self._one(asker, service, operation, values) for values in fillings),
            key=lambda t: WORST.index(t.outcome),
        )

    def _fillings(self, operation: Operation, asker: Asker) -> tuple[list[dict[str, str]], str]:
        """Values for each call that is to be made, and what is missing for it."""
        known = {**self.decoys, **asker.values}
        fillings = [known]
        for place in sorted(places((operation.call, operation.body, operation.headers)) - set(asker.values)):
            found = self._ids(place, operation)
            if not found:
                return [], place
            fillings = [{**f, place: value} for f in fillings for value in found]
        return fillings, ""

    def _ids(self, place: str, operation: Operation) -> list[str]:
        """The decoy and the real ones to read; the first alone to change something. A token changes nothing."""
        decoy = self.decoys.get(f"decoy_{place}")
        found = [*([decoy] if decoy else []), *self.target.values.get(place, [])]
        found = found or ([self.decoys[place]] if place in self.decoys else [])
        return found[:1] if operation.changes and operation.undo != REVOKE else found

    def _one(self, asker: Asker, service: str, operation: Operation, values: dict[str, str]) -> Tried:
        call, body = filled(operation.call, values), filled(operation.body, values)
        headers = filled(operation.headers, values)
        answer = asker.caller(service, call, body, headers)
        shown = self.target.shown_in(answer.text, f"{call} {json.dumps(body)} {' '.join(headers.values())}")
        done = 200 <= answer.status < 300
        if done and operation.undo:
            self._undo(service, operation, values, answer)
        if done and not operation.lists:
            outcome = Outcome.OPEN
        elif shown:
            outcome = Outcome.REVEALED
        elif done or answer.status in (*REFUSED, *operation.refused):
            outcome = Outcome.REFUSED
        else:
            outcome = Outcome.UNCLEAR
        why = ", ".join(shown[:SHOWN]) if outcome is not Outcome.UNCLEAR else answer.text[:200]
        return Tried(asker.name, service, operation, outcome, answer.status, call, why)

    def _undo(self, service: str, operation: Operation, values: dict[str, str], answer: Answer) -> None:
        """Take it back, until it is gone."""
        assert operation.undo is not None
        try:
            if operation.undo == REVOKE:
                call, headers = "DELETE /v3/auth/tokens", {"X-Subject-Token": answer.token}
            else:
                call, headers = filled(operation.undo, values, answer.body), operation.headers
                if " image:" in call:
                    service, call = "image", call.replace("image:", "")
        except KeyError as exc:
            self.troubles.append(f"{operation.name} was done, and its answer does not say what: {exc}")
            return
        # A copy of the headers would name another project to Designate.
        headers = {k: v for k, v in headers.items() if k in ("X-Subject-Token", "OpenStack-API-Version")}
        end = time.monotonic() + UNDONE_S
        while (status := self.janitor(service, call, None, headers).status) not in (200, 202, 204, 404):
            if time.monotonic() > end:
                self.troubles.append(f"{operation.name} was done and could not be taken back ({status}): {call}")
                return
            time.sleep(0.5)
