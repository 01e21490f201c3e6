"""A backup of hatang with the registry on PostgreSQL: it says that the database is not in it, and looks at leases."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hatang import settings
from hatang.errors import RefusedError
from hatang.journal.journal import Journal
from hatang.keeping.quiet import quiet
from hatang.registry import Registry, processes
from hatang.registry.leases import Leases
from hatang.registry.workers import Workers
from hatang.settings import Settings
from tests.integration.registry.cluster import OWNER, Cluster, programs
from tests.integration.registry.test_postgresql import run
from tests.unit.registry.test_registry import REQUEST


@pytest.fixture
def own(postgresql_url: str, tmp_path: Path) -> Settings:
    """Settings of a site with one request."""
    made = settings.load(state_dir=tmp_path / "state", registry_url=postgresql_url)
    registry = Registry.open(made.registry)
    registry.submit(REQUEST, "")
    Journal(made, registry).catch_up()
    return made


def test_file_and_dump_make_the_whole_again(own: Settings, cluster: Cluster, tmp_path: Path) -> None:
    key, backup, new = tmp_path / "key", tmp_path / "backup", tmp_path / "new"
    key.write_text("cụm mật khẩu của bản sao lưu")
    words = (str(backup), "--key-file", str(key), "--output", "json")
    said = run(own.registry, own.state_dir, "state", "save", *words, "--with-passphrase")
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["backup"]["absent"] == ["registry", "workflow"]
    told = run(own.registry, own.state_dir, "--lang", "en", "state", "verify", *words[:3]).stdout
    assert "NOT in this file: dump it with pg_dump" in told
    bin_dir, fresh = programs(), cluster.create()
    assert bin_dir is not None

    def libpq(program: str, *more: str) -> str:
        argv = [str(bin_dir / program), f"--host={cluster.folder}", f"--username={OWNER}", "--no-password", *more]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout

    dump = tmp_path / "dump.sql"
    libpq("pg_dump", f"--file={dump}", "--dbname", own.registry.partition("@/")[2].partition("?")[0])
    libpq("psql", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={dump}", "--dbname", fresh)
    assert run(cluster.url(fresh), new, "state", "restore", *words).returncode == 0
    verified = run(cluster.url(fresh), new, "journal", "verify", "--output", "json")
    assert json.loads(verified.stdout)["holds"]
    cluster.drop(fresh)


def test_runs_and_workers_of_any_machine_are_named(own: Settings) -> None:
    workers = Workers(own.registry)
    workers.enter("may-khac-1", processes.this())
    named = pytest.raises(RefusedError, match="a run on mot-cua; worker may-khac-1")
    with Leases(own.registry).hold("mot-cua"), named, quiet(own):
        pass
    workers.end("may-khac-1")
    with quiet(own):
        pass
    with pytest.raises(RefusedError, match="a run on moi"), quiet(own):
        Leases(own.registry).take("moi", processes.this())
