#!/usr/bin/env python3
"""docs/reference/errors.md, errors.vi.md: codes, exit codes and meanings, from the classes. --check compares."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.generated import write_or_check

from hatang import locale
from hatang.errors import HatangError

INTRO = {
    "en": """# Errors

*[Tiếng Việt](errors.vi.md)*

Every error says what is wrong, where, and what to do. Codes are stable. This page is generated from `hatang.errors`.

| Code | Class | Exit code | Meaning |
|---|---|---|---|
""",
    "vi": """# Lỗi

*[English](errors.md)*

Mỗi lỗi nói điều gì sai, ở đâu, và phải làm gì. Điều đã xảy ra được nói bằng tiếng Anh; mã không đổi, và nghĩa
của từng mã ở đây bằng tiếng Việt. Trang này được sinh từ `hatang.errors`.

| Mã | Lớp | Mã thoát | Nghĩa |
|---|---|---|---|
""",
}


def classes(root: type[HatangError] = HatangError) -> list[type[HatangError]]:
    """The root and all classes below it."""
    return [root, *(c for sub in root.__subclasses__() for c in classes(sub))]


def page(language: str) -> str:
    """The page in one language."""
    locale.choose(language)
    rows = []
    for kind in sorted(classes(), key=lambda c: c.code):
        rows.append(f"| {kind.code} | `{kind.__name__}` | {kind.exit_code} | {locale._(kind.meaning())} |\n")
    return INTRO[language] + "".join(rows)


if __name__ == "__main__":
    sys.exit(write_or_check({"docs/reference/errors.md": page("en"), "docs/reference/errors.vi.md": page("vi")}))
