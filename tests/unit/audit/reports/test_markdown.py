"""Markdown: tables stay tables, totals add up, and text from hosts is text."""

from __future__ import annotations

import re

from hatang.audit.reports import render
from hatang.audit.reports.markdown import text
from hatang.audit.results import CheckRun
from hatang.audit.words import states


def cells(line: str) -> list[str]:
    return [c.strip() for c in line.strip("|").split("|")]


def tables(page: str) -> list[list[list[str]]]:
    blocks = [b.splitlines() for b in page.split("\n\n") if b.startswith("|") or "\n|" in b]
    return [[cells(line) for line in b if line.startswith("|")] for b in blocks]


def test_every_row_has_the_columns_of_its_table(run: CheckRun, lang: str) -> None:
    found = tables(render("markdown", run))
    assert len(found) == 5  # totals, two hosts, two systems
    for table in found:
        assert {len(row) for row in table} == {len(table[0])}


def test_totals_add_up(run: CheckRun) -> None:
    totals, *results = tables(render("markdown", run))
    numbers = [[int(c) for c in row[1:]] for row in totals[2:]]
    assert all(sum(row[:-1]) == row[-1] for row in numbers)
    assert [sum(column) for column in zip(*numbers[:-1], strict=True)] == numbers[-1]
    assert numbers[-1][-1] == sum(len(t) - 2 for t in results) == len(run.results)
    assert len(totals[0]) == len(states()) + 2


def test_every_row_with_a_value_has_its_mark(run: CheckRun) -> None:
    for table in tables(render("markdown", run))[1:]:
        mark, value = table[0].index("Mark"), table[0].index("Value")
        assert all((row[mark] in ("A", "B1", "B2", "own")) == bool(row[value]) for row in table[2:])


def test_hostile_text_makes_no_markup(run: CheckRun) -> None:
    page = render("markdown", run)
    assert not re.search(r"<[a-z/!]", page)
    assert not re.search(r"(?<!\\)[`\[\]]", page)
    assert "://" not in page
    assert "www." not in page
    assert "@" not in page
    assert "{{ 7\\*7 }}" in page


def test_text_is_shown_as_it_is() -> None:
    assert text("a|b\\|c <i> & *x* _y_\n# z") == "a&vert;b&bsol;&vert;c &lt;i&gt; &amp; \\*x\\* \\_y\\_ \\# z"
    assert text("https://x.example www.x") == "https&colon;//x.example www&period;x"
