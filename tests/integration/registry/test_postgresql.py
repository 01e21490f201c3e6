"""What only a database server can do: refuse a password, be away, hold a lock, sort by its own locale."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from hatang import settings as settings_module
from hatang.errors import InputError, RegistryError
from hatang.registry import HostRecord, Registry, database, sessions
from hatang.registry.tables import SystemRow
from tests.integration.registry.cluster import OWNER, Cluster
from tests.unit.registry.decided import approve
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES, named

HATANG = Path(sys.executable).parent / "hatang"
WRONG = "sai-mat-khau-4711"


def run(url: str, state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, with the registry's URL from the environment."""
    environment = settings_module.environment(HATANG_REGISTRY_URL=url, HATANG_STATE_DIR=str(state), LANG="C.UTF-8")
    return subprocess.run([str(HATANG), *words], env=environment, capture_output=True, text=True, timeout=120)


def doctor(url: str, state: Path) -> dict[str, str]:
    """What the doctor says of the registry."""
    said = run(url, state, "doctor", "--output", "json")
    found: dict[str, str] = next(p for p in json.loads(said.stdout)["parts"] if p["name"] == "registry")
    return found


def test_the_command_works_with_the_password_from_the_passfile(postgresql_url: str, tmp_path: Path) -> None:
    assert doctor(postgresql_url, tmp_path)["state"] == "missing", "nothing was made by looking"
    done = run(postgresql_url, tmp_path, "system", "list", "--output", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["systems"] == []
    found = doctor(postgresql_url, tmp_path)
    assert (found["state"], found["version"]) == ("real", f"schema {database.HEAD}")
    assert not (tmp_path / "registry.db").exists()


def test_a_password_in_the_url_works_and_is_shown_nowhere(
    cluster: Cluster, postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSFILE")
    url = postgresql_url.replace(f"{OWNER}@", f"{OWNER}:{cluster.password}@")
    Registry.open(url)
    found = doctor(url, tmp_path)
    assert found["state"] == "real"
    assert cluster.password not in json.dumps(found)
    assert "***" in found["detail"]


@pytest.mark.parametrize("place", ["user", "query"])
def test_a_wrong_password_is_an_error_that_does_not_show_it(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.delenv("PGPASSFILE")
    wrong = {"user": postgresql_url.replace("@", f":{WRONG}@", 1), "query": f"{postgresql_url}&password={WRONG}"}
    done = run(wrong[place], tmp_path, "system", "list")
    assert done.returncode == 4
    assert "E406" in done.stderr
    assert "password authentication failed" in done.stderr
    assert WRONG not in done.stdout + done.stderr
    assert WRONG not in json.dumps(doctor(wrong[place], tmp_path))


def test_a_server_that_is_away_is_an_error_with_a_remedy(cluster: Cluster) -> None:
    with pytest.raises(RegistryError) as caught:
        Registry.open(f"postgresql://{OWNER}:{WRONG}@/x?host={cluster.folder}/nowhere")
    assert caught.value.exit_code == 4
    assert "registry-on-postgresql" in caught.value.do
    assert WRONG not in str(caught.value)


def test_a_user_who_may_make_no_tables_is_told(cluster: Cluster, postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE doc_thoi LOGIN PASSWORD '{cluster.password}'")
        try:
            with pytest.raises(RegistryError, match="permission denied"):
                Registry.open(postgresql_url.replace(OWNER, "doc_thoi", 1))
        finally:
            connection.execute("DROP ROLE doc_thoi")


def test_a_connection_that_was_cut_is_made_anew(postgresql_url: str) -> None:
    registry = Registry.open(postgresql_url)
    registry.submit(REQUEST, "")
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hatang'"
            " AND datname = current_database()"
        )
    assert len(registry.requests()) == 1


def test_a_writer_that_does_not_end_is_not_waited_for_for_ever(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry.open(postgresql_url)
    monkeypatch.setattr(sessions, "WAIT_S", 1)
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (sessions.WRITERS,))
        assert registry.requests() == [], "readers do not wait"
        with pytest.raises(RegistryError, match="lock timeout"):
            registry.submit(REQUEST, "")
    registry.submit(REQUEST, "")


def test_a_reader_sees_one_state(postgresql_url: str) -> None:
    registry = Registry.open(postgresql_url)
    registry.submit(REQUEST, "")
    with registry._reading() as session:
        before = registry._system(session, session.get_one(SystemRow, REQUEST.system.name))
        registry.allocate(REQUEST.system.name, SITE, ZONES)
        session.expire_all()
        assert registry._system(session, session.get_one(SystemRow, REQUEST.system.name)) == before
    assert registry.system(REQUEST.system.name).allocation is not None


def test_names_are_sorted_as_on_sqlite(either_url: str) -> None:
    registry = Registry.open(either_url)
    for name in ("ab", "a-c", "aa", "a-a-d"):
        registry.submit(named(name), name)
    wanted = ["a-a-d", "a-c", "aa", "ab"]
    assert [s.spec.name for s in registry.systems()] == wanted
    host = HostRecord("", "ab", "H99.05", "dmz", "10.0.0.1", "debian", "", 3)
    registry.record_hosts("ab", [replace(host, name=f"{n}-web", server_id=n) for n in ("ab", "a-c", "aa", "a-a-d")])
    assert [h.name for h in registry.hosts()] == [f"{n}-web" for n in wanted]


def test_the_database_itself_sorts_otherwise(postgresql_url: str) -> None:
    """Or the test above would prove nothing."""
    with psycopg.connect(postgresql_url) as connection:
        rows = connection.execute("SELECT n FROM (VALUES ('a-c'), ('ab')) AS x (n) ORDER BY n").fetchall()
    assert rows == [("ab",), ("a-c",)]


def test_a_text_that_does_not_fit_is_an_input_error(postgresql_url: str) -> None:
    registry = Registry.open(postgresql_url)
    record = registry.submit(REQUEST, "")
    for by in ("x" * 201, "nguoi\0phe-duyet"):
        with pytest.raises(InputError, match="the registry cannot keep a value"):
            approve(registry, record.id, by)
    assert registry.request(record.id).approvals == ()
