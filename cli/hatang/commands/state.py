"""`hatang state`: back up hatang itself, look through a backup, put it back."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.keeping.manifest import Manifest

FILE = click.Path(path_type=Path, dir_okay=False)
SHORTEST = 12  # letters of a passphrase that a new backup is encrypted with
ABSENT = {
    "registry": _("The registry is on a database server, NOT in this file: dump it with pg_dump while nothing works."),
    "workflow": _("The runs' database is on a server, NOT in this file: dump it with pg_dump while nothing works."),
    "engine": _("The engine's state is not in a folder of this machine, NOT in this file: keep it where it is."),
    "passphrase": _("The site's passphrase is not in this file: keep it apart. Without it keys and state stay shut."),
    "results": _("Reports of checks and logs are not in this file."),
}
key_option = click.option(
    "--key-file", type=FILE, help=_("File with the backup's own passphrase; without it the terminal is asked.")
)


@click.group(
    "state",
    help=_(
        "Back up hatang itself: registry, engine state, keys, journal, plans, results, runs and settings in one "
        "encrypted file. The sandbox is not in it."
    ),
    epilog=examples(
        "hatang state save /mnt/sao-luu/2026-11-27.hatang --key-file khoa-sao-luu",
        "hatang state verify /mnt/sao-luu/2026-11-27.hatang --key-file khoa-sao-luu",
        "hatang --state .hatang/moi state restore /mnt/sao-luu/2026-11-27.hatang --key-file khoa-sao-luu",
    ),
)
@click.pass_obj
def command(app: App) -> None:
    """Commands about the state folder. They are no acts on a system, and leave the journal as it is."""
    app.keeps_journal = False


@command.command(
    "save",
    help=_(
        "Save the state folder into a new file, encrypted with a passphrase of its own. Refused while a run, a worker "
        "or an engine works there."
    ),
    epilog=examples(
        "hatang state save /mnt/sao-luu/2026-11-27.hatang",
        "hatang state save /mnt/sao-luu/2026-11-27.hatang --key-file khoa-sao-luu --without-results --output json",
    ),
)
@click.argument("file", type=FILE)
@key_option
@click.option("--with-passphrase", is_flag=True, help=_("The site's passphrase too: then this file opens all."))
@click.option("--without-results", is_flag=True, help=_("Without reports of checks and logs, which may be large."))
@output_option
@click.pass_obj
def save(
    app: App, file: Path, key_file: Path | None, with_passphrase: bool, without_results: bool, output: str
) -> None:
    """Save."""
    from hatang.errors import InputError
    from hatang.keeping.save import save

    if key_file and key_file.resolve().is_relative_to(app.settings.state_dir.resolve()):
        raise InputError("the passphrase of the backup would be lost with the state folder", where=str(key_file),
            do="keep it in a file elsewhere")  # fmt: skip
    words = _words(key_file, new=True)
    made = save(app.settings, file, words, passphrase=with_passphrase, results=not without_results)
    if output == "json":
        return emit_json("hatang.state-save/1", file=str(file), size=made.size, sha256=made.sha256,
            backup=_told(made.manifest))  # fmt: skip
    _show(made.manifest)
    return click.echo(_("{file}: {n} bytes, SHA-256 {sha256}").format(file=file, n=made.size, sha256=made.sha256))


@command.command(
    "verify",
    help=_("Decipher a backup, compare the sum of every file, and tell what is in it. Changes nothing."),
    epilog=examples(
        "hatang state verify /mnt/sao-luu/2026-11-27.hatang",
        "hatang state verify /mnt/sao-luu/2026-11-27.hatang --key-file khoa-sao-luu --output json",
    ),
)
@click.argument("file", type=FILE)
@key_option
@output_option
@click.pass_obj
def verify(app: App, file: Path, key_file: Path | None, output: str) -> None:
    """Verify."""
    from hatang.keeping.restore import verify

    manifest = verify(file, _words(key_file))
    if output == "json":
        return emit_json("hatang.state-verify/1", file=str(file), backup=_told(manifest))
    _show(manifest)
    return click.echo(_("{n} files, each as it was saved.").format(n=len(manifest.files)))


@command.command(
    "restore",
    help=_(
        "Put a backup back as the state folder that --state names, which must be empty or not there. Killed anywhere, "
        "it is run again."
    ),
    epilog=examples(
        "hatang --state .hatang/moi state restore /mnt/sao-luu/2026-11-27.hatang",
        "hatang --state .hatang/moi state restore /mnt/sao-luu/2026-11-27.hatang --key-file khoa-sao-luu",
    ),
)
@click.argument("file", type=FILE)
@key_option
@output_option
@click.pass_obj
def restore(app: App, file: Path, key_file: Path | None, output: str) -> None:
    """Restore."""
    from hatang.keeping.restore import refuse_folder, restore

    state = app.settings.state_dir
    refuse_folder(state)  # before somebody types a passphrase for nothing
    done = restore(state, file, _words(key_file))
    manifest = done.manifest
    if output == "json":
        to_set = [{"setting": n.setting, "was": n.was, "now": str(place)} for n, place in done.to_set]
        return emit_json("hatang.state-restore/1", state_dir=str(state), to_set=to_set, backup=_told(manifest))
    _show(manifest)
    click.echo(_("{n} files are in {folder}.").format(n=len(manifest.files), folder=state))
    for named, place in done.to_set:
        click.echo(_("{setting} was {was}: its copy is {place}; set it where you set it before.").format(
            setting=named.setting, was=named.was, place=place))  # fmt: skip
    click.echo(_("Now, before anything else:"))
    if "passphrase" in manifest.absent:
        click.echo("  " + _("put the site's passphrase back, mode 0600 ({file}, or what passphrase_file names)").format(
            file=state / "passphrase"))  # fmt: skip
    if {"registry", "workflow"} & set(manifest.absent):
        click.echo("  " + _("put the database's dump back into an empty database with psql"))
    for words in ("doctor", "journal verify", "drift"):
        click.echo(f"  hatang --state {shlex.quote(str(state))} {words}")
    return None


def _words(key_file: Path | None, *, new: bool = False) -> str:
    """The passphrase of a backup: out of a file, or asked without showing it; twice, where it is new."""
    from hatang.errors import InputError

    if key_file is not None:
        try:
            words = key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise InputError("the backup's passphrase cannot be read", where=str(key_file),
                do="name a file with one line of text that you may read") from exc  # fmt: skip
    elif sys.stdin.isatty():
        words = click.prompt(_("Passphrase of the backup"), hide_input=True, confirmation_prompt=new, err=True).strip()
    else:
        raise InputError("nobody can be asked for the backup's passphrase: this is no terminal", where="--key-file",
            do="name a file with it: --key-file FILE")  # fmt: skip
    if not words or (new and len(words) < SHORTEST):
        raise InputError(f"the backup's passphrase has fewer than {SHORTEST} letters" if words else
            "the backup's passphrase is empty", where=str(key_file or "terminal"),
            do="make a long one: openssl rand -base64 32")  # fmt: skip
    return words


def _told(manifest: Manifest) -> dict[str, Any]:
    parts = [{"part": name, "files": n, "bytes": size} for name, (n, size) in manifest.parts().items()]
    return {**manifest.model_dump(mode="json", exclude={"files", "folders"}), "parts": parts,
            "files": [{"path": f.path, "size": f.size, "sha256": f.sha256} for f in manifest.files]}  # fmt: skip


def _show(manifest: Manifest) -> None:
    click.echo(_("hatang {version}, {at}, schema {schema}, of {folder}").format(
        version=manifest.hatang, at=f"{manifest.made_at:%Y-%m-%d %H:%M:%S} UTC",
        schema=manifest.schema_revision or "–", folder=manifest.state_dir))  # fmt: skip
    emit_table([_("Part"), _("Files"), _("Bytes")], [(name, *of) for name, of in manifest.parts().items()])
    for what in manifest.absent:
        click.echo(ABSENT[what])
