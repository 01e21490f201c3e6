"""Documents on record that are taken back, that leave something out, and trials that did not succeed."""

from __future__ import annotations

from hatang.policies.mutations.records import Undo, failed, shortened, withdrawn
from hatang.registry import Registry


def restore_failed(registry: Registry, system: str) -> Undo:
    """BKP-08: The last restore that was tried did not succeed."""
    return failed(registry, system, "BKP-08")


def acceptance_failed(registry: Registry, system: str) -> Undo:
    """NET-20: The system was not accepted."""
    return failed(registry, system, "NET-20")


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
