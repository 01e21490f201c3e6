"""/v1/requests: ask, list, show, decide. What may be done when stands in the table of states, not here."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request

from hatang.desk.rows import is_late, request_row
from hatang.errors import RefusedError
from hatang.inputs import request_of
from hatang.inputs.seals import is_sealed, opened, read_sealed
from hatang.model.asked import AnyRequest
from hatang.model.case import Event
from hatang.model.lifecycle import SEVERAL, Act, RequestState, Role
from hatang.provision.plan import load_plan
from hatang.registry.records import RequestRecord
from hatang.serve import shapes
from hatang.serve.office import Caller, Here, Office, only
from hatang.serve.personas import Persona, Principal
from hatang.serve.problems import Refusal
from hatang.serve.routes import problems

router = APIRouter(prefix="/v1/requests", tags=["requests"])
MOST = 500
FORMS = ("application/yaml", "application/x-yaml", "text/yaml", "application/json")
CONTENT = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {"schema": {"type": "string", "description": "The request file as it is."}},
            "application/json": {
                "schema": {"oneOf": [{"$ref": f"#/components/schemas/{m}"} for m in ("RequestFile", "StandingRequest")]}
            },
        },
    }
}


@router.get("", response_model=shapes.Requests, responses=problems(404))
def list_requests(
    here: Here, caller: Caller, state: RequestState | None = None, overdue: bool = False,
    after: Annotated[str | None, Query(max_length=64)] = None, limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> dict[str, Any]:  # fmt: skip
    """Requests, oldest first; `overdue`: only those whose time limit is over or cannot be told."""
    if after is not None:
        here.request(caller, after)
    most = None if overdue else limit + 1
    found = here.overview.requests(caller.agency, caller.system, state, after, most)
    rows = [request_row(r) for r in found]
    if overdue:
        rows = [r for r in rows if is_late(r)]
    return {"schema": "hatang.requests/1", "requests": rows[:limit],
            "next": rows[limit - 1]["id"] if len(rows) > limit else ""}  # fmt: skip


async def _raw(request: Request) -> bytes:
    form = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if form not in FORMS:
        raise Refusal(415, "a request is sent as YAML or JSON", f"Content-Type: {FORMS[0]}")
    return await request.body()


@router.post(
    "", response_model=shapes.OneRequest, responses=problems(408, 409, 413, 415), openapi_extra=CONTENT,
)  # fmt: skip
def submit(
    here: Here,
    caller: Annotated[Principal, Depends(only(Persona.ADMINISTRATOR, Persona.ENGINEER))],
    raw: Annotated[bytes, Depends(_raw)],
    draft: bool = False,
) -> dict[str, Any]:
    """Ask for a system, or for something to be done about one. Who asks is whose token it is, whatever the file says.

    Platform engineers hand in sealed files of agencies without a connection; there the seal says who asks.
    """
    file, text = _sealed(here, caller, raw) if is_sealed(raw) else _own(here, caller, raw)
    record = here.registry.submit(file, text, here.site, draft=draft)
    here.write_journal()
    return {"schema": "hatang.request/1", "request": request_row(record)}


def _own(here: Office, caller: Principal, raw: bytes) -> tuple[AnyRequest, str]:
    if Persona.ADMINISTRATOR not in caller.personas:
        raise Refusal(403, "an agency asks itself, or by a sealed file", "hatang request seal FILE --key KEY")
    file, text = request_of(raw, "request", here.site)
    if file.asked in SEVERAL:
        raise Refusal(403, f"a request of kind {file.kind} concerns several bodies; it is handed in at the data centre",
                      "give the file to the platform engineers")  # fmt: skip
    if file.agency_code != caller.agency:
        raise Refusal(403, "a request of another agency", f"write your own: agency.code: {caller.agency}")
    return file.model_copy(update={"requested_by": here.persons.name_of(caller.user_id, caller.shown)}), text


def _sealed(here: Office, caller: Principal, raw: bytes) -> tuple[AnyRequest, str]:
    if Persona.ENGINEER not in caller.personas:
        raise Refusal(403, "sealed files are handed in by platform engineers", "send your own request as it is")
    sealed = read_sealed(raw, "request")
    here.keys.check(sealed, "request")
    return opened(sealed, "request", here.site)[0], raw.decode("utf-8-sig")


@router.get("/{request_id}", response_model=shapes.ShownRequest, responses=problems(404))
def show(here: Here, caller: Caller, request_id: str) -> dict[str, Any]:
    """One request: who decides, what was done, what a change changes, the steps of its plan."""
    record = here.request(caller, request_id)
    row = request_row(record) | {"changes": [asdict(c) for c in here.registry.changes(record.id)]}
    return {"schema": "hatang.request/1", "request": row, "steps": _steps(here, record.planned_as, row["plan"])}


def _steps(here: Office, system: str, plan: str) -> list[dict[str, Any]] | None:
    try:
        return load_plan(here.settings, system, plan).differences() if plan else None
    except RefusedError:  # kept on the machine that made it
        return None


@router.post(
    "/{request_id}/decisions", response_model=shapes.OneRequest, responses=problems(404, 408, 409, 413),
)  # fmt: skip
def decide(
    here: Here,
    caller: Annotated[Principal, Depends(only(Persona.APPROVER, Persona.ENGINEER))],
    request_id: str,
    decision: Annotated[shapes.Decision, Body()],
) -> dict[str, Any]:
    """Appraise, record an opinion, approve, return, reject, keep what was to go. Who decides is whose token it is."""
    record = here.request(caller, request_id)
    act = Act(decision.act)
    role = Role(decision.role) if decision.role else _due(record, act, caller)
    held = caller.bodies | ({Role.ENGINEER} if Persona.ENGINEER in caller.personas else set())
    if role not in held:
        raise Refusal(403, f"you do not act as {role.value}", f"your roles here: {', '.join(sorted(held))}")
    if act in (Act.RETURN, Act.REJECT, Act.KEEP) and not decision.note.strip():
        raise Refusal(422, "no reason is given", "say in note what is wrong, for the agency")
    person = here.persons.name_of(caller.user_id, caller.shown)
    plan = _plan(record, act, decision.plan)
    event = Event(act, role, person, plan=plan, document=decision.document, note=decision.note, body=decision.body)
    done = here.registry.act(record.id, event)
    here.write_journal()
    return {"schema": "hatang.request/1", "request": request_row(done)}


def _due(record: RequestRecord, act: Act, caller: Principal) -> Role:
    """The role that must do it; of those that may return a request, the one that the caller has."""
    need = record.case.demand
    if act is Act.APPRAISE:
        return need.appraiser or Role.SPECIALISED
    if act is Act.CONSENT:
        return Role.OWNER
    if act is Act.OPINION:
        return Role.SPECIALISED
    if act is Act.RETURN and need.approver not in caller.bodies:
        return next(iter(sorted(caller.bodies)), Role.ENGINEER)
    return need.approver


def _plan(record: RequestRecord, act: Act, read: str) -> str:
    """The digest that a decision is about; of another plan than the newest, as it was given, so that it is refused."""
    if act not in (Act.APPRAISE, Act.CONSENT, Act.APPROVE):
        return ""
    newest = record.case.planned.plan if record.case.planned else ""
    if not newest:
        raise Refusal(
            409, "the request has no plan yet", "a plan is what is decided on; the platform engineers make it"
        )
    return newest if not read or newest.startswith(read) else read
