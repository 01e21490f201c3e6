"""Documents on record that are taken back, that leave something out, and trials that did not succeed."""

from __future__ import annotations

from datetime import timedelta

from hatang.model.waiver import civil_day
from hatang.policies.mutations.place import Undo
from hatang.policies.mutations.records import altered, failed, shortened, withdrawn
from hatang.registry import Registry
from hatang.registry.history import History


def restore_failed(registry: Registry, system: str) -> Undo:
    """BKP-08: The last restore that was tried did not succeed."""
    return failed(registry, system, "BKP-08")


def acceptance_failed(registry: Registry, system: str) -> Undo:
    """NET-20: The system was not accepted."""
    return failed(registry, system, "NET-20")


def accepted_late(registry: Registry, system: str) -> Undo:
    """NET-20: The system was used first, and accepted the day after."""
    used = History(registry).of(system).in_use_at
    assert used is not None
    return altered(registry, system, "NET-20", day=civil_day(used) + timedelta(days=1))


def host_not_scanned(registry: Registry, system: str) -> Undo:
    """VUL-01: The scan left a server out."""
    return shortened(registry, system, "VUL-01")


def host_left_out(registry: Registry, system: str) -> Undo:
    """BKP-01: The rules of backup leave a server out."""
    return shortened(registry, system, "BKP-01")


def backup_rules_withdrawn(registry: Registry, system: str) -> Undo:
    """BKP-01: The rules of backup are taken back."""
    return withdrawn(registry, system, "BKP-01")


def configuration_withdrawn(registry: Registry, system: str) -> Undo:
    """CFG-01: The secure configuration is taken back."""
    return withdrawn(registry, system, "CFG-01")


def flows_withdrawn(registry: Registry, system: str) -> Undo:
    """DAT-14: The document of flows is taken back."""
    return withdrawn(registry, system, "DAT-14")


def dossier_withdrawn(registry: Registry, system: str) -> Undo:
    """HST-04: The level dossier is taken back."""
    return withdrawn(registry, system, "HST-04")
