"""Decoys: a project beside the system's own, in the same domain, with one object of each kind, gone after the run.

Operations that would change something are tried on these alone: were one let through, nothing in use is harmed. What a
run that was killed left behind is found by its name and cleared away by the next one.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from hatang.errors import StepError
from hatang.isolation.api.calls import Caller
from hatang.isolation.api.catalogue import Decoy, filled, found_at, places, services
from hatang.isolation.api.target import Target
from hatang.provision import purge
from hatang.provision.cloud import guarded

if TYPE_CHECKING:
    from openstack.connection import Connection

PREFIX = "hatang-decoy-"
READY_S = 120.0


class Decoys:
    """In the block they are there, and `values` holds their ids; afterwards they are gone."""

    def __init__(
        self,
        cloud: Connection,
        bases: dict[str, str],
        target: Target,
        kinds: Collection[str],
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        """A project in the target's domain.

        Args:
            bases: addresses of the services that are there.
            kinds: what to make in it, beside a user.
        """
        self.cloud, self.bases, self.target, self.kinds, self.say = cloud, bases, target, kinds, say
        self.name = PREFIX + secrets.token_hex(4)
        self.domain = target.values["domain"][0]
        self.values = {"name": self.name} | {k: v[0] for k, v in target.values.items() if v}
        self.missing: dict[str, str] = {}  # kind: why it could not be made
        self.inside: Caller
        self.user: Caller

    def __enter__(self) -> Decoys:
        clear(self.cloud, self.domain, PREFIX, self.say)
        try:
            self._people()
            self._objects()
        except BaseException:
            clear(self.cloud, self.domain, self.name, self.say)
            raise
        self.target.hide(self.name, *(v for k, v in self.values.items() if k.startswith("decoy_")))
        return self

    def __exit__(self, *_exc: object) -> None:
        clear(self.cloud, self.domain, self.name, self.say)

    def _people(self) -> None:
        password = secrets.token_urlsafe(24)
        identity: Any = self.cloud.identity

        def make() -> None:
            project = identity.create_project(name=self.name, domain_id=self.domain)
            admin = next(r for r in identity.roles() if r.name == "admin")
            identity.assign_project_role_to_user(project.id, self.cloud.current_user_id, admin.id)
            user = identity.create_user(name=self.name, domain_id=self.domain, password=password)
            identity.assign_project_role_to_user(project.id, user.id, self.values["role_member"])
            self.values |= {"decoy_project": project.id, "decoy_user": user.id}

        guarded(make)
        self.inside = Caller(self.cloud.connect_as_project({"id": self.values["decoy_project"]}).session, self.bases)
        self.user = Caller(self._session(password), self.bases)

    def _session(self, password: str) -> Any:
        from keystoneauth1.identity import v3

        auth = v3.Password(
            f"{self.bases['identity']}/v3", user_id=self.values["decoy_user"], password=password,
            project_id=self.values["decoy_project"],
        )  # fmt: skip
        return _like(self.cloud, auth)

    def _objects(self) -> None:
        """Each as soon as what it names is there."""
        there = [(s.service, d) for s in services() for d in s.decoys if s.service in self.bases]
        waiting = [(s, d) for s, d in there if d.kind in self.kinds]
        made: set[str] = set()
        while waiting:
            ready = [
                (s, d) for s, d in waiting if places((d.call, d.body)) <= set(self.values) and set(d.after) <= made
            ]
            if not ready:
                self.missing |= {d.kind: "what it needs is not there" for _s, d in waiting}
                return
            for service, decoy in ready:
                self._object(service, decoy)
                made.add(decoy.kind)
            waiting = [x for x in waiting if x not in ready]

    def _object(self, service: str, decoy: Decoy) -> None:
        caller = self.user if decoy.by == "user" else self.inside
        done = caller(
            service, filled(decoy.call, self.values), filled(decoy.body, self.values), decoy.headers, decoy.data
        )  # fmt: skip
        if done.status >= 300:
            self.missing[decoy.kind] = f"{done.status} {done.text[:200]}"
            return
        if decoy.id:
            self.values[f"decoy_{decoy.kind}"] = found_at(decoy.id, done.body).rstrip("/").rsplit("/", 1)[-1]
        end = time.monotonic() + READY_S
        while decoy.until:
            body = caller(service, f"GET {filled(decoy.show, self.values)}", None, decoy.headers).body
            if all(found_at(path, body) == wanted for path, wanted in decoy.until.items()):
                return
            if time.monotonic() > end:
                self.missing[decoy.kind] = f"not {', '.join(decoy.until.values())} after {READY_S:.0f} s"
                return
            time.sleep(0.3)


def clear(cloud: Connection, domain: str, prefix: str, say: Callable[[str], None]) -> None:
    """Take away every decoy of a domain whose name begins so, whoever left it. Raises CloudError, StepError."""
    identity: Any = cloud.identity
    compute: Any = cloud.compute
    for project in guarded(lambda: [p for p in identity.projects(domain_id=domain) if p.name.startswith(prefix)]):
        purge.contents(cloud, project.id, project.name, (), say)
    for user in guarded(lambda: [u for u in identity.users(domain_id=domain) if u.name.startswith(prefix)]):
        guarded(lambda user=user: _rows_of(identity, user.id))
        guarded(lambda user=user: identity.delete_user(user.id, ignore_missing=True))
    for group in guarded(lambda: [g for g in identity.groups(domain_id=domain) if g.name.startswith(prefix)]):
        guarded(lambda group=group: identity.delete_group(group.id, ignore_missing=True))
    for flavor in guarded(lambda: [f for f in compute.flavors(is_public=None) if f.name.startswith(prefix)]):
        guarded(lambda flavor=flavor: compute.delete_flavor(flavor.id, ignore_missing=True))
    for project in guarded(lambda: [p for p in identity.projects(domain_id=domain) if p.name.startswith(prefix)]):
        purge.leftovers(cloud, project.id)
        guarded(lambda project=project: identity.delete_project(project.id, ignore_missing=True))
        purge.leftovers(cloud, project.id)  # asked for a project's groups, Neutron makes its default group anew


def _rows_of(identity: Any, user: str) -> None:
    """What Keystone keeps of a user in tables of its own (docs/traps.md)."""
    base = f"/users/{user}/application_credentials"
    for row in identity.get(base).json()["application_credentials"]:
        _gone(identity.delete(f"{base}/{row['id']}"))
    for row in identity.get("/OS-TRUST/trusts", params={"trustor_user_id": user}).json()["trusts"]:
        _gone(identity.delete(f"/OS-TRUST/trusts/{row['id']}"))
    for row in identity.get("/credentials", params={"user_id": user}).json()["credentials"]:
        _gone(identity.delete(f"/credentials/{row['id']}"))


def _gone(answer: Any) -> None:
    if answer.status_code not in (204, 404):
        raise StepError(
            f"a decoy was not deleted: {answer.status_code}", where=str(answer.url), do="run the same command again"
        )


def _like(cloud: Connection, auth: Any) -> Any:
    """A session that trusts what the automation's trusts."""
    from keystoneauth1.session import Session

    return Session(auth=auth, verify=cloud.session.verify, cert=cloud.session.cert)
