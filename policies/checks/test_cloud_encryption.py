"""Encryption of what is stored, its keys, and who else stores in the same place. Read from Cinder and Barbican."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import Live

BITS = 256


@pytest.mark.control("DAT-02")
def test_volumes_are_encrypted(value: Any, system: CheckedSystem, live: Live) -> None:
    """The level's volume type encrypts (LUKS, AES-XTS, keys of 256 bits), and so is each volume of the system."""
    if set(value) <= {"credentials"}:
        pytest.skip("at this level credentials alone, which hosts keep")
    name = system.site.volume_type(system.spec.level).name
    how = live.encryption(name)
    faults = []
    if how.provider not in ("luks", "luks2") or not (how.cipher or "").startswith("aes-xts"):
        faults.append(f"volume type {name} encrypts with {how.provider or 'nothing'}, {how.cipher or 'no cipher'}")
    elif (how.key_size or 0) < BITS:
        faults.append(f"volume type {name} has keys of {how.key_size} bits")
    plain = [v for v in live.volumes if not v.is_encrypted]
    faults += [f"volume {v.name or v.id} of type {v.volume_type} is not encrypted" for v in plain]
    assert not faults, "; ".join(faults)


@pytest.mark.control("DAT-04")
def test_keys_live_as_long_as_their_volumes(value: Any, system: CheckedSystem, live: Live) -> None:
    """Each volume has an active key of its own, no key outlives its volume, nobody else may read one."""
    keys = {k.secret_ref.rsplit("/", 1)[1]: k for k in live.keys.secrets() if k.secret_type == "symmetric"}
    used = Counter(v.encryption_key_id for v in live.volumes if v.is_encrypted)
    faults = []
    for volume in live.volumes:
        key = keys.get(volume.encryption_key_id or "")
        if not volume.is_encrypted:
            continue
        if key is None or key.status != "ACTIVE":
            faults.append(f"the key of volume {volume.name or volume.id} is not in the key manager, or not active")
        elif (key.algorithm or "").lower() != "aes" or (key.bit_length or 0) < BITS:
            faults.append(f"the key of volume {volume.name or volume.id} is {key.algorithm} of {key.bit_length} bits")
        elif used[volume.encryption_key_id] > 1:
            faults.append(f"the key of volume {volume.name or volume.id} is that of another volume too")
    faults += [f"key {k.name or i} belongs to no volume" for i, k in keys.items() if i not in used]
    for i in keys:
        answer = live.keys.get(f"/secrets/{i}/acl")
        readers = (answer.json().get("read") or {}).get("users") or []
        faults += [f"key {i} is shown to user {u} too" for u in readers]
    assert not faults, "; ".join(faults)


@pytest.mark.control("DAT-07")
def test_storage_is_no_lower_levels(value: Any, system: CheckedSystem, live: Live) -> None:
    """Where the system stores, no project of other levels does; no volume is handed over to anybody."""
    kind = system.site.volume_type(system.spec.level)
    cloud: Any = live.cloud
    tags = {f"level-{int(level)}" for level in kind.levels}
    projects = {p.id: p for p in cloud.identity.projects()}
    faults = []
    for volume in cloud.block_storage.volumes(all_projects=True):
        owner = projects.get(volume.project_id)
        of_platform = owner is not None and owner.id in {p.id for p in live.platform_projects.values()}
        if volume.volume_type == kind.name and not of_platform and not (owner and tags & set(owner.tags)):
            name = owner.name if owner else volume.project_id
            faults.append(f"project {name}, which has none of the levels of {kind.name}, stores there too")
    servers = {s.id: s.name for s in cloud.compute.servers(all_projects=True, project_id=live.project_id)}
    for volume in live.volumes:
        strange = [a["server_id"] for a in volume.attachments if a["server_id"] not in servers]
        faults += [f"volume {volume.name or volume.id} is attached to server {s} of another system" for s in strange]
    ours = {v.id: v.name or v.id for v in live.volumes}
    moving = cloud.block_storage.transfers(details=True, all_projects=True)
    faults += [f"volume {ours[t.volume_id]} is offered to another project" for t in moving if t.volume_id in ours]
    assert not faults, "; ".join(faults)
