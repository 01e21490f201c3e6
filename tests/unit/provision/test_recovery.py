"""What a kill left is removed; a namesake in somebody else's project never is.

The cloud here is a stand-in: a namesake that appears in the very moment of a kill cannot be caused for real.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hatang.provision import late, recovery
from hatang.provision.events import Report, read_events
from hatang.provision.state import PROJECT, SERVER, VOLUME, Known, StateFile

OURS, THEIRS = "project-ours", "project-theirs"
FLAVOR = "openstack:compute/flavor:Flavor"
POOL = "openstack:networking/subnetPool:SubnetPool"


class Listing:
    """One kind of object in all projects."""

    def __init__(self, *owners: str, created: str = "2026-11-26T08:00:00Z") -> None:
        more = {"name": "a-b-c", "status": "available", "created_at": created}
        self.items = [SimpleNamespace(id=f"of-{o}", project_id=o, **more) for o in owners]

    def __call__(self, **_: Any) -> list[SimpleNamespace]:
        return list(self.items)

    def delete(self, found: SimpleNamespace, **_: Any) -> None:
        self.items.remove(found)

    def owners(self) -> list[str]:
        """Whose objects are left."""
        return [i.project_id for i in self.items]


@pytest.fixture
def everything() -> Listing:
    """Two namesakes: ours, half made, and another's."""
    return Listing(OURS, THEIRS)


def _cloud(listing: Listing, current: str = "project-of-automation") -> Any:
    compute = SimpleNamespace(servers=listing, delete_server=listing.delete, wait_for_delete=lambda *_, **__: None)
    storage = SimpleNamespace(
        volumes=listing, delete_volume=listing.delete, get_volume=lambda _: SimpleNamespace(status="available")
    )
    network = SimpleNamespace(subnet_pools=listing, delete_subnet_pool=listing.delete)
    return SimpleNamespace(compute=compute, block_storage=storage, network=network, current_project_id=current)


def _state(folder: Path, kind: str, *, with_project: bool = True) -> StateFile:
    project = {
        "urn": "urn:pulumi:a-b::hatang-system::p::project", "type": PROJECT, "custom": True, "id": OURS,
        "inputs": {"name": "a-b"},
    }  # fmt: skip
    pending = {"urn": "urn:pulumi:a-b::hatang-system::x::it", "type": kind, "inputs": {"name": "a-b-c"}}
    latest = {
        "resources": [project] if with_project else [],
        "pending_operations": [{"type": "creating", "resource": pending}],
    }
    file = folder / ".pulumi" / "stacks" / "hatang-system" / "a-b.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"stack": "a-b", "latest": latest}}))
    return StateFile(file)


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request is under way here."""
    monkeypatch.setattr(recovery, "SETTLE_S", 0.0)


@pytest.mark.parametrize("kind", [SERVER, VOLUME])
def test_a_namesake_in_another_project_stays(kind: str, everything: Listing, tmp_path: Path) -> None:
    assert recovery.recover(_state(tmp_path, kind), _cloud(everything), lambda _: None)
    assert everything.owners() == [THEIRS]


@pytest.mark.parametrize("kind", [SERVER, VOLUME])
def test_without_a_project_of_ours_nothing_is_removed(kind: str, everything: Listing, tmp_path: Path) -> None:
    recovery.recover(_state(tmp_path, kind, with_project=False), _cloud(everything), lambda _: None)
    assert everything.owners() == [OURS, THEIRS]


def test_what_names_no_project_is_the_automations_own(everything: Listing, tmp_path: Path) -> None:
    recovery.recover(_state(tmp_path, POOL), _cloud(everything, current=OURS), lambda _: None)
    assert everything.owners() == [THEIRS]


@pytest.mark.parametrize("kind", [SERVER, VOLUME])
def test_what_comes_after_recovery_is_removed_by_the_next_sweep(kind: str, everything: Listing, tmp_path: Path) -> None:
    state, nothing = _state(tmp_path, kind), Listing()
    assert recovery.recover(state, _cloud(nothing), lambda _: None)
    assert state.late_file.stat().st_mode & 0o777 == 0o600
    assert recovery.sweep(state, _cloud(nothing), lambda _: None) == 0
    said: list[str] = []
    assert recovery.sweep(state, _cloud(everything), said.append) == 1
    assert everything.owners() == [THEIRS]
    assert said == ["removing it: it was being made when the last run was killed"]


def test_its_successor_stays(everything: Listing, tmp_path: Path) -> None:
    state = _state(tmp_path, VOLUME)
    recovery.recover(state, _cloud(Listing()), lambda _: None)
    document = json.loads(state.path.read_text())
    document["checkpoint"]["latest"]["resources"].append(
        {"urn": "urn:pulumi:a-b::hatang-system::x::it", "type": VOLUME, "custom": True, "id": f"of-{OURS}"}
    )
    state.path.write_text(json.dumps(document))
    assert recovery.sweep(state, _cloud(everything), lambda _: None) == 0
    assert everything.owners() == [OURS, THEIRS]


def test_after_an_hour_nothing_is_expected_any_more(everything: Listing, tmp_path: Path) -> None:
    state = _state(tmp_path, VOLUME)
    late.remember(state, [late.Late.of(known) for _, known in state.pending()], now=time.time() - late.KEEP_S - 1)
    assert state.late_file.is_file()
    assert recovery.sweep(state, _cloud(everything), lambda _: None) == 0
    assert not state.late_file.exists()


@pytest.mark.parametrize("kind", [SERVER, VOLUME])
@pytest.mark.parametrize(
    ("created", "left"),
    [("2026-11-26T08:00:01", [THEIRS]), ("2026-11-25T08:00:00Z", [OURS, THEIRS]), ("", [OURS, THEIRS])],
)
def test_what_a_failed_run_asked_for_is_removed_unless_it_is_older(
    kind: str, created: str, left: list[str], tmp_path: Path
) -> None:
    """The cloud made it and then gave no good answer; what somebody had there before under this name stays."""
    state, there = _state(tmp_path, kind), Listing(OURS, THEIRS, created=created)
    state.clear_pending()
    begun = datetime(2026, 11, 26, 8, 0, tzinfo=UTC).timestamp()
    failed = Known("urn:pulumi:a-b::hatang-system::x::it", kind, "", {"name": "a-b-c"}, {})
    late.remember_failed(state, Report(failed=[failed], begun=begun))
    said: list[str] = []
    assert recovery.sweep(state, _cloud(there), said.append) == 2 - len(left)
    assert there.owners() == left
    assert all("without saying so" in text for text in said)


def test_a_failed_kind_that_tells_no_time_is_left_to_the_next_run(tmp_path: Path) -> None:
    flavors = Listing("")
    cloud = SimpleNamespace(compute=SimpleNamespace(flavors=flavors, delete_flavor=flavors.delete))
    state = _state(tmp_path, FLAVOR)
    state.clear_pending()
    late.remember_failed(state, Report(failed=[Known("a::it", FLAVOR, "", {"name": "a-b-c"}, {})], begun=time.time()))
    assert recovery.sweep(state, cloud, lambda _: None) == 0
    assert flavors.owners() == [""]


@pytest.mark.parametrize("lives", ["projects", "users", "groups"])
def test_a_domain_in_which_somebody_lives_is_never_taken_for_half_made(lives: str, tmp_path: Path) -> None:
    domains, empty = Listing(""), Listing()
    parts = dict.fromkeys(("projects", "users", "groups"), empty) | {lives: Listing("of the domain")}
    identity = SimpleNamespace(domains=domains, delete_domain=domains.delete, update_domain=domains.delete, **parts)
    state = _state(tmp_path, PROJECT)
    document = json.loads(state.path.read_text())
    inputs = document["checkpoint"]["latest"]["pending_operations"][0]["resource"]["inputs"]
    inputs |= {"name": "a-b-c", "isDomain": True}
    state.path.write_text(json.dumps(document))
    assert recovery.recover(state, SimpleNamespace(identity=identity, compute=None, block_storage=None), lambda _: None)
    assert domains.owners() == [""]


def test_events_tell_which_creations_failed(tmp_path: Path) -> None:
    def failed(op: str, name: str) -> dict[str, Any]:
        made = {"op": op, "urn": f"urn::{name}", "type": VOLUME, "new": {"inputs": {"name": name}}}
        return {"timestamp": 7, "resOpFailedEvent": {"metadata": made}}

    lines = [{"timestamp": 5, "preludeEvent": {}}, failed("create", "a"), failed("update", "b")]
    (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, lines)))
    report = read_events(tmp_path / "events.jsonl")
    assert (report.begun, [(f.name, f.inputs) for f in report.failed]) == (5, [("a", {"name": "a"})])
