"""What the server takes and gives, for the published description (OpenAPI). Lists carry the schema names of the CLI."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hatang.model.lifecycle import Act, RequestKind, RequestState, Role
from hatang.model.terms import Branch, ResultState, Tier


class Shape(BaseModel):
    """Closed, so that nothing more is taken or given than is written here."""

    model_config = ConfigDict(extra="forbid")


class Texts(Shape):
    """A text in two languages."""

    vi: str
    en: str


class Demand(Shape):
    """Who must decide (Decree 331/2026, Art. 18)."""

    approver: Role
    appraiser: Role | Literal[""]
    opinion: bool = Field(description="The recorded opinion of the Ministry of Public Security is needed.")
    clause: str


class Limit(Shape):
    """A time limit in working days."""

    awaits: str
    since: str
    working_days: int
    until: str | None
    unknown_year: int | None
    overdue: bool | None


class Approval(Shape):
    """Who allowed which plan."""

    by: str
    note: str
    at: str
    plan: str


class Done(Shape):
    """An act on a request."""

    act: Act
    role: Role
    by: str
    to: RequestState
    plan: str
    document: str
    step: str
    note: str
    body: str = Field(description="Of a consent: the owner for whom it was given.")
    at: str


class Request(Shape):
    """A request: where it stands, who decides, what was done."""

    id: str
    kind: RequestKind
    system: str
    agency: str
    state: RequestState
    requested_by: str
    created_at: str
    plan: str
    approved_plan: str
    demand: Demand
    document_storage: bool
    data_of: list[str] = Field(description="Of a change: hosts whose data volumes go with it.")
    owners: list[str] = Field(description="Of a request about several systems: those who consent.")
    missing: list[str]
    deadline: Limit | None
    approvals: list[Approval]
    history: list[Done]


class Change(Shape):
    """One thing that a request for a change changes."""

    field: str
    old: str
    new: str
    carried_out: bool


class RequestWithPlan(Request):
    """A request with what its change changes."""

    changes: list[Change]


class OneRequest(Shape):
    """A request."""

    schema_: Literal["hatang.request/1"] = Field("hatang.request/1", alias="schema")
    request: Request


class ShownRequest(Shape):
    """A request with the steps of its plan, where the server has them."""

    schema_: Literal["hatang.request/1"] = Field("hatang.request/1", alias="schema")
    request: RequestWithPlan
    steps: list[Any] | None


class Requests(Shape):
    """Requests, oldest first."""

    schema_: Literal["hatang.requests/1"] = Field("hatang.requests/1", alias="schema")
    requests: list[Request]
    next: str = Field(description="Give it as `after` for what follows; empty: this was all.")


class Decision(Shape):
    """What somebody decides about a request."""

    act: Literal["appraise", "opinion", "consent", "approve", "return", "reject", "keep"]
    role: Literal["specialised-unit", "other-unit", "owner", "platform-engineer"] | None = Field(
        None, description="In which role; without it, the one that must decide."
    )
    plan: str = Field("", max_length=64, pattern="^[0-9a-f]*$", description="The plan that was read, or its beginning.")
    note: str = Field("", max_length=2_000, description="Number of the decision, or a reason.")
    document: str = Field("", pattern="^([0-9a-f]{64})?$", description="Of an opinion: SHA-256 of its document.")
    body: str = Field("", max_length=200, description="Of a consent: the owner for whom it is given.")


class Agency(Shape):
    """An agency."""

    code: str
    name: Texts
    branch: Branch
    tier: Tier
    contact: str
    ceiling: dict[str, int]
    domain: str
    domain_id: str
    systems: list[str]
    ended: str = Field(description="The day from which it is no more; empty: it is.")


class OneAgency(Shape):
    """An agency."""

    schema_: Literal["hatang.agency/1"] = Field("hatang.agency/1", alias="schema")
    agency: Agency


class Agencies(Shape):
    """Agencies, by code."""

    schema_: Literal["hatang.agencies/1"] = Field("hatang.agencies/1", alias="schema")
    agencies: list[Agency]


class System(Shape):
    """A system, in short."""

    name: str
    agency: str
    branch: Branch
    level: int
    state: str
    request: str
    hosts: list[str]


class Systems(Shape):
    """Systems, by name."""

    schema_: Literal["hatang.systems/1"] = Field("hatang.systems/1", alias="schema")
    systems: list[System]


class Step(Shape):
    """A step of the last run."""

    name: str
    state: str
    seconds: float
    detail: str


class WayOfSystem(Shape):
    """An interconnect of a system."""

    id: str
    what: str = Field(description="Who may call whom, protocol and ports.")
    until: str = Field(description="Last day on which it holds.")
    lapsed: str = Field(description="Why it holds no more; empty: it is in force.")


class PublicAddress(Shape):
    """Where the Internet reaches a host."""

    host: str
    address: str


class Status(Shape):
    """Where a system stands and what it waits for."""

    schema_: Literal["hatang.system-status/1"] = Field("hatang.system-status/1", alias="schema")
    name: str
    state: str
    level: int
    agency: str
    request: str
    run: str
    run_state: str
    steps: list[Step]
    queue: str = Field(description="State of its last job: queued, running, done, failed; empty: it never had one.")
    worker: str = Field(description="The worker that has or had that job; empty for agencies.")
    waits_for: str
    project_id: str
    block: str
    bastion_address: str
    hosts: list[str]
    public_addresses: list[PublicAddress] = Field(description="Of hosts in the zone border, over HTTPS.")
    interconnects: list[WayOfSystem] = Field(description="In force, or over and not ended.")


class Found(Shape):
    """What was found about one control of a system (docs/reference/check-report.md)."""

    control: str
    scope: str
    kind: str
    state: ResultState
    value: Any
    unit: str
    source: str
    clause: str
    mark: str = Field(description="How the value was read: A, B2, B1, own; empty: nothing is demanded.")
    strength: str
    verified_by: str
    own_value: str
    detail: str
    true_state: str


class Results(Shape):
    """The last results of the checks of a system."""

    schema_: Literal["hatang.check-results/1"] = Field("hatang.check-results/1", alias="schema")
    system: str
    at: str | None = Field(description="When; null: it was never checked.")
    verified_against_original: Literal[False] = Field(False, description="No source was compared with its original.")
    counts: dict[str, int]
    results: list[Found] | None = Field(description="Null: the report is not on this machine.")


class Controls(Shape):
    """Controls of the catalogue; with a level, each with the value in force there."""

    schema_: Literal["hatang.controls/1"] = Field("hatang.controls/1", alias="schema")
    level: int | None
    total: int
    controls: list[dict[str, Any]]


class OneControl(Shape):
    """A control."""

    schema_: Literal["hatang.control/1"] = Field("hatang.control/1", alias="schema")
    control: dict[str, Any]


class Me(Shape):
    """Who the caller is here."""

    schema_: Literal["hatang.me/1"] = Field("hatang.me/1", alias="schema")
    person: str
    personas: list[str]
    bodies: list[Role]
    agency: str | None = Field(description="Null: the whole site is seen.")
    system: str | None = Field(description="Not null: only this system is seen.")
