"""URLs of the registry: what is refused, and that no password comes out again."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatang import settings
from hatang.errors import SettingsError
from hatang.registry import database

SECRET = "bi-mat-0815"
PASSWORDS = (
    f"postgresql://hatang:{SECRET}@db.example/hatang",
    f"postgresql://hatang@db.example/hatang?password={SECRET}&sslmode=require",
    f"postgresql+psycopg://hatang:{SECRET}@/hatang?host=/run/postgresql&sslpassword={SECRET}",
)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        (f"mysql://hatang:{SECRET}@db.example/hatang", "mysql is not supported"),
        (f"postgresql://hatang:@{SECRET}@db.example/hatang", "with @ in it is written with %40"),
        (f"postgresql://hatang:pw@db.example:{SECRET}/hatang", "has not the form of a URL"),
        (f"postgresql:/hatang:{SECRET}@db.example", "has not the form of a URL"),
        (SECRET, "has not the form of a URL"),
    ],
)
def test_a_wrong_url_is_refused_without_being_shown(url: str, fault: str) -> None:
    with pytest.raises(SettingsError, match=fault) as caught:
        database.connect(url)
    assert caught.value.exit_code == 2
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("url", PASSWORDS)
def test_a_url_is_shown_without_its_password(url: str) -> None:
    for shown in (database.shown(url), database.shown(database.connect(url).url)):
        assert SECRET not in shown
        assert shown.startswith("postgresql")
        assert "/hatang" in shown


def test_what_is_no_url_is_not_shown() -> None:
    assert database.shown(f"postgresql://hatang:{SECRET}@db.example:{SECRET}/x") == "not a URL"


def test_one_driver_serves_every_postgresql_url() -> None:
    assert {database.connect(url).dialect.driver for url in PASSWORDS} == {"psycopg"}


def test_settings_show_no_url(tmp_path: Path) -> None:
    found = settings.load(state_dir=tmp_path, registry_url=PASSWORDS[0], workflow_url=PASSWORDS[1])
    assert SECRET not in repr(found)
    assert found.registry == PASSWORDS[0]


def test_a_settings_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / settings.FILE_NAME
    file.write_text(f'registry_url = "{PASSWORDS[0]}"\n')
    file.chmod(0o644)
    settings.write(tmp_path, cloud="hatang")
    assert file.stat().st_mode & 0o777 == 0o600
    assert settings.load(state_dir=tmp_path).registry == PASSWORDS[0]
