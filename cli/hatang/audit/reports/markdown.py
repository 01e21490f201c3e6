"""The report as Markdown (GitHub's dialect, for its tables), for merge requests, wikis and mail."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hatang import __version__
from hatang.audit import ways, words
from hatang.audit.overview import ScopeView, by_system
from hatang.audit.reports import Format
from hatang.audit.results import CheckRun, Result
from hatang.locale import _

# Entities where a backslash would not do: HTML, borders of cells, addresses and names that viewers make links of.
ENTITIES = re.compile(r"[<>&|\\@]|:(?=//)|(?<=www)\.")
SIGNS = re.compile(r"[`*_\[\]#!~$]")


def text(raw: str) -> str:
    """Text of one cell or line, shown as it is: no markup, no link, no line break."""
    joined = " ".join(raw.split())
    return SIGNS.sub(lambda m: "\\" + m.group(), _entities(joined))


def _entities(raw: str) -> str:
    # "#" of an entity must not be escaped afterwards, so names are used where there are any.
    names = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&vert;", "\\": "&bsol;", "@": "&commat;", ":": "&colon;"}
    return ENTITIES.sub(lambda m: names.get(m.group(), "&period;"), raw)


def render(run: CheckRun) -> str:
    """The document."""
    lines = [f"# {text(words.title())}", ""]
    times = _("Checked from {start} to {end} (UTC), by hatang {version}.")
    lines += [text(times.format(start=f"{run.started:%Y-%m-%d %H:%M:%S}", end=f"{run.finished:%Y-%m-%d %H:%M:%S}",
                                version=__version__)), "", f"**{text(words.not_compared())}**", ""]  # fmt: skip
    lines += _totals(run)
    if run.interconnects:
        lines += ["", f"## {text(_('Interconnects'))}", ""]
        lines += _table(ways.columns(), [ways.cells(w) for w in run.interconnects])
    titles = words.titles()
    for system in by_system(run):
        heading = _("System {name}, level {level}").format(name=system.name, level=system.level)
        lines += ["", f"## {text(heading)}"]
        for scope in system.scopes:
            lines += ["", f"### {text(words.kind_of(scope.kind).capitalize())} {text(scope.name)}", ""]
            lines += _table(_columns(), [_row(r, titles) for r in scope.results])
    return "\n".join([*lines, "", *_footer(run)]) + "\n"


def _columns() -> list[str]:
    return [_("Control"), _("Demand"), _("Value"), _("State"), _("Mark"), _("Source"), _("Remark")]


def _row(r: Result, titles: dict[str, str]) -> list[str]:
    state = words.judged(r)
    source = f"{words.source_numbers(r)} {r.clause}".strip()
    title, remark = titles.get(r.control, ""), words.explained(r)[0]
    return [r.control, title, words.demanded(r), state, r.mark or "–", source, remark]


def _totals(run: CheckRun) -> list[str]:
    names = words.tallied()
    scopes: list[tuple[str, ScopeView]] = [(s.name, v) for s in by_system(run) for v in s.scopes]
    rows = [
        [f"{system}: {words.kind_of(v.kind)} {v.name}", *(str(v.counts[s]) for s in names), str(len(v.results))]
        for system, v in scopes
    ]
    rows.append([_("Total"), *(str(run.counts()[s]) for s in names), str(len(run.results))])
    return _table([_("Where"), *names.values(), _("Total")], rows, numbers=True)


def _footer(run: CheckRun) -> list[str]:
    lines = [f"## {text(_('What was read'))}", "", text(words.not_compared()), ""]
    lines += [f"- {text(number)}, {text(name)}: {text(read)}" for number, name, read in words.sources_read(run)]
    lines += ["", f"{text(_('Marks'))}:", ""]
    lines += [f"- **{text(mark)}**: {text(meaning)}" for mark, meaning in words.mark_meanings().items()]
    lines += ["", f"{text(_('States'))}:", ""]
    meanings = words.meanings()
    return lines + [f"- **{text(word)}**: {text(meanings[s])}" for s, word in words.states().items()]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: bool = False) -> list[str]:
    rule = ["---", *(["--:"] if numbers else ["---"]) * (len(columns) - 1)]
    return ["| " + " | ".join(cells) + " |" for cells in ([text(c) for c in columns], rule,
                                                          *([text(c) for c in row] for row in rows))]  # fmt: skip


FORMAT = Format("markdown", "report.md", 5, render)
