"""The operations as data: what changes something is aimed at decoys, and every place has a value."""

from __future__ import annotations

import pytest

from hatang.isolation.api import catalogue
from hatang.isolation.api.catalogue import Operation, filled, found_at, needed, places, services
from hatang.isolation.api.target import KINDS

OPERATIONS = [(s.service, o) for s in services() for o in s.operations]
DECOYS = {d.kind for s in services() for d in s.decoys}
ASKER = {"my_user", "my_domain", "token"}
GIVEN = {
    "name", "project", "domain", "domain_name", "group", "platform_domain", "platform_project", "platform_network",
    "pool", "scope", "public_image", "role_manager", "role_member", "role_reader", "decoy_project", "decoy_user",
    *KINDS.values(),
}  # fmt: skip
SERVICES = {  # of the sandbox, and of issue 5
    "identity", "compute", "placement", "image", "network", "block-storage", "key-manager", "load-balancer", "dns",
}  # fmt: skip


def test_every_service_is_there_and_each_kind_of_token_tries_more_than_sixty() -> None:
    assert {s.service for s in services()} == SERVICES
    names = [o.name for _s, o in OPERATIONS]
    assert len(names) == len(set(names))
    for scope in ("project", "domain"):
        assert sum(scope in o.scopes for _s, o in OPERATIONS) >= 2 * 60


@pytest.mark.parametrize(("service", "operation"), OPERATIONS, ids=lambda x: getattr(x, "name", x))
def test_every_place_has_a_value_and_nothing_in_use_is_at_stake(service: str, operation: Operation) -> None:
    named = places((operation.call, operation.body, operation.headers))
    assert named <= GIVEN | ASKER | {f"decoy_{k}" for k in DECOYS}
    if operation.changes:
        assert not named & set(KINDS.values()), "what changes something names a decoy"
        gone_with_decoys = any(p.startswith("decoy_") for p in named)
        assert operation.undo or gone_with_decoys or operation.call.endswith("/reactivate")


def test_decoys_of_chosen_operations_bring_what_they_stand_on() -> None:
    def of(name: str) -> set[str]:
        return needed([next(o for _s, o in OPERATIONS if o.name == name)])

    assert of("list-domains") == set()
    assert of("delete-snapshot") == {"snapshot", "volume"}
    assert of("delete-server") == {"server", "flavor", "flavor_access", "image", "image_data"}
    assert of("show-network") == {"network"}, "what really is there, and a decoy beside it"


def test_values_are_put_into_calls_and_bodies() -> None:
    values = {"name": "hatang-decoy-1", "decoy_zone": "z1"}
    assert filled("POST /v2/zones/$decoy_zone/tasks", values) == "POST /v2/zones/z1/tasks"
    assert filled({"a": ["www.$name.example.", 5, None]}, values) == {"a": ["www.hatang-decoy-1.example.", 5, None]}
    assert filled("DELETE /x/$answer.os-made.image_id", {}, {"os-made": {"image_id": "i"}}) == "DELETE /x/i"
    for answer in ({}, {"network": None}, None):
        with pytest.raises(KeyError):
            found_at("network.id", answer)


def test_a_file_with_a_wrong_call_is_not_accepted() -> None:
    title = {"vi": "x", "en": "x"}
    for call in ("TAKE /v3/users", "GET v3/users", "GET /v3/users extra"):
        with pytest.raises(ValueError, match="call"):
            catalogue.Operation.model_validate({"name": "x", "title": title, "call": call})
