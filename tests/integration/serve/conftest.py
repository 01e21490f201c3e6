"""`hatang serve` as a process of its own, with TLS, over the run's real Keystone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from hatang import settings
from hatang.inputs import load_site, request_of
from hatang.registry import Registry
from hatang.sandbox.lifecycle import Sandbox
from hatang.serve.personas import PLATFORM_DOMAIN
from tests.unit.registry.decided import approve
from tests.unit.serve.place import MINE, OTHER, SITE, SYSTEMS, content

from .authority import Authority
from .federation import Federation
from .identity_provider import IdentityProvider
from .persons import Persons

if TYPE_CHECKING:
    from openstack.connection import Connection

PEOPLE = {  # of the identity provider, and the groups that it tells of
    "an": ["h99-05-quan-tri"], "binh": ["h99-05-thanh-vien"], "chi": ["nen-tang-ky-su"],
    "dung": ["chu-quan"], "giang": ["don-vi-chuyen-trach"], "khanh": ["nen-tang-kiem-toan"],
    "hai": ["h99-05-quan-tri", "chu-quan"], "khach": ["khong-co-nhom-nay"],
}  # fmt: skip


@dataclass
class Server:
    """The server, and how to ask it."""

    url: str
    root: Path
    state: Path
    registry: Registry
    persons: Persons

    def __call__(self, key: str, method: str, path: str, code: int = 200, **more: Any) -> Any:
        """What the server answers to somebody, by name, or to a token."""
        token = self.persons.token(key) if key in self.persons.users else key
        headers = {"X-Auth-Token": token} | more.pop("headers", {})
        done = requests.request(method, self.url + path, headers=headers, verify=str(self.root), timeout=30, **more)
        assert done.status_code == code, (done.status_code, done.text)
        return done.json()


@pytest.fixture(scope="package")
def persons(sandbox: Sandbox, cloud: Connection) -> Iterator[Persons]:
    """An administrator and a member of one agency, an administrator of another, the platform's own staff."""
    made = Persons(cloud, str(cloud.config.get_auth_args()["auth_url"]))
    try:
        made.roles()
        for domain in (PLATFORM_DOMAIN, *(a.lower().replace(".", "-") for a in (MINE, OTHER))):
            made.domain(domain)
        made.user("admin", "h99-05", "manager")
        made.user("other", "h99-07", "manager")
        made.user("engineer", PLATFORM_DOMAIN, "manager")
        made.user("auditor", PLATFORM_DOMAIN, "reader")
        made.user("specialised", PLATFORM_DOMAIN, "hatang-specialised-unit")
        made.user("owner", PLATFORM_DOMAIN, "hatang-owner")
        yield made
    finally:
        made.clear()


@pytest.fixture(scope="package")
def server(
    sandbox: Sandbox, persons: Persons, sandbox_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The server, answering."""
    state = tmp_path_factory.mktemp("serve")
    settings.write(state, clouds_file=str(sandbox.clouds_file), cloud="hatang")
    registry, site = Registry.open(settings.load(state_dir=state).registry), load_site(SITE)
    for system, agency in SYSTEMS.items():
        slug = agency.lower().replace(".", "-")
        file, raw = request_of(_with_room(system, agency).encode(), "request", site)
        asked = registry.submit(file, raw, site)
        registry.record_remote_ids("agency", agency, {"domain_id": persons.domains[slug]})
        project = persons.project(system, slug)
        registry.record_remote_ids("system", system, {"project_id": project})
        if system == "van-thu":
            approve(registry, asked.id)  # with the ceiling that it states
            persons.user("member", slug, "member", project)
    authority = Authority(tmp_path_factory.mktemp("authority"))
    certificate, key = authority.certificate("server")
    port = sandbox_port + 40
    log = (state / "serve.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "hatang", "--state", str(state), "--site", str(SITE), "serve", "--port", str(port),
         "--certificate", str(certificate), "--key", str(key)],
        stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    made = Server(f"https://127.0.0.1:{port}", authority.root, state, registry, persons)
    try:
        _answers(made, process, state / "serve.log")
        yield made
    finally:
        process.terminate()
        assert process.wait(30) in (0, -15), (state / "serve.log").read_text()
        log.close()


def _with_room(system: str, agency: str) -> str:
    """A request that states a ceiling for as much as all tests together ask for."""
    wanted = content(system, agency)
    wanted["agency"]["ceiling"] = {"hosts": 200, "vcpus": 1000, "ram_gib": 4000, "disk_gib": 100_000}
    return yaml.safe_dump(wanted, allow_unicode=True)


def _answers(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            requests.get(f"{server.url}/v1/openapi.json", verify=str(server.root), timeout=5)
            return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError(f"no answer: {log.read_text()}")


@pytest.fixture(scope="package")
def federation(sandbox: Sandbox, cloud: Connection, server: Server) -> Iterator[Federation]:
    """The province's identity provider `tinh` with its people, whose users have a domain of their own."""
    provider = IdentityProvider()
    made = Federation(cloud, server.persons, sandbox.settings(), provider)
    try:
        server.persons.domain("dinh-danh")
        made.groups(server.registry.remote_ids("system", "van-thu")["project_id"])
        made.way("tinh", "dinh-danh")
        for login, told in PEOPLE.items():
            made.person("tinh", login, *told)
        yield made
    finally:
        made.clear()
        provider.close()
