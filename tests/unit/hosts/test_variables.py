"""Wrong role variables are refused before a host is touched, each with its remedy."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from hatang import settings
from hatang.catalogue import load
from hatang.errors import InputErrors
from hatang.hosts import require_fitting
from hatang.inputs import load_site
from hatang.model.terms import Level

ROOT = Path(__file__).resolve().parents[3]


def variables(level: int = 3, applies: tuple[str, ...] = ()) -> dict[str, Any]:
    site = load_site(ROOT / "inventories" / "example" / "site.yaml", settings.load().cache)
    return load().role_variables(Level(level), applies, site, ip_network("10.0.0.0/24"))  # type: ignore[arg-type]


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("applies", [(), ("document_storage",)])
def test_what_the_catalogue_resolves_fits_at_every_level(level: Level, applies: tuple[str, ...]) -> None:
    require_fitting({"h": variables(level, applies)})


def refused(**changes: Any) -> str:
    given = {**variables(), **changes}
    with pytest.raises(InputErrors) as caught:
        require_fitting({"mot-cua-web": {n: v for n, v in given.items() if v is not None}})
    return str(caught.value)


def test_misspelt_variable_is_refused_with_the_right_name() -> None:
    said = refused(passwords_min_lenght=14)
    assert "no role has a variable passwords_min_lenght" in said
    assert "host mot-cua-web" in said
    assert "did you mean passwords_min_length?" in said


def test_missing_variable_is_refused() -> None:
    assert "account_lock_deny is missing" in refused(account_lock_deny=None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("passwords_min_length", "14"),
        ("passwords_min_length", True),
        ("firewall_enabled", 1),
        ("time_sync_servers", "a"),
    ],
)
def test_value_of_the_wrong_kind_is_refused(name: str, value: Any) -> None:
    assert f"{name} is {value!r}, which is no " in refused(**{name: value})


def test_all_faults_are_named_at_once() -> None:
    said = refused(passwords_min_lenght=14, firewall_enabled="yes", account_lock_deny=None)
    assert said.count("error E200") == 3
