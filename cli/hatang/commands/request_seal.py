"""`hatang request` seal, key: what an agency without a connection needs besides its request file."""

from __future__ import annotations

from pathlib import Path

import click

from hatang.commands.app import emit_json, examples, output_option
from hatang.locale import _


@click.command(
    "seal",
    help=_(
        "Sign a request file with the agency's private key (Ed25519). The sealed file can come on any way; "
        "hatang request submit takes it."
    ),
    epilog=examples("hatang request seal request.yaml --key van-phong.key --to request.sealed.yaml"),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", "key_file", required=True, type=click.Path(path_type=Path), help=_("File of the private key."))
@click.option("--to", "target", required=True, type=click.Path(path_type=Path), help=_("The sealed file; a new one."))
@output_option
def seal(file: Path, key_file: Path, target: Path, output: str) -> None:
    """Seal a request."""
    from hatang.errors import InputError
    from hatang.inputs.seals import seal_file

    made, text = seal_file(file, key_file)
    try:
        with target.open("x", encoding="utf-8") as out:
            out.write(text)
    except OSError as exc:
        raise InputError(
            f"cannot write {target}: {exc.strerror}", where="--to", do="name a file that is not there yet"
        ) from exc
    if output == "json":
        return emit_json("hatang.sealed-request/1", file=str(target), agency=made.agency, key=made.key)
    return click.echo(_("{file}: request of agency {agency}, sealed with key {key}.").format(
        file=target, agency=made.agency, key=made.key[:16]))  # fmt: skip


@click.command(
    "key",
    help=_("Make a private key for sealing, mode 0600, and its public key beside it (.pub)."),
    epilog=examples("hatang request key van-phong.key"),
)
@click.argument("file", type=click.Path(path_type=Path))
@output_option
def key(file: Path, output: str) -> None:
    """Make a key."""
    from hatang.inputs.seals import make_key

    made = make_key(file)
    if output == "json":
        return emit_json("hatang.key/1", file=str(file), public=f"{file}.pub", key=made)
    click.echo(_("Key {key}. Send {file}.pub to the data centre, and this number on another way.").format(
        key=made, file=file))  # fmt: skip
    return None
