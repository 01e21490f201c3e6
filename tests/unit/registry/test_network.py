"""Persons of Keystone, keys of agencies, lists: alike on SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from hatang.errors import RefusedError, UnknownNameError
from hatang.inputs import load_request, load_site
from hatang.model.lifecycle import RequestState
from hatang.model.seal import fingerprint, seal
from hatang.model.waiver import person_key
from hatang.registry import Registry
from hatang.registry.agency_keys import AgencyKeys
from hatang.registry.overview import Overview
from hatang.registry.persons import Persons
from hatang.registry.records import HostRecord

EXAMPLE = Path(__file__).resolve().parents[3] / "inventories" / "example"
NAMES = ("council-meetings", "one-stop", "party-documents")


def test_a_user_keeps_the_first_name_and_no_second_user_gets_it(url: str) -> None:
    persons = Persons(Registry.open(url))
    assert persons.name_of("id-1", "an@h99-05") == "an@h99-05"
    assert persons.name_of("id-1", "binh@h99-05") == "an@h99-05", "renamed in Keystone"
    other = persons.name_of("id-2", "An@H99-05")
    assert person_key(other) != person_key("an@h99-05")
    assert persons.name_of("id-2", "x") == other
    forged = persons.name_of("id-3", "An@H99-05 (id-4)")
    assert persons.name_of("id-4", "an@h99-05") != forged
    assert len(persons.name_of("id-5", "n" * 5_000)) <= 200
    assert person_key(persons.name_of("id-6", "n" * 5_000)) != person_key(persons.name_of("id-5", ""))


def test_rows_of_persons_and_keys_are_only_added(url: str) -> None:
    registry = Registry.open(url)
    Persons(registry).name_of("id-1", "an@h99-05")
    keys, key = AgencyKeys(registry), Ed25519PrivateKey.generate().public_key()
    keys.register("H99.05", key, "nguoi-doi-chieu")
    keys.revoke(fingerprint(key), "nguoi-thu-hoi", "mất máy")
    for table in ("person", "agency_key", "agency_key_revocation"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET created_at = created_at"):
            with pytest.raises(DatabaseError), registry._writing() as session:
                session.execute(text(statement))


def test_keys_are_of_one_agency_and_revoked_for_good(url: str) -> None:
    keys, key = AgencyKeys(Registry.open(url)), Ed25519PrivateKey.generate()
    sealed = seal("H99.05", "kind: x", key)
    with pytest.raises(RefusedError, match="not registered"):
        keys.check(sealed, "x")
    keys.register("H99.05", key.public_key(), "nguoi-doi-chieu")
    assert keys.register("H99.05", key.public_key(), "nguoi-khac").registered_by == "nguoi-doi-chieu"
    assert keys.check(sealed, "x").agency == "H99.05"
    with pytest.raises(RefusedError, match=r"registered for agency H99\.05"):
        keys.register("H99.07", key.public_key(), "nguoi-doi-chieu")
    with pytest.raises(RefusedError, match="broken"):
        keys.check(sealed.model_copy(update={"request": "kind: y"}), "x")
    with pytest.raises(UnknownNameError):
        keys.revoke("f" * 64, "x", "y")
    keys.revoke(sealed.key[:12], "nguoi-thu-hoi", "mất máy")
    with pytest.raises(RefusedError, match="revoked"):
        keys.check(sealed, "x")
    with pytest.raises(RefusedError, match="was revoked"):
        keys.register("H99.05", key.public_key(), "nguoi-doi-chieu")


def test_lists_say_the_same_as_one_by_one(url: str) -> None:
    registry, site = Registry.open(url), load_site(EXAMPLE / "site.yaml")
    for name in NAMES:
        registry.submit(*load_request(EXAMPLE / "requests" / f"{name}.yaml", site), site)
    first = registry.systems()[0]
    host = HostRecord(f"{first.spec.name}-web", first.spec.name, first.agency.code, "dmz", "10.0.0.1", "x", "id", 3)
    registry.record_hosts(first.spec.name, [host])
    registry.record_remote_ids("system", first.spec.name, {"project_id": "p"})
    registry.record_remote_ids("agency", first.agency.code, {"domain_id": "d"})
    assert registry.remote_name("agency", "domain_id", "d") == first.agency.code
    assert registry.remote_name("agency", "domain_id", "e") is None
    overview = Overview(registry)
    assert [(s.name, s.agency, s.branch, s.level, s.state, s.request_id) for s in overview.systems()] == [
        (s.spec.name, s.agency.code, s.agency.branch.value, int(s.spec.level), s.state, s.request_id)
        for s in registry.systems()
    ]
    (line,) = overview.systems(name=first.spec.name)
    assert (line.hosts, line.project_id) == ((host.name,), "p")
    assert overview.systems(agency=first.agency.code) == [line]
    assert overview.systems(agency=first.agency.code, name="another") == []
    assert [a.agency for a in overview.agencies()] == registry.agencies()
    (mine,) = overview.agencies(first.agency.code)
    assert (mine.domain_id, mine.systems) == ("d", (first.spec.name,))
    assert overview.requests() == registry.requests()
    assert [overview.request(r.id) for r in registry.requests()] == registry.requests()
    assert overview.request("none") is None
    pages = [overview.requests(limit=1)]
    while pages[-1]:
        pages.append(overview.requests(after=pages[-1][0].id, limit=1))
    assert [r for page in pages for r in page] == registry.requests()
    assert overview.requests(state=RequestState.SUBMITTED) == registry.requests()
    assert overview.requests(state=RequestState.ACTIVE) == []
    assert [r.system for r in overview.requests(system=first.spec.name)] == [first.spec.name]
    foreign = next(r for r in registry.requests() if r.agency_code != first.agency.code)
    with pytest.raises(UnknownNameError):
        overview.requests(agency=first.agency.code, after=foreign.id)


def test_readers_wait_for_no_writer_and_see_one_state(url: str) -> None:
    registry = Registry.open(url)
    persons = Persons(registry)
    persons.name_of("id-1", "an@h99-05")
    count = text("SELECT count(*) FROM person")
    with registry._reading() as early:
        assert early.execute(count).scalar() == 1
        with registry._writing() as writer:
            writer.execute(text("INSERT INTO person SELECT 'id-2', 'x', 'x', created_at FROM person"))
            with registry._reading() as reader:  # with a lock of its own it would wait for the writer, and he for us
                assert reader.execute(count).scalar() == 1
        assert early.execute(count).scalar() == 1, "one state, however much was written meanwhile"
    with registry._reading() as late:
        assert late.execute(count).scalar() == 2
