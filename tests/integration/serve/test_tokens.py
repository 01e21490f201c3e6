"""Real tokens of the embedded Keystone, over TLS: each persona gets its own and nothing of others."""

from __future__ import annotations

import json
import socket
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from hatang.serve.keystone import BELIEVED_S
from tests.unit.registry.decided import plan
from tests.unit.serve.place import SECRETS, text

from .authority import Authority
from .conftest import Server

if TYPE_CHECKING:
    from openstack.connection import Connection

YAML = {"Content-Type": "application/yaml"}


def systems(server: Server, who: str) -> list[str]:
    return [s["name"] for s in server(who, "GET", "/v1/systems")["systems"]]


def silent(answer: Any) -> None:
    told = json.dumps(answer, ensure_ascii=False)
    assert not [s for s in SECRETS if s in told], told


def test_two_agencies_see_their_own_and_the_staff_all(server: Server) -> None:
    mine = systems(server, "admin")
    assert {"mot-cua", "van-thu"} <= set(mine)
    assert systems(server, "other") == ["bi-mat"]
    for who in ("engineer", "auditor", "specialised", "owner"):
        assert systems(server, who) == sorted([*mine, "bi-mat"])
    for path in ("/v1/requests", "/v1/agencies", "/v1/me"):
        silent(server("admin", "GET", path))
    hidden = next(r.id for r in server.registry.requests() if r.system == "bi-mat")
    for path in (f"/v1/requests/{hidden}", "/v1/systems/bi-mat", "/v1/systems/bi-mat/results", "/v1/agencies/H99.07"):
        silent(server("admin", "GET", path, 404))


def test_a_token_for_a_project_gives_that_system_alone(server: Server) -> None:
    token = server.persons.token("member", project_name="van-thu", project_domain_name="h99-05")
    assert systems(server, token) == ["van-thu"]
    assert server(token, "GET", "/v1/me")["personas"] == ["agency-member"]


def test_a_token_without_scope_or_of_no_agency_gives_nothing(server: Server, cloud: Connection) -> None:
    unscoped = server.persons.token("admin", unscoped=True)
    assert "no scope" in server(unscoped, "GET", "/v1/systems", 403)["detail"]
    server(str(cloud.auth_token), "GET", "/v1/systems", 403)  # the cloud's administrator, in the domain Default
    server("gAAAAABnothing", "GET", "/v1/systems", 401)


def test_an_application_credential_is_its_owner(server: Server) -> None:
    """With a restricted credential of a member's project, programs of an agency read without its password."""
    from keystoneauth1 import session
    from keystoneauth1.identity import v3

    who = server.persons.users["member"]
    scope = {"project_name": "van-thu", "project_domain_name": "h99-05"}
    own = server.persons.session("member", **scope)
    path = f"{server.persons.url.removesuffix('/v3')}/v3/users/{who.id}/application_credentials"
    wanted = {"application_credential": {"name": "program", "roles": [{"name": "member"}]}}
    made = own.post(path, json=wanted).json()["application_credential"]
    auth = v3.ApplicationCredential(
        server.persons.url, application_credential_id=made["id"], application_credential_secret=made["secret"]
    )
    token = str(session.Session(auth=auth).get_token())
    assert systems(server, token) == ["van-thu"]
    server(token, "POST", "/v1/requests", 403, data=text("moi").encode(), headers=YAML)
    own.delete(f"{path}/{made['id']}")  # with the user alone its rows would stay (docs/traps.md)


def test_from_submission_to_approval_with_real_tokens(server: Server) -> None:
    made = server("admin", "POST", "/v1/requests", data=text("cap-phep").encode(), headers=YAML)["request"]
    assert made["requested_by"].startswith("admin-") and made["requested_by"].endswith("@h99-05")
    path = f"/v1/requests/{made['id']}/decisions"
    plan(server.registry, made["id"])
    server("other", "GET", f"/v1/requests/{made['id']}", 404)
    server("admin", "POST", path, 403, json={"act": "approve"})
    server("owner", "POST", path, 409, json={"act": "approve"})
    server("specialised", "POST", path, json={"act": "appraise", "note": "BC 5/2026"})
    done = server("owner", "POST", path, json={"act": "approve", "note": "QD 12/2026"})["request"]
    assert done["state"] == "approved"


def test_a_manager_cannot_make_an_approver(server: Server, cloud: Connection) -> None:
    """Keystone refuses a domain's manager the roles of approvers: nobody of an agency approves for it by themselves."""
    identity: Any = cloud.identity
    role, domain = identity.find_role("hatang-owner").id, server.persons.domains["h99-05"]
    own, base = server.persons.session("admin"), server.persons.url.removesuffix("/v3")
    path = f"{base}/v3/domains/{domain}/users/{server.persons.users['admin'].id}/roles/{role}"
    assert own.put(path, raise_exc=False).status_code == 403
    reader = identity.find_role("reader").id  # but what it may give, it may: the refusal is about the role
    assert own.put(path.replace(role, reader), raise_exc=False).status_code == 204


@pytest.mark.long
def test_a_revoked_token_ends_soon(server: Server, cloud: Connection) -> None:
    token = server.persons.token("auditor")
    server(token, "GET", "/v1/me")
    base = server.persons.url.removesuffix("/v3")
    gone = requests.delete(
        f"{base}/v3/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token}, timeout=30
    )
    assert gone.status_code == 204
    until = time.monotonic() + BELIEVED_S + 10
    while requests.get(
        f"{server.url}/v1/me", headers={"X-Auth-Token": token}, verify=str(server.root), timeout=30
    ).status_code != 401:  # fmt: skip
        assert time.monotonic() < until, "a revoked token is still good"
        time.sleep(1)


def test_another_authority_or_an_old_protocol_is_not_accepted(server: Server, tmp_path: Path) -> None:
    foreign = Authority(tmp_path).root
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{server.url}/v1/openapi.json", verify=str(foreign), timeout=10)
    host, port = server.url.removeprefix("https://").split(":")
    context = ssl.create_default_context(cafile=str(server.root))
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection((host, int(port)), 10) as raw, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(raw, server_hostname=host)


def test_the_access_log_names_persons_and_no_tokens(server: Server) -> None:
    token = server.persons.token("engineer")
    server(token, "GET", "/v1/agencies")
    log, until = server.state / "log" / "access.log", time.monotonic() + 20
    while True:  # the line is written once the answer is sent
        lines = [json.loads(x) for x in log.read_text().splitlines()]
        mine = [x for x in lines if x["personas"] == ["platform-engineer"] and x["path"] == "/v1/agencies"]
        if mine or time.monotonic() > until:
            break
        time.sleep(0.1)
    assert mine[-1]["status"] == 200
    assert mine[-1]["person"].endswith("@hatang-platform")
    assert token not in log.read_text() + (server.state / "serve.log").read_text()
