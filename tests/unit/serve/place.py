"""Two agencies in a real registry, and tokens of every persona; only Keystone's answers are written here."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from fastapi.testclient import TestClient

from hatang import settings
from hatang.inputs import load_site, request_of
from hatang.registry import Registry, RequestRecord
from hatang.serve.app import build
from hatang.serve.personas import PLATFORM_DOMAIN, Token

EXAMPLE = Path(__file__).resolve().parents[3] / "inventories" / "example"
SITE = EXAMPLE / "site.yaml"
MINE, OTHER = "H99.05", "H99.07"  # agencies
ROLES = {
    "engineer": (PLATFORM_DOMAIN, {"manager", "member", "reader"}),
    "auditor": (PLATFORM_DOMAIN, {"reader"}),
    "specialised": (PLATFORM_DOMAIN, {"hatang-specialised-unit"}),
    "owner": (PLATFORM_DOMAIN, {"hatang-owner"}),
    "admin": (MINE, {"manager", "member", "reader"}),
    "own-auditor": (MINE, {"reader"}),
    "member": (f"{MINE}/van-thu", {"member", "reader"}),
    "other-admin": (OTHER, {"manager", "member", "reader"}),
    "nobody": ("elsewhere", {"manager", "member", "reader"}),
}
SYSTEMS = {"mot-cua": MINE, "van-thu": MINE, "bi-mat": OTHER}
SECRETS = ("H99.07", "h99-07", "bi-mat", "Cơ quan kín", "kin.example", "nguoi-kin")  # what MINE must never read


def content(system: str, agency: str = MINE, **more: Any) -> dict[str, Any]:
    """A request, as plain data."""
    found: dict[str, Any] = yaml.safe_load((EXAMPLE / "requests" / "one-stop.yaml").read_text())
    found["agency"]["code"] = agency
    found["system"]["name"] = system
    if agency == OTHER:
        found["agency"] |= {"name": {"vi": "Cơ quan kín", "en": "Cơ quan kín"}, "contact": "van-thu@kin.example"}
        found["requested_by"] = "nguoi-kin"
    return found | more


def text(*words: Any, **more: Any) -> str:
    """A request, as YAML."""
    return yaml.safe_dump(content(*words, **more), allow_unicode=True)


class Issuer:
    """Knows the tokens `token-of-NAME`; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.names: dict[str, str] = {}  # user's name, where it was changed
        self.ids: dict[str, str] = {}  # user's id, where two tokens are of one person
        self.sent: dict[str, tuple[str, str, str]] = {}  # name, domain, identity provider of whom one sends
        self.doubts: dict[str, str] = {}
        self.unscoped: set[str] = set()
        self.gone: set[str] = set()

    def __call__(self, token: str) -> Token | None:
        self.asked += 1
        who = token.removeprefix("token-of-")
        if who not in ROLES or who in self.gone:
            return None
        scope, roles = ROLES[who]
        domain, _, project = scope.partition("/")
        name = domain if domain == PLATFORM_DOMAIN else domain.lower().replace(".", "-")
        user, user_domain, provider = self.sent.get(who, (self.names.get(who, who), name, ""))
        is_scoped = who not in self.unscoped
        return Token(
            self.ids.get(who, f"id-{who}"), user, user_domain, f"domain-{domain}" if is_scoped else "", name,
            f"project-{project}" if project else "", frozenset(roles), time.time() + 3600, provider,
            self.doubts.get(who, ""),
        )  # fmt: skip


@dataclass(frozen=True)
class Seeded:
    """A state folder to copy."""

    state: Path
    records: list[RequestRecord]


@dataclass
class Place:
    """The application over a real registry."""

    registry: Registry
    issuer: Issuer
    client: TestClient
    mine: RequestRecord
    other: RequestRecord
    state: Path

    def __call__(self, who: str, method: str, path: str, code: int = 200, **more: Any) -> Any:
        """What the server answers to somebody."""
        headers = {"X-Auth-Token": f"token-of-{who}"} if who else {}
        done = self.client.request(method, path, headers=headers | more.pop("headers", {}), **more)
        assert done.status_code == code, (done.status_code, done.text)
        if code >= 400:
            assert done.headers["content-type"] == "application/problem+json", done.text
            assert done.json()["status"] == code
        return done.json()

    def submit(self, who: str, body: str, code: int = 200, query: str = "") -> Any:
        """Hand a request in."""
        headers = {"Content-Type": "application/yaml"}
        return self(who, "POST", f"/v1/requests{query}", code, content=body.encode(), headers=headers)

    def decide(self, who: str, request: str, act: str, code: int = 200, **more: str) -> Any:
        """Decide about a request."""
        return self(who, "POST", f"/v1/requests/{request}/decisions", code, json={"act": act, **more})


def seed(state: Path) -> list[RequestRecord]:
    """Both agencies with one system each, and a second system of MINE."""
    site = load_site(SITE)
    registry = Registry.open(settings.load(state_dir=state).registry)
    records = []
    for system, agency in SYSTEMS.items():
        file, raw = request_of(text(system, agency).encode(), "request", site)
        records.append(registry.submit(file, raw, site))
        registry.record_remote_ids("agency", agency, {"domain_id": f"domain-{agency}"})
        registry.record_remote_ids("system", system, {"project_id": f"project-{system}"})
    return records


def make(seeded: Seeded, state: Path, per_s: float = 10_000) -> Place:
    """The application on a copy of what was seeded."""
    shutil.copytree(seeded.state, state, dirs_exist_ok=True)
    issuer = Issuer()
    app = build(settings.load(state_dir=state), load_site(SITE), issuer, per_s)
    client = TestClient(app, raise_server_exceptions=False)
    registry = app.state.office.registry
    return Place(registry, issuer, client, seeded.records[0], seeded.records[2], state)
