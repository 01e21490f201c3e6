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
    return _volume(place, place.site.volume_types[0].name)


def _volume(place: Place, kind: str) -> Undo:
    project = place.ids["project_id"]
    quotas = place.cloud.block_storage
    before = quotas.get_quota_set(project)
    more = {f"volumes_{kind}": 1, f"gigabytes_{kind}": 1}
    quotas.update_quota_set(project, volumes=before.volumes + 1, gigabytes=before.gigabytes + 1, **more)
    storage = place.cloud.connect_as_project({"id": project}).block_storage
    made = storage.create_volume(name="by-hand", size=1, volume_type=kind)
    storage.wait_for_status(made, "available", ["error"], interval=0.3, wait=60)

    def undo() -> None:
        storage.delete_volume(made)
        storage.wait_for_delete(made, interval=0.3, wait=60)
        less = dict.fromkeys(more, 0)
        quotas.update_quota_set(project, volumes=before.volumes, gigabytes=before.gigabytes, **less)

    return undo


def volume_without_encryption(place: Place) -> Undo:
    """A volume of the cloud's default type, which encrypts nothing."""
    return _volume(place, "__DEFAULT__")


def loose_volume(place: Place) -> Undo:
    """A volume of the right type that no server holds: one call deletes it."""
    project, kind, quotas = place.ids["project_id"], _own_type(place), place.cloud.block_storage
    before = quotas.get_quota_set(project)
    fields = ("volumes", "gigabytes", f"volumes_{kind}", f"gigabytes_{kind}")
    limits = {f: before.to_dict()[f] for f in fields}
    quotas.update_quota_set(project, **{f: n + 1 for f, n in limits.items()})
    storage = place.cloud.connect_as_project({"id": project}).block_storage
    made = storage.create_volume(name="loose", size=1, volume_type=kind)
    storage.wait_for_status(made, "available", ["error"], interval=0.3, wait=60)

    def undo() -> None:
        storage.delete_volume(made)
        storage.wait_for_delete(made, interval=0.3, wait=60)
        quotas.update_quota_set(project, **limits)

    return undo


def server_unlocked(place: Place) -> Undo:
    """Somebody unlocks a server to work on it, and leaves it so: its volume can be detached and deleted."""
    compute, server = place.cloud.compute, place.ids["servers"]["app"]
    compute.unlock_server(server)
    return lambda: compute.lock_server(server)


def volume_of_another_project(place: Place) -> Undo:
    """A project that has no level stores where this level stores."""
    storage = place.cloud.block_storage
    made = storage.create_volume(name="elsewhere", size=1, volume_type=_own_type(place))
    storage.wait_for_status(made, "available", ["error"], interval=0.3, wait=60)

    def undo() -> None:
        storage.delete_volume(made)
        storage.wait_for_delete(made, interval=0.3, wait=60)

    return undo


def key_left_behind(place: Place) -> Undo:
    """A key without a volume: its volume went, or somebody made one for later."""
    keys = place.cloud.connect_as_project({"id": place.ids["project_id"]}).key_manager
    made = keys.create_secret(name="left", algorithm="aes", bit_length=256, secret_type="symmetric")  # noqa: S106 - a kind of key
    return lambda: keys.delete_secret(made.secret_ref.rsplit("/", 1)[1])


def key_shown_to_another(place: Place) -> Undo:
    """Somebody else may read the key of a volume."""
    keys = place.cloud.connect_as_project({"id": place.ids["project_id"]}).key_manager
    volume = next(v for v in place.cloud.block_storage.volumes(all_projects=True)
                  if v.project_id == place.ids["project_id"] and v.encryption_key_id)  # fmt: skip
    way = f"/secrets/{volume.encryption_key_id}/acl"
    reader = next(u for u in place.cloud.identity.users(domain_id="default") if u.name == "svc")
    keys.put(way, json={"read": {"users": [reader.id], "project-access": True}}).raise_for_status()
    return lambda: keys.delete(way).raise_for_status()


def _own_type(place: Place) -> str:
    return place.site.volume_type(place.record.spec.level).name
