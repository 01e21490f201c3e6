"""How an answer is judged, and that what was let through is taken back. The services are played by a table."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.isolation.api import attempt
from hatang.isolation.api.askers import Asker
from hatang.isolation.api.attempt import Attempts
from hatang.isolation.api.calls import Answer, Caller
from hatang.isolation.api.catalogue import Operation
from hatang.isolation.api.found import Outcome
from hatang.isolation.api.target import Target

FOREIGN, DECOY = "5f" * 16, "dc" * 16


class Played(Caller):
    """Answers by call; anything else is not there."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers, self.calls, self.bases = answers, [], {"network": "http://x", "image": "http://y"}  # type: ignore[var-annotated]

    def __call__(
        self, service: str, call: str, body: Any = None, headers: dict[str, str] | None = None, data: str = ""
    ) -> Answer:
        self.calls.append((service, call))
        return self.answers.get(call, Answer(404, '{"message": "not found"}'))


def operation(call: str, **more: Any) -> Operation:
    title = {"vi": "thử", "en": "try"}
    return Operation.model_validate({"name": "try", "title": title, "call": call, **more})


def tried(answers: dict[str, Answer], one: Operation, service: str = "network", scope: Any = "project") -> Any:
    aim = Target({"network": [FOREIGN], "project": ["p" * 32]})
    aim.hide(FOREIGN, DECOY, "mot-cua", "default")
    people, janitor = Played(answers), Played({"DELETE /v2.0/networks/made": Answer(204, "")})
    asker = Asker("member", people, scope, ("member",), {"my_user": "u", "my_domain": "d", "token": "t"})
    attempts = Attempts(aim, {"decoy_network": DECOY, "name": "x"}, janitor)
    done = attempts.attempt(asker, service, one)
    return done, people.calls, janitor.calls, attempts.troubles


SHOW, LIST = operation("GET /v2.0/networks/$network"), operation("GET /v2.0/networks", lists=True)


@pytest.mark.parametrize("status", [403, 404])
def test_refused(status: int) -> None:
    one = operation("GET /v2.0/networks/a")
    done, *_ = tried({"GET /v2.0/networks/a": Answer(status, "no")}, one)
    assert (done.outcome, done.status) == (Outcome.REFUSED, status)


def test_reading_asks_for_the_decoy_and_for_what_is_really_there_and_the_worst_counts() -> None:
    done, calls, *_ = tried({f"GET /v2.0/networks/{FOREIGN}": Answer(200, "{}")}, SHOW)
    assert [c for _s, c in calls] == [f"GET /v2.0/networks/{DECOY}", f"GET /v2.0/networks/{FOREIGN}"]
    assert (done.outcome, done.call) == (Outcome.OPEN, f"GET /v2.0/networks/{FOREIGN}")


def test_what_one_asked_for_oneself_is_no_revelation_and_anything_else_is() -> None:
    asked = f"GET /v2.0/networks/{FOREIGN}"
    done, *_ = tried({asked: Answer(404, f"Network {FOREIGN} could not be found")}, SHOW)
    assert done.outcome is Outcome.REFUSED
    done, *_ = tried({asked: Answer(404, f"Network {FOREIGN} of mot-cua")}, SHOW)
    assert (done.outcome, done.why) == (Outcome.REVEALED, "mot-cua")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ('{"networks": []}', Outcome.REFUSED),
        ('{"networks": [{"name": "mot-cua-hai"}, {"name": "default"}]}', Outcome.REFUSED),  # other names
        ('{"networks": [{"name": "mot-cua"}]}', Outcome.REVEALED),
        (f'{{"networks": [{{"id": "{FOREIGN}"}}]}}', Outcome.REVEALED),
    ],
)
def test_a_list_may_be_answered_when_nothing_foreign_stands_in_it(text: str, outcome: Outcome) -> None:
    done, *_ = tried({"GET /v2.0/networks": Answer(200, text)}, LIST)
    assert done.outcome is outcome


@pytest.mark.parametrize("status", [400, 401, 409, 500, 503])
def test_neither_done_nor_refused_is_unclear(status: int) -> None:
    done, *_ = tried({"GET /v2.0/networks": Answer(status, "because")}, LIST)
    assert (done.outcome, done.why) == (Outcome.UNCLEAR, "because")


def test_a_service_may_refuse_by_another_code() -> None:
    done, *_ = tried({"GET /x": Answer(401, "")}, operation("GET /x", refused=[401]))
    assert done.outcome is Outcome.REFUSED


def test_what_was_let_through_is_taken_back() -> None:
    one = operation(
        "POST /v2.0/networks",
        body={"network": {"project_id": "$project"}},
        undo="DELETE /v2.0/networks/$answer.network.id",
    )
    done, _calls, undone, troubles = tried({"POST /v2.0/networks": Answer(201, '{"network": {"id": "made"}}')}, one)
    assert (done.outcome, undone, troubles) == (Outcome.OPEN, [("network", "DELETE /v2.0/networks/made")], [])
    *_, troubles = tried({"POST /v2.0/networks": Answer(201, "{}")}, one)
    assert troubles == ["try was done, and its answer does not say what: 'network.id'"]


def test_what_cannot_be_taken_back_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "UNDONE_S", -1)
    one = operation("POST /v2/x", undo="DELETE image:/v2/images/$answer.id")

    def refuses(self: Played, service: str, call: str, *_more: Any, **_named: Any) -> Answer:
        return Answer(201, '{"id": "made"}') if call == "POST /v2/x" else Answer(409, "in use")

    monkeypatch.setattr(Played, "__call__", refuses)
    *_, troubles = tried({}, one)
    assert troubles == ["try was done and could not be taken back (409): DELETE /v2/images/made"]


def test_a_change_is_tried_once_and_on_the_decoy() -> None:
    _done, calls, *_ = tried({}, operation("DELETE /v2.0/networks/$network"))
    assert calls == [("network", f"DELETE /v2.0/networks/{DECOY}")]


@pytest.mark.parametrize(
    ("service", "scope", "more", "why"),
    [
        ("dns", "project", {}, "no such service"),
        ("network", "domain", {"scopes": ["project"]}, "no meaning"),
        ("network", "project", {"call": "GET /v2.0/ports/$port"}, "no port"),
    ],
)
def test_what_cannot_be_tried_is_never_called_refused(service: str, scope: str, more: dict[str, Any], why: str) -> None:
    done, calls, *_ = tried({}, operation(**{"call": "GET /x", **more}), service, scope)
    assert done.outcome is Outcome.UNTRIED
    assert why in done.why
    assert calls == []
