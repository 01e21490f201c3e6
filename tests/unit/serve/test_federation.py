"""Who comes from an identity provider, by which way, and when that way is believed."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.model.waiver import person_key
from hatang.registry.persons import Persons
from hatang.serve.federation import Way, faults, way_of
from hatang.serve.keystone import told
from hatang.serve.personas import PLATFORM_DOMAIN, Token
from hatang.settings import Settings

from .place import MINE, Place, text

SUBJECTS = Settings().subjects
ISSUER = ["https://dang-nhap.tinh.vi-du"]
FEDERATED = {"identity_provider": {"id": "tinh"}, "protocol": {"id": "openid"}, "groups": [{"id": "g"}]}


def rule(user: dict[str, Any] | None, *remote: Any) -> dict[str, Any]:
    """A rule of a mapping; remotes by name alone are passed on, others are conditions."""
    group = {"group": {"name": "administrators", "domain": {"name": "h99-05"}}}
    local = [group, *([{"user": user}] if user is not None else [])]
    return {"local": local, "remote": [{"type": r} if isinstance(r, str) else r for r in remote]}


GROUP = {"type": "OIDC_CLAIM_groups", "any_one_of": ["h99-05-quan-tri"]}
SOUND = rule({"id": "{0}", "name": "{1}"}, "OIDC_CLAIM_sub", "OIDC_CLAIM_preferred_username", GROUP)


def test_a_mapping_that_takes_the_subject_is_sound() -> None:
    assert faults("tinh", ISSUER, [SOUND], SUBJECTS) == []
    conditions_first = rule({"id": "{1}", "name": "{0}"}, GROUP, "OIDC_CLAIM_preferred_username", "OIDC_CLAIM_sub")
    assert faults("tinh", ISSUER, [SOUND, conditions_first, rule(None, GROUP)], SUBJECTS) == []
    own = rule({"id": "{0}", "name": "{0}"}, "persistent-id")
    assert faults("tinh", ISSUER, [own], frozenset({"persistent-id"})) == []


@pytest.mark.parametrize(
    ("user", "remote"),
    [
        ({"name": "{0}"}, ["OIDC_CLAIM_preferred_username"]),  # Keystone then takes the name for the id
        ({"name": "{0}"}, ["OIDC_CLAIM_sub"]),
        ({"id": "{1}", "name": "{0}"}, ["OIDC_CLAIM_sub", "OIDC_CLAIM_preferred_username"]),
        ({"id": "{0}", "name": "{1}"}, ["OIDC_CLAIM_email", "OIDC_CLAIM_sub"]),
        ({"id": "{0}", "name": "{1}"}, [GROUP, "OIDC_CLAIM_email", "OIDC_CLAIM_sub"]),  # conditions have no number
        ({"id": "{0}{1}", "name": "{1}"}, ["OIDC_CLAIM_sub", "OIDC_CLAIM_email"]),
        ({"id": "{0}-x", "name": "{0}"}, ["OIDC_CLAIM_sub"]),
        ({"id": "{}", "name": "x"}, ["OIDC_CLAIM_sub"]),
        ({"id": "{7}", "name": "x"}, ["OIDC_CLAIM_sub"]),
        ({"id": "shared", "name": "shared"}, ["OIDC_CLAIM_sub"]),  # all would be one person
        (None, [GROUP]),  # REMOTE_USER, whatever that is
    ],
)
def test_a_mapping_that_leaves_a_choice_is_not(user: dict[str, Any] | None, remote: list[Any]) -> None:
    (told_of,) = faults("tinh", ISSUER, [rule(user, *remote)], SUBJECTS)
    assert "user.id" in told_of and "OIDC_CLAIM_sub" in told_of
    if user is not None:  # one such rule among good ones is enough
        assert faults("tinh", ISSUER, [SOUND, rule(user, *remote)], SUBJECTS) == [told_of]


def test_persons_made_into_local_users_and_several_issuers_are_not_believed() -> None:
    local = rule({"id": "{0}", "name": "{1}", "type": "local"}, "OIDC_CLAIM_sub", "OIDC_CLAIM_preferred_username")
    assert "type: local" in faults("tinh", ISSUER, [local], SUBJECTS)[0]
    for issuers in ([], [*ISSUER, "https://khac.vi-du"]):
        assert "remote ids" in faults("tinh", issuers, [SOUND], SUBJECTS)[0]
    assert "federation_subjects" in faults("tinh", ISSUER, [SOUND], frozenset())[0]


def test_the_way_stands_in_the_token() -> None:
    user = {"id": "u", "name": "an", "domain": {"id": "d", "name": "dinh-danh"}}
    assert way_of({"user": user, "methods": ["password", "token"]}) is None
    assert way_of({"user": user, "methods": ["application_credential"]}) is None
    sent = user | {"OS-FEDERATION": FEDERATED}
    assert way_of({"user": sent, "methods": ["openid", "token"]}) == Way("tinh", "openid")
    assert way_of({"user": user, "methods": ["openid", "token"]}) == Way("", "openid"), "made into a local user"


def test_a_token_without_scope_is_told_as_such() -> None:
    user = {"id": "u", "name": "an", "domain": {"id": "d", "name": "dinh-danh"}, "OS-FEDERATION": FEDERATED}
    found = told({"user": user, "expires_at": "2026-11-26T12:00:00.000000Z"}, Way("tinh", "openid"))
    assert (found.domain_id, found.provider, found.shown) == ("", "tinh", "an@dinh-danh via tinh")


def named(user: str, domain: str = "h99-05", provider: str = "tinh") -> str:
    """How a token of a user shows."""
    return Token("u", user, domain, "d", domain, "", frozenset(), 0.0, provider).shown


def test_a_chosen_name_looks_like_nobody_else(tmp_path: Any) -> None:
    assert named("an") != named("an", provider="")
    assert named("an@hatang-platform") == "an@hatang-platform@h99-05 via tinh"
    long = named("owner@hatang-platform" + " " * 9 + "x" * 500, "d" * 64, "p" * 64)
    assert long.endswith("…@" + "d" * 64 + " via " + "p" * 64)
    for hidden in ("a\u200bn", "a\u202en", "a\x00n", "a\u2066n", "a\U000e0041n"):
        assert named(hidden) == "a?n@h99-05 via tinh"
    assert named("a\u0302n") == named("ân"), "one form of letters"
    assert named("an\n\t  @hatang-platform") == "an @hatang-platform@h99-05 via tinh"


def test_names_that_might_deceive_bear_the_id_in_the_registry(place: Place) -> None:
    persons = Persons(place.registry)
    names = [
        persons.name_of("a" * 64, named("an")), persons.name_of("b" * 32, named("an", provider="")),
        persons.name_of("c" * 64, named("AN")), persons.name_of("d" * 64, named("a\u200bn")),
        persons.name_of("e" * 64, named("owner" + "x" * 500, "d" * 64, "p" * 64)),
    ]  # fmt: skip
    assert names[:2] == ["an@h99-05 via tinh", "an@h99-05"]
    assert [n.endswith(")") for n in names] == [False, False, True, True, True]
    assert len({person_key(n) for n in names}) == len(names) and max(map(len, names)) <= 200


def test_a_namesake_from_an_identity_provider_is_another_person(place: Place) -> None:
    """`admin` of the agency asks; a namesake of the platform's body decides; neither becomes the other."""
    place.issuer.sent["owner"] = ("admin", "h99-05", "tinh")
    request = place.submit("admin", text("moi"))["request"]
    assert request["requested_by"] == "admin@h99-05"
    assert place("owner", "GET", "/v1/me")["person"] == "admin@h99-05 via tinh"
    done = place.decide("owner", request["id"], "reject", note="x")["request"]
    assert [e["by"] for e in done["history"]] == ["admin@h99-05", "admin@h99-05 via tinh"]


def test_one_person_in_two_capacities_is_one_person(place: Place) -> None:
    """Whom the provider sends with a group of the agency and one of the owner decides nothing that they asked for."""
    place.issuer.ids["owner"] = place.issuer.ids["admin"] = "f" * 64
    place.issuer.sent["admin"] = ("an", "dinh-danh", "tinh")
    place.issuer.sent["owner"] = ("another-name", "dinh-danh", "tinh")
    request = place.submit("admin", text("moi"))["request"]["id"]
    refused = place.decide("owner", request, "reject", 409, note="x")
    assert "an@dinh-danh via tinh asked for" in refused["detail"]


def test_who_is_not_believed_or_has_no_scope_is_told_why(place: Place) -> None:
    place.issuer.doubts["admin"] = "; ".join(
        faults("tinh", ISSUER, [rule({"name": "{0}"}, "OIDC_CLAIM_name")], SUBJECTS)
    )
    place.issuer.unscoped.add("engineer")
    for path in ("/v1/me", "/v1/requests", f"/v1/requests/{place.mine.id}"):
        doubted = place("admin", "GET", path, 403)
        assert "user.id" in doubted["detail"] and "federation" in doubted["do"]
        unscoped = place("engineer", "GET", path, 403)
        assert "no scope" in unscoped["detail"] and "auth.domain_name" in unscoped["do"]
    place.submit("admin", text("moi"), 403)
    place.decide("engineer", place.mine.id, "return", 403, note="x")


def test_roles_of_persons_who_are_not_believed_count_for_nothing() -> None:
    from hatang.serve.personas import principal

    sound = Token("u", "an", "d", "x", PLATFORM_DOMAIN, "", frozenset({"manager", "hatang-owner"}), 0.0, "tinh")
    assert principal(sound, None, None) is not None
    doubted = Token("u", "an", "d", "x", PLATFORM_DOMAIN, "", frozenset({"manager"}), 0.0, "tinh", "because")
    assert principal(doubted, None, None) is None
    unscoped = Token("u", "an", "d", "", "", "", frozenset({"manager"}), 0.0, "tinh")
    assert principal(unscoped, MINE, None) is None
