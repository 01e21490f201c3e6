"""Near names as the remedy for an unknown one; and no part of hatang looks for them on its own."""

from __future__ import annotations

from pathlib import Path

from hatang.suggestions import did_you_mean

HATANG = Path(__file__).resolve().parents[2] / "cli" / "hatang"
KNOWN = ("mot-cua", "mot-cua-cu", "mot-cua-cua-xa", "mot-cua-tam", "luu-tru")


def test_the_nearest_come_first() -> None:
    assert did_you_mean("mot-cuaa", KNOWN, "") == "did you mean mot-cua, mot-cua-tam, mot-cua-cu?"
    assert did_you_mean("mot-cuaa", KNOWN, "", most=1) == "did you mean mot-cua?"


def test_where_none_is_near_the_other_remedy_is_given() -> None:
    assert did_you_mean("xyz", KNOWN, "hatang system list shows all") == "hatang system list shows all"
    assert did_you_mean("xyz", (), "begin with a request") == "begin with a request"


def test_names_come_as_the_user_writes_them() -> None:
    found = did_you_mean("state_dirr", ["state_dir"], "", written=lambda n: f"HATANG_{n.upper()}")
    assert found == "did you mean HATANG_STATE_DIR?"


def test_no_other_module_does_it() -> None:
    found = [p.name for p in HATANG.rglob("*.py") if "get_close_matches" in p.read_text()]
    assert found == ["suggestions.py"]
