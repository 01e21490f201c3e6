"""`hatang check`: the checks of hosts and cloud, joined to the controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatang.audit.reports import formats, render
from hatang.commands.app import App, examples, progress
from hatang.commands.awake import awake
from hatang.commands.typed import can_write, report_file_option, show_report
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.audit.results import CheckRun
    from hatang.registry import HostRecord, Registry, SystemRecord


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
        "hatang check --last --all",
        "hatang check --last --output json",
        "hatang --lang vi check --last --output html --report-file report.html",
    ),
)
@click.option("--system", "systems", multiple=True, metavar="NAME", help=_("Only this system; may be repeated."))
@click.option("--host", "hosts", multiple=True, metavar="NAME", help=_("Only this host; may be repeated."))
@click.option("--control", "controls", multiple=True, metavar="ID", help=_("Only this control; may be repeated."))
@click.option("--last", is_flag=True, help=_("Check nothing; show the last results of each system."))
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help=_("In the table, also what no check covers or nobody demands."),
)
@click.option(
    "--output", type=click.Choice(list(formats())), default="table", show_default=True, help=_("Format of the report.")
)
@report_file_option
@click.pass_obj
def command(
    app: App, systems: tuple[str, ...], hosts: tuple[str, ...], controls: tuple[str, ...], last: bool,
    everything: bool, output: str, report_file: Path | None,
) -> int:  # fmt: skip
    """Check, record, show."""
    from hatang.errors import InputError
    from hatang.registry import Registry
    from hatang.registry.acts import note

    if report_file:
        can_write(report_file)  # before minutes of checking
    registry = Registry.open(app.settings.registry)
    records, machines = _chosen(registry, systems, hosts)
    if last:
        return _show(_last(registry, records, hosts, controls), output, report_file, everything)
    from hatang.audit.runner import check

    machines = awake(registry, machines)
    if hosts and not machines:
        raise InputError("none of these hosts runs", where="--host", do="name hosts of systems that are in use")
    run = check(
        app.settings, app.site, [] if hosts else records, machines, controls=controls, progress=progress
    )  # hosts named one by one: the cloud is left out
    folder = run.write(app.settings.state_dir / "checks")
    if not (hosts or controls):  # a part of the checks says nothing about a system as a whole
        _record(registry, records, run, folder)
    else:
        facts = {"hosts": [h.name for h in machines], "controls": list(controls), "counts": run.counts()}
        note(registry, "check.part", facts, {"report": folder / "report.json"})
    return _show(replace(run, stored=str(folder)), output, report_file, everything)


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
    from hatang.audit.results import counted

    for record in records:
        name = record.spec.name
        counts = counted(r for r in run.results if r.system == name)
        registry.record_check_run(name, {"counts": counts, "controls": run.of_system(name), "report": str(folder)})


def _last(
    registry: Registry, records: Sequence[SystemRecord], hosts: Sequence[str], controls: Sequence[str]
) -> CheckRun:
    """The last results of each system, from their reports, with the waivers that hold today. Raises InputError."""
    from hatang.audit.results import CheckRun
    from hatang.audit.waivers import applied, standings
    from hatang.audit.ways import noted
    from hatang.errors import InputError

    runs = []
    for record in records:
        name = record.spec.name
        summary = registry.last_check_run(name)
        folder = Path(summary["report"]) if summary else None
        try:
            if folder is None:
                raise FileNotFoundError
            run = CheckRun.read(folder)
        except (OSError, KeyError, TypeError, ValueError) as exc:
            raise InputError(
                f"system {name} was never checked, or its report is gone or damaged",
                where=str(folder / "report.json" if folder else "registry"),
                do=f"hatang check --system {name}",
            ) from exc
        runs.append(replace(run, results=tuple(r for r in run.results if r.system == name)))
    found = [r for run in runs for r in run.results]
    results = applied(found, standings(registry), {r.spec.name: r for r in records})
    chosen = [r for r in results if (not hosts or r.scope in hosts) and (not controls or r.control in controls)]
    places = tuple(dict.fromkeys(str(run.stored) for run in runs))
    begun, finished = min(r.started for r in runs), max(r.finished for r in runs)
    return CheckRun(begun, finished, tuple(chosen), places, noted([] if hosts else records))


def _show(run: CheckRun, output: str, file: Path | None, everything: bool) -> int:
    """Print or write the report; 1 when something is not met or was not checked."""
    show_report(render(output, run, whole=everything), file)
    return int(bool(run.not_met()))
