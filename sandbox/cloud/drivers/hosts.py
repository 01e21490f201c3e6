"""Nova virt driver whose servers are booted hosts: it asks the hosts' agent (hatang.sandbox.hosts) for each of them.

`spawn` returns, and Nova says ACTIVE, only when the host answers on SSH; a server whose host does not boot is in ERROR.
"""

from __future__ import annotations

from typing import Any

from nova.compute import power_state
from nova.virt import hardware

from hatang.sandbox.cloud.drivers.compute import SandboxDriver
from hatang.sandbox.hosts.client import ask

SOCKET = ""  # set when the service starts (service/apps.py)


class HostsDriver(SandboxDriver):
    """Nova's fake for inventory and volumes, real hosts for servers."""

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
        ask(SOCKET, do="spawn", machine=machine)
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
        ask(SOCKET, do="reboot", uuid=instance.uuid)

    def power_off(self, instance, *args, **kwargs):
        ask(SOCKET, do="stop", uuid=instance.uuid)
        super().power_off(instance, *args, **kwargs)

    def power_on(self, context, instance, *args, **kwargs):
        ask(SOCKET, do="start", uuid=instance.uuid)
        super().power_on(context, instance, *args, **kwargs)

    def get_info(self, instance, use_cache=True):
        self._remember(instance)
        found: dict[str, Any] | None = ask(SOCKET, do="state", uuid=instance.uuid)
        if found is None:
            return super().get_info(instance, use_cache)
        return hardware.InstanceInfo(state=power_state.RUNNING if found["running"] else power_state.SHUTDOWN)

    def get_console_output(self, context, instance):
        return ask(SOCKET, do="console", uuid=instance.uuid)


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
    }
