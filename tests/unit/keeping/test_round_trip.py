"""What is saved comes back as it was, also what settings name elsewhere; nobody reads it without the passphrase."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hatang import settings
from hatang.errors import HostError, StepError
from hatang.hosts.copies import CopyKeys, KeptKeys
from hatang.keeping import content
from hatang.keeping.save import _Summed, save
from hatang.registry import Registry
from tests.unit.keeping.conftest import FILES, LEFT_OUT, SECRET, WORDS, Place
from tests.unit.registry.test_registry import REQUEST

pytestmark = pytest.mark.usefixtures("quick")
SYSTEM = REQUEST.system.name


def rows(database: Path, table: str = "late") -> list[tuple[str]]:
    """What a table of the test holds."""
    with closing(sqlite3.connect(database)) as opened:
        return opened.execute(f"SELECT x FROM {table}").fetchall()


def test_everything_comes_back_with_its_mode(place: Place, tmp_path: Path) -> None:
    before = place.tree()
    said = place.save()
    assert (place.backup.stat().st_mode & 0o777, list(place.backup.parent.iterdir())) == (0o600, [place.backup])
    assert "The site's passphrase is not in this file" in said
    new = tmp_path / "new"
    assert f"hatang --state {new} journal verify" in place.restore(new)
    after = place.tree(new)
    assert new.stat().st_mode & 0o7777 == 0o700
    assert set(FILES) < set(after)
    databases = {"registry.db", "jobs.db", "workflow/mot-cua.db"}
    assert databases < set(after)
    assert {n: x for n, x in after.items() if n not in databases} == {
        n: x for n, x in before.items()
        if n not in (*databases, "passphrase", *LEFT_OUT)
        and not n.startswith(("sandbox", "runs", "lock")) and not n.endswith((".lock", "-wal", "-shm"))
    }  # fmt: skip
    listed = Registry.open(settings.load(state_dir=new).registry).systems()
    assert [s.spec.name for s in listed] == [SYSTEM]


def test_what_is_in_the_write_ahead_log_alone_is_saved(place: Place, tmp_path: Path) -> None:
    for name in ("registry.db", "jobs.db"):
        writer = sqlite3.connect(place.state / name)  # stays open: the log is not taken over into the file
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("CREATE TABLE late (x)")
        writer.execute("INSERT INTO late VALUES ('only in the log')")
        writer.commit()
        alone = tmp_path / f"alone-{name}"
        alone.write_bytes((place.state / name).read_bytes())
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            rows(alone)
    place.save()
    place.restore(tmp_path / "new")
    for name in ("registry.db", "jobs.db"):
        assert rows(tmp_path / "new" / name) == [("only in the log",)]
        assert not (tmp_path / "new" / f"{name}-wal").exists()


def test_nothing_in_it_can_be_read(kept: Place) -> None:
    raw, secret = kept.backup.read_bytes(), (kept.state / "passphrase").read_text()
    for known in (SECRET, SYSTEM, secret, "registry.db", "manifest", "SQLite format 3", WORDS):
        assert known.encode() not in raw
    assert kept.backup.read_bytes()[:21] == b"hatang-state-backup 1"


def test_the_passphrase_comes_along_only_when_asked_for(place: Place, tmp_path: Path) -> None:
    keys = CopyKeys("opens", "logs in", "ssh-ed25519 AAAA")
    (place.state / "copies" / "mot-cua-web" / "0001.json").unlink()
    KeptKeys(settings.load(state_dir=place.state)).keep("mot-cua-web", keys)
    place.save()
    said = place.restore(tmp_path / "without")
    assert "put the site's passphrase back" in said
    assert not (tmp_path / "without" / "passphrase").exists()
    with pytest.raises(HostError):
        list(KeptKeys(settings.load(state_dir=tmp_path / "without")).of("mot-cua-web"))
    place.backup = place.backup.with_name("second")
    place.save("--with-passphrase")
    assert "passphrase back" not in place.restore(tmp_path / "with")
    assert (tmp_path / "with" / "passphrase").stat().st_mode & 0o777 == 0o600
    assert list(KeptKeys(settings.load(state_dir=tmp_path / "with")).of("mot-cua-web")) == [keys]


def test_without_results(place: Place) -> None:
    told = json.loads(place.save("--without-results", "--output", "json"))["backup"]
    assert told["absent"] == ["passphrase", "results"]
    assert not [f for f in told["files"] if f["path"].startswith(("checks", "log"))]


def test_verify_tells_what_is_in_it(kept: Place) -> None:
    told = json.loads(kept.run("verify", kept.backup, "--key-file", kept.key, "--output", "json"))["backup"]
    assert (told["hatang"], told["schema_revision"], told["state_dir"]) == ("0.1.0", "0013", str(kept.state))
    assert {p["part"] for p in told["parts"]} >= {"registry.db", "engine/", "keys/", "journal/", "workflow/", "jobs.db"}
    assert all(len(f["sha256"]) == 64 for f in told["files"])
    assert "each as it was saved" in kept.run("verify", kept.backup, "--key-file", kept.key)


def test_a_passphrase_is_the_same_however_its_letters_are_written(kept: Place, tmp_path: Path) -> None:
    import unicodedata

    other = tmp_path / "key"
    other.write_text(unicodedata.normalize("NFD", WORDS))
    assert other.read_text() != WORDS
    kept.run("verify", kept.backup, "--key-file", other)


def test_what_settings_name_outside_is_in_it_and_named_anew(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "engine" / ".pulumi").mkdir(parents=True)
    (outside / "engine" / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    (outside / "site.yaml").write_text("name: a\n")
    (outside / "secret").write_text("cụm khác")
    (outside / "r.db").write_bytes(content.copy_of_database(place.state / "registry.db")[0])
    with closing(sqlite3.connect(place.state / "registry.db")) as old:  # what lies in the usual place is not in use
        old.execute("DELETE FROM system")
        old.commit()
    settings.write(
        place.state, engine_backend=f"file://{outside}/engine", site_file=str(outside / "site.yaml"),
        registry_url=f"sqlite:///{outside}/r.db", passphrase_file=str(outside / "secret"),
        workflow_url=f"sqlite:///{place.state}/jobs.db",
    )  # fmt: skip
    (outside / "ssh").mkdir()
    for name in ("ssh_hosts", "known_hosts", "id_ed25519"):
        (outside / "ssh" / name).write_text(name)
    settings.write(place.state, ssh_folder=str(outside / "ssh"))
    given = settings.load(state_dir=place.state, ssh_config=outside / "site.yaml")  # not in hatang.toml
    made = save(given, place.backup, WORDS, passphrase=True)
    assert made.manifest.schema_revision == "0013"
    new = tmp_path / "new"
    said = place.restore(new)
    assert f"ssh_config was {outside}/site.yaml: its copy is {new}/named/ssh_config/site.yaml" in said
    now = settings.load(state_dir=new)
    assert now.backend == f"file://{new}/engine"
    assert (new / "engine" / ".pulumi" / "meta.yaml").is_file()
    assert not (new / "engine" / ".pulumi" / "stacks").exists()
    assert now.ssh_folder == new / "named" / "ssh_folder"
    assert sorted(p.name for p in now.ssh_folder.iterdir()) == ["known_hosts", "ssh_hosts"], "nobody's own key"
    assert now.site_file == new / "named" / "site_file" / "site.yaml"
    assert (now.registry_file, now.passphrase_file) == (new / "registry.db", new / "passphrase")
    assert now.workflow_server == f"sqlite:///{new}/jobs.db"
    assert (new / "passphrase").read_text() == "cụm khác"
    assert [s.spec.name for s in Registry.open(now.registry).systems()] == [SYSTEM]


def test_what_is_on_servers_is_said_to_be_absent(place: Place) -> None:
    own = settings.load(state_dir=place.state, registry_url="postgresql://a@b/c", engine_backend="s3://kho")
    assert content.of(own, passphrase=False, results=True).absent == ["passphrase", "engine", "registry", "workflow"]


def test_a_disk_without_second_names_takes_backups_too(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")  # as FAT says

    monkeypatch.setattr(Path, "hardlink_to", refused)
    place.save()
    assert list(place.backup.parent.iterdir()) == [place.backup]
    place.run("verify", place.backup, "--key-file", place.key)


def test_a_file_that_grows_is_saved_as_it_was_and_one_that_shrinks_stops_it(place: Place) -> None:
    log = place.state / "log" / "large.log"
    log.write_bytes(b"x" * 100)
    with pytest.raises(StepError, match="it became shorter"), log.open("rb") as opened:
        _Summed(opened, log).read(101)
    with log.open("rb") as opened:
        reader = _Summed(opened, log)
        log.open("ab").write(b"y")
        assert reader.read(100) == b"x" * 100
