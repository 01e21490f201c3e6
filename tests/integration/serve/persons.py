"""Persons of two agencies and of the platform on the run's Keystone, with real tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keystoneauth1.session
from keystoneauth1.identity import v3

from hatang.serve.personas import BODIES

if TYPE_CHECKING:
    from openstack.connection import Connection


@dataclass
class Person:
    """A user with a password."""

    name: str
    password: str
    domain: str  # name
    id: str


@dataclass
class Persons:
    """Makes domains, users and roles, and takes them away again."""

    cloud: Connection
    url: str
    domains: dict[str, str] = field(default_factory=dict)  # name: id
    users: dict[str, Person] = field(default_factory=dict)
    made: list[Any] = field(default_factory=list)

    def domain(self, name: str) -> str:
        """A domain, made when it is not there."""
        identity: Any = self.cloud.identity
        there = identity.find_domain(name)
        if there is None:
            there = identity.create_domain(name=name)
            self.made.append(there)
        self.domains[name] = str(there.id)
        return str(there.id)

    def project(self, name: str, domain: str) -> str:
        """A project of a domain."""
        identity: Any = self.cloud.identity
        made = identity.create_project(name=name, domain_id=self.domains[domain])
        self.made.append(made)
        return str(made.id)

    def roles(self) -> None:
        """The roles of approvers; a site's administrator makes them once."""
        identity: Any = self.cloud.identity
        for name in BODIES:
            if identity.find_role(name) is None:
                self.made.append(identity.create_role(name=name))

    def user(self, key: str, domain: str, role: str, project: str = "") -> Person:
        """Somebody with a role on a domain, or on a project of it."""
        identity: Any = self.cloud.identity
        name, password = f"{key}-{secrets.token_hex(3)}", secrets.token_urlsafe(24)
        made = identity.create_user(name=name, password=password, domain_id=self.domains[domain])
        self.made.append(made)
        found = identity.find_role(role)
        if project:
            identity.assign_project_role_to_user(project, made, found)
        else:
            identity.assign_domain_role_to_user(self.domains[domain], made, found)
        self.users[key] = Person(name, password, domain, str(made.id))
        return self.users[key]

    def session(self, key: str, **scope: Any) -> keystoneauth1.session.Session:
        """A session of somebody, for their domain when no other scope is named."""
        who = self.users[key]
        auth = v3.Password(
            self.url, username=who.name, password=who.password, user_domain_name=who.domain,
            **(scope or {"domain_name": who.domain}),
        )  # fmt: skip
        return keystoneauth1.session.Session(auth=auth)

    def token(self, key: str, **scope: Any) -> str:
        """A token of somebody."""
        return str(self.session(key, **scope).get_token())

    def clear(self) -> None:
        """Everything that was made is gone again."""
        identity: Any = self.cloud.identity
        for thing in reversed(self.made):
            kind = type(thing).__name__.lower()
            if kind == "domain":
                identity.update_domain(thing, is_enabled=False)
            getattr(identity, f"delete_{kind}")(thing)
