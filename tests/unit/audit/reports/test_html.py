"""The page: self-contained, well-formed, whole, with marks on every row; text from hosts is text."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from hatang.audit.reports import render
from hatang.audit.results import CheckRun
from hatang.audit.words import states

VOID = {"meta", "input", "br", "hr", "img", "link"}


class Page(HTMLParser):
    """A page as a tree; a tag that does not close in its place is a fault."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = ElementTree.Element("root")
        self.path = [self.root]
        self.faults: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = ElementTree.SubElement(self.path[-1], tag, {k: v or "" for k, v in attrs})
        if tag not in VOID:
            self.path.append(made)

    def handle_endtag(self, tag: str) -> None:
        if self.path[-1].tag == tag:
            self.path.pop()
        else:
            self.faults.append(f"</{tag}> closes <{self.path[-1].tag}>")

    def handle_data(self, data: str) -> None:
        top = self.path[-1]
        if len(top):
            top[-1].tail = (top[-1].tail or "") + data
        else:
            top.text = (top.text or "") + data


def words_of(node: ElementTree.Element) -> str:
    return " ".join("".join(node.itertext()).split())


@pytest.fixture
def page(run: CheckRun, lang: str) -> Page:
    return Page(render("html", run))


def test_it_is_well_formed_and_in_its_language(page: Page, lang: str) -> None:
    assert page.faults == []
    assert page.path == [page.root]
    (html,) = page.root.findall("html")
    assert html.get("lang") == lang


def test_it_is_self_contained(page: Page, run: CheckRun) -> None:
    for node in page.root.iter():
        assert node.tag not in ("link", "img", "iframe", "object", "embed", "base", "video", "audio", "source")
        assert not {"src", "srcset", "style", "action", "formaction"} & set(node.attrib)
        assert not [a for a in node.attrib if a.startswith("on")]
        assert node.get("href", "#").startswith("#")
    assert len(list(page.root.iter("script"))) == len(list(page.root.iter("style"))) == 1
    text = re.sub(r"<main>.*</main>", "", render("html", run), flags=re.S)
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp", text)


def test_the_policy_allows_its_own_script_and_style_only(page: Page) -> None:
    (policy,) = [m.get("content", "") for m in page.root.iter("meta") if "http-equiv" in m.attrib]
    assert policy.startswith("default-src 'none'")
    for tag, word in (("script", "script-src"), ("style", "style-src")):
        (node,) = page.root.iter(tag)
        digest = base64.b64encode(hashlib.sha256((node.text or "").encode()).digest()).decode()
        assert f"{word} 'sha256-{digest}'" in policy


def test_hostile_text_is_text(page: Page, run: CheckRun) -> None:
    remarks = [n for n in page.root.iter("div") if "remark" in n.get("class", "")]
    (cell,) = [n for n in remarks if "alert(1)" in "".join(n.itertext())]
    assert not list(cell)
    shown = "".join(cell.itertext())
    assert shown.startswith("<script>alert(1)</script><img src=x onerror=alert(2)>'\"&amp; </td>")
    assert "{{ 7*7 }}" in shown
    assert "\\x1b[31mred" in shown
    assert shown.endswith("next line")


def test_hostile_names_are_text(run: CheckRun) -> None:
    """Names come from checked files, yet the page does not trust them."""
    from dataclasses import replace

    evil = "\"><script>alert(3)</script>'"
    results = tuple(replace(r, scope=evil, system=evil, clause=evil, source=evil, unit=evil) for r in run.results)
    page = Page(render("html", CheckRun(run.started, run.finished, results)))
    assert page.faults == []
    assert len(list(page.root.iter("script"))) == 1


def test_totals_add_up(page: Page, run: CheckRun) -> None:
    (table,) = [t for t in page.root.iter("table") if t.get("class") == "totals"]
    body, foot = table.find("tbody"), table.find("tfoot")
    assert body is not None
    assert foot is not None
    rows = [[int(words_of(c)) for c in row.iter("td")] for row in body]
    (total,) = [[int(words_of(c)) for c in row.iter("td")] for row in foot]
    assert all(sum(r[:-1]) == r[-1] for r in [*rows, total])
    assert [sum(column) for column in zip(*rows, strict=True)] == total
    assert total[-1] == len([r for r in page.root.iter("tr") if "data-state" in r.attrib]) == len(run.results)


def test_every_row_with_a_value_has_its_mark_and_no_pass_is_bare(page: Page, run: CheckRun) -> None:
    marks = 0
    for row in (r for r in page.root.iter("tr") if "data-state" in r.attrib):
        state, value, mark = (words_of(c) for c in row.findall("td")[:3])
        assert (mark.split(":")[0] in ("A", "B1", "B2", "own")) == (value != "–")
        marks += mark != "–"
        if row.get("data-state") in ("met", "partly"):
            assert state.partition(" ")[2] not in states().values()
    assert marks == sum(bool(r.mark) for r in run.results) > 0


def test_tables_have_headers_and_inputs_have_labels(page: Page) -> None:
    for table in page.root.iter("table"):
        assert table.find("caption") is not None
        assert all(th.get("scope") in ("col", "row") for th in table.iter("th"))
    labelled = {n.get("for") for n in page.root.iter("label")}
    inside = {id(i) for n in page.root.iter("label") for i in n.iter("input")}
    for node in [*page.root.iter("input"), *page.root.iter("select")]:
        assert id(node) in inside or node.get("id") in labelled
    ids = [n.get("id") for n in page.root.iter() if n.get("id")]
    assert len(ids) == len(set(ids))
    for node in page.root.iter():
        if "aria-labelledby" in node.attrib:
            assert node.get("aria-labelledby") in ids
    (count,) = [n for n in page.root.iter() if n.get("aria-live")]
    assert (count.get("aria-live"), count.get("role")) == ("polite", "status")
