"""Groups of controls, in the order of the tables of requirements. The letters of an id say which group it is in."""

from __future__ import annotations

from typing import NamedTuple


class Group(NamedTuple):
    """One group: its name in both languages, and the letters of its controls."""

    vi: str
    en: str
    letters: tuple[str, ...]


GROUPS: dict[str, Group] = {
    "accounts": Group("Tài khoản", "Accounts", ("ACC",)),
    "authentication": Group("Xác thực, mật khẩu, phiên", "Authentication, passwords, sessions", ("AUT", "SES")),
    "access": Group("Kiểm soát truy cập, quản trị từ xa", "Access and remote administration", ("SAC",)),
    "configuration": Group("Cấu hình an toàn", "Secure configuration", ("CFG",)),
    "logs": Group("Nhật ký", "Logs", ("LOG",)),
    "vulnerabilities": Group("Lỗ hổng, bản vá, mã độc", "Weaknesses, patches, malware", ("VUL", "MAL")),
    "backup": Group("Sao lưu, khôi phục", "Backup and recovery", ("BKP",)),
    "network": Group("Mạng và vùng", "Networks and zones", ("NET",)),
    "monitoring": Group("Giám sát, phòng thủ", "Monitoring and defence", ("MON",)),
    "data": Group("Dữ liệu", "Data", ("DAT",)),
    "assets": Group("Thiết bị", "Devices", ("AST",)),
    "development": Group(
        "Phát triển, thư điện tử, thử xâm nhập, sự cố", "Development, mail, penetration tests, incidents",
        ("DEV", "EML", "PEN", "INC"),
    ),
    "decrees": Group("Hạ tầng dùng chung của tỉnh", "Shared infrastructure of the province", ("HST", "TSL")),
}  # fmt: skip


def group_of(control_id: str) -> str:
    """Key of the group that an id belongs to. Raises KeyError for letters that belong to none."""
    letters = control_id[:3]
    for key, group in GROUPS.items():
        if letters in group.letters:
            return key
    raise KeyError(letters)
