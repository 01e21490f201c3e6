"""Each persona sees and does what it may, and learns nothing of others."""

from __future__ import annotations

import json
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hatang.journal import dsse
from hatang.model.seal import seal
from hatang.registry.agency_keys import AgencyKeys
from hatang.registry.journal import JournalRows
from hatang.registry.pending import has_pending
from hatang.serve.personas import PLATFORM_DOMAIN, Persona, Token, principal
from tests.unit.registry.decided import plan

from .place import MINE, OTHER, SECRETS, SYSTEMS, Place, text

READS = ("/v1/me", "/v1/requests", "/v1/agencies", "/v1/systems", "/v1/controls/ACC-06?level=3")


def silent(answer: Any) -> None:
    """Nothing of the other agency stands in it."""
    told = json.dumps(answer, ensure_ascii=False)
    assert not [s for s in SECRETS if s in told], told


def test_an_agency_sees_only_its_own(place: Place) -> None:
    hidden = place.other.id
    paths = (
        f"/v1/requests/{hidden}", f"/v1/agencies/{OTHER}", "/v1/systems/bi-mat", "/v1/systems/bi-mat/status",
        "/v1/systems/bi-mat/results", f"/v1/requests?after={hidden}",
    )  # fmt: skip
    for who in ("admin", "own-auditor", "member"):
        for path in READS:
            silent(place(who, "GET", path))
        for path in paths:
            absent = path.replace(hidden, "0" * 12).replace(OTHER, "H98.01").replace("bi-mat", "khong")
            there = place(who, "GET", path, 404)
            silent(there)
            assert there == place(who, "GET", absent, 404), "what is hidden looks like what is not there"


def test_a_member_sees_its_system_alone(place: Place) -> None:
    assert [s["name"] for s in place("member", "GET", "/v1/systems")["systems"]] == ["van-thu"]
    assert [r["system"] for r in place("member", "GET", "/v1/requests")["requests"]] == ["van-thu"]
    assert place("member", "GET", f"/v1/agencies/{MINE}")["agency"]["systems"] == ["van-thu"]
    place("member", "GET", f"/v1/requests/{place.mine.id}", 404)
    place("member", "GET", "/v1/systems/mot-cua/status", 404)


def test_the_sites_own_staff_see_all(place: Place) -> None:
    for who in ("engineer", "auditor", "specialised", "owner"):
        assert {r["system"] for r in place(who, "GET", "/v1/requests")["requests"]} == set(SYSTEMS)
        assert [a["code"] for a in place(who, "GET", "/v1/agencies")["agencies"]] == [MINE, OTHER]
    assert place(who, "GET", "/v1/systems/bi-mat/status")["waits_for"] == "approval of its request"


def test_without_a_good_token_nothing_is_told(place: Place) -> None:
    for path in (*READS, f"/v1/requests/{place.mine.id}", "/v1/systems/mot-cua"):
        place("", "GET", path, 401)
        place("stranger", "GET", path, 401)
        place("nobody", "GET", path, 403)
    assert "paths" in place("", "GET", "/v1/openapi.json")


def test_only_an_administrator_asks_and_only_for_its_agency(place: Place) -> None:
    before = len(place.registry.requests())
    for who in ("engineer", "auditor", "specialised", "owner", "own-auditor", "member"):
        place.submit(who, text("moi"), 403)
    silent(place.submit("admin", text("moi", OTHER), 403))
    assert len(place.registry.requests()) == before
    made = place.submit("admin", text("moi"))["request"]
    assert (made["state"], made["requested_by"]) == ("submitted", "admin@h99-05")
    assert place.submit("admin", text("moi"))["request"]["id"] == made["id"], "the same again is the same"


def test_names_of_others_are_refused_without_saying_whose(place: Place) -> None:
    taken = place.submit("admin", text("bi-mat"), 422)  # the name that was asked for stands in no answer either
    silent(taken)
    clash = text("bi").replace("name: web", "name: mat-web")  # the server would be called bi-mat-web
    silent(place.submit("admin", clash, 422))
    silent(place.submit("admin", text("khong-co", kind="change"), 422))


def test_who_does_not_decide_cannot(place: Place) -> None:
    plan(place.registry, place.mine.id)
    before = place.registry.request(place.mine.id).case
    for who in ("auditor", "own-auditor", "member", "admin", "other-admin"):
        for act in ("appraise", "opinion", "approve", "return", "reject"):
            place.decide(who, place.mine.id, act, 403, note="x", document="0" * 64)
    assert place.registry.request(place.mine.id).case == before


def test_level_3_from_submission_to_approval(place: Place) -> None:
    request = place.submit("admin", text("moi"))["request"]["id"]
    place.decide("specialised", request, "appraise", 409)  # no plan
    plan(place.registry, request)
    place.decide("owner", request, "approve", 409)  # not appraised
    place.decide("owner", request, "appraise", 403)  # not that body
    place.decide("specialised", request, "appraise", note="BC 5/2026")
    place.decide("specialised", request, "approve", 403)
    place.decide("engineer", request, "approve", 403)
    place.decide("owner", request, "approve", 409, plan="0123")
    done = place.decide("owner", request, "approve", note="QD 1/2026")["request"]
    assert done["state"] == "approved"
    assert [e["by"] for e in done["history"] if e["act"] != "plan"] == [
        "admin@h99-05", "specialised@hatang-platform", "owner@hatang-platform",
    ]  # fmt: skip
    acts = [json.loads(dsse.parse(e).content)["predicate"] for _n, e in JournalRows(place.registry).all()]
    mine = [(a["act"], a["actor"]) for a in acts if a["facts"].get("request_id") == request]
    assert mine[-1] == ("request.approve", "owner@hatang-platform"), "each act has its entry when it is answered"
    assert not has_pending(place.registry)


def test_returned_by_an_engineer_with_a_reason(place: Place) -> None:
    place.decide("engineer", place.mine.id, "return", 422)
    place.decide("engineer", place.mine.id, "reject", 403, note="x")
    assert place.decide("engineer", place.mine.id, "return", note="thiếu sơ đồ")["request"]["state"] == "returned"


def test_a_new_name_in_keystone_makes_no_new_person(place: Place) -> None:
    request = place.submit("admin", text("moi"))["request"]["id"]
    plan(place.registry, request)
    place.decide("specialised", request, "appraise")
    place.issuer.names["specialised"] = "somebody-else"
    place.client.app.state.office.callers._kept.clear()  # type: ignore[attr-defined]
    shown = place("specialised", "GET", "/v1/me")["person"]
    assert shown == "somebody-else@hatang-platform"
    place.decide("specialised", request, "return", note="x")
    acts = place.registry.request(request).case.events
    assert {e.person for e in acts if e.role.value == "specialised-unit"} == {"specialised@hatang-platform"}


def test_keystones_roles_and_what_they_make_of_somebody() -> None:
    def of(domain: str, *roles: str, project: str = "", agency: str | None = None, system: str | None = None) -> Any:
        return principal(Token("u", "u", "d", "x", domain, project, frozenset(roles), 0), agency, system)

    assert of(PLATFORM_DOMAIN, "manager", "member", "reader").personas == {Persona.ENGINEER}
    assert of(PLATFORM_DOMAIN, "reader").personas == {Persona.AUDITOR}
    assert of(PLATFORM_DOMAIN, "manager", project="p") is None, "a project of the platform is not the site"
    assert of(PLATFORM_DOMAIN, "load-balancer_member") is None
    assert of("a", "manager") is None, "a domain that is no agency"
    assert of("a", "manager", agency="A").personas == {Persona.ADMINISTRATOR}
    assert of("a", "manager", project="p", agency="A") is None, "a project that is no system"
    assert of("a", "manager", project="p", agency="A", system="s").personas == {Persona.MEMBER}
    assert of("a", "hatang-owner", agency="A") is None, "no approver by what is given in the domain of an agency"
    assert of("a", "hatang-owner", "manager", agency="A").bodies == frozenset()
    assert of("a", "member", agency="A") is None
    assert of("a", "member", "reader", agency="A").personas == {Persona.AUDITOR}
    assert of("a", "hatang-owner", project="p", agency="A", system="s") is None


def test_a_sealed_file_is_handed_in_by_engineers_and_is_its_agencys(place: Place) -> None:
    key = Ed25519PrivateKey.generate()
    made = seal(MINE, text("moi"), key)
    sealed = yaml.safe_dump(made.model_dump(), allow_unicode=True, sort_keys=False, width=10_000)
    assert "not registered" in place.submit("engineer", sealed, 409)["detail"]
    AgencyKeys(place.registry).register(MINE, key.public_key(), "nguoi-doi-chieu")
    for who in ("admin", "auditor", "owner"):
        place.submit(who, sealed, 403)
    place.submit("engineer", sealed.replace("volume_gib: 20", "volume_gib: 200"), 409)
    taken = place.submit("engineer", sealed)["request"]
    assert (taken["agency"], taken["requested_by"]) == (MINE, "nguoi-de-nghi.ubnd.vi-du")
    assert "moi" in [s["name"] for s in place("admin", "GET", "/v1/systems")["systems"]]


def test_an_agency_comes_by_a_sealed_file_and_no_administrator_makes_one_anew(place: Place) -> None:
    """Before its first system was applied nobody has a token for its domain."""
    new = text("mot-cua-moi", "H99.08", kind="new-agency")
    assert "another agency" in place.submit("admin", new, 403)["detail"]
    assert "is there already" in place.submit("admin", text("moi", kind="new-agency"), 422)["detail"]
    key = Ed25519PrivateKey.generate()
    AgencyKeys(place.registry).register("H99.08", key.public_key(), "nguoi-doi-chieu")
    sealed = yaml.safe_dump(seal("H99.08", new, key).model_dump(), allow_unicode=True, sort_keys=False, width=10_000)
    taken = place.submit("engineer", sealed)["request"]
    assert (taken["kind"], taken["agency"]) == ("new-agency", "H99.08")
    changes = place("owner", "GET", f"/v1/requests/{taken['id']}")["request"]["changes"]
    assert {"field": "agency.code", "old": "", "new": "H99.08", "carried_out": True} in changes
