"""`hatang agency key`: the public keys with which agencies seal request files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option
from hatang.locale import _


@click.group(
    "key",
    help=_("Public keys with which agencies seal request files."),
    epilog=examples("hatang agency key list", "hatang agency key add H99.05 van-phong.key.pub --by nguoi-doi-chieu"),
)
def key() -> None:
    """Commands about keys."""


@key.command(
    "add",
    help=_("Register a key, after comparing its number with the agency on another way than the file came."),
    epilog=examples("hatang agency key add H99.05 van-phong.key.pub --by nguoi-doi-chieu --note 'CV 12/2026'"),
)
@click.argument("code")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--by", required=True, help=_("Who compared it; recorded as named, not authenticated."))
@click.option("--note", default="", help=_("Number of the agency's letter."))
@output_option
@click.pass_obj
def add(app: App, code: str, file: Path, by: str, note: str, output: str) -> None:
    """Register a key."""
    from hatang.errors import InputError
    from hatang.inputs.seals import public_key
    from hatang.model.agency_code import normalise
    from hatang.registry import Registry
    from hatang.registry.agency_keys import AgencyKeys

    try:
        agency = normalise(code)
    except ValueError as exc:
        raise InputError(str(exc), where="CODE", do="write the agency's code, such as H99.05") from exc
    public = public_key(file)
    made = AgencyKeys(Registry.open(app.settings.registry)).register(agency, public, by, note)
    if output == "json":
        return emit_json("hatang.agency-key/1", key=asdict(made))
    return click.echo(_("Key {key} of agency {agency} is registered.").format(key=made.id, agency=made.agency))


@key.command("list", help=_("List keys, also revoked ones."), epilog=examples("hatang agency key list --output json"))
@output_option
@click.pass_obj
def list_keys(app: App, output: str) -> None:
    """List keys."""
    from hatang.registry import Registry
    from hatang.registry.agency_keys import AgencyKeys

    rows = AgencyKeys(Registry.open(app.settings.registry)).all()
    if output == "json":
        return emit_json("hatang.agency-keys/1", keys=[asdict(r) for r in rows])
    return emit_table(
        [_("Agency"), _("Key"), _("Registered by"), _("Since"), _("Revoked by"), _("Reason")],
        [(r.agency, r.id[:16], r.registered_by, r.created_at.date(), r.revoked_by, r.reason) for r in rows],
    )


@key.command(
    "revoke",
    help=_("A key counts no longer; files that it sealed and that were not submitted yet are refused."),
    epilog=examples("hatang agency key revoke 3f2a77c01b9e --by nguoi-thu-hoi --reason 'mat may'"),
)
@click.argument("key_id", metavar="KEY")
@click.option("--by", required=True, help=_("Who revokes it; recorded as named, not authenticated."))
@click.option("--reason", required=True, help=_("Why."))
@output_option
@click.pass_obj
def revoke(app: App, key_id: str, by: str, reason: str, output: str) -> None:
    """Revoke a key."""
    from hatang.registry import Registry
    from hatang.registry.agency_keys import AgencyKeys

    gone = AgencyKeys(Registry.open(app.settings.registry)).revoke(key_id, by, reason)
    if output == "json":
        return emit_json("hatang.agency-key/1", key=asdict(gone))
    return click.echo(_("Key {key} of agency {agency} is revoked.").format(key=gone.id, agency=gone.agency))
