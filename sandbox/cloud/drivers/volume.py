"""Cinder volume driver which stores nothing: volumes exist in the database only."""

from __future__ import annotations

from cinder import context, interface, objects
from cinder.volume import driver

TOTAL_GIB = 1_000_000


@interface.volumedriver
class SandboxVolumeDriver(driver.VolumeDriver):
    VERSION = "1.0"
    CI_WIKI_NAME = "none"

    def check_for_setup_error(self):
        pass

    def get_volume_stats(self, refresh=False):
        name = self.configuration.safe_get("volume_backend_name") or "sandbox"
        held = sum(v.size for v in objects.VolumeList.get_all_by_host(context.get_admin_context(), self.host))
        self._stats = dict(
            volume_backend_name=name,
            vendor_name="sandbox",
            driver_version=self.VERSION,
            storage_protocol="iSCSI",
            pools=[
                dict(
                    pool_name="pool0",
                    total_capacity_gb=TOTAL_GIB,
                    free_capacity_gb=TOTAL_GIB - held,
                    reserved_percentage=0,
                    QoS_support=False,
                    multiattach=True,
                    thin_provisioning_support=True,
                    max_over_subscription_ratio="20.0",
                    provisioned_capacity_gb=held,
                )
            ],
        )
        return self._stats

    def create_volume(self, volume):
        pass

    def delete_volume(self, volume):
        pass

    def create_snapshot(self, snapshot):
        pass

    def delete_snapshot(self, snapshot):
        pass

    def create_volume_from_snapshot(self, volume, snapshot):
        pass

    def create_cloned_volume(self, volume, src_vref):
        pass

    def extend_volume(self, volume, new_size):
        pass

    def copy_image_to_volume(self, context, volume, image_service, image_id, disable_sparse=False):
        pass

    def clone_image(self, context, volume, image_location, image_meta, image_service):
        return {}, True

    def copy_volume_to_image(self, context, volume, image_service, image_meta):
        pass

    def retype(self, context, volume, new_type, diff, host):
        return True, None

    def ensure_export(self, context, volume):
        pass

    def create_export(self, context, volume, connector):
        pass

    def remove_export(self, context, volume):
        pass

    def initialize_connection(self, volume, connector, **kwargs):
        return {
            "driver_volume_type": "iscsi",
            "data": {
                "target_discovered": False,
                "target_portal": "127.0.0.1:3260",
                "target_iqn": "iqn.2010-10.org.openstack:volume-" + volume["id"],
                "target_lun": 1,
                "volume_id": volume["id"],
                "access_mode": "rw",
                "discard": False,
            },
        }

    def terminate_connection(self, volume, connector, **kwargs):
        pass
