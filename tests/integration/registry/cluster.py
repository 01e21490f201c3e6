"""A throw-away PostgreSQL: a cluster of its own, on a Unix socket only, run by an unprivileged user."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from hatang.registry.processes import descendants

OWNER = "hatang"
# Debian keeps the programs of each release in a folder of its own, out of PATH.
PLACES = "/usr/lib/postgresql/*/bin"
# Sorts names otherwise than SQLite does, so that a list which the database sorts is found out.
LOCALE = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=vi-u-ka-shifted")
SERVER = ("-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=100")
PR_SET_PDEATHSIG = 1  # of prctl(2)


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
        self._server: subprocess.Popen[bytes] | None = None
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self.folder, "postgres", "postgres")
            self._user = {"user": "postgres", "group": "postgres", "extra_groups": []}

    @property
    def data(self) -> Path:
        """The cluster's files."""
        return self.folder / "data"

    def start(self) -> None:
        """Make the cluster, start its server and wait until it answers."""
        self.passfile.touch(mode=0o600)
        self.passfile.write_text(f"*:*:*:*:{self.password}\n")
        secret = self.folder / "first-password"
        secret.write_text(self.password)
        made = subprocess.run(
            [
                str(self._bin / "initdb"), "--no-sync", "--auth=scram-sha-256", f"--username={OWNER}",
                f"--pwfile={secret}", *LOCALE, "-D", str(self.data),
            ],
            cwd=self.folder, capture_output=True, text=True, timeout=300, **self._user,
        )  # fmt: skip
        secret.unlink()
        assert made.returncode == 0, made.stderr
        # A child of ours, and not by pg_ctl, which would leave it behind when this process is killed.
        with self.log.open("w") as log:
            self._server = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self.data), "-k", str(self.folder), *SERVER],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_end_with_parent,
                **self._user,
            )  # fmt: skip
        end = time.monotonic() + 120
        while not self._answers():
            assert self._server.poll() is None and time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the server, cutting every connection, and remove everything."""
        try:
            if self._server is not None:
                self._signal(signal.SIGCONT)
                self._server.send_signal(signal.SIGINT)
                self._server.wait(120)
        finally:
            shutil.rmtree(self.folder)
            shutil.rmtree(self._secrets)

    def vanish(self) -> None:
        """Kill the server as a loss of power does; `stop` is still to come."""
        assert self._server is not None
        self._server.kill()
        self._server.wait(120)

    def freeze(self) -> None:
        """Connections stay, and nothing answers any more, as behind a network that was cut; `stop` is still to come."""
        self._signal(signal.SIGSTOP)

    def _signal(self, number: signal.Signals) -> None:
        """To the server and all its processes, where it lives."""
        assert self._server is not None
        pids = [] if self._server.poll() is not None else [*descendants(self._server.pid), self._server.pid]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _answers(self) -> bool:
        try:
            self._sql(sql.SQL("SELECT 1"))
        except psycopg.OperationalError:
            return False
        return True

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.folder / "server.log"

    def url(self, database: str, password: str = "") -> str:
        """URL of a database, by default without password."""
        return f"postgresql://{OWNER}{':' if password else ''}{password}@/{database}?host={self.folder}"

    def create(self, like: str = "template1") -> str:
        """A new database, empty or like another one; its name."""
        name = f"t{secrets.token_hex(4)}"
        self._sql(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like)))
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

    def _sql(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(
            host=str(self.folder), user=OWNER, dbname="postgres", passfile=str(self.passfile), autocommit=True
        ) as connection:
            connection.execute(statement)


def _end_with_parent() -> None:
    """In the child: end in an orderly way (SIGINT) when the thread that started it is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
