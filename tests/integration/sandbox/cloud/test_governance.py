"""Identity rules on which delegation to agencies rests, as this OpenStack really has them."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.sandbox.cloud import Cloud
from hatang.sandbox.cloud.rest import HttpError, Session, call

PASSWORD = "Vi-du-123456"


def login(cloud: Cloud, user: str, domain: str, scope: dict[str, Any]) -> str:
    """A token of a user."""
    who = {"name": user, "domain": {"id": domain}, "password": PASSWORD}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": who}}, "scope": scope}}
    return str(call("POST", cloud.settings.auth_url + "/auth/tokens", body)[1]["X-Subject-Token"])


def status(cloud: Cloud, token: str, method: str, path: str, body: object = None, service: str = "keystone") -> int:
    """Status of one request with a token."""
    try:
        call(method, cloud.settings.url(service) + path, body, {"X-Auth-Token": token})
    except HttpError as exc:
        return exc.status
    return 200


class Agencies:
    """Two domains; in the first a manager, a domain administrator, a project and its reader."""

    def __init__(self, cloud: Cloud) -> None:
        self.k = Session(cloud.settings)
        self.roles = {r["name"]: r["id"] for r in self.k.get("keystone", "/roles")["roles"]}
        self.one, self.two = (self.make("domains", name=f"agency-{n}") for n in ("one", "two"))
        self.project = self.make("projects", name="system", domain_id=self.one)
        for name, role, place in (
            ("manager", "manager", f"domains/{self.one}"),
            ("domain-admin", "admin", f"domains/{self.one}"),
            ("reader", "reader", f"projects/{self.project}"),
        ):
            user = self.make("users", name=name, domain_id=self.one, password=PASSWORD)
            self.k.request("PUT", "keystone", f"/{place}/users/{user}/roles/{self.roles[role]}")
        self.manager = login(cloud, "manager", self.one, {"domain": {"id": self.one}})
        self.domain_admin = login(cloud, "domain-admin", self.one, {"domain": {"id": self.one}})
        self.reader = login(cloud, "reader", self.one, {"project": {"id": self.project}})

    def make(self, kind: str, **fields: object) -> str:
        """Make something in Keystone; returns its id."""
        single = kind.rstrip("s")
        return str(self.k.request("POST", "keystone", f"/{kind}", {single: fields})[single]["id"])


@pytest.fixture(scope="module")
def agencies(spare: Cloud) -> Agencies:
    """Two example agencies."""
    return Agencies(spare)


def test_roles_of_the_release_exist_and_imply_each_other(agencies: Agencies) -> None:
    assert set(agencies.roles) >= {"admin", "manager", "member", "reader", "service"}
    inferences = agencies.k.get("keystone", "/role_inferences")["role_inferences"]
    implied = {(i["prior_role"]["name"], j["name"]) for i in inferences for j in i["implies"]}
    assert implied >= {("admin", "manager"), ("manager", "member"), ("member", "reader")}


def test_domain_manager_is_confined_to_its_domain(spare: Cloud, agencies: Agencies) -> None:
    def create(domain: str, name: str) -> int:
        body = {"project": {"name": name, "domain_id": domain}}
        return status(spare, agencies.manager, "POST", "/projects", body)

    assert (create(agencies.one, "mine"), create(agencies.two, "theirs")) == (200, 403)
    seen, _ = call("GET", spare.settings.auth_url + "/projects", None, {"X-Auth-Token": agencies.manager})
    assert {p["domain_id"] for p in seen["projects"]} == {agencies.one}


def test_domain_manager_cannot_grant_admin(spare: Cloud, agencies: Agencies) -> None:
    user = agencies.make("users", name="somebody", domain_id=agencies.one, password=PASSWORD)
    path = f"/projects/{agencies.project}/users/{user}/roles/"
    assert status(spare, agencies.manager, "PUT", path + agencies.roles["member"]) == 200
    assert status(spare, agencies.manager, "PUT", path + agencies.roles["admin"]) == 403


def test_domain_admin_is_not_confined_so_nobody_may_hold_it(spare: Cloud, agencies: Agencies) -> None:
    body = {"project": {"name": "intruder", "domain_id": agencies.two}}
    assert status(spare, agencies.domain_admin, "POST", "/projects", body) == 200


@pytest.mark.parametrize(
    ("service", "path", "body"),
    [
        ("neutron", "/v2.0/networks", {"network": {"name": "n"}}),
        ("cinder", "/volumes", {"volume": {"size": 1}}),
        ("keystone", "/projects", {"project": {"name": "p"}}),
    ],
)
def test_reader_changes_nothing(
    spare: Cloud, agencies: Agencies, service: str, path: str, body: dict[str, object]
) -> None:
    assert status(spare, agencies.reader, "POST", path, body, service) in (403, 404)


def test_reader_reads(spare: Cloud, agencies: Agencies) -> None:
    assert status(spare, agencies.reader, "GET", "/v2.0/networks", None, "neutron") == 200
