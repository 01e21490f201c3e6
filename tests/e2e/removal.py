"""What tests of removals share: the request, its two persons, and a site that does not make them wait."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.e2e.chain import SITE, Hatang

ASKS, ONE, TWO = "nguoi-de-nghi.vi-du", "nguoi-thu-nhat.vi-du", "nguoi-thu-hai.vi-du"


def impatient_site(folder: Path) -> Path:
    """The example site, whose removed systems have no grace period."""
    text = yaml.safe_load(SITE.read_text(encoding="utf-8")) | {"removal": {"grace_days": 0, "quarantine_days": 30}}
    site = folder / "site.yaml"
    site.write_text(yaml.safe_dump(text, allow_unicode=True), encoding="utf-8")
    return site


def removal(folder: Path, agency: str, system: str) -> Path:
    """A request that the system be removed, whose data nobody wants."""
    file = folder / f"remove-{system}.yaml"
    file.write_text(yaml.safe_dump({
        "kind": "remove", "requested_by": ASKS, "agency": agency, "system": system, "reason": "Kiểm thử (ví dụ)",
        "no_backup": {"by": "Chủ quản ví dụ", "reason": "Không có dữ liệu thật"},
    }, allow_unicode=True))  # fmt: skip
    return file


def decided(hatang: Hatang, file: Path) -> str:
    """Submitted, planned, and decided by two persons; returns the id."""
    request: str = hatang("request", "submit", str(file), "--output", "json").json()["request"]["id"]
    hatang("request", "plan", request)
    hatang("request", "appraise", request, "--by", ONE)
    assert hatang("request", "approve", request, "--by", ONE, code=None).code != 0, "two persons, not one twice"
    hatang("request", "approve", request, "--by", TWO)
    return request
