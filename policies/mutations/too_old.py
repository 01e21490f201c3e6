"""Periodic reviews that nobody did again: the only one on record is too old."""

from __future__ import annotations

from hatang.policies.mutations.place import Undo
from hatang.policies.mutations.records import aged
from hatang.registry import Registry


def acc_03(registry: Registry, system: str) -> Undo:
    """ACC-03: The list of accounts was reviewed, but too long ago."""
    return aged(registry, system, "ACC-03")


def acc_12(registry: Registry, system: str) -> Undo:
    """ACC-12: The granting of rights was reviewed, but too long ago."""
    return aged(registry, system, "ACC-12")


def ast_02(registry: Registry, system: str) -> Undo:
    """AST-02: The devices were counted, but too long ago."""
    return aged(registry, system, "AST-02")


def ast_03(registry: Registry, system: str) -> Undo:
    """AST-03: Foreign devices were looked for, but too long ago."""
    return aged(registry, system, "AST-03")


def ast_04(registry: Registry, system: str) -> Undo:
    """AST-04: What is connected was scanned for, but too long ago."""
    return aged(registry, system, "AST-04")


def bkp_08(registry: Registry, system: str) -> Undo:
    """BKP-08: A restore was tried, but too long ago."""
    return aged(registry, system, "BKP-08")


def bkp_12(registry: Registry, system: str) -> Undo:
    """BKP-12: Copies were scanned for malware, but too long ago."""
    return aged(registry, system, "BKP-12")


def cfg_04(registry: Registry, system: str) -> Undo:
    """CFG-04: The configuration document was reviewed, but too long ago."""
    return aged(registry, system, "CFG-04")


def cfg_12(registry: Registry, system: str) -> Undo:
    """CFG-12: The list of allowed software was reviewed, but too long ago."""
    return aged(registry, system, "CFG-12")


def cfg_14(registry: Registry, system: str) -> Undo:
    """CFG-14: Software that nobody allowed was looked for, but too long ago."""
    return aged(registry, system, "CFG-14")


def cfg_15(registry: Registry, system: str) -> Undo:
    """CFG-15: Software at the end of its support was reviewed, but too long ago."""
    return aged(registry, system, "CFG-15")


def dat_10(registry: Registry, system: str) -> Undo:
    """DAT-10: Logs of access to data were reviewed, but too long ago."""
    return aged(registry, system, "DAT-10")


def dev_03(registry: Registry, system: str) -> Undo:
    """DEV-03: The bill of materials was renewed, but too long ago."""
    return aged(registry, system, "DEV-03")


def inc_01(registry: Registry, system: str) -> Undo:
    """INC-01: Contacts for incidents were verified, but too long ago."""
    return aged(registry, system, "INC-01")


def log_12(registry: Registry, system: str) -> Undo:
    """LOG-12: Logs were reviewed, but too long ago."""
    return aged(registry, system, "LOG-12")


def log_19(registry: Registry, system: str) -> Undo:
    """LOG-19: The DHCP log was reviewed, but too long ago."""
    return aged(registry, system, "LOG-19")


def mon_06(registry: Registry, system: str) -> Undo:
    """MON-06: Alert thresholds were tuned, but too long ago."""
    return aged(registry, system, "MON-06")


def net_18(registry: Registry, system: str) -> Undo:
    """NET-18: Diagram and papers of the network were renewed, but too long ago."""
    return aged(registry, system, "NET-18")


def sac_15(registry: Registry, system: str) -> Undo:
    """SAC-15: The matrix of rights was verified, but too long ago."""
    return aged(registry, system, "SAC-15")


def vul_01(registry: Registry, system: str) -> Undo:
    """VUL-01: The whole system was scanned for weaknesses, but too long ago."""
    return aged(registry, system, "VUL-01")


def vul_02(registry: Registry, system: str) -> Undo:
    """VUL-02: Important assets were scanned for weaknesses, but too long ago."""
    return aged(registry, system, "VUL-02")
