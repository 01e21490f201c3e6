"""Persons of an identity provider: its real tokens, the real Keystone, the real server. Who is who, and who is not."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from keystoneauth1.exceptions.http import Conflict, HTTPClientError

from hatang import settings
from hatang.errors import CloudError
from hatang.journal import dsse
from hatang.provision.cloud import Cloud
from hatang.registry.journal import JournalRows
from hatang.serve.keystone import Keystone
from tests.unit.registry.decided import plan
from tests.unit.serve.place import SECRETS, text

from .client import Client
from .conftest import PEOPLE, Server
from .federation import Federation, rules
from .persons import Person

if TYPE_CHECKING:
    from openstack.connection import Connection

YAML = {"Content-Type": "application/yaml"}
AGENCY, PLATFORM = {"domain_name": "h99-05"}, {"domain_name": "hatang-platform"}
SYSTEM = {"project_name": "van-thu", "project_domain_name": "h99-05"}
SCOPES = {"an": AGENCY, "hai": AGENCY, "binh": SYSTEM}


@pytest.fixture
def client(
    server: Server, federation: Federation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Client:  # fmt: skip
    """The command with an entry of clouds.yaml for each person, as docs/how-to/federation.md shows it."""
    entries = {login: federation.entry("tinh", login, **SCOPES.get(login, PLATFORM)) for login in PEOPLE}
    entries["an-without-scope"] = federation.entry("tinh", "an")
    entries["an-wrong-password"] = federation.entry("tinh", "an", **AGENCY)
    entries["an-wrong-password"]["auth"]["password"] = "no"
    federation.provider.realms["tinh"].clients["van-thu-bot"] = (
        "secret of a program", {"sub": "bot", "preferred_username": "bot", "groups": ["h99-05-thanh-vien"]},
    )  # fmt: skip
    auth = {k: v for k, v in entries["binh"]["auth"].items() if k not in ("username", "password")}
    auth |= {"client_id": "van-thu-bot", "client_secret": "secret of a program"}
    entries["bot"] = {"auth_type": "v3oidcclientcredentials", "auth": auth}
    return Client(server, tmp_path, monkeypatch, capsys, entries)


def me(server: Server, token: str) -> dict[str, Any]:
    return dict(server(token, "GET", "/v1/me"))


def submit(server: Server, token: str, name: str, code: int = 200) -> dict[str, Any]:
    done = server(token, "POST", "/v1/requests", code, data=text(name).encode(), headers=YAML)
    return dict(done["request"] if code == 200 else done)


def test_an_agency_asks_and_the_platform_decides_all_of_them_federated(
    client: Client, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "request.yaml"
    file.write_text(text("mot-cua-lien-thong"))
    made = client.json("an", "request", "submit", str(file))["request"]
    assert made["requested_by"] == "an@dinh-danh via tinh"
    plan(server.registry, made["id"])
    client("an", "request", "approve", made["id"], code=3)
    client("chi", "request", "approve", made["id"], code=3)
    client("giang", "request", "appraise", made["id"], "--note", "BC 5/2026")
    digest = client.json("dung", "request", "show", made["id"])["request"]["plan"]
    assert "is approved by dung@dinh-danh via tinh" in client(
        "dung", "request", "approve", made["id"], "--plan", digest[:12])[0]  # fmt: skip
    acts = [dsse.parse(e).content.decode() for _n, e in JournalRows(server.registry).all()]
    mine = [a for a in acts if made["id"] in a]
    for who in ("an", "giang", "dung"):
        assert any(f"{who}@dinh-danh via tinh" in a for a in mine), who


def test_a_persona_follows_from_the_groups_of_the_mapping(client: Client, server: Server) -> None:
    assert {s["agency"] for s in client.json("an", "system", "list")["systems"]} == {"H99.05"}
    refused = client("an", "system", "status", "bi-mat", code=2)[1]
    assert not [s for s in SECRETS if s != "bi-mat" and s in refused]
    for who in ("binh", "bot"):
        assert [s["name"] for s in client.json(who, "system", "list")["systems"]] == ["van-thu"]
    for who in ("chi", "khanh", "giang", "dung"):
        assert {s["agency"] for s in client.json(who, "system", "list")["systems"]} == {"H99.05", "H99.07"}


def test_each_scope_gives_its_personas_alone(server: Server, federation: Federation) -> None:
    def personas(login: str, scope: dict[str, str]) -> tuple[list[str], list[str]]:
        found = me(server, federation.token("tinh", login, **scope))
        return found["personas"], found["bodies"]

    assert personas("an", AGENCY) == (["agency-administrator"], [])
    assert personas("binh", SYSTEM) == (["agency-member"], [])
    assert personas("chi", PLATFORM) == (["platform-engineer"], [])
    assert personas("khanh", PLATFORM) == (["auditor"], [])
    assert personas("giang", PLATFORM) == (["approver"], ["specialised-unit"])
    assert personas("dung", PLATFORM) == (["approver"], ["owner"])
    for login, scope in (("an", PLATFORM), ("binh", AGENCY), ("chi", AGENCY), ("khach", AGENCY)):
        with pytest.raises(HTTPClientError):  # Keystone gives no token for what a group does not give
            federation.token("tinh", login, **scope)


def test_without_a_scope_the_refusal_says_what_to_write(client: Client, server: Server, federation: Federation) -> None:
    told = server(federation.token("tinh", "an"), "GET", "/v1/me", 403)
    assert "no scope" in told["detail"] and "auth.domain_name" in told["do"]
    assert "auth.domain_name" in client("an-without-scope", "system", "list", code=3)[1]
    assert "identity provider" in client("an-wrong-password", "system", "list", code=3)[1]


def test_namesakes_are_several_persons(server: Server, federation: Federation) -> None:
    """A local user, one of the province's provider, one of a provider whose users are in the agency's own domain."""
    name = server.persons.users["admin"].name
    federation.person("tinh", "namesake", "h99-05-quan-tri", "chu-quan", preferred_username=name, sub="one")
    federation.way("co-quan", "h99-05", curve=True)
    federation.person("co-quan", "namesake", "h99-05-quan-tri", preferred_username=name.upper(), sub="one")
    tokens = [
        server.persons.token("admin"), federation.token("tinh", "namesake", **AGENCY),
        federation.token("co-quan", "namesake", **AGENCY),
    ]  # fmt: skip
    made = [submit(server, token, f"trung-ten-{n}") for n, token in enumerate(tokens)]
    names = [m["requested_by"] for m in made]
    assert names == [f"{name}@h99-05", f"{name}@dinh-danh via tinh", f"{name.upper()}@h99-05 via co-quan"]
    owner = federation.token("tinh", "namesake", **PLATFORM)
    path = "/v1/requests/{}/decisions"
    server(owner, "POST", path.format(made[1]["id"]), 409, json={"act": "reject", "note": "x"})
    for other in (made[0], made[2]):  # they asked, under the same name; another person decides
        done = server(owner, "POST", path.format(other["id"]), json={"act": "reject", "note": "x"})["request"]
        assert done["state"] == "rejected"
        assert [e["by"] for e in done["history"]] == [other["requested_by"], names[1]]


def test_the_same_subject_of_two_providers_in_one_domain_is_refused(server: Server, federation: Federation) -> None:
    """Keystone makes a user's id from domain and subject alone; the second one is turned away, and does not become the
    first."""
    first = me(server, federation.token("tinh", "an", **AGENCY))
    federation.way("tinh-hai", "dinh-danh")
    federation.person("tinh-hai", "an", "h99-05-quan-tri")
    with pytest.raises(Conflict):
        federation.token("tinh-hai", "an", **AGENCY)
    assert me(server, federation.token("tinh", "an", **AGENCY)) == first


def test_who_chooses_another_name_stays_the_same_person(server: Server, federation: Federation) -> None:
    federation.person("tinh", "minh", "h99-05-quan-tri")
    before = submit(server, federation.token("tinh", "minh", **AGENCY), "doi-ten-mot")["requested_by"]
    for chosen in ("dung", "owner@hatang-platform", "an\u200b"):
        federation.person("tinh", "minh", "h99-05-quan-tri", "chu-quan", preferred_username=chosen)
        request = submit(server, federation.token("tinh", "minh", **AGENCY), f"doi-ten-{ord(chosen[0])}")
        assert request["requested_by"] == before
        shown = me(server, federation.token("tinh", "minh", **AGENCY))["person"]
        assert shown.endswith("@dinh-danh via tinh") and "\u200b" not in shown
        own = server(
            federation.token("tinh", "minh", **PLATFORM), "POST", f"/v1/requests/{request['id']}/decisions", 409,
            json={"act": "reject", "note": "x"},
        )  # fmt: skip
        assert "asked for" in own["detail"]


def test_nobody_approves_what_they_asked_for_in_another_group(server: Server, federation: Federation) -> None:
    request = submit(server, federation.token("tinh", "hai", **AGENCY), "hai-vai")
    refused = server(
        federation.token("tinh", "hai", **PLATFORM), "POST", f"/v1/requests/{request['id']}/decisions", 409,
        json={"act": "reject", "note": "x"},
    )  # fmt: skip
    assert "hai@dinh-danh via tinh asked for" in refused["detail"]


def test_a_mapping_that_takes_the_name_is_not_believed(server: Server, federation: Federation) -> None:
    """With it, who calls themselves `nan-nhan` would be `nan-nhan`."""
    federation.way("theo-ten", "dinh-danh", rules({"name": "{1}"}))
    federation.person("theo-ten", "ke-gian", "h99-05-quan-tri", preferred_username="nan-nhan")
    token = federation.token("theo-ten", "ke-gian", **AGENCY)
    told = server(token, "GET", "/v1/me", 403)
    assert "user.id" in told["detail"] and "platform engineers" in told["do"]
    submit(server, token, "gia-danh", 403)


def test_a_mapping_into_local_users_is_not_believed(server: Server, federation: Federation) -> None:
    """With it, an identity provider's word makes somebody the agency's local administrator."""
    local = {"id": "{0}", "name": "{1}", "type": "local", "domain": {"name": "h99-05"}}
    federation.way("noi-bo", "dinh-danh", rules(local))
    victim = server.persons.users["admin"]
    federation.person("noi-bo", "ke-gian", "h99-05-quan-tri", sub=victim.id, preferred_username=victim.name)
    token = federation.token("noi-bo", "ke-gian", **AGENCY)  # Keystone does as the mapping says
    told = server(token, "GET", "/v1/me", 403)
    assert "Keystone's own" in told["detail"]
    submit(server, token, "gia-danh", 403)


def test_a_provider_of_several_issuers_is_not_believed(server: Server, federation: Federation) -> None:
    issuers = [f"http://127.0.0.1:{federation.provider.port}/hai-nguon", "https://khac.vi-du"]
    federation.way("hai-nguon", "dinh-danh", remote_ids=issuers)
    federation.person("hai-nguon", "lan", "h99-05-quan-tri")
    told = server(federation.token("hai-nguon", "lan", **AGENCY), "GET", "/v1/me", 403)
    assert "2 remote ids" in told["detail"]


def test_when_a_way_ends_its_persons_are_refused(server: Server, federation: Federation) -> None:
    """Keystone still takes tokens that it gave before; the server does not."""
    federation.way("tam-thoi", "dinh-danh")
    federation.person("tam-thoi", "oanh", "h99-05-quan-tri")
    first, second = (federation.token("tam-thoi", "oanh", **AGENCY) for _ in range(2))
    assert me(server, first)["personas"] == ["agency-administrator"]
    federation.end("tam-thoi")
    told = server(second, "GET", "/v1/me", 403)
    assert "does not lead here any more" in told["detail"]
    with pytest.raises(HTTPClientError):
        federation.token("tam-thoi", "oanh", **AGENCY)


def test_who_left_the_group_is_refused(server: Server, federation: Federation) -> None:
    federation.person("tinh", "phuc", "h99-05-quan-tri")
    assert me(server, federation.token("tinh", "phuc", **AGENCY))["agency"] == "H99.05"
    federation.person("tinh", "phuc", "khong-co-nhom-nay")
    with pytest.raises(HTTPClientError):
        federation.token("tinh", "phuc", **AGENCY)


def test_the_access_log_says_by_which_provider_somebody_came(server: Server, federation: Federation) -> None:
    token = federation.token("tinh", "khanh", **PLATFORM)
    server(token, "GET", "/v1/agencies")
    file, until = server.state / "log" / "access.log", time.monotonic() + 20
    while "khanh@dinh-danh via tinh" not in file.read_text() and time.monotonic() < until:
        time.sleep(0.1)  # the line is written once the answer is sent
    log = file.read_text()
    mine = [x for x in map(json.loads, log.splitlines()) if x["person"] == "khanh@dinh-danh via tinh"]
    assert mine and {len(x["user"]) for x in mine} == {64}, "names may be chosen and change; the id does not"
    assert token not in log + (server.state / "serve.log").read_text()


def validator(server: Server, folder: Path, who: Person, **scope: Any) -> Keystone:
    """What the server asks Keystone with, as somebody else than the sandbox's administrator."""
    auth = {
        "auth_url": server.persons.url, "username": who.name, "password": who.password,
        "user_domain_name": who.domain, **scope,
    }  # fmt: skip
    file = folder / "clouds.yaml"
    file.write_text(yaml.safe_dump({"clouds": {"server": {"auth": auth, "region_name": "RegionOne"}}}))
    found = settings.load(state_dir=folder, clouds_file=str(file), cloud="server")
    return Keystone(Cloud(found), found.subjects)


def test_the_server_needs_to_read_the_system_and_no_more(
    server: Server, federation: Federation, cloud: Connection, tmp_path: Path
) -> None:
    identity: Any = cloud.identity
    domain, token = server.persons.domains["dinh-danh"], federation.token("tinh", "an", **AGENCY)
    project = identity.create_project(name="may-chu", domain_id=domain)
    server.persons.made.append(project)
    who = server.persons.user("server", "dinh-danh", "service", str(project.id))
    narrow = validator(server, tmp_path, who, project_name="may-chu", project_domain_name="dinh-danh")
    local = narrow(server.persons.token("admin"))
    assert local is not None and not local.doubt, "of users of Keystone itself the role service may ask"
    with pytest.raises(CloudError, match="identity providers") as refused:
        narrow(token)
    assert "reader of the system" in refused.value.do
    identity.assign_system_role_to_user(who.id, identity.find_role("reader"), "all")
    wide = validator(server, tmp_path, who, system_scope="all")
    found = wide(token)
    assert found is not None and (found.shown, found.doubt) == ("an@dinh-danh via tinh", "")
    assert wide(server.persons.token("admin")) is not None
