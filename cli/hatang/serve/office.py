"""What every request to the server works with, and the question who is asking."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader

from hatang.errors import HatangError
from hatang.journal.journal import Journal
from hatang.model.lifecycle import SEVERAL
from hatang.model.site import Site
from hatang.registry import Registry
from hatang.registry.agency_keys import AgencyKeys
from hatang.registry.overview import Overview, SystemLine
from hatang.registry.persons import Persons
from hatang.registry.records import RequestRecord
from hatang.serve.keystone import Believed, Validator
from hatang.serve.limits import Rate
from hatang.serve.personas import Persona, Principal, Token, principal
from hatang.serve.problems import Refusal, missing
from hatang.settings import Settings

T = TypeVar("T")
log = logging.getLogger("hatang.serve")
STRANGERS_PER_S = 20.0  # questions to Keystone that one address may cause
HEADER = APIKeyHeader(name="X-Auth-Token", auto_error=False, description="A token of the site's Keystone.")


class Office:
    """The registry behind the counter."""

    def __init__(self, settings: Settings, site: Site, validator: Validator, per_s: float) -> None:
        self.settings, self.site = settings, site
        self.registry = Registry.open(settings.registry)
        self.overview, self.persons = Overview(self.registry), Persons(self.registry)
        self.keys = AgencyKeys(self.registry)
        self.callers = Believed(validator, self._who)
        self.rate = Rate(per_s, per_s * 4)
        self.strangers = Rate(STRANGERS_PER_S, STRANGERS_PER_S * 2)

    def _who(self, token: Token) -> Principal | None:
        if not token.domain_id:
            return None
        agency = self.registry.remote_name("agency", "domain_id", token.domain_id)
        system = self.registry.remote_name("system", "project_id", token.project_id) if token.project_id else None
        if system is not None:  # a project stays in the domain where it was made, whoever has the system now
            agency = self.registry.system(system).agency.code
        return principal(token, agency, system)

    def write_journal(self) -> None:
        """An entry for what was just done. Without it the act stays, and the next one or any command writes it."""
        try:
            Journal(self.settings, self.registry).catch_up()
        except HatangError as exc:
            log.error("the journal cannot be written: %s", exc)

    # -- what somebody sees -------------------------------------------------------------------------------------------

    def request(self, who: Principal, request_id: str) -> RequestRecord:
        """A request that they may see. Raises Refusal: there is none for them."""
        record = self.overview.request(request_id)
        # What is about several systems names those of other bodies: it is for those who see the whole site.
        hidden = record is not None and record.kind in SEVERAL and who.agency is not None
        if record is None or hidden or not who.sees(record.agency_code, record.system):
            raise missing("request")
        return record

    def system(self, who: Principal, name: str) -> SystemLine:
        """A system that they may see. Raises Refusal: there is none for them."""
        found = self.overview.systems(name=name)
        if not found or not who.sees(found[0].agency, name):
            raise missing("system")
        return found[0]


def office(request: Request) -> Office:
    """The office of this application."""
    found = request.app.state.office
    assert isinstance(found, Office)
    return found


async def who(request: Request, token: Annotated[str | None, Security(HEADER)] = None) -> Principal:
    """Who asks. Raises Refusal: not authenticated, nobody here, or too often."""
    here = office(request)
    challenge = {"WWW-Authenticate": "Keystone"}
    if not token:
        raise Refusal(401, "no token came with the request", "send a token of Keystone in X-Auth-Token", challenge)
    is_known, caller = here.callers.known(token)
    if not is_known:
        _slow(here.strangers, request.client.host if request.client else "")
        caller = await run_in_threadpool(here.callers, token)
    if caller is None:
        raise Refusal(401, "the token is not good", "ask Keystone for a new one, scoped to your domain", challenge)
    request.state.person, request.state.user = caller.token.shown, caller.token.user_id
    _slow(here.rate, caller.token.user_id)
    if caller.principal is None:
        raise _nobody(caller.token)
    request.state.personas = sorted(caller.principal.personas)
    return caller.principal


def _nobody(token: Token) -> Refusal:
    """Why a token that is good gives nothing here."""
    if token.doubt:
        return Refusal(403, token.doubt, "tell the platform engineers; docs/how-to/federation.md says what is needed")
    if not token.domain_id:
        return Refusal(
            403, "this token has no scope: it says who you are, not for what body you act",
            "name the domain of your agency, or the project of your system, in clouds.yaml: auth.domain_name, or "
            "auth.project_name with auth.project_domain_name",
        )  # fmt: skip
    return Refusal(403, "this token gives no role here", "scope it to the domain of your agency; see docs/how-to/serve")


def _slow(rate: Rate, caller: str) -> None:
    if wait := rate.wait(caller):
        raise Refusal(429, "too many requests", f"ask again in {wait} s", {"Retry-After": str(wait)})


def only(*personas: Persona) -> Callable[..., Principal]:
    """A dependency: the caller has one of these personas. Raises Refusal."""

    def check(caller: Annotated[Principal, Depends(who)]) -> Principal:
        if not caller.personas & set(personas):
            raise Refusal(403, f"this is for: {', '.join(personas)}", "turn to somebody with that role")
        return caller

    return check


Here = Annotated[Office, Depends(office)]
Caller = Annotated[Principal, Depends(who)]
