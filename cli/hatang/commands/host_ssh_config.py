"""`hatang host ssh-config`: what ssh must know of the hosts, from the registry and from Nova's consoles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option, progress
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.workflow.context import Context
    from hatang.workflow.ssh_config import Met


@click.command(
    "ssh-config",
    help=_(
        "Show entries of an ssh_config for the hosts, also for those that are planned and not made yet. With --write, "
        "keep them in a folder, in ssh_hosts, and beside it in known_hosts the host keys that the hosts printed on "
        "their consoles, which the cloud's API gives. A key that differs from the known one is refused."
    ),
    epilog=examples(
        "hatang host ssh-config",
        "hatang host ssh-config --bastion quan-tri@192.0.2.20 --write /etc/hatang",
        "hatang host ssh-config --system mot-cua --write /etc/hatang",
        "hatang host ssh-config --write /etc/hatang --renew mot-cua-web",
    ),
)
@click.option("--system", help=_("Only hosts of this system; with --write: read only their consoles."))
@click.option("--bastion", metavar="HOST", help=_("Jump from here, [USER@]HOST[:PORT] (HATANG_SSH_BASTION)."))
@click.option(
    "--write", "folder", metavar="FOLDER", type=click.Path(path_type=Path),
    help=_("Write ssh_hosts and known_hosts into this folder."),
)  # fmt: skip
@click.option(
    "--renew", multiple=True, metavar="HOST",
    help=_("This host was made anew: take its new key; may be given several times."),
)  # fmt: skip
@output_option
@click.pass_obj
def ssh_config(
    app: App, system: str | None, bastion: str | None, folder: Path | None, renew: tuple[str, ...], output: str
) -> None:
    """Show or write what ssh must know."""
    from hatang.errors import InputError
    from hatang.hosts.ssh_files import HOSTS, KNOWN, fragment
    from hatang.provision.cloud import Cloud
    from hatang.provision.consoles import consoles
    from hatang.workflow.context import Context
    from hatang.workflow.ssh_config import Met, entries, of_system, require_all, write

    context = Context(app.settings, app.site, progress)
    known = entries(context.registry, app.site.image.login)
    chosen = of_system(context.registry, known, system)
    jump = app.settings.ssh_bastion if bastion is None else bastion
    if folder is None:
        if renew:
            raise InputError("nothing is written, so no key is renewed", where="--renew", do="add --write FOLDER")
        kept = app.settings.ssh_folder
        text = fragment(app.settings, chosen, jump, kept and kept / KNOWN)
        if output == "json":
            return _emit(text, [Met(e, "") for e in chosen], [])
        return click.echo(text, nl=False)
    folder = folder.expanduser().absolute()
    cloud = Cloud(app.settings)
    met = write(
        app.settings, known, folder, lambda ids: consoles(cloud, ids),
        bastion=jump, ask=[e.name for e in chosen], renew=renew,
    )  # fmt: skip
    _note(context, met)
    files = [folder / HOSTS, folder / KNOWN]
    if output == "json":
        _emit(files[0].read_text(encoding="utf-8"), met, files)
    else:
        _table(met)
    require_all(met, folder)
    return None


def _note(context: Context, met: list[Met]) -> None:
    """Whom hatang believes anew is something to answer for."""
    from hatang.hosts.host_keys import fingerprint
    from hatang.registry.acts import note

    for one in (m for m in met if m.state == "renewed"):
        note(context.registry, "host.renew-key", {"host": one.entry.name, "keys": [*map(fingerprint, one.keys)]})


def _emit(text: str, met: list[Met], files: list[Path]) -> None:
    hosts = [
        {
            "name": m.entry.name, "system": m.entry.system, "address": m.entry.address, "login": m.entry.login,
            "server_id": m.entry.server_id, "host_key": m.state, "host_keys": list(m.keys),
        }
        for m in met
    ]  # fmt: skip
    emit_json("hatang.ssh-config/1", ssh_config=text, files=[str(f) for f in files], hosts=hosts)


def _table(met: list[Met]) -> None:
    from hatang.hosts.host_keys import fingerprint

    words = {
        "known": _("known already"), "added": _("added"), "renewed": _("renewed"),
        "silent": _("not on its console"), "not-made": _("host is not made yet"), "suspended": _("system is suspended"),
    }  # fmt: skip
    rows = [(m.entry.name, m.entry.address, words[m.state], ", ".join(map(fingerprint, m.keys))) for m in met]
    emit_table([_("Host"), _("Address"), _("Host key"), _("Fingerprint")], rows)
