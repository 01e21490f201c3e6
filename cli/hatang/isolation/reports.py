"""A proof as a table, JSON, or one self-contained HTML page with the matrix as a heat map."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from pathlib import Path

from hatang.isolation import words
from hatang.isolation.proof import Proof, grouped
from hatang.locale import _, language

HERE = Path(__file__).parent
NAMES = {"!": "open", "x": "blocked", "+": "passed", ".": "stopped", "~": "unjudged"}
SHOWN = 6  # of the probes of one difference, in the table


def as_json(proof: Proof) -> str:
    """One JSON document, hatang.isolation/1."""
    return json.dumps(proof.as_dict(), ensure_ascii=False, indent=2) + "\n"


def as_table(proof: Proof) -> str:
    """The matrix in signs, then what differs and what may be why."""
    from rich.console import Console
    from rich.table import Table

    out = io.StringIO()
    console = Console(file=out, width=200, highlight=False)
    targets = [s.name for s in proof.spots]
    table = Table(_("From, to"), *targets, box=None, pad_edge=False, header_style="bold")
    cells = proof.cells()
    for source in [s.name for s in proof.spots if any(a == s.name for a, _b in cells)]:
        table.add_row(source, *(words.sign(cells.get((source, t), {})) for t in targets))
    console.print(table)
    console.print("   ".join(f"{s} {m}" for s, m in words.meanings().items()), markup=False)
    for first, count, whats in grouped(proof.differences):
        more = ", …" if count > SHOWN else ""
        text = f"{first.probe.source} → {first.probe.target}: {words.difference(first)} ({count}): "
        console.print(text + ", ".join(whats[:SHOWN]) + more, markup=False)
    for cause in proof.causes:
        console.print(f"{cause.system}: {words.kinds()[cause.kind]}: {cause.what}", markup=False)
    for trouble in proof.troubles:
        console.print(f"{_('Not proven')}: {trouble}", markup=False)
    console.print(words.verdict(proof), markup=False)
    return out.getvalue()


def as_html(proof: Proof) -> str:
    """The page. It fetches nothing and runs nothing."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    style = (HERE / "page.css").read_text(encoding="utf-8")
    environment = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)
    cells = proof.cells()
    names = [s.name for s in proof.spots]
    return environment.get_template("page.html.j2").render(
        _=_, lang=language(), proof=proof, verdict=words.verdict(proof), start=f"{proof.started:%Y-%m-%d %H:%M:%S} UTC",
        cells=cells, sources=[n for n in names if any(a == n for a, _b in cells)], targets=names, sign=words.sign,
        names=NAMES, meanings=words.meanings(), differences=grouped(proof.differences), say=words.difference,
        kinds=words.kinds(), style=style,
        style_hash="sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )  # fmt: skip


RENDERERS = {"table": as_table, "json": as_json, "html": as_html}
