"""`hatang isolation api` with real tokens: everything is refused, what is opened by hand is named, nothing is left."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import Pair
from .people import ENTRIES, PROJECT, People

if TYPE_CHECKING:
    from openstack.connection import Connection

TARGET = "lap-hai"
EVERY_RUN = ("administrator-domain", "member")  # the others of the same people with --long
SIXTY = 60
Undo = Callable[[], Any]


@pytest.fixture(scope="module")
def people(tenants: Pair, cloud: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    made = People(cloud, tmp_path_factory.mktemp("people") / "clouds.yaml")
    try:
        made.make()
        yield made
    finally:
        made.clear()


def tried(tenants: Pair, people: People, *words: str, code: int | None) -> dict[str, Any]:
    files = ("--clouds-file", str(people.clouds), "--output", "json")
    return tenants.hatang("isolation", "api", "--target", TARGET, *files, *words, code=code).json()


def as_these(*entries: str) -> list[str]:
    return [w for e in entries for w in ("--as", e)]


def groups(cloud: Connection) -> Counter[str]:
    """Security groups by project, but the one that Neutron makes when a service first asks in its own name."""
    names = {p.id: p.name for p in _any(cloud.identity).projects()}
    found = Counter(f"{names.get(g.project_id, g.project_id)}/{g.name}" for g in _any(cloud.network).security_groups())
    del found["service/default"]
    return found


def counts(cloud: Connection) -> Counter[str]:
    """How many of each thing the whole cloud holds, where anything could be left."""
    net, identity, compute, storage = (
        _any(x) for x in (cloud.network, cloud.identity, cloud.compute, cloud.block_storage)
    )
    return Counter(
        project=len(list(identity.projects())), user=len(list(identity.users())), group=len(list(identity.groups())),
        role=len(list(identity.roles())), service=len(list(identity.services())),
        given=len(list(identity.role_assignments())), domain=len(list(identity.domains())),
        network=len(list(net.networks())), port=len(list(net.ports())), router=len(list(net.routers())),
        sharing=len(list(net.rbac_policies())),
        flavor=len(list(compute.flavors(is_public=None))), server=len(list(compute.servers(all_projects=True))),
        aggregate=len(list(compute.aggregates())), volume=len(list(storage.volumes(all_projects=True))),
        snapshot=len(list(storage.snapshots(all_projects=True))), image=len(list(_any(cloud.image).images())),
        zone=len(list(_any(cloud.dns).zones(all_projects=True))),
        balancer=len(list(_any(cloud.load_balancer).load_balancers())),
    )  # fmt: skip


def _any(thing: Any) -> Any:
    return thing


def all_refused(found: dict[str, Any], entries: tuple[str, ...]) -> None:
    assert found["faults"] == [], json.dumps(found["faults"], indent=1)
    assert found["troubles"] == []
    assert found["absent_services"] == []
    assert {a["name"] for a in found["as"]} == set(entries)
    for asker in found["as"]:
        assert asker["counts"]["refused"] >= SIXTY, asker
        # What has no meaning for a domain's token is not called refused; with a project's everything is tried.
        assert (asker["counts"]["not-tried"] == 0) is (asker["scope"] == "project")


@pytest.mark.turn("flows", "api")
def test_everything_is_refused_to_every_persona_and_nothing_is_left(
    tenants: Pair, people: People, cloud: Connection
) -> None:
    before, groups_before = counts(cloud), groups(cloud)
    found = tried(tenants, people, *as_these(*EVERY_RUN), code=0)
    all_refused(found, EVERY_RUN)
    assert counts(cloud) == before
    assert groups(cloud) == groups_before
    told_of = json.dumps(found)
    for line in people.clouds.read_text().splitlines():
        if "password:" in line or "secret:" in line:
            assert line.split(": ", 1)[1].strip("'\"") not in told_of


@pytest.mark.long
def test_the_other_tokens_of_the_same_people(tenants: Pair, people: People) -> None:
    others = tuple(e for e in ENTRIES if e not in EVERY_RUN)
    all_refused(tried(tenants, people, *as_these(*others), code=0), others)


def role_in_the_project(cloud: Connection, people: People) -> Undo:
    identity: Any = cloud.identity
    project, role = identity.find_project(TARGET).id, identity.find_role("reader")
    identity.assign_project_role_to_user(project, people.ids["member"], role)
    return partial(identity.unassign_project_role_from_user, project, people.ids["member"], role)


def shared_network(cloud: Connection, people: People) -> Undo:
    net: Any = cloud.network
    made = net.create_rbac_policy(
        object_type="network", object_id=net.find_network(f"{TARGET}-dmz").id, action="access_as_shared",
        target_project_id=_any(cloud.identity).find_project(PROJECT).id,
    )  # fmt: skip
    return partial(net.delete_rbac_policy, made)


def shared_image(cloud: Connection, people: People) -> Undo:
    identity, image = _any(cloud.identity), _any(cloud.image)
    made = image.create_image(
        name="anh-cua-lap-hai", disk_format="raw", container_format="bare", visibility="shared",
        owner=identity.find_project(TARGET).id, data=b"x", validate_checksum=False,
    )  # fmt: skip
    image.add_member(made.id, member=identity.find_project(PROJECT).id)
    return partial(image.delete_image, made)


OPENED: list[tuple[Callable[[Connection, People], Undo], str, set[tuple[str, str]]]] = [
    (role_in_the_project, "identity", {("token-of-project", "open"), ("list-own-projects", "revealed")}),
    (shared_network, "network", {("show-network", "open"), ("list-networks", "revealed")}),
    (shared_image, "image", {("show-image", "open"), ("list-images-of-project", "revealed")}),
]


@pytest.mark.turn("flows", "api")
@pytest.mark.parametrize(
    ("opened", "service", "wanted"),
    [pytest.param(*m, id=m[0].__name__, marks=[] if m[0] is shared_network else pytest.mark.long) for m in OPENED],
)
def test_what_was_opened_by_hand_is_named(
    tenants: Pair, people: People, cloud: Connection, opened: Callable[[Connection, People], Undo], service: str,
    wanted: set[tuple[str, str]],
) -> None:  # fmt: skip
    undo = opened(cloud, people)
    try:
        found = tried(tenants, people, "--as", "member", "--service", service, code=1)
    finally:
        undo()
    assert wanted <= {(f["operation"], f["outcome"]) for f in found["faults"]}, found["faults"]
    assert not found["holds"]


@pytest.mark.turn("flows", "api")
def test_tokens_that_would_prove_nothing_are_refused(tenants: Pair, people: People) -> None:
    own = tenants.hatang(
        "isolation", "api", "--target", PROJECT, "--clouds-file", str(people.clouds), "--as", "member", code=2
    )
    assert "tried agency's own" in own.err
    missing = tenants.hatang(
        "isolation", "api", "--target", TARGET, "--clouds-file", str(people.clouds), "--as", "nobody", code=2
    )
    assert "--as nobody" in missing.err
