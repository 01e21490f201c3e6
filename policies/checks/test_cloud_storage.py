"""Block storage of a system. Read from Cinder as it is now."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import Live


@pytest.mark.control("HST-03")
def test_volume_type_of_level(value: Any, system: CheckedSystem, live: Live) -> None:
    """Every volume is of the type that the site keeps for the level, on the back end of that type."""
    storage = live.cloud.block_storage
    wanted = system.site.volume_type(system.spec.level)
    kind = next((t for t in storage.types() if t.name == wanted.name), None)
    assert kind is not None, f"the cloud has no volume type {wanted.name}"
    backend = (kind.extra_specs or {}).get("volume_backend_name", "")
    assert backend == wanted.backend, f"volume type {wanted.name} stands on back end {backend or 'any'}"
    wrong = [f"{v.name} is of type {v.volume_type}" for v in live.volumes if v.volume_type != wanted.name]
    assert not wrong, "; ".join(wrong)
