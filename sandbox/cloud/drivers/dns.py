"""Designate without DNS servers: zones become ACTIVE although nobody serves them."""

from __future__ import annotations

from designate import context, objects
from designate.worker.tasks import zone as zone_tasks
from oslo_config import cfg


def install() -> None:
    """Replace the two tasks which would talk to a name server."""
    zone_tasks.SendNotify.__call__ = lambda self: True
    zone_tasks.PollForZone.__call__ = lambda self: 0 if self.zone.action == "DELETE" else self.zone.serial


def fill_default_pool(central) -> None:
    """Give the default pool one name server and one target; `designate-manage pool update` would need a real bus."""
    ctx = context.DesignateContext.get_admin_context()
    pool = central.storage.get_pool(ctx, cfg.CONF["service:central"].default_pool_id)
    if pool.ns_records:
        return
    pool.ns_records.append(objects.PoolNsRecord(hostname="ns1.sandbox.example.", priority=1))
    pool.targets.append(
        objects.PoolTarget(
            type="fake",
            description="none",
            masters=objects.PoolTargetMasterList(),
            options=objects.PoolTargetOptionList(),
        )
    )
    pool.nameservers.append(objects.PoolNameserver(host="127.0.0.1", port=15353))
    central.storage.update_pool(ctx, pool)
