"""`hatang isolation`: prove; api is in isolation_api."""

from __future__ import annotations

from pathlib import Path

import click

from hatang.commands.app import App, examples, progress
from hatang.commands.awake import awake
from hatang.commands.isolation_api import api
from hatang.commands.typed import can_write, report_file_option, show_report
from hatang.locale import _


@click.group(
    "isolation",
    help=_("Isolation between agencies, systems, zones and branches, proven with packets and with tokens."),
    epilog=examples(
        "hatang isolation prove", "hatang isolation api --target van-ban --as mot-cua-admin --as mot-cua-member"
    ),
)
def command() -> None:
    """Commands about isolation."""


command.add_command(api)


@command.command(
    "prove",
    help=_(
        "Send TCP, UDP and ICMP probes from every host to every other host, the bastions and the outside, over IPv4 "
        "and IPv6, and compare what arrives with the zone matrix. Exit code 1 on any difference, in either direction, "
        "and when something could not be tried."
    ),
    epilog=examples(
        "hatang isolation prove",
        "hatang isolation prove --system mot-cua --system van-ban",
        "hatang isolation prove --port 3050 --output json",
        "hatang --lang vi isolation prove --output html --report-file p.html",
    ),
)
@click.option("--system", "systems", multiple=True, metavar="NAME", help=_("Only this system; may be repeated."))
@click.option(
    "--port", "ports", multiple=True, type=click.IntRange(1, 65535), help=_("Try this TCP port too; may be repeated.")
)
@click.option(
    "--output",
    type=click.Choice(["table", "json", "html"]),
    default="table",
    show_default=True,
    help=_("Format of the report."),
)
@report_file_option
@click.pass_obj
def prove(
    app: App, systems: tuple[str, ...], ports: tuple[int, ...], output: str, report_file: Path | None
) -> int:  # fmt: skip
    """Prove, show."""
    from hatang.errors import InputError
    from hatang.isolation.prove import prove as run
    from hatang.isolation.reports import RENDERERS
    from hatang.registry import Registry
    from hatang.registry.acts import note

    if report_file:
        can_write(report_file)  # before the probes
    registry = Registry.open(app.settings.registry)
    chosen = [registry.system(s) for s in dict.fromkeys(systems)] or registry.systems()
    hosts = awake(registry, [h for r in chosen for h in registry.hosts(r.spec.name)])
    there = {h.system for h in hosts}
    records = [r for r in chosen if r.spec.name in there]
    if not hosts:
        raise InputError(
            "there is nothing to prove: no such system has hosts that run",
            where="registry",
            do="hatang system apply NAME",
        )
    proof = run(app.settings, app.site, registry, records, hosts, ports=ports, progress=progress)
    facts = {"systems": [r.spec.name for r in records], "hosts": len(hosts), "holds": proof.holds}
    note(registry, "isolation.prove", facts)
    show_report(RENDERERS[output](proof), report_file)
    return 0 if proof.holds else 1
