"""Volumes and their quotas, changed by hand. Each function returns what takes the change back."""

from __future__ import annotations

from hatang.policies.mutations.place import Place, Undo


def no_limit_of_a_volume_type(place: Place) -> Undo:
    """No limit for the level's own volume type."""
    return _quota(place, f"gigabytes_{place.site.volume_type(place.record.spec.level).name}", -1)


def another_volume_type_allowed(place: Place) -> Undo:
    """A snapshot may be of another level's type."""
    return _quota(place, f"snapshots_{place.site.volume_types[0].name}", 1)


def _quota(place: Place, field: str, limit: int) -> Undo:
    project, storage = place.ids["project_id"], place.cloud.block_storage
    before = storage.get_quota_set(project).to_dict()[field]
    storage.update_quota_set(project, **{field: limit})
    return lambda: storage.update_quota_set(project, **{field: before})


def volume_of_another_type(place: Place) -> Undo:
    """A volume of another level's type; the type itself cannot be changed while volumes are of it."""
    project, level_1 = place.ids["project_id"], place.site.volume_types[0].name
    quotas = place.cloud.block_storage
    before = quotas.get_quota_set(project)
    more = {f"volumes_{level_1}": 1, f"gigabytes_{level_1}": 1}
    quotas.update_quota_set(project, volumes=before.volumes + 1, gigabytes=before.gigabytes + 1, **more)
    storage = place.cloud.connect_as_project({"id": project}).block_storage
    made = storage.create_volume(name="by-hand", size=1, volume_type=level_1)
    storage.wait_for_status(made, "available", ["error"], interval=0.3, wait=60)

    def undo() -> None:
        storage.delete_volume(made)
        storage.wait_for_delete(made, interval=0.3, wait=60)
        less = dict.fromkeys(more, 0)
        quotas.update_quota_set(project, volumes=before.volumes, gigabytes=before.gigabytes, **less)

    return undo
