"""A plan that gives volumes another type is led over a config in which the old type keeps its quota."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hatang.provision.plan import Plan
from hatang.provision.retype import QUOTA, bridge
from hatang.provision.state import Known, StateFile
from hatang.stacks.components.quota import by_volume_type
from tests.unit.stacks.recorded import system_config, system_record

OLD, NEW = "level-1-2", "level-3-4"


class Engine(StateFile):
    """What the engine knows: one quota set of Cinder."""

    def __init__(self, now: dict[str, str]) -> None:
        self.now = now

    def resources(self) -> list[Known]:
        """The quota set."""
        return [Known("urn::quota", QUOTA, "id", {"volumeTypeQuota": self.now}, {})]


def plan(*changed: str) -> Plan:
    """A plan that updates a volume."""
    row: dict[str, Any] = {"operation": "update", "type": "Volume", "name": "v", "changed": list(changed)}
    return Plan("x", {}, "", {}, [row], refresh=False, file=Path())


def test_the_old_type_keeps_its_quota_until_the_volumes_have_left_it() -> None:
    wanted = system_config(system_record(3))
    before = {f"volumes_{OLD}": "2", f"gigabytes_{OLD}": "40", f"volumes_{NEW}": "0"}
    first = bridge(wanted, plan("volumeType"), Engine(before))
    assert first is not None
    given = by_volume_type(first.quota)
    assert (given[f"volumes_{OLD}"], given[f"gigabytes_{OLD}"]) == (2, 40)
    final = by_volume_type(wanted.quota)
    assert {k for k in given if given[k] != final[k]} == {f"volumes_{OLD}", f"gigabytes_{OLD}"}
    assert final[f"volumes_{OLD}"] == 0


@pytest.mark.parametrize(("changed", "now"), [(("size",), {f"volumes_{OLD}": "2"}), (("volumeType",), {})])
def test_else_there_is_nothing_to_do_first(changed: tuple[str, ...], now: dict[str, str]) -> None:
    assert bridge(system_config(system_record(3)), plan(*changed), Engine(now)) is None
