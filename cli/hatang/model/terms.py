"""The words of the field as enumerations; the glossary maps each to its Vietnamese legal word."""

from __future__ import annotations

from enum import IntEnum, StrEnum

UNSTATED = "unstated"  # a value: the source demands the thing, and what was read of it names none


class Branch(StrEnum):
    """Khối: the branch of power that a body belongs to. Branches never route to each other."""

    PARTY = "party"
    COUNCIL = "council"
    COMMITTEE = "committee"


class Tier(StrEnum):
    """Cấp hành chính: two tiers since 1 July 2025."""

    PROVINCE = "province"
    COMMUNE = "commune"


class Level(IntEnum):
    """Cấp độ 1–5 of Decree 331/2026. Not cumulative: each level has its own values."""

    L1 = 1
    L2 = 2
    L3 = 3
    L4 = 4
    L5 = 5


class Environment(StrEnum):
    """What a system is for; each is a system of its own, apart from the others (DEV-04)."""

    OPERATION = "operation"  # vận hành
    TEST = "test"  # kiểm thử
    DEVELOPMENT = "development"  # phát triển


class ZoneKind(StrEnum):
    """Vùng mạng (control NET-01). Which of them a system has depends on its level: policies/zones.yaml."""

    BORDER = "border"  # vùng biên
    DMZ = "dmz"
    APPLICATION = "application"  # vùng máy chủ (nội bộ)
    DATABASE = "database"  # vùng máy chủ cơ sở dữ liệu
    INTERNAL = "internal"  # vùng nội bộ
    WIRELESS = "wireless"  # vùng không dây
    MANAGEMENT = "management"  # vùng quản trị
    WAN = "wan"  # from level 4
    EQUIPMENT = "equipment"  # vùng quản trị thiết bị hệ thống, from level 4


class ResultState(StrEnum):
    """State of one control for one scope (design.md, section 6)."""

    MET = "met"  # đạt
    PARTLY = "partly"  # một phần
    NOT_MET = "not-met"  # chưa đạt
    NOT_AUTOMATED = "not-automated"  # không kiểm tự động
    NOT_CHECKED = "not-checked"  # không kiểm được: not reached, or the check itself broke; never counts as met
    NOT_APPLICABLE = "not-applicable"  # không áp dụng
    WAIVED = "waived"  # ngoại lệ, shown with its expiry


def applying(document_storage: bool) -> tuple[str, ...]:
    """Kinds of system whose sources apply besides those for all: the `applies_to` of sources and controls."""
    return ("document_storage",) if document_storage else ()
