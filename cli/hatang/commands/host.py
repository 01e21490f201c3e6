"""`hatang host`: list, ssh, harden, store-keys, restore; ssh-config is in host_ssh_config."""

from __future__ import annotations

import os  # (exec only; the environment is read in hatang.settings)
import time
from typing import TYPE_CHECKING

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option, progress
from hatang.commands.awake import awake
from hatang.commands.host_ssh_config import ssh_config
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.registry import HostRecord, Registry


@click.group(
    "host",
    help=_("Hosts: list, log in, harden."),
    epilog=examples("hatang host list", "hatang host ssh mot-cua-web", "hatang host harden mot-cua-web"),
)
def command() -> None:
    """Commands about hosts."""


command.add_command(ssh_config)


def _find(registry: Registry, name: str) -> HostRecord:
    from hatang.errors import UnknownNameError
    from hatang.suggestions import did_you_mean

    known = {h.name: h for h in registry.hosts()}
    if name not in known:
        do = did_you_mean(name, known, "hatang host list shows all")
        raise UnknownNameError(f"no host is called {name}", where="registry", do=do)
    return known[name]


@command.command(
    "list",
    help=_("List hosts: system, zone, address, level."),
    epilog=examples("hatang host list", "hatang host list --output json"),
)
@click.option("--system", help=_("Only hosts of this system."))
@output_option
@click.pass_obj
def list_hosts(app: App, system: str | None, output: str) -> None:
    """List hosts."""
    from dataclasses import asdict

    from hatang.registry import Registry

    registry = Registry.open(app.settings.registry)
    if system is not None:
        registry.system(system)
    rows = [asdict(h) for h in registry.hosts(system)]
    if output == "json":
        return emit_json("hatang.hosts/1", hosts=rows)
    columns = ("name", "system", "agency_code", "zone", "address", "level")
    titles = [_("Host"), _("System"), _("Agency"), _("Zone"), _("Address"), _("Level")]
    return emit_table(titles, [[r[c] for c in columns] for r in rows])


@command.command(
    "ssh",
    help=_("Log in to a host through the bastion network, or run a command there."),
    epilog=examples("hatang host ssh mot-cua-web", "hatang host ssh mot-cua-web -- systemctl status ssh"),
    context_settings={"ignore_unknown_options": True},
)
@click.argument("name")
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def ssh(app: App, name: str, words: tuple[str, ...]) -> None:
    """Log in."""
    from hatang.errors import RefusedError
    from hatang.hosts import ssh_argv
    from hatang.registry import Registry
    from hatang.registry.acts import note

    registry = Registry.open(app.settings.registry)
    host = _find(registry, name)
    if registry.system(host.system).held:
        raise RefusedError(f"system {host.system} is suspended; host {name} stands still",
            where=f"registry, system {host.system}", do="ask for it by a request of kind resume")  # fmt: skip
    note(registry, "host.login", {"host": name})  # the words of a command may hold a secret; the next command writes it
    argv = ssh_argv(app.settings, host, words)
    os.execvp(argv[0], argv)  # noqa: S606 (a list, no shell)


@command.command(
    "harden",
    help=_("Apply the roles with the values of the host's level. Run again, it changes nothing."),
    epilog=examples(
        "hatang host harden mot-cua-web",
        "hatang host harden --system mot-cua",
        "hatang host harden mot-cua-web --tags LOG-07",
        "hatang host harden --system mot-cua --check",
    ),
)
@click.argument("names", nargs=-1)
@click.option("--system", help=_("All hosts of this system."))
@click.option("--tags", multiple=True, metavar="ID", help=_("Only this control; may be given several times."))
@click.option("--check", is_flag=True, help=_("Change nothing; exit with 1 when something would change."))
@output_option
@click.pass_obj
def harden(
    app: App, names: tuple[str, ...], system: str | None, tags: tuple[str, ...], check: bool, output: str
) -> int:
    """Harden hosts."""
    from hatang.errors import InputError
    from hatang.workflow.context import Context
    from hatang.workflow.hardening import harden_hosts

    context = Context(app.settings, app.site, progress)
    if system is not None:
        context.registry.system(system)
        hosts = context.registry.hosts(system)
    else:
        hosts = [_find(context.registry, n) for n in names]
    hosts = awake(context.registry, hosts)
    if not hosts:
        raise InputError("no host that runs is named", where="hatang host harden", do="name hosts, or --system NAME")
    for tag in tags:
        if not context.catalogue.control(tag).implemented_by.role:
            do = f"hatang control show {tag} says what brings it about"
            raise InputError(f"no role brings {tag} about", where="--tags", do=do)
    log = app.settings.log_dir / f"harden-{time.strftime('%Y%m%dT%H%M%S')}.log"
    done = harden_hosts(context, hosts, tags=tags, check=check, log=log)
    if output == "json":
        emit_json(
            "hatang.harden/1", changed=done.changed, tasks=done.tasks, seconds=done.seconds, log=str(log), check=check
        )
    else:
        emit_table(
            [_("Host"), _("Changed"), _("Tasks")],
            [(h, n, "; ".join(done.tasks.get(h, []))) for h, n in done.changed.items()],
        )
        click.echo(_("{s} s; log: {log}").format(s=done.seconds, log=log))
    return 1 if check and any(done.changed.values()) else 0


@command.command(
    "store-keys",
    help=_("Show by which key each host logs in at the store of copies, for the role copies_store."),
    epilog=examples("hatang host store-keys", "hatang host store-keys --output json > hosts.json"),
)
@output_option
@click.pass_obj
def store_keys(app: App, output: str) -> None:
    """Public keys alone."""
    from hatang.hosts.copies import KeptKeys

    found = [{"name": name, "key": key} for name, key in KeptKeys(app.settings).public().items()]
    if output == "json":
        return emit_json("hatang.store-keys/1", copies_store_hosts=found)
    return emit_table([_("Host"), _("Key")], [(row["name"], row["key"]) for row in found])


@command.command(
    "restore",
    help=_("Restore a host's newest copy from the site's store onto another host."),
    epilog=examples(
        "hatang host restore mot-cua-web --onto mot-cua-app --folder /srv/restored",
        "hatang host restore mot-cua-web --onto mot-cua-app --folder /srv/old --repository 2026-11",
    ),
)
@click.argument("name")
@click.option("--onto", required=True, metavar="HOST", help=_("Host that gets the files."))
@click.option("--folder", required=True, help=_("Absolute folder there; it is made."))
@click.option("--repository", default="newest", help=_("Repository of the host on the store, such as 2026-11."))
@click.option("--copy", default="latest", metavar="ID", help=_("A copy in it; without it the last one."))
@output_option
@click.pass_obj
def restore_copy(app: App, name: str, onto: str, folder: str, repository: str, copy: str, output: str) -> None:
    """Restore onto another host; the one whose copy it is may be gone."""
    import re

    from hatang.errors import InputError
    from hatang.hosts.copies import restore
    from hatang.registry import Registry
    from hatang.registry.acts import note

    for option, value, form in (
        ("--folder", folder, r"/[\w./-]+"), ("--repository", repository, r"newest|[\d.-]+"),
        ("--copy", copy, r"latest|[0-9a-f]{8,64}"), ("NAME", name, r"[a-z0-9][a-z0-9.-]*"),
    ):  # fmt: skip
        if not re.fullmatch(form, value):
            raise InputError(f"{value!r} cannot stand there", where=option, do="see: hatang host restore --help")
    registry = Registry.open(app.settings.registry)
    other = _find(registry, onto)
    found = restore(app.settings, name, other, folder, repository, copy)
    note(registry, "host.restore", {"host": name, "onto": onto, "repository": found})
    if output == "json":
        return emit_json("hatang.restore/1", host=name, onto=onto, folder=folder, repository=found)
    click.echo(_("{repository} is restored into {folder} on {host}").format(repository=found, folder=folder, host=onto))
    return None
