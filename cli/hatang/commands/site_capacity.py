"""`hatang site capacity`: for how many more systems the site has room."""

from __future__ import annotations

from dataclasses import asdict

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option
from hatang.locale import _


@click.command(
    "capacity",
    help=_(
        "Show how much the site has of what systems are made of, and how much is left: addresses that the registry "
        "gives, and what the cloud has. With --warn-below the exit code is 1 when something runs out."
    ),
    epilog=examples(
        "hatang site capacity",
        "hatang site capacity --warn-below 15 --output json",
        "hatang site capacity --registry-only",
    ),
)
@click.option(
    "--warn-below", type=click.IntRange(1, 100), metavar="PERCENT",
    help=_("Exit with 1 when of anything less than this part is free."),
)  # fmt: skip
@click.option("--registry-only", is_flag=True, help=_("Do not ask the cloud."))
@output_option
@click.pass_obj
def capacity(app: App, warn_below: int | None, registry_only: bool, output: str) -> int:
    """What is left."""
    from hatang.provision import capacity as of_cloud
    from hatang.provision.cloud import Cloud
    from hatang.registry import Registry
    from hatang.registry import capacity as of_registry

    found = of_registry.supplies(Registry.open(app.settings.registry), app.site)
    if not registry_only:
        found += of_cloud.supplies(Cloud(app.settings).connection, app.site)
    low = [s for s in found if warn_below is not None and s.free_percent < warn_below]
    if output == "json":
        rows = [{**asdict(s), "free": s.free, "free_percent": s.free_percent, "low": s in low} for s in found]
        emit_json("hatang.site-capacity/1", site=app.site.name, supplies=rows)
        return 1 if low else 0
    emit_table(
        [_("Supply"), _("Where"), _("In all"), _("Taken"), _("Resting"), _("Free"), "%"],
        [
            (_names()[s.what], s.where, s.total, s.taken, s.resting or "", s.free, _percent(s.free_percent, s in low))
            for s in found
        ],
    )
    return 1 if low else 0


def _percent(part: int, is_low: bool) -> str:
    return f"{part} !" if is_low else str(part)


def _names() -> dict[str, str]:
    return {
        "blocks": _("IPv4 blocks for systems"),
        "ipv6": _("IPv6 prefixes for systems"),
        "bastion": _("places of routers on the bastion network"),
        "public": _("public addresses"),
        "routers": _("addresses of routers on the way out"),
        "vcpus": _("processors"),
        "memory-gib": _("memory, GiB"),
        "disk-gib": _("disk of servers, GiB"),
        "volumes-gib": _("volumes, GiB"),
    }
