"""What the provider says of a refusal, made short; and remedies that fit the cause."""

from __future__ import annotations

import pytest

from hatang.provision.refusals import AGAIN, remedy, told

URN = "urn:pulumi:het-cho::hatang-system::hatang:components:Router$openstack:networking/router:Router::router-het-cho"
NO_ADDRESS = (
    "sdk-v2/provider2.go:571: sdk.helper_schema: Error creating openstack_networking_router_v2: Expected HTTP response "
    "code [201 202] when accessing [POST http://127.0.0.1:24804/v2.0/routers], but got 409 instead: "
    '{"NeutronError": {"type": "IpAddressGenerationFailure", "message": "No more IP addresses available on network '
    '044851c2.", "detail": ""}}: provider=openstack@5.5.1'
)


def test_a_refusal_is_the_object_the_services_sentence_and_its_status() -> None:
    said = (
        "Error creating openstack_networking_router_v2: No more IP addresses available on network 044851c2. (HTTP 409)"
    )
    assert told(NO_ADDRESS) == said
    assert told(NO_ADDRESS, URN) == f"router-het-cho: {said}"


@pytest.mark.parametrize(
    ("message", "short"),
    [
        ("update failed", "update failed"),
        ("sdk-v2/provider2.go:571: sdk.helper_schema: timeout while waiting: provider=openstack@5.5.1",
         "timeout while waiting"),
        ("error:\n  several\n  lines", "error: several lines"),
        ("but got 500 instead: {not json}", "but got 500 instead: {not json}"),
        ('X: Expected HTTP response code [200] when accessing [GET u], but got 503 instead: {"message": "away"}',
         "X: away (HTTP 503)"),
        ("y" * 900, "y" * 800),
    ],
)  # fmt: skip
def test_other_diagnostics_stay_what_they_are(message: str, short: str) -> None:
    assert told(message) == short


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (told(NO_ADDRESS), "no address left"),
        ("The requested availability zone is not available (HTTP 400)", "aggregate is up"),
        ("No valid host was found.", "smaller flavor"),
        ("Quota exceeded for resources: ['port']. (HTTP 409)", "hatang drift"),
        ("VolumeLimitExceeded: Maximum number of volumes allowed", "hatang drift"),
        ("Forbidden (HTTP 403)", "real-region.md"),
    ],
)
def test_the_remedy_fits_the_cause(cause: str, words: str) -> None:
    assert words in remedy(cause)
    assert remedy(cause).endswith(f"then {AGAIN}")


def test_where_nothing_is_known_again_is_the_remedy() -> None:
    assert remedy("connection reset by peer") == AGAIN
