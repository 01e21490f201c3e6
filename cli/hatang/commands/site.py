"""`hatang site`: validate, plan, apply, show; capacity is in site_capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option, progress
from hatang.commands.plans import counts, show_differences
from hatang.commands.site_capacity import capacity
from hatang.locale import _, language

if TYPE_CHECKING:
    from hatang.provision.provisioner import Provisioner


@click.group(
    "site",
    help=_("The shared part of a site: networks, address scopes, flavors, images."),
    epilog=examples("hatang --site inventories/example/site.yaml site plan", "hatang site apply"),
)
def command() -> None:
    """Commands about the site."""


def _provisioner(app: App) -> Provisioner:
    from hatang.provision.provisioner import Provisioner

    return Provisioner(app.settings, app.site, progress)


@command.command(
    "validate",
    help=_("Check the site file; every fault with line and remedy."),
    epilog=examples("hatang site validate"),
)
@click.pass_obj
def validate(app: App) -> None:
    """Check the site file."""
    site = app.site
    click.echo(_("{file}: right. Site {name}, {n} branches.").format(
        file=app.settings.site_file, name=site.name, n=len(site.branches)))  # fmt: skip


@command.command(
    "plan",
    help=_("Show what apply would do. Changes nothing in the cloud, but removes what a killed run left half made."),
    epilog=examples("hatang site plan", "hatang site plan --exit-code --output json"),
)
@click.option("--exit-code", is_flag=True, help=_("Exit with 1 when there is a difference."))
@output_option
@click.pass_obj
def plan(app: App, exit_code: bool, output: str) -> int:
    """Plan the landing."""
    from hatang.workflow import lock

    with lock.exclusive(app.settings, f"site-{app.site.name}"):
        made = _provisioner(app).plan_site()
    if output == "json":
        emit_json("hatang.plan/1", site=app.site.name, changes=made.changes, steps=made.differences())
    else:
        show_differences(made)
        click.echo(counts(made.changes))
    return 1 if exit_code and made.differences() else 0


@command.command(
    "apply",
    help=_("Make the landing as the site file says. Killed, run it again: it goes on."),
    epilog=examples("hatang site apply", "hatang site apply --output json"),
)
@output_option
@click.pass_obj
def apply(app: App, output: str) -> None:
    """Apply the landing."""
    from hatang.registry import Registry
    from hatang.registry.acts import note
    from hatang.workflow import lock

    registry = Registry.open(app.settings.registry)  # what cannot be put on record is not begun
    progress(_("site {name}: apply …").format(name=app.site.name))
    with lock.exclusive(app.settings, f"site-{app.site.name}"):
        done = _provisioner(app).apply_site()
    files = {"site file": app.settings.site_file, "log": done.log} if app.settings.site_file else {"log": done.log}
    note(registry, "site.apply", {"site": app.site.name, "changes": done.changes}, files)
    if output == "json":
        return emit_json("hatang.site-apply/1", site=app.site.name, changes=done.changes, seconds=done.seconds)
    text = _("Site {name}: {changes} in {s} s.")
    return click.echo(text.format(name=app.site.name, changes=counts(done.changes), s=done.seconds))


@command.command(
    "show",
    help=_("Show the site: branches and their prefixes, ways out, volume types."),
    epilog=examples("hatang site show", "hatang site show --output json"),
)
@output_option
@click.pass_obj
def show(app: App, output: str) -> None:
    """Show the site."""
    site = app.site
    if output == "json":
        return emit_json("hatang.site/1", site=site.model_dump(mode="json"))
    click.echo(f"{site.name}: {site.title.in_(language())}")
    emit_table(
        [_("Branch"), "IPv4", "IPv6", _("Bastion")],
        [(p.branch.value, p.prefix, p.prefix_v6, p.bastion) for p in site.branches],
    )
    emit_table([_("Way out"), _("Purpose"), "IPv4"], [(e.name, e.purpose, e.cidr) for e in site.external_networks])
    return emit_table(
        [_("Volume type"), _("Levels"), _("Encrypted")],
        [
            (t.name, ", ".join(str(int(lv)) for lv in t.levels), _("yes") if t.encrypted else _("no"))
            for t in site.volume_types
        ],
    )


command.add_command(capacity)
