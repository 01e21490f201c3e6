"""Schemathesis over the whole API with each persona: no 5xx, answers as described, nothing of others.

A slice in each run; 5,400 cases and more with `make long`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.unit.registry.decided import plan

from .place import MINE, OTHER, ROLES, SECRETS, Place

CONFINED = ("admin", "own-auditor", "member")  # of MINE; what they read must hold nothing of OTHER
LONG, SHORT = 50, 2  # cases of each endpoint and persona
AS_DESCRIBED = [status_code_conformance, content_type_conformance, response_schema_conformance]
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example,
         HealthCheck.function_scoped_fixture]  # fmt: skip


class Field:
    """The API of a place, and how it is called by somebody."""

    def __init__(self, place: Place) -> None:
        self.place = place
        plan(place.registry, place.mine.id)
        plan(place.registry, place.other.id)
        self.schema = schemathesis.openapi.from_asgi("/v1/openapi.json", place.client.app)
        self.names = {
            "request_id": [place.mine.id, place.other.id], "name": ["mot-cua", "van-thu", "bi-mat"],
            "code": [MINE, OTHER], "control_id": ["ACC-06"], "after": [place.mine.id, place.other.id],
        }  # fmt: skip
        self.cases = 0

        self.strategies = [
            found.ok().as_strategy() for found in self.schema.get_all_operations() if isinstance(found, Ok)
        ]

    def ask(self, case: Case[Any], who: str, real: bool, pick: int) -> None:
        """One case; with `real`, on things that exist, which chance would never name."""
        if real:
            for name, values in self.names.items():
                for place in (case.path_parameters, case.query):
                    if place and name in place:
                        place[name] = values[pick % len(values)]
        sent = json.dumps([str(case.body), str(case.path_parameters), str(case.query)], ensure_ascii=False)
        response = case.call(headers={"X-Auth-Token": f"token-of-{who}"})
        self.cases += 1
        assert response.status_code < 500, (case, response.text)
        assert "Traceback" not in response.text
        if response.status_code >= 400:
            assert response.headers["content-type"] == ["application/problem+json"], response.headers
        case.validate_response(response, checks=AS_DESCRIBED)
        if who in CONFINED:
            told = [s for s in SECRETS if s in response.text and s not in sent]
            assert not told, (case, told, response.text)


@pytest.fixture
def field(place: Place) -> Field:
    return Field(place)


def run(field: Field, examples: int, who: st.SearchStrategy[str]) -> None:
    for strategy in field.strategies:

        @settings(
            max_examples=examples, deadline=None, database=None, suppress_health_check=QUIET,
            phases=[Phase.generate], derandomize=True,
        )  # fmt: skip
        @given(case=strategy, who=who, real=st.booleans(), pick=st.integers(0, 2))
        def one(case: Case[Any], who: str, real: bool, pick: int) -> None:
            field.ask(case, who, real, pick)

        one()


def test_a_slice_of_all_endpoints_with_each_persona(field: Field) -> None:
    run(field, SHORT, st.sampled_from(sorted(ROLES)))
    assert field.cases >= SHORT * len(field.strategies)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_five_thousand_cases(field: Field) -> None:
    for who in ROLES:
        run(field, LONG, st.just(who))
    assert field.cases >= 5_000, field.cases
