"""The root command: global options, lazily loaded groups, errors and exit codes."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hatang import __version__
from hatang.commands import click_texts
from hatang.commands.app import App
from hatang.errors import HatangError, InputErrors
from hatang.locale import _

# name: (module below hatang.commands, short help). The attribute in the module is named `command`.
GROUPS: dict[str, tuple[str, str]] = {
    "agency": ("agency", _("Agencies and their domains.")),
    "check": ("check", _("Check hosts and cloud against the controls.")),
    "control": ("control", _("Read the catalogue of controls.")),
    "doctor": ("doctor", _("List every prerequisite and part, with its state and remedy.")),
    "drift": ("drift", _("Find what is not as it was left, and who may put it right.")),
    "host": ("host", _("Hosts: list, log in, harden.")),
    "interconnect": ("interconnect", _("Interconnects: narrow, approved, expiring ways from one system to another.")),
    "isolation": (
        "isolation",
        _("Isolation between agencies, systems, zones and branches, proven with packets and with tokens."),
    ),
    "journal": ("journal", _("The journal: signed entries of all that was asked, decided and done.")),
    "request": ("request", _("Requests of agencies: validate, submit, plan, decide.")),
    "review": ("review", _("Reviews and documents on record, and what is due.")),
    "sandbox": ("sandbox", _("A real OpenStack and real hosts on this machine, for demo, tests and training.")),
    "serve": ("serve", _("Serve requests and what is known of systems over the network.")),
    "site": ("site", _("The shared part of a site: networks, address scopes, flavors, images.")),
    "state": ("state", _("Back up hatang itself: one encrypted file of the state folder, looked through, put back.")),
    "system": ("system", _("Systems: plan, apply, status, destroy.")),
    "waiver": ("waiver", _("Waivers: accept for a time that a control is not met.")),
    "worker": ("worker", _("Workers: carry out what is queued, on any number of machines.")),
}


click_texts.install()


class LazyGroup(click.Group):
    """Loads a command's module only when that command is used or its own help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, without importing anything."""
        return sorted(GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in GROUPS:
            return None
        command = importlib.import_module(f"hatang.commands.{GROUPS[cmd_name][0]}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, from the short helps above."""
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, GROUPS[name][1]) for name in sorted(GROUPS)])


@click.command(
    cls=LazyGroup,
    name="hatang",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help=_("Provision, harden and prove the shared data centre of a province."),
    epilog=_(
        "Exit codes: 0 done; 1 a check failed or a difference was found; 2 wrong input, nothing changed; "
        "3 refused by a rule or for want of an approval; 4 stopped on the way: run again, it goes on."
    ),
)
@click.version_option(__version__, prog_name="hatang")
@click.option(
    "--state",
    "state_dir",
    type=click.Path(path_type=Path, file_okay=False),
    help=_("Folder of registry, engine state, keys and logs (HATANG_STATE_DIR; .hatang/site)."),
)
@click.option(
    "--site",
    "site_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=_("The site's description, e.g. inventories/example/site.yaml (HATANG_SITE_FILE)."),
)
@click.option(
    "--url", help=_("Server of hatang to ask, instead of the local registry (HATANG_URL); as whom: OS_CLOUD.")
)
@click.option("--lang", type=click.Choice(["vi", "en"]), help=_("Language of texts; by default that of the locale."))
@click.pass_context
def root(ctx: click.Context, state_dir: Path | None, site_file: Path | None, url: str | None, lang: str | None) -> None:
    """Keep the global options for the command that follows."""
    ctx.obj = ctx.obj or App({})
    ctx.obj.options = {"state_dir": state_dir, "site_file": site_file, "url": url, "lang": lang}


def run(arguments: list[str]) -> int:
    """Run the command line; returns the exit code. Prints errors of ours to stderr, as JSON too when asked for.

    Whatever a command did, or another one that was killed, is written into the journal at the end.
    """
    app = App({})
    code = _guarded(arguments, lambda: root.main(args=arguments, prog_name="hatang", standalone_mode=False, obj=app))
    written = _guarded(arguments, app.write_journal)
    return code or written


def _guarded(arguments: list[str], act: Callable[[], Any]) -> int:
    """Do it; the exit code of what comes of it."""
    try:
        result = act()
    except click.exceptions.Abort:
        click.echo(_("stopped; run the same command again, it goes on"), err=True)
        return 4
    except click.ClickException as exc:
        exc.show()
        return 2
    except HatangError as exc:
        _show(exc, _wants_json(arguments))
        return exc.exit_code
    except KeyboardInterrupt:
        click.echo(_("stopped; run the same command again, it goes on"), err=True)
        return 4
    except BrokenPipeError:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 (until the end of the process)
        return 0
    return result if isinstance(result, int) else 0


def _wants_json(arguments: list[str]) -> bool:
    return ("json" in arguments and "--output" in arguments) or "--output=json" in arguments


def _show(exc: HatangError, as_json: bool) -> None:
    errors = exc.errors if isinstance(exc, InputErrors) else [exc]
    if as_json:
        click.echo(
            json.dumps({"schema": "hatang.errors/1", "errors": [e.as_dict() for e in errors]}, ensure_ascii=False),
            err=True,
        )
        return
    for error in errors:
        click.echo(f"{_('error')} {error.code}: {error.told(_('where:'), _('do:   '))}", err=True)
        meaning = error.meaning()
        if _(meaning) != meaning:  # what happened is told in English alone: say at least what the code means
            click.echo(f"  {_('means:')} {_(meaning)}", err=True)
