"""`hatang check`: the checks of hosts and cloud, joined to the controls."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option, progress
from hatang.commands.values import shown
from hatang.commands.waived import beside, line
from hatang.locale import _, language

if TYPE_CHECKING:
    from hatang.audit.results import CheckRun
    from hatang.registry import HostRecord, Registry, SystemRecord

STATES = {
    "met": _("met"),
    "partly": _("partly"),
    "not-met": _("NOT MET"),
    "not-checked": _("NOT CHECKED"),
    "not-automated": _("not checked automatically"),
    "not-applicable": _("not applicable"),
    "waived": _("waived"),
}
# Nobody has compared a value with its signed original, so "met" never stands alone (design.md, section 6).
MARKS = {
    "A": _(" — not compared with the signed text"),
    "B2": _(" (secondary source)"),
    "B1": _(" — NOT VERIFIED"),
    "own": _(" — hatang's own choice, no source"),
}
BAD = ("not-met", "not-checked")
UNSEEN = ("not-automated", "not-applicable")


@click.command(
    "check",
    help=_(
        "Check hosts and cloud against the controls. Exit code 1 when one is not met or could not be checked. "
        "What is not met under a valid waiver is counted on its own, as waived."
    ),
    epilog=examples(
        "hatang check",
        "hatang check --system mot-cua",
        "hatang check --host mot-cua-web --control ACC-04 --control AUT-13",
        "hatang check --last --output json",
    ),
)
@click.option("--system", "systems", multiple=True, metavar="NAME", help=_("Only this system; may be repeated."))
@click.option("--host", "hosts", multiple=True, metavar="NAME", help=_("Only this host; may be repeated."))
@click.option("--control", "controls", multiple=True, metavar="ID", help=_("Only this control; may be repeated."))
@click.option("--last", is_flag=True, help=_("Check nothing; show the last results of each system."))
@click.option(
    "--all", "everything", is_flag=True, help=_("Show also what is not checked automatically, or not demanded.")
)
@output_option
@click.pass_obj
def command(
    app: App,
    systems: tuple[str, ...],
    hosts: tuple[str, ...],
    controls: tuple[str, ...],
    last: bool,
    everything: bool,
    output: str,
) -> int:
    """Check, record, show."""
    from hatang.registry import Registry

    registry = Registry.open(app.settings.registry)
    records, machines = _chosen(registry, systems, hosts)
    if last:
        return _show(_last(registry, records, hosts, controls), output, everything)
    from hatang.audit.runner import check

    run = check(
        app.settings, app.site, [] if hosts else records, machines, controls=controls, progress=progress
    )  # hosts named one by one: the cloud is left out
    folder = run.write(app.settings.state_dir / "checks")
    if not (hosts or controls):  # a part of the checks says nothing about a system as a whole
        _record(registry, records, run, folder)
    return _show({"report": str(folder), **run.as_dict()}, output, everything)


def _chosen(
    registry: Registry, systems: Sequence[str], hosts: Sequence[str]
) -> tuple[list[SystemRecord], list[HostRecord]]:
    """Systems that exist in the cloud, and hosts. Raises UnknownNameError, InputError."""
    from hatang.errors import InputError, UnknownNameError

    machines = [h for s in systems for h in registry.hosts(s)] if systems else registry.hosts()
    records = [registry.system(s) for s in systems] or registry.systems()
    if hosts:
        if missing := sorted(set(hosts) - {h.name for h in machines}):
            raise UnknownNameError(
                f"no host is called {', '.join(missing)}", where="registry", do="hatang host list shows all"
            )
        machines = [h for h in machines if h.name in hosts]
    there = {h.system for h in machines}
    records = [r for r in records if r.spec.name in there]
    if not records:
        raise InputError(
            "there is nothing to check: no such system has hosts", where="registry", do="hatang system apply NAME"
        )
    return records, machines


def _record(registry: Registry, records: Sequence[SystemRecord], run: CheckRun, folder: Path) -> None:
    for record in records:
        name = record.spec.name
        counts = _counts([r.state.value for r in run.results if r.system == name])
        registry.record_check_run(name, {"counts": counts, "controls": run.of_system(name), "report": str(folder)})


def _last(
    registry: Registry, records: Sequence[SystemRecord], hosts: Sequence[str], controls: Sequence[str]
) -> dict[str, Any]:
    """The last results of each system, from their reports, with the waivers that hold today."""
    from hatang.audit.results import Result
    from hatang.audit.totals import by_system
    from hatang.audit.waivers import applied, standings
    from hatang.errors import InputError

    found: list[Result] = []
    reports = []
    for record in records:
        run = registry.last_check_run(record.spec.name)
        file = Path(run["report"]) / "report.json" if run else None
        if file is None or not file.is_file():
            raise InputError(
                f"system {record.spec.name} was never checked, or its report is gone",
                where=str(file or "registry"),
                do=f"hatang check --system {record.spec.name}",
            )
        reports.append(str(file.parent))
        rows = json.loads(file.read_text(encoding="utf-8"))["results"]
        found += [Result.of(r) for r in rows if r["system"] == record.spec.name]
    judged = applied(found, standings(registry), {r.spec.name: r for r in records})
    results = [r.as_dict() for r in judged]
    results = [r for r in results if (not hosts or r["scope"] in hosts) and (not controls or r["control"] in controls)]
    counts = _counts([r["state"] for r in results])
    return {"report": reports, "counts": counts, "systems": by_system(results), "results": results}


def _counts(states: Iterable[str]) -> dict[str, int]:
    found = dict.fromkeys(STATES, 0)
    for state in states:
        found[state] += 1
    return found


def _show(report: dict[str, Any], output: str, everything: bool) -> int:
    bad = [r for r in report["results"] if r["state"] in BAD]
    if output == "json":
        emit_json("hatang.check/1", **report)
        return int(bool(bad))
    rows = [r for r in report["results"] if everything or _is_seen(r)]
    emit_table([_("Control"), _("Demand"), _("Where"), _("Value"), _("State"), _("Source")], _rows(rows))
    for r in [*bad, *(r for r in report["results"] if r["state"] == "waived")]:
        click.echo(line(r))
    for total in report["systems"]:
        click.echo(_total(total))
    places = report["report"] if isinstance(report["report"], list) else [report["report"]]
    for place in dict.fromkeys(places):
        click.echo(_("report: {folder}").format(folder=place))
    return int(bool(bad))


def _is_seen(result: dict[str, Any]) -> bool:
    """Whether the table shows it by itself: what no check covers, or nobody demands, is only counted."""
    if result["state"] not in UNSEEN or result["waiver"]:
        return True
    return result["state"] == "not-automated" and bool(result["checks"])  # a check that could not be made here


def _total(total: dict[str, Any]) -> str:
    """One line that adds up: all controls of a system by state, those without a check by way of verifying."""
    parts = []
    for state, n in total["counts"].items():
        ways = ", ".join(f"{way} {m}" for way, m in total["not_automated_by"].items())
        if n:
            parts.append(f"{STATES[state]}: {n}" + (f" ({ways})" if state == "not-automated" and ways else ""))
    head = _("{system}, level {level}, {controls} controls").format(**total)
    return f"{head}: {', '.join(parts)}"


def _rows(results: Sequence[dict[str, Any]]) -> list[tuple[object, ...]]:
    """One row for each system, control and state; the hosts that share it stand together."""
    from hatang.catalogue import load

    titles = {c.id: c.title.in_(language()) for c in load().controls.values()}
    words = {c.id: {w: t.model_dump() for w, t in c.words.items()} for c in load().controls.values()}
    shared: dict[tuple[str, ...], list[str]] = {}
    for r in results:
        waived = r["state"] == "waived"
        state = beside(stated(r["true_state"] if waived else r["state"], r["mark"]), r["waiver"], waived)
        value = demanded(r, words.get(r["control"]))
        key = (r["system"], r["control"], state, value, f"{r['source']} {r['clause']}".strip())
        shared.setdefault(key, []).append(r["scope"])
    return [
        (control, titles.get(control, ""), ", ".join(scopes), value, state, source)
        for (_system, control, state, value, source), scopes in shared.items()
    ]


def stated(state: str, mark: str) -> str:
    """The state in words; what is met by a value that nobody verified says so."""
    return STATES[state] + (MARKS.get(mark, "") if state in ("met", "partly") else "")


def demanded(result: dict[str, Any], words: dict[str, dict[str, str]] | None = None) -> str:
    """The value demanded; where the law gives no number, ours, said to be ours."""
    own = result.get("own_value")
    text = shown(result["value"], result["unit"], words)
    return _("{text} ({own}: hatang's number, the law gives none)").format(text=text, own=own) if own else text
