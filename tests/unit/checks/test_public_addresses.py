"""SAC-04: which public addresses are a fault."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.policies.checks.test_cloud_network import test_no_public_address_outside_border as check
from tests.unit.isolation.public import FRONT, PUBLIC, WEB, floating, live, record

GIVEN = floating(PUBLIC, "front", FRONT)


@pytest.mark.parametrize(
    ("public", "there", "fault"),
    [
        (True, [GIVEN], ""),
        (True, [], ""),  # that one is missing is for drift and proof
        (True, [floating(PUBLIC)], ""),
        (True, [floating(PUBLIC, "web", WEB)], f"{PUBLIC} leads past the border zone, to port thu-web"),
        (True, [floating("203.0.113.9", "front", FRONT)], "203.0.113.9 leads to port thu-front, to which the registry"),
        (True, [floating(PUBLIC, "front", "10.72.0.11")], f"{PUBLIC} leads to port thu-front, to which the registry"),
        (True, [floating(PUBLIC, "gone", "10.9.9.9")], f"{PUBLIC} leads past the border zone, to port port-gone"),
        (True, [floating("203.0.113.9", "web", WEB, "others")], "203.0.113.9 leads past the border zone"),
        (True, [floating("203.0.113.9", "elsewhere", "10.9.9.9", "others")], ""),
        (False, [], ""),
        (False, [GIVEN], f"{PUBLIC} leads to port thu-front, the system is not public"),
        (False, [floating(PUBLIC)], ""),  # it leads nowhere
    ],
)
def test_a_public_address_leads_to_the_host_that_the_registry_gave_it_to(
    public: bool, there: list[Any], fault: str
) -> None:
    seen = live(record(public), *there)
    if not fault:
        check(True, seen.system, seen)
        return
    with pytest.raises(AssertionError) as caught:
        check(True, seen.system, seen)
    assert fault in str(caught.value)
