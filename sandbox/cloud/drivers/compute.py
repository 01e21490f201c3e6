"""Nova virt driver: Nova's own fake, with node identities and instances which survive a restart."""

from __future__ import annotations

from nova.compute import power_state
from nova.virt import fake, hardware

from hatang.sandbox.cloud.configfiles import node_uuid


class SandboxDriver(fake.FakeDriver):
    capabilities = dict(fake.FakeDriver.capabilities, supports_image_type_qcow2=True)
    vcpus = 1_000_000
    memory_mb = 2_000_000_000
    local_gb = 100_000_000

    def get_available_resource(self, nodename):
        resource = super().get_available_resource(nodename)
        if resource:
            resource["uuid"] = node_uuid(nodename)
        return resource

    def get_nodenames_by_uuid(self, refresh=False):
        return {node_uuid(n): n for n in self.get_available_nodes()}

    def _remember(self, instance) -> None:
        """After a restart the database is the only witness of an instance: believe it."""
        if instance.uuid not in self.instances:
            state = power_state.RUNNING if instance.power_state is None else instance.power_state
            self.instances[instance.uuid] = fake.FakeInstance(instance.name, state, instance.uuid)

    def get_info(self, instance, use_cache=True):
        self._remember(instance)
        return hardware.InstanceInfo(state=self.instances[instance.uuid].state)

    def power_off(self, instance, *args, **kwargs):
        self._remember(instance)
        return super().power_off(instance, *args, **kwargs)

    def power_on(self, context, instance, *args, **kwargs):
        self._remember(instance)
        return super().power_on(context, instance, *args, **kwargs)

    def instance_on_disk(self, instance) -> bool:
        return True
