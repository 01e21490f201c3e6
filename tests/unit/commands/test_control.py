"""`hatang control`: filters, forms, comparisons, sources, deadlines."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hatang.catalogue import load
from hatang.commands.root import root
from hatang.errors import HatangError

EXAMPLE = Path(__file__).resolve().parents[3] / "inventories" / "example"


def hatang(*words: str, state: Path | None = None) -> str:
    options = ["--state", str(state), "--site", str(EXAMPLE / "site.yaml")] if state else []
    done = CliRunner().invoke(root, [*options, *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def document(*words: str, state: Path | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(hatang(*words, "--output", "json", state=state))
    return found


def ids(*words: str) -> list[str]:
    return [c["id"] for c in document("control", "list", *words)["controls"]]


def test_all_controls_and_their_total() -> None:
    found = document("control", "list")
    assert (found["schema"], found["total"], len(found["controls"])) == ("hatang.controls/1", 187, 187)


def test_ways_of_verifying_cover_every_control() -> None:
    ways = ("host", "cloud", "stack-policy", "registry", "evidence", "outside")
    assert set().union(*(ids("--kind", way) for way in ways)) == set(load().controls)
    assert ids("--kind", "cloud") == ids("--verified-by", "cloud")
    assert set(ids("--kind", "outside")) == {"NET-14", "SES-02", "TSL-06"}


def test_filters() -> None:
    assert len(ids("--group", "backup")) == 15
    assert set(ids("--source", "tt06")) == {f"TSL-0{n}" for n in range(1, 7)}
    assert len(ids("--automated")) + len(ids("--not-automated")) == 187
    assert "ACC-09" in ids("--not-automated")
    assert set(ids("--mark", "B2", "--group", "logs")) < set(ids("--group", "logs"))
    demanded, all_of_them = ids("--level", "1", "--demanded"), ids("--level", "1")
    assert len(all_of_them) == 187
    assert "LOG-10" not in demanded
    assert "LOG-10" in ids("--level", "1", "--demanded", "--document-storage")


def test_demanded_needs_a_level() -> None:
    with pytest.raises(HatangError, match="needs a level"):
        hatang("control", "list", "--demanded")


def test_csv_loses_nothing() -> None:
    rows = list(csv.DictReader(io.StringIO(hatang("control", "list", "--output", "csv"))))
    assert len(rows) == sum(len(c.sources) for c in load().controls.values())
    (row,) = [r for r in rows if (r["id"], r["source"]) == ("LOG-10", "tcvn14423_2026")]
    assert [row[f"L{n}"] for n in range(1, 6)] == ["", "1", "3", "6", "12"]
    assert (row["mark"], row["clause"], row["unit"]) == ("B2", "4/5/6/7.8.2.1 a", "months")
    (row,) = [r for r in rows if (r["id"], r["source"]) == ("INC-02", "tcvn14423_2026")]
    assert [row[f"L{n}"] for n in range(1, 6)] == ["", "", "unstated", "12", "12"]


def test_csv_of_a_level_has_one_line_for_each_control() -> None:
    rows = list(csv.DictReader(io.StringIO(hatang("control", "list", "--level", "3", "--output", "csv"))))
    assert len(rows) == 187
    (row,) = [r for r in rows if r["id"] == "LOG-10"]
    assert (row["value"], row["source"], row["mark"]) == ("3 months", "tcvn14423_2026", "B2")


def test_markdown_is_a_table() -> None:
    lines = hatang("control", "list", "--group", "assets", "--output", "markdown").splitlines()
    assert lines[0].startswith("| Control | Title |")
    assert len(lines) == 2 + 5
    assert {line.count("|") for line in lines} == {lines[0].count("|")}


def test_table_and_text_are_the_same() -> None:
    words = ("control", "list", "--group", "data", "--level", "4")
    assert hatang(*words) == hatang(*words, "--output", "text")


def test_show_tells_words_remarks_documents_and_reasons() -> None:
    shown = hatang("control", "show", "BKP-07", "--level", "4")
    assert "high availability or hot recovery" in shown
    assert "12 months; operator of the data centre" in shown
    assert "L3, L4, L5: In blocking mode." in hatang("control", "show", "NET-02")
    assert "outside because: Wireless networks stand in the agencies' buildings" in hatang("control", "show", "NET-14")
    assert "in force: demanded, no value named" in hatang("control", "show", "INC-02", "--level", "3")


def test_diff_of_levels() -> None:
    found = document("control", "diff", "--level", "3", "--level", "4")
    assert (found["levels"], found["total"]) == ([3, 4], len(found["differences"]))
    (row,) = [r for r in found["differences"] if r["control"] == "ACC-03"]
    assert (row["change"], [v["value"] for v in row["values"]]) == ("stricter", [6, 3])
    assert "| ACC-03 |" in hatang("control", "diff", "--level", "3", "--level", "4", "--output", "markdown")


def test_diff_of_sources() -> None:
    sources = ("--source", "tcvn14423", "--source", "qcvn12")
    found = document("control", "diff", *sources)
    assert found["sources"] == ["tcvn14423_2026", "qcvn12_2026"]
    text = hatang("control", "diff", *sources, "--level", "3", "--output", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    (row,) = [r for r in rows if r["control"] == "LOG-10"]
    assert (row["one"], row["other"], row["stricter"]) == ("3 [B2]", "12 [A]", "qcvn12_2026")


@pytest.mark.parametrize("words", ["", "--level 3", "--source qcvn12", "--level 1 --level 2 --source qcvn12"])
def test_diff_of_anything_else_is_refused(words: str) -> None:
    with pytest.raises(HatangError, match="two levels, or two sources"):
        hatang("control", "diff", *words.split())


def test_sources() -> None:
    found = {s["key"]: s for s in document("control", "sources")["sources"]}
    assert found["tcvn14423_2026"]["replaces"] == ["TCVN 14423:2025", "TCVN 11930:2017"]
    assert found["qcvn12_2026"]["controls"] == sum("qcvn12_2026" in c.sources for c in load().controls.values())
    cited = {s["key"] for s in document("control", "sources", "--cited")["sources"]}
    assert cited == {name for c in load().controls.values() for name in c.sources}


def due(day: str, *words: str, state: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document("control", "deadlines", "--on", day, *words, state=state)["deadlines"]
    return found


def test_deadlines_come_in_order_and_yearly_ones_again(tmp_path: Path) -> None:
    found = due("2026-11-26", state=tmp_path)
    assert [r["day"] for r in found] == sorted(r["day"] for r in found)
    report = next(r for r in found if r["day"] == "2026-12-25")
    assert (report["yearly"], report["days_left"], report["clause"]) == (True, 29, "Đ35-36")
    assert "2027-12-25" in [r["day"] for r in due("2026-12-26", state=tmp_path)]
    assert "2026-12-31" not in [r["day"] for r in due("2027-01-01", state=tmp_path)]
    assert "2026-12-31" in [r["day"] for r in due("2027-01-01", "--past", state=tmp_path)]
    assert "2027-01-01" in [r["day"] for r in due("2027-01-01", state=tmp_path)]


def test_deadlines_without_a_registry_make_none(tmp_path: Path) -> None:
    assert all(r["systems"] is None for r in due("2026-11-26", state=tmp_path))
    assert not list(tmp_path.iterdir())


def test_deadlines_name_the_systems_that_they_concern(tmp_path: Path) -> None:
    for name in ("one-stop", "party-documents"):
        hatang("request", "submit", str(EXAMPLE / "requests" / f"{name}.yaml"), state=tmp_path)
    found = due("2026-11-26", state=tmp_path)
    storing = {r["day"]: r["systems"] for r in found if r["source"] == "qcvn12_2026"}
    assert storing == {"2027-07-01": ["van-ban"], "2028-01-01": []}  # level 3, and the only one that stores documents
    everyone = next(r for r in found if r["day"] == "2026-12-25")
    assert set(everyone["systems"]) == {"mot-cua", "van-ban"}
    assert next(r for r in found if r["concerns"] == "site")["systems"] is None
    assert "van-ban" in hatang("control", "deadlines", "--on", "2026-11-26", "--output", "markdown", state=tmp_path)


def test_day_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(HatangError, match="is no day"):
        hatang("control", "deadlines", "--on", "soon", state=tmp_path)
