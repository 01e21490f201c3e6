"""The server around the application: address, TLS, limits of connections."""

from __future__ import annotations

import ipaddress
import logging
import ssl
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from hatang.errors import SettingsError

CONNECTIONS = 256
KEEP_ALIVE_S = 10
STOP_S = 20  # requests under way may end
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all good


def config(
    app: FastAPI, host: str, port: int, certificate: Path | None, key: Path | None, *, proxies: str = ""
) -> uvicorn.Config:
    """How uvicorn serves the application.

    Args:
        certificate: PEM file of the certificate and the chain below the root; with `key`, the server speaks TLS 1.2 and
            1.3. Without it only this machine can reach it, since tokens would go over the network in clear.
        proxies: addresses of proxies whose `X-Forwarded-For` is believed, separated by commas.

    Raises:
        SettingsError: there is no TLS for an address that others reach, or the files are not usable.
    """
    if (certificate is None) != (key is None):
        raise SettingsError(
            "a certificate needs its key, and a key its certificate", where="--certificate, --key", do="name both"
        )
    if certificate is None and not _is_own(host):
        raise SettingsError(
            f"without TLS, tokens would go in clear to and from {host}", where="--host",
            do="name --certificate and --key, or serve on 127.0.0.1 behind a proxy of this machine that speaks TLS",
        )  # fmt: skip
    made = uvicorn.Config(
        app, host=host, port=port, log_config=None, access_log=False, server_header=False,
        ssl_certfile=certificate, ssl_keyfile=key, ssl_ciphers=CIPHERS, limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S, timeout_graceful_shutdown=STOP_S, h11_max_incomplete_event_size=32 * 1024,
        proxy_headers=bool(proxies), forwarded_allow_ips=proxies or None, lifespan="on",
    )  # fmt: skip
    try:
        made.load()
    except (OSError, ssl.SSLError) as exc:
        raise SettingsError(
            f"certificate and key are not usable: {exc.strerror or exc}", where=f"{certificate}, {key}",
            do="name PEM files that belong together and that this user may read",
        ) from exc  # fmt: skip
    if made.ssl is not None:
        made.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


def _is_own(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def run(made: uvicorn.Config) -> None:
    """Serve until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    uvicorn.Server(made).run()
