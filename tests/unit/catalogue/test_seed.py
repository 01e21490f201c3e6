"""Nothing of the tables of requirements is lost: ids, groups, clauses, values, strength and marks of all 187 rows.

`seed.json` holds the facts of the tables, one row each, as they stand there. What a row says in words is read a second
time here, by hand; the rules for reading the column of QCVN 12 are those of docs/explanation/catalogue.md.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hatang.catalogue import load
from hatang.catalogue.groups import GROUPS, group_of
from hatang.model.control import Control, SourceValues, Strength, Unit
from hatang.model.terms import UNSTATED

SEED: dict[str, dict[str, Any]] = {
    r["id"]: r for r in json.loads(Path(__file__).with_name("seed.json").read_text(encoding="utf-8"))
}
STRENGTH = {
    "bắt buộc": Strength.MUST,
    "bắt buộc, cho phép tương đương": Strength.MUST_OR_EQUIVALENT,
    "gợi ý (kèm đánh giá rủi ro)": Strength.ADVICE,
}
PLAIN: dict[str, Any] = {"✓": True, "✓*": True, "✓(gộp)": True, "✓(dữ liệu)": True, "—": None, "(không liệt kê)": None}
ACCESS, ENDPOINTS = ["access", "alert"], ["border", "dmz", "internal", "wireless"]
RECORD = ["account", "action", "destination", "source", "time"]
# Rows whose values are words, or a tick that stands for a number in the row's title: all five levels, read by hand.
WORDS: dict[str, list[Any]] = {
    "AUT-01": [4] * 5,
    "AUT-13": [10, 5, 5, 5, 5],
    "AUT-14": [43200] * 5,
    "SAC-13": [["in"], ["in"], ["in", "out"], ["in", "out"], ["in", "out"]],
    "LOG-02": [
        ACCESS,
        [*ACCESS, "application"],
        [*ACCESS, "application", "process"],
        *[[*ACCESS, "application", "process", "data-access"]] * 2,
    ],
    "LOG-03": [None, RECORD, *[[*RECORD, "mac-address"]] * 3],
    "LOG-12": ["12 months", "12 months", "6 months", "1 month", "1 month"],
    "BKP-07": [None, None, "one-part-may-fail", "high-availability", "high-availability"],
    "BKP-08": [UNSTATED, UNSTATED, UNSTATED, 6, 3],
    "NET-01": [
        None,
        [*ENDPOINTS, "application"],
        [*ENDPOINTS, "application", "database", "management"],
        *[[*ENDPOINTS, "application", "database", "management", "wan", "equipment"]] * 2,
    ],
    "NET-08": ["planned", "planned", *["hot-and-balanced"] * 3],
    "NET-11": [None, None, None, None, 30],
    "NET-12": [None, None, None, "micro-segments", "zero-trust"],
    "NET-15": ["performance", "performance", *["central"] * 3],
    "DAT-01": [None, 3, 4, 4, 4],
    "DAT-02": [["credentials"], ["credentials", "non-public"], *[["highly-sensitive", "important"]] * 3],
    "DAT-04": [None, None, "life-cycle", "dedicated", "hsm"],
    "DAT-06": [None, None, "hashed", "watched-and-restored", "watched-and-restored"],
    "DAT-09": [None, None, "planned", "solution", "solution"],
    "DAT-12": [None, "wiped", "wiped", "dedicated-tool", "verified"],
    "DAT-14": [None, None, "documented", "all-documented", "all-documented"],
    "DEV-02": [None, None, "scanned", "scanned-and-attacked", "scanned-and-attacked"],
    "PEN-01": [None, None, UNSTATED, 12, 6],
    "INC-02": [None, None, UNSTATED, 12, 12],
    "INC-03": [24] * 5,
    "HST-01": [None, None, "logical", "logical", "physical"],
    "HST-02": [None, None, "logical", "logical", "physical-devices"],
    "HST-03": [None, None, "logical", "logical", "physical"],
    "HST-07": [*["shared-considered"] * 3, "separated", "separated"],
    "TSL-04": [2] * 5,
    "TSL-05": [90] * 5,
}
# What the column of QCVN 12 says, where it is more than a tick.
QCVN: dict[str, Any] = {
    "ACC-03": 3, "ACC-06": 45, "ACC-12": 12, "AUT-01": 4, "AUT-03": 8, "AUT-04": 8, "AUT-07": 60, "AUT-08": 10,
    "AUT-13": 5, "AUT-14": 43200, "SES-01": 5, "SES-02": 5, "SES-03": 15, "SAC-13": ["in"], "CFG-04": 12, "CFG-12": 6,
    "CFG-14": 3, "CFG-17": 12, "LOG-01": UNSTATED, "LOG-02": [*ACCESS, "application", "process"], "LOG-03": UNSTATED,
    "LOG-10": 12, "LOG-12": "1 week", "LOG-19": 1, "VUL-01": 3, "VUL-02": 1, "VUL-05": 1, "BKP-08": 3, "BKP-12": 6,
    "NET-01": [*ENDPOINTS, "application", "database", "wan"], "NET-08": UNSTATED, "NET-15": UNSTATED, "NET-18": 6,
    "MON-06": 1, "DAT-01": 4, "DAT-02": UNSTATED, "DAT-03": UNSTATED, "DAT-04": "life-cycle",
    "DAT-06": "watched-and-restored", "DAT-09": UNSTATED, "DAT-10": 1, "DAT-12": "wiped", "AST-03": 1,
    "DEV-02": "scanned", "DEV-03": 1, "PEN-01": 12, "PEN-02": 12, "INC-01": UNSTATED, "INC-02": 12, "INC-03": 24,
}  # fmt: skip
# Rows whose clause of QCVN 12 says less than the row: the remark of the file says why.
LESS = {"ACC-08": "345", "SAC-07": "", "CFG-15": ""}
# Clauses of the first column that are not written as there: what stood in brackets or words is part of the clause.
CLAUSES = {
    "AUT-01": "x.6.2.2 a, b",  # b, that is AUT-03, names the number
    "AUT-09": "x.6.2.4; 5/6/7.6.2.2 b",
    "SAC-10": "x.5.2.1 b; 5/6/7.13.2.2",
    "SAC-13": "3.12.2.4 c; 4.12.2.4 b; 5.12.2.4 d; 6.12.2.4 c; 7.12.2.5 c",
    "CFG-09": "x.10.2.2; 6.10.2.2 a",
    "CFG-11": "5/6/7.3.2.2 a-b; x.3.1 a",
    "BKP-01": "x.11.2.1 a, b, c",
    "BKP-02": "x.11.2.2 a",
    "AST-01": "x.2.2.1 b; 6/7.2.2.1 c",
    "DEV-01": "5.17.2.3; 6.16.2.5, 6.16.2.7; 7.16.x",
    "MON-08": "Đ40.1.b; Đ7.2; Đ33.5",
    "INC-03": "Đ31.2.d",
}
REGULATION = {"AUT-01": "3.7.2.7.2; 3.7.2.6.4"}
ABBREVIATED = {"NĐ 331": "nd331_2026", "TT 06": "tt06_2026", "Luật 116": "luat116_2025", "NĐ 333": "nd333_2026"}


def control(row: dict[str, Any]) -> Control:
    return load().control(row["id"])


def first(found: Control) -> list[SourceValues]:
    """The sources of the first column: all but QCVN 12."""
    return [s for name, s in found.sources.items() if name != "qcvn12_2026"]


def values(source: SourceValues) -> list[Any]:
    return [getattr(source.values, f"L{n}") for n in range(1, 6)]


def same(one: Any, other: Any) -> bool:
    if isinstance(other, list) and isinstance(one, tuple):
        return set(one) == set(other)
    return type(one) is type(other) and bool(one == other)


def pieces(text: str) -> list[str]:
    """The clauses of a cell, each with what is said of it."""
    return [p.strip() for p in re.split(r";(?![^(]*\))", text)]


def clause(text: str) -> str:
    """The clauses of a cell alone."""
    text = re.sub(r"^(NĐ|TT) \d+(/2026(/TT-BKHCN)?)? ", "", text)
    bare = [re.sub(r"\s*\([^)]*\)\s*$|\s*\([^)]*\)(?=,)", "", p.split("→")[0]) for p in pieces(text)]
    bare = [re.sub(r"\s*\(.*", "", p if p.startswith("cấp") else p.split(":")[0]).strip() for p in bare]
    return "; ".join(p for p in bare if re.match(r"[\dx][\d/]*\.|Đ\d|PL |cấp", p))


def reading(piece: str, row: str) -> str:
    """Levels that one clause of QCVN 12 is for: as the table says, else by its number."""
    for text in (piece, row if piece.startswith("2.") else ""):
        if "mọi cấp" in text.lower():
            return "12345"
        if "L3-5" in text:
            return "345"
    if re.match(r"3\.(14|19|21)\.|3\.\d+\.2\.2(\.|\b)", piece) and not re.match(r"3\.(7|16|22)\.", piece):
        return "345"
    return "12345"


def levels_of_qcvn(row: dict[str, Any]) -> str:
    cells = [p for p in pieces(row["qcvn12"]) if re.match(r"\d+\.", p)]
    return "".join(sorted({n for p in cells for n in reading(p, row["qcvn12"])}))


def test_all_rows_are_here_and_no_others() -> None:
    assert len(SEED) == 187
    assert set(load().controls) == set(SEED)


def test_groups_are_those_of_the_tables() -> None:
    for row in SEED.values():
        assert list(GROUPS).index(group_of(row["id"])) + 1 == row["group"]


def strength(row: dict[str, Any]) -> None:
    assert control(row).strength is STRENGTH[row["strength"]]


def marks(row: dict[str, Any]) -> None:
    found = control(row)
    column, _, regulation = row["mark"].partition("+")
    own = {"luat116_2025": "B1", "nd333_2026": "B1", "nd331_2026": "A", "tt06_2026": "A"}
    for name, source in found.sources.items():
        wanted = (regulation or column) if name == "qcvn12_2026" else own.get(name, column)
        assert source.mark.value == wanted, name
    assert {s.mark.value for s in found.sources.values()} == set(row["mark"].split("+"))


def values_of_the_first_column(row: dict[str, Any]) -> None:
    found = control(row)
    wanted = WORDS.get(row["id"]) or [_read(raw) for raw in row["levels"]]
    if not first(found):
        assert set(row["levels"]) == {"—"}
    for source in first(found):
        assert all(map(same, values(source), wanted)), (values(source), wanted)


def clauses_of_the_first_column(row: dict[str, Any]) -> None:
    found = control(row)
    names = set(found.sources) - {"qcvn12_2026"}
    named = {key for word, key in ABBREVIATED.items() if word in row["first"]}
    assert names == (named or ({"tcvn14423_2026"} if row["first"] != "—" else set()))
    written = "; ".join(s.clause for s in first(found))
    assert written == (CLAUSES.get(row["id"]) or clause(row["first"]))


def clauses_of_the_regulation(row: dict[str, Any]) -> None:
    source = control(row).sources.get("qcvn12_2026")
    if source is None:
        assert row["qcvn12"] == "—"
    else:
        assert source.clause == REGULATION.get(row["id"], clause(row["qcvn12"]))
        assert source.applies_to == "document_storage"


def values_of_the_regulation(row: dict[str, Any]) -> None:
    found = control(row)
    source = found.sources.get("qcvn12_2026")
    if source is None:
        return
    levels = LESS.get(row["id"], levels_of_qcvn(row))
    value = QCVN.get(row["id"], True if found.unit is Unit.YES_NO else None)
    assert value is not None or row["id"] in LESS
    wanted = [value if str(n) in levels else None for n in range(1, 6)]
    assert all(map(same, values(source), wanted)), (values(source), wanted)
    assert row["id"] not in LESS or source.remarks


@pytest.mark.parametrize("row", SEED.values(), ids=SEED)
def test_row(row: dict[str, Any]) -> None:
    for aspect in (
        strength,
        marks,
        values_of_the_first_column,
        clauses_of_the_first_column,
        clauses_of_the_regulation,
        values_of_the_regulation,
    ):
        aspect(row)


def _read(raw: str) -> Any:
    return PLAIN[raw] if raw in PLAIN else int(raw.removesuffix("th").removeprefix("≥"))


def test_conditions_of_the_tables_are_kept() -> None:
    """A star, or a word beside a tick, stands in a remark on that level."""
    for row in SEED.values():
        for level, raw in enumerate(row["levels"], 1):
            if raw in ("✓*", "✓(gộp)", "✓(dữ liệu)", "(không liệt kê)") or "*" in raw:
                found = [r for s in first(control(row)) for r in s.remarks if not r.levels or level in r.levels]
                assert found, (row["id"], level)


def test_nothing_is_compared_with_an_original() -> None:
    assert not any(c.verified_against_original for c in load().controls.values())


def test_level_4_is_no_superset_of_level_3_where_the_tables_say_so() -> None:
    for name in ("SAC-06", "DAT-09", "INC-01"):
        note = load().control(name).note
        assert note is not None
        assert "no superset of level 3" in note.en
