"""The report as one self-contained HTML page: nothing is fetched, and it can be read without its script.

Style and script stand in the page. Its content security policy allows these two by their hashes and nothing else: were
text from a host ever to get through the escaping, it could still run nothing.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatang import __version__
from hatang.audit import ways, words
from hatang.audit.overview import ORDER, by_system
from hatang.audit.reports import Format
from hatang.audit.results import CheckRun, Result
from hatang.audit.values import strengths
from hatang.locale import _, language

if TYPE_CHECKING:
    from jinja2 import Environment

PAGE = Path(__file__).parent / "page"
SIGNS = {
    "met": "✓", "partly": "◐", "not-met": "✗", "not-checked": "?", "not-automated": "○", "not-applicable": "–",
    "waived": "◇",
}  # fmt: skip
LONG = 600  # characters of a remark; what is longer scrolls on the screen and is whole in print


def render(run: CheckRun) -> str:
    """The page."""
    from hatang.catalogue import load

    style, script = ((PAGE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return _environment().get_template("page.html.j2").render(
        _=_, lang=language(), version=__version__, run=run, systems=by_system(run), total=len(run.results),
        counts=run.counts(), order=[s.value for s in ORDER], tallied=words.tallied(),
        meanings=words.meanings(), marks=words.mark_meanings(), signs=SIGNS, titles=words.titles(),
        strengths=strengths(), sources=words.sources_read(run), title=words.title(),
        not_compared=words.not_compared(), kind_of=words.kind_of, look=_look,
        judged=len({r.control for r in run.results}), known=len(load().controls),
        way_columns=ways.columns(), ways=[ways.cells(w) for w in run.interconnects],
        start=f"{run.started:%Y-%m-%d %H:%M:%S}", end=f"{run.finished:%Y-%m-%d %H:%M:%S}",
        style=style, script=script, style_hash=content_hash(style), script_hash=content_hash(script),
    )  # fmt: skip


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(PAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _look(result: Result) -> dict[str, Any]:
    """What one row shows."""
    remark, lang = words.explained(result)
    return {
        "state": result.state.value,
        "stated": words.judged(result),
        "value": words.demanded(result),
        "mark": result.mark,
        "marked": words.marked(result.mark),
        "source": words.source_numbers(result),
        "clause": result.clause,
        "remark": remark,
        "remark_lang": lang if lang != language() else "",
        "long": len(remark) > LONG,
    }


def content_hash(text: str) -> str:
    """What a page's Content-Security-Policy names so that this style or script, and no other, is taken."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


FORMAT = Format("html", "report.html", 6, render)
