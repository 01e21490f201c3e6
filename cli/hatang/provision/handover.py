"""A system that passes from one body to another: roles on its project change, nothing else on the cloud.

Keystone projects stay in their domain, so whoever ruled that domain must lose all roles on it and on its projects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from openstack.connection import Connection
from openstack.exceptions import NotFoundException

from hatang.provision.cloud import guarded

ROLES = frozenset({"role-administrators", "role-auditors"})  # resources of the stack `system` that may change


def may_change(row: dict[str, Any]) -> bool:
    """Whether a row of a plan is a role of the system's body; they come before those of the body before go."""
    return row["type"] == "RoleAssignment" and row["name"] in ROLES


@dataclass(frozen=True, order=True)
class Given:
    """A role that somebody holds on a project or a domain."""

    scope: str  # projects or domains
    scope_id: str
    actor: str  # users or groups
    actor_id: str
    role_id: str
    inherited: bool
    name: str  # of the actor
    domain: str  # that the actor is of, by id
    role: str

    @property
    def path(self) -> str:
        """Where Keystone has it."""
        rest = f"/{self.scope}/{self.scope_id}/{self.actor}/{self.actor_id}/roles/{self.role_id}"
        return f"/OS-INHERIT{rest}/inherited_to_projects" if self.inherited else rest


def given(connection: Connection, *, project: str = "", domain: str = "") -> list[Given]:
    """All roles that somebody holds on a project, or on a domain. Raises CloudError."""
    scope, place = ("projects", {"scope_project_id": project}) if project else ("domains", {"scope_domain_id": domain})
    identity: Any = connection.identity
    rows = guarded(lambda: list(identity.role_assignments(include_names=True, **place)))
    found = []
    for row in rows:
        actor, who = ("users", row.user) if row.user else ("groups", row.group)
        inherited = "OS-INHERIT:inherited_to" in (row.scope or {})
        found.append(Given(
            scope, project or domain, actor, who["id"], row.role["id"], inherited, who.get("name", who["id"]),
            (who.get("domain") or {}).get("id", ""), row.role["name"],
        ))  # fmt: skip
    return sorted(found)


def outsiders(connection: Connection, project: str, domains: Iterable[str], keep: Iterable[str]) -> list[Given]:
    """Roles on a project of people and groups of these domains, but for those with these ids."""
    of, kept = set(domains), set(keep)
    return [g for g in given(connection, project=project) if g.domain in of and g.actor_id not in kept]


def withdraw(connection: Connection, roles: Iterable[Given]) -> int:
    """Take roles away; returns how many were there. Raises CloudError."""
    identity: Any = connection.identity
    gone = 0
    for role in roles:
        answer = guarded(lambda role=role: identity.delete(role.path))
        if answer.status_code not in (204, 404):
            guarded(lambda answer=answer: _raise(answer))
        gone += answer.status_code == 204
    return gone


def _raise(answer: Any) -> None:
    from openstack import exceptions

    exceptions.raise_from_response(answer)


def members(connection: Connection, groups: Iterable[str]) -> list[tuple[str, str, str]]:
    """Group id, user id, user name of everybody in these groups."""
    identity: Any = connection.identity
    return sorted((g, u.id, u.name) for g in groups for u in guarded(lambda g=g: list(identity.group_users(g))))


def empty_groups(connection: Connection, groups: Iterable[str]) -> int:
    """Nobody is in these groups afterwards; returns how many were. Raises CloudError."""
    identity: Any = connection.identity
    found = members(connection, groups)
    for group, user, _name in found:
        guarded(lambda g=group, u=user: _unless_gone(identity, u, g))
    return len(found)


def _unless_gone(identity: Any, user: str, group: str) -> None:
    try:
        identity.remove_user_from_group(user, group)
    except NotFoundException:
        return


def own_projects(connection: Connection, domain: str, known: Iterable[str]) -> list[str]:
    """Names of projects in a domain that hatang does not know: its people made them."""
    identity: Any = connection.identity
    ours = set(known)
    return sorted(p.name for p in guarded(lambda: list(identity.projects(domain_id=domain))) if p.id not in ours)
