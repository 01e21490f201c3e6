"""Another volume type, in place: Cinder lets no quota fall below what is in use.

So the engine runs twice: first the old type keeps its quota while the volumes leave it; then all is as it was planned.
"""

from __future__ import annotations

from typing import Any

from hatang.provision.plan import Plan
from hatang.provision.state import StateFile
from hatang.stacks.components.quota import by_volume_type
from hatang.stacks.system.config import SystemConfig

QUOTA, VOLUME = "openstack:blockstorage/quoteSetV3:QuoteSetV3", "openstack:blockstorage/volume:Volume"


def bridge(config: SystemConfig, plan: Plan, state: StateFile) -> SystemConfig | None:
    """What to apply before what was planned; None: no volume changes its type, or the old types keep their quota."""
    if not any(row["type"] == "Volume" and "volumeType" in row["changed"] for row in plan.rows):
        return None
    now: dict[str, Any] = next(
        (r.inputs.get("volumeTypeQuota") or {} for r in state.resources() if r.type == QUOTA), {}
    )
    wanted = by_volume_type(config.quota)
    kept = {field: int(count) for field, count in now.items() if int(count) > wanted.get(field, 0)}
    quota = config.quota.model_copy(update={"leaving": kept})
    return config.model_copy(update={"quota": quota}) if kept else None
