"""Who holds which role in a system's project and its agency's domain, and what of it nobody should hold."""

from __future__ import annotations

from typing import Any

from hatang.policies.checks.live_cloud import Live

DOMAIN_ROLES = {"manager", "reader"}
PROJECT_ROLES = {"member", "reader"}
IMPLIED: dict[str, set[str]] = {"manager": {"member"}, "member": {"reader"}, "reader": set()}  # as Keystone begins


def misplaced(live: Live) -> list[str]:
    """Roles of the agency's people outside their domain, of others within it, and any that reaches too far (ACC-11)."""
    identity: Any = live.cloud.identity
    domain = live.system.agency_ids["domain_id"]
    names = {r.id: r.name for r in identity.roles()}
    projects = {p.id: p.name for p in identity.projects(domain_id=domain)}
    groups = {g.id: g.name for g in identity.groups(domain_id=domain)}
    users = {u.id: u.name for u in identity.users(domain_id=domain)}
    faults = []
    for given in identity.role_assignments():
        role = names[given.role["id"]]
        scope = given.scope or {}
        who = (given.group or given.user or {}).get("id", "")
        ours = who in groups or who in users
        in_domain = scope.get("domain", {}).get("id") == domain
        project = projects.get(scope.get("project", {}).get("id", ""))
        name = groups.get(who) or users.get(who) or who
        if ours and not (in_domain or project):
            faults.append(f"{name} holds {role} outside the agency's domain")
        elif in_domain and (role not in DOMAIN_ROLES or not ours):
            faults.append(f"{name} holds {role} on the agency's domain")
        elif project and role not in (PROJECT_ROLES if ours else {"member"}):
            faults.append(f"{name} holds {role} on project {project}")
    return sorted(faults)


def implied(live: Live) -> list[str]:
    """Roles that bring more with them than Keystone's own do (ACC-11)."""
    identity: Any = live.cloud.identity
    faults = []
    for line in identity.get("/role_inferences").json()["role_inferences"]:
        role = line["prior_role"]["name"]
        more = {r["name"] for r in line["implies"]} - IMPLIED.get(role, set())
        if role in IMPLIED and more:
            faults.append(f"role {role} brings {', '.join(sorted(more))} with it")
    return sorted(faults)
