"""Every page for people is there in English and in Vietnamese, with the same parts, and its links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("tutorial", "how-to", "explanation")
PAGES = sorted(p for room in ROOMS for p in (ROOT / "docs" / room).glob("*.md") if not p.name.endswith(".vi.md"))
TWINS = sorted(p for room in ROOMS for p in (ROOT / "docs" / room).glob("*.vi.md"))
READ = [ROOT / "README.md", ROOT / "README.vi.md", ROOT / "docs" / "glossary.md", *PAGES, *TWINS]
FENCE = re.compile(r"^ *```", re.MULTILINE)
INDENTED = re.compile(r"(?:^|\n) *\n((?: {4,}\S[^\n]*\n)+)")
HEADING = re.compile(r"^(##+) (.*)$", re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(#[^)\s]+)?\)")


def twin(page: Path) -> Path:
    """The Vietnamese page of an English one."""
    return page.with_name(f"{page.stem}.vi.md")


def shape(page: Path) -> dict[str, object]:
    """What both languages have in common: headings by depth, blocks of code, rows of tables."""
    text = page.read_text()
    bare = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return {
        "headings": [len(marks) for marks, _title in HEADING.findall(bare)],
        "blocks of code": len(FENCE.findall(text)) // 2 + len(INDENTED.findall(bare)),
        "rows of tables": sum(line.lstrip().startswith("|") for line in bare.splitlines()),
    }


def anchors(page: Path) -> Iterator[str]:
    """Places on a page, as they are called in links."""
    for _marks, title in HEADING.findall(page.read_text()):
        yield "#" + re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")


def test_no_vietnamese_page_stands_alone() -> None:
    assert [p.name for p in TWINS if not p.with_name(p.name.replace(".vi.md", ".md")).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_page_has_a_vietnamese_twin_of_the_same_shape(page: Path) -> None:
    assert twin(page).is_file(), f"write {twin(page).relative_to(ROOT)}"
    assert shape(twin(page)) == shape(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_twins_lead_to_each_other_at_their_beginning(page: Path) -> None:
    assert page.read_text().splitlines()[2].startswith(f"*[Tiếng Việt]({page.stem}.vi.md)*")
    assert twin(page).read_text().splitlines()[2].startswith(f"*[English]({page.name})*")


@pytest.mark.parametrize("page", READ, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for target, place in LINK.findall(page.read_text()):
        there = (page.parent / target) if target else page
        if not there.exists() or (place and unquote(place) not in set(anchors(there))):
            lost.append(target + place)
    assert lost == []


@pytest.mark.parametrize("page", [ROOT / "README.vi.md", *TWINS], ids=lambda p: p.name)
def test_a_vietnamese_page_leads_to_vietnamese_ones(page: Path) -> None:
    text = page.read_text().split("\n", 3)[3]  # the line above leads to the other language
    english = [t for t, _place in LINK.findall(text) if t and twin(page.parent / t).is_file()]
    assert english == [] or (page.name == "README.vi.md" and english == ["README.md"])
