"""What a plan means for people: what comes and goes, what becomes of data; losses come first."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.commands.effects import in_words
from hatang.provision.effects import Data, Effect, effects, loses_data


def step(operation: str, kind: str, name: str, *changed: str) -> dict[str, Any]:
    """A step as a plan tells it."""
    return {"operation": operation, "type": kind, "name": name, "changed": list(changed)}


RAISED = [
    step("same", "Project", "project"),
    step("update", "Project", "project", "tags"),
    step("create", "Network", "zone-database-network"),
    step("create", "Network", "zone-management-network"),
    step("create", "SecGroupRule", "group-database-in-tcp-5432"),
    step("delete", "SecGroupRule", "group-application-in-tcp-5432"),
    step("update", "Volume", "host-app-volume", "volumeType"),
    step("update", "QuotaSetV2", "quota-compute", "cores"),
]


def test_a_higher_level_brings_zones_and_keeps_data() -> None:
    found = effects(RAISED)
    assert Effect("zone", "made", ("database", "management")) in found
    assert Effect("volume", "moved", ("app",), Data.KEPT) in found
    assert not loses_data(found)
    level = {"field": "system.level", "old": "2", "new": "3"}
    told = in_words([level], found)
    assert told[0].startswith("Level 2 → 3. Requirements: ")
    assert "New network zones: database, management." in told
    assert any("get another type in place: app. Their data stay" in t for t in told)
    assert "Flows between zones: 1 rules less." in told
    assert "1 other things: changed." in told


def test_what_loses_data_comes_first_and_is_counted_once() -> None:
    steps = [
        step("create", "Network", "zone-wan-network"),
        *(step(op, "Instance", "host-web-server", "availabilityZone")
          for op in ("create-replacement", "replace", "delete-replaced")),
        *(step(op, "Volume", "host-web-volume", "size", "availabilityZone")
          for op in ("create-replacement", "replace", "delete-replaced")),
    ]  # fmt: skip
    found = effects(steps)
    assert loses_data(found)
    assert [(e.kind, e.act, e.names) for e in found[:2]] == [("server", "anew", ("web",)), ("volume", "anew", ("web",))]
    first, second, third, *_ = in_words([{"field": "system.level", "old": "2", "new": "3"}], found)
    assert third.startswith("Level 2 → 3.")
    assert "OWN DISKS IS LOST" in first
    assert "EMPTY" in second


@pytest.mark.parametrize("changed", [("size",), ("size", "volumeType")])
def test_only_another_type_alone_is_a_retype(changed: tuple[str, ...]) -> None:
    assert [e.act for e in effects([step("update", "Volume", "host-a-volume", *changed)])] == ["changed"]


@pytest.mark.parametrize(("operation", "kind"), [("delete", "Volume"), ("purge", "volume")])
def test_volumes_that_go_go_with_their_data(operation: str, kind: str) -> None:
    found = effects([step(operation, kind, "host-a-volume")])
    assert found == [Effect("volume", "gone", ("a",), Data.LOST)]
    assert in_words([], found) == ["Volumes that go, WITH THEIR DATA: a."]


def test_a_host_that_goes_is_told_with_what_is_lost_and_what_is_kept() -> None:
    steps = [
        step("delete", "Instance", "host-db-server"),
        step("delete", "Port", "host-db-port"),
        step("delete", "VolumeAttach", "host-db-attach"),
        step("update", "QuotaSetV2", "quota-compute", "instances"),
    ]
    kept = {"field": "system.kept_volumes.db", "old": "", "new": "20 GiB"}
    waits = {"field": "system.kept_volumes.cu", "old": "20 GiB", "new": ""}
    told = in_words([kept, waits], effects(steps))
    assert told[0] == "Servers that go, WITH ALL THAT LIES ON THEIR OWN DISKS: db."
    assert told[1].startswith("Data volumes that stay without a server: db.")
    lost = in_words([], effects([*steps, step("delete", "Volume", "host-db-volume")]))
    assert lost[:2] == [told[0], "Volumes that go, WITH THEIR DATA: db."]
