"""Nova virt driver whose servers are booted hosts: it asks the hosts' agent (hatang.sandbox.hosts) for each of them.

`spawn` returns, and Nova says ACTIVE, only when the host answers on SSH; a server whose host does not boot is in ERROR,
with the end of the host's console in its fault. A host that ends by itself is SHUTOFF within seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from nova import exception
from nova.compute import power_state
from nova.virt import event as virt_event
from nova.virt import hardware

from hatang.sandbox.cloud.drivers.compute import SandboxDriver
from hatang.sandbox.hosts.client import AgentError, ask

LOG = logging.getLogger(__name__)
SOCKET = ""  # set when the service starts (service/apps.py)
WATCH_S = 1.0
TELL_AGAIN_S = 10.0  # Nova passes an event over while it has a task with the server


class HostsDriver(SandboxDriver):
    """Nova's fake for inventory and volumes, real hosts for servers."""

    def init_host(self, host):
        super().init_host(host)
        threading.Thread(target=self._watch, name=f"hosts-{host}", daemon=True).start()

    def spawn(
        self,
        context,
        instance,
        image_meta,
        injected_files,
        admin_password,
        allocations,
        network_info=None,
        block_device_info=None,
        power_on=True,
        accel_info=None,
    ):
        machine = {
            "uuid": instance.uuid,
            "name": instance.hostname,
            "image": str(instance.image_ref),
            "key": instance.key_data or "",
            "key_name": instance.key_name or "",
            "nics": [_nic(vif) for vif in network_info or []],
        }
        try:
            ask(SOCKET, do="spawn", machine=machine)
        except (AgentError, OSError) as exc:
            # Not to be tried on another compute host: it is the same machine.
            raise exception.BuildAbortException(instance_uuid=instance.uuid, reason=str(exc)) from exc
        super().spawn(
            context,
            instance,
            image_meta,
            injected_files,
            admin_password,
            allocations,
            network_info,
            block_device_info,
            power_on,
            accel_info,
        )

    def destroy(self, context, instance, network_info, *args, **kwargs):
        ask(SOCKET, do="destroy", uuid=instance.uuid)
        self._remember(instance)
        super().destroy(context, instance, network_info, *args, **kwargs)

    def reboot(self, context, instance, network_info, reboot_type, *args, **kwargs):
        ask(SOCKET, do="reboot", uuid=instance.uuid, nics=[_nic(vif) for vif in network_info or []])

    def power_off(self, instance, *args, **kwargs):
        if ask(SOCKET, do="state", uuid=instance.uuid) is not None:
            ask(SOCKET, do="stop", uuid=instance.uuid)
        super().power_off(instance, *args, **kwargs)

    def power_on(self, context, instance, network_info, *args, **kwargs):
        ask(SOCKET, do="start", uuid=instance.uuid, nics=[_nic(vif) for vif in network_info or []])
        super().power_on(context, instance, network_info, *args, **kwargs)

    def get_info(self, instance, use_cache=True):
        self._remember(instance)
        found: dict[str, Any] | None = ask(SOCKET, do="state", uuid=instance.uuid)
        is_running = found is not None and found["running"]  # without a host: made while there were none
        return hardware.InstanceInfo(state=power_state.RUNNING if is_running else power_state.SHUTDOWN)

    def get_console_output(self, context, instance):
        return str(ask(SOCKET, do="console", uuid=instance.uuid)).encode()  # Nova encodes text as Latin-1

    def _watch(self) -> None:
        """Tell Nova of hosts that ended by themselves; it then stops these servers, after a look at get_info."""
        told: dict[str, float] = {}
        while True:
            time.sleep(WATCH_S)
            try:
                died = set(ask(SOCKET, do="died"))
                told = {uuid: when for uuid, when in told.items() if uuid in died}
                for uuid in died:
                    if time.monotonic() - told.get(uuid, -TELL_AGAIN_S) >= TELL_AGAIN_S:
                        told[uuid] = time.monotonic()
                        self.emit_event(virt_event.LifecycleEvent(uuid, virt_event.EVENT_LIFECYCLE_STOPPED))
            except (AgentError, OSError) as exc:
                LOG.debug("hosts' agent: %s", exc)
            except Exception:
                LOG.exception("watching hosts")


def _nic(vif) -> dict[str, Any]:
    network = vif["network"]
    return {
        "port": vif["id"],
        "network": network["id"],
        "mac": vif["address"],
        "mtu": network.get_meta("mtu") or 1450,
        "addresses": [
            {
                "ip": ip["address"],
                "prefix": int(subnet["cidr"].split("/")[1]),
                "gateway": (subnet["gateway"] or {}).get("address") or "",
            }
            for subnet in network["subnets"]
            for ip in subnet["ips"]
        ],
        "routes": [
            [route["cidr"], route["gateway"]["address"]] for subnet in network["subnets"] for route in subnet["routes"]
        ],
    }
