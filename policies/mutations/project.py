"""Quotas, shared resources and roles, changed by hand. Each function returns what takes the change back."""

from __future__ import annotations

from hatang.policies.mutations.place import Place, Undo


def no_limit(place: Place) -> Undo:
    """The project may use as many cores as it likes."""
    compute, project = place.cloud.compute, place.ids["project_id"]
    before = compute.get_quota_set(project).cores
    compute.update_quota_set(project, cores=-1)
    return lambda: compute.update_quota_set(project, cores=before)


def shared_network(place: Place) -> Undo:
    """Another project may use the network of a zone."""
    network = place.cloud.network
    made = network.create_rbac_policy(
        object_type="network", object_id=place.ids["networks"]["database"], action="access_as_shared",
        target_project_id=place.cloud.current_project_id,
    )  # fmt: skip
    return lambda: network.delete_rbac_policy(made)


def admin_of_the_domain(place: Place) -> Undo:
    """The agency's administrators get `admin`, which Keystone does not confine to their domain."""
    identity, role = place.cloud.identity, place.cloud.identity.find_role("admin")
    domain, group = place.agency["domain_id"], place.agency["administrators_id"]
    identity.assign_domain_role_to_group(domain, group, role)
    return lambda: identity.unassign_domain_role_from_group(domain, group, role)


def reader_elsewhere(place: Place) -> Undo:
    """The agency's auditors may read a project that is not theirs."""
    identity, role = place.cloud.identity, place.cloud.identity.find_role("reader")
    project, group = place.cloud.current_project_id, place.agency["auditors_id"]
    identity.assign_project_role_to_group(project, group, role)
    return lambda: identity.unassign_project_role_from_group(project, group, role)


def operation_marked_as_test(place: Place) -> Undo:
    """A system in operation is given out as a test, where less care is taken."""
    identity, project = place.cloud.identity, place.ids["project_id"]
    before = list(identity.get_project(project).tags)
    after = [t for t in before if not t.startswith("environment-")] + ["environment-test"]
    _tags(place, after)
    return lambda: _tags(place, before)


def _tags(place: Place, tags: list[str]) -> None:
    way = f"/projects/{place.ids['project_id']}/tags"
    place.cloud.identity.put(way, json={"tags": tags}).raise_for_status()
