"""`hatang isolation api`: what people of another agency get from the services' APIs."""

from __future__ import annotations

from pathlib import Path

import click

from hatang.commands.app import App, examples, progress
from hatang.commands.typed import can_write, report_file_option, show_report
from hatang.locale import _


@click.command(
    "api",
    help=_(
        "Try with real tokens of one agency's people what they must not do: list, show, create, attach, share, copy, "
        "change and delete things of another agency's system and of the platform, in every service. Changes are tried "
        "on decoys alone, which are made for it and taken away again. Exit code 1 when something is not refused or "
        "shows a name."
    ),
    epilog=examples(
        "hatang isolation api --target van-ban --as mot-cua-admin --as mot-cua-member --as mot-cua-auditor",
        "hatang isolation api --target van-ban --as mot-cua-admin --clouds-file tokens.yaml --output json",
        "hatang isolation api --target van-ban --as mot-cua-member --service network --service dns",
    ),
)
@click.option(
    "--target", "system", required=True, metavar="SYSTEM", help=_("System of the agency that it is tried on.")
)
@click.option(
    "--as",
    "names",
    required=True,
    multiple=True,
    metavar="ENTRY",
    help=_("Entry of clouds.yaml with a password or an application credential; may be repeated."),
)
@click.option(
    "--clouds-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=_("The clouds.yaml with these entries; else the one that openstacksdk finds."),
)
@click.option("--service", "only", multiple=True, metavar="TYPE", help=_("Only this service; may be repeated."))
@click.option(
    "--output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help=_("Format of the report."),
)
@report_file_option
@click.pass_obj
def api(
    app: App, system: str, names: tuple[str, ...], clouds_file: Path | None, only: tuple[str, ...], output: str,
    report_file: Path | None,
) -> int:  # fmt: skip
    """Try, show."""
    from hatang.errors import InputError
    from hatang.isolation.api.reports import RENDERERS
    from hatang.isolation.api.run import run
    from hatang.provision.cloud import Cloud
    from hatang.registry import Registry
    from hatang.registry.acts import note

    if report_file:
        can_write(report_file)  # before anything is tried
    registry = Registry.open(app.settings.registry)
    record = registry.system(system)
    if "project_id" not in registry.remote_ids("system", system):
        raise InputError(
            f"there is nothing to try: {system} has no project yet", where="--target",
            do=f"hatang system apply {system}",
        )  # fmt: skip
    found = run(Cloud(app.settings).connection, registry, record, names, clouds_file, only=only, progress=progress)
    facts = {"system": system, "tokens": len(found.askers), "operations": len(found.tried), "holds": found.holds}
    note(registry, "isolation.api", facts)
    show_report(RENDERERS[output](found), report_file)
    return 0 if found.holds else 1
