"""`hatang serve`: requests, agencies, systems, controls and results over the network."""

from __future__ import annotations

from pathlib import Path

import click

from hatang.commands.app import App, examples, progress
from hatang.locale import _


@click.command(
    "serve",
    help=_(
        "Serve requests, agencies, systems, controls and results to persons whom the site's Keystone knows. "
        "Ends with SIGTERM."
    ),
    epilog=examples(
        "hatang serve",
        "hatang serve --host 10.0.0.5 --port 8443 --certificate server.pem --key server.key",
    ),
)
@click.option("--host", default="127.0.0.1", show_default=True, help=_("Address to listen on."))
@click.option("--port", type=click.IntRange(1, 65535), default=8443, show_default=True, help=_("TCP port."))
@click.option(
    "--certificate", type=click.Path(path_type=Path, dir_okay=False),
    help=_("PEM file of the server's certificate, with the chain."),
)  # fmt: skip
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help=_("PEM file of the certificate's key."))
@click.option(
    "--rate", type=click.FloatRange(0.1, 10_000), default=50.0, show_default=True,
    help=_("Requests that one person may make in a second."),
)  # fmt: skip
@click.option("--proxies", default="", help=_("Addresses of proxies whose X-Forwarded-For is believed."))
@click.pass_obj
def command(
    app: App, host: str, port: int, certificate: Path | None, key: Path | None, rate: float, proxies: str
) -> None:
    """Serve."""
    from hatang.provision.cloud import Cloud
    from hatang.serve import server
    from hatang.serve.app import build
    from hatang.serve.keystone import Keystone

    access_log = app.settings.log_dir / "access.log"
    made = build(app.settings, app.site, Keystone(Cloud(app.settings), app.settings.subjects), rate, access_log)
    config = server.config(made, host, port, certificate, key, proxies=proxies)
    progress(
        _("Serving on {url}; access log: {file}").format(
            url=f"{'https' if certificate else 'http'}://{host}:{port}", file=access_log
        )
    )
    server.run(config)
