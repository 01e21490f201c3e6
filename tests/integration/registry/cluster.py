"""A throw-away PostgreSQL: a cluster of its own, on a Unix socket only, run by an unprivileged user."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

OWNER = "hatang"
# Debian keeps the programs of each release in a folder of its own, out of PATH.
PLACES = "/usr/lib/postgresql/*/bin"
# Sorts names otherwise than SQLite does, so that a list which the database sorts is found out.
LOCALE = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=vi-u-ka-shifted")
SERVER = "-c listen_addresses='' -c fsync=off -c shared_buffers=16MB -c max_connections=60"


def programs() -> Path | None:
    """Folder of the newest PostgreSQL's programs; None: none is installed."""
    found = [p for p in Path("/").glob(PLACES.removeprefix("/")) if (p / "initdb").exists()]
    return max(found, key=lambda p: int(p.parent.name), default=None)


class Cluster:
    """One cluster. The role `hatang` owns its databases and is let in by password, which is in a PGPASSFILE."""

    def __init__(self, bin_dir: Path) -> None:
        self._bin = bin_dir
        # Not below pytest's folder: that belongs to root alone, and a socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="hatang-pg-"))
        self._secrets = Path(tempfile.mkdtemp(prefix="hatang-pgpass-"))
        self.passfile = self._secrets / "pgpass"
        self.password = secrets.token_hex(12)
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self.folder, "postgres", "postgres")
            self._user = {"user": "postgres", "group": "postgres", "extra_groups": []}

    @property
    def data(self) -> Path:
        """The cluster's files."""
        return self.folder / "data"

    def start(self) -> None:
        """Make the cluster and start its server."""
        self.passfile.touch(mode=0o600)
        self.passfile.write_text(f"*:*:*:*:{self.password}\n")
        secret = self.folder / "first-password"
        secret.write_text(self.password)
        self._run(
            "initdb", "--no-sync", "--auth=scram-sha-256", f"--username={OWNER}", f"--pwfile={secret}", *LOCALE,
            "-D", str(self.data),
        )  # fmt: skip
        secret.unlink()
        self._run(
            "pg_ctl", "-D", str(self.data), "-o", f"{SERVER} -k {self.folder}", "-l", str(self.log), "-w", "start"
        )

    def stop(self) -> None:
        """Stop the server and remove everything."""
        try:
            if (self.data / "postmaster.pid").exists():
                self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop")
        finally:
            shutil.rmtree(self.folder)
            shutil.rmtree(self._secrets)

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.folder / "server.log"

    def url(self, database: str, password: str = "") -> str:
        """URL of a database, by default without password."""
        return f"postgresql://{OWNER}{':' if password else ''}{password}@/{database}?host={self.folder}"

    def create(self) -> str:
        """A new empty database; its name."""
        name = f"t{secrets.token_hex(4)}"
        self._sql(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def drop(self, name: str) -> None:
        """Remove a database with all connections to it."""
        self._sql(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def processes(self) -> list[str]:
        """Processes that name the cluster's folder."""
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(self.folder) in words:
                found.append(words)
        return found

    def _sql(self, statement: sql.Composed) -> None:
        with psycopg.connect(
            host=str(self.folder), user=OWNER, dbname="postgres", passfile=str(self.passfile), autocommit=True
        ) as connection:
            connection.execute(statement)

    def _run(self, program: str, *words: str) -> None:
        # The server inherits what it is given as output: a pipe would never end.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                [str(self._bin / program), *words], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=said,
                stderr=subprocess.STDOUT, timeout=120, **self._user,
            )  # fmt: skip
            said.seek(0)
            assert done.returncode == 0, said.read().decode(errors="replace")
