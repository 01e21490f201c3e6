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


@pytest.mark.control("BKP-13")
def test_no_volume_goes_with_one_call(value: Any, system: CheckedSystem, live: Live) -> None:
    """Every volume is attached, so Cinder does not delete it, and to a locked server, so Nova does not detach it."""
    servers = live.cloud.compute.servers(all_projects=True, project_id=live.project_id)
    locked = {s.id for s in servers if s.is_locked}
    loose = [v.name or v.id for v in live.volumes if not v.attachments]
    held = [v for v in live.volumes if v.attachments and not {a["server_id"] for a in v.attachments} <= locked]
    assert not loose, f"volumes that one call deletes: {', '.join(loose)}"
    assert not held, f"volumes of a server that is not locked: {', '.join(v.name or v.id for v in held)}"
