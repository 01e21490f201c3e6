"""Thẩm quyền: who must appraise and approve a request, by the level of its system (Decree 331/2026, Art. 18)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hatang.model.lifecycle import RequestKind, Role
from hatang.model.terms import Level
from hatang.model.waiver import person_key

OWNERS_AGREE = "every owner of a system consents, then the specialised unit approves: hatang's own rule"
BOTH_AGREE = "both owners consent: hatang's own rule"
TWO_PERSONS = "two persons decide on a removal: hatang's own rule"


@dataclass(frozen=True)
class Demand:
    """What an approval needs."""

    approver: Role
    appraiser: Role | None  # None: the approver appraises, or the Ministry of Public Security does
    opinion: bool  # the recorded opinion of the Ministry of Public Security
    clause: str


def demand(level: Level | None, *, operates: bool, kind: RequestKind = RequestKind.NEW_SYSTEM) -> Demand:
    """Who decides. A removal takes two persons of two bodies at every level, by our own rule.

    Args:
        level: of the system, of two systems the higher one; None for a request that is about an agency only. The Decree
            does not speak of those; by our own rule they are decided like level 1.
        operates: the specialised unit is also the operator, so another unit or a council appraises (Art. 18.4).
    """
    if kind is RequestKind.REORGANISE:  # the level of no system changes, so the Decree asks for nothing anew
        return Demand(Role.SPECIALISED, None, False, OWNERS_AGREE)
    usual = _usual(level, operates=operates)
    if kind is RequestKind.INTERCONNECT:
        return replace(usual, clause=f"{usual.clause}; {BOTH_AGREE}")
    if kind is not RequestKind.REMOVE or usual.appraiser:
        return usual
    second = Role.OWNER if usual.approver is Role.SPECIALISED else Role.OTHER_UNIT if operates else Role.SPECIALISED
    return replace(usual, appraiser=second, clause=f"{usual.clause}; {TWO_PERSONS}")


def _usual(level: Level | None, *, operates: bool) -> Demand:
    if level is None or level <= Level.L2:
        return Demand(Role.SPECIALISED, Role.OTHER_UNIT if operates else None, False, "331/2026/NĐ-CP Đ18")
    if level == Level.L3:
        return Demand(Role.OWNER, Role.OTHER_UNIT if operates else Role.SPECIALISED, False, "331/2026/NĐ-CP Đ18")
    return Demand(Role.OWNER, None, True, "331/2026/NĐ-CP Đ18, Đ21")


def is_operator(specialised_unit: str, operator: str) -> bool:
    """Whether the two names are of one unit; spelling in capitals or with other spaces makes no other unit."""
    return person_key(specialised_unit) == person_key(operator)
