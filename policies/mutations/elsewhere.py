"""Records that look right and are about something else: another agency did it, not the one of this system."""

from __future__ import annotations

from hatang.policies.mutations.place import Undo
from hatang.policies.mutations.records import displaced
from hatang.registry import Registry


def acc_03(registry: Registry, system: str) -> Undo:
    """ACC-03: The list of accounts was reviewed, elsewhere."""
    return displaced(registry, system, "ACC-03")


def acc_12(registry: Registry, system: str) -> Undo:
    """ACC-12: The granting of rights was reviewed, elsewhere."""
    return displaced(registry, system, "ACC-12")


def ast_02(registry: Registry, system: str) -> Undo:
    """AST-02: The devices were counted, elsewhere."""
    return displaced(registry, system, "AST-02")


def ast_03(registry: Registry, system: str) -> Undo:
    """AST-03: Foreign devices were looked for, elsewhere."""
    return displaced(registry, system, "AST-03")


def ast_04(registry: Registry, system: str) -> Undo:
    """AST-04: What is connected was scanned for, elsewhere."""
    return displaced(registry, system, "AST-04")


def bkp_08(registry: Registry, system: str) -> Undo:
    """BKP-08: A restore was tried, elsewhere."""
    return displaced(registry, system, "BKP-08")


def bkp_12(registry: Registry, system: str) -> Undo:
    """BKP-12: Copies were scanned for malware, elsewhere."""
    return displaced(registry, system, "BKP-12")


def cfg_04(registry: Registry, system: str) -> Undo:
    """CFG-04: The configuration document was reviewed, elsewhere."""
    return displaced(registry, system, "CFG-04")


def cfg_12(registry: Registry, system: str) -> Undo:
    """CFG-12: The list of allowed software was reviewed, elsewhere."""
    return displaced(registry, system, "CFG-12")


def cfg_14(registry: Registry, system: str) -> Undo:
    """CFG-14: Software that nobody allowed was looked for, elsewhere."""
    return displaced(registry, system, "CFG-14")


def cfg_15(registry: Registry, system: str) -> Undo:
    """CFG-15: Software at the end of its support was reviewed, elsewhere."""
    return displaced(registry, system, "CFG-15")


def dat_10(registry: Registry, system: str) -> Undo:
    """DAT-10: Logs of access to data were reviewed, elsewhere."""
    return displaced(registry, system, "DAT-10")


def dev_03(registry: Registry, system: str) -> Undo:
    """DEV-03: The bill of materials was renewed, elsewhere."""
    return displaced(registry, system, "DEV-03")


def inc_01(registry: Registry, system: str) -> Undo:
    """INC-01: Contacts for incidents were verified, elsewhere."""
    return displaced(registry, system, "INC-01")


def log_12(registry: Registry, system: str) -> Undo:
    """LOG-12: Logs were reviewed, elsewhere."""
    return displaced(registry, system, "LOG-12")


def log_19(registry: Registry, system: str) -> Undo:
    """LOG-19: The DHCP log was reviewed, elsewhere."""
    return displaced(registry, system, "LOG-19")


def mon_06(registry: Registry, system: str) -> Undo:
    """MON-06: Alert thresholds were tuned, elsewhere."""
    return displaced(registry, system, "MON-06")


def net_18(registry: Registry, system: str) -> Undo:
    """NET-18: Diagram and papers of the network were renewed, elsewhere."""
    return displaced(registry, system, "NET-18")


def sac_15(registry: Registry, system: str) -> Undo:
    """SAC-15: The matrix of rights was verified, elsewhere."""
    return displaced(registry, system, "SAC-15")


def vul_01(registry: Registry, system: str) -> Undo:
    """VUL-01: The whole system was scanned for weaknesses, elsewhere."""
    return displaced(registry, system, "VUL-01")


def vul_02(registry: Registry, system: str) -> Undo:
    """VUL-02: Important assets were scanned for weaknesses, elsewhere."""
    return displaced(registry, system, "VUL-02")


def cfg_01(registry: Registry, system: str) -> Undo:
    """CFG-01: The secure configuration is another agency's."""
    return displaced(registry, system, "CFG-01")


def dat_14(registry: Registry, system: str) -> Undo:
    """DAT-14: The document of flows is another agency's."""
    return displaced(registry, system, "DAT-14")


def hst_04(registry: Registry, system: str) -> Undo:
    """HST-04: The level dossier is another agency's."""
    return displaced(registry, system, "HST-04")


def net_20(registry: Registry, system: str) -> Undo:
    """NET-20: The acceptance was another agency's."""
    return displaced(registry, system, "NET-20")
