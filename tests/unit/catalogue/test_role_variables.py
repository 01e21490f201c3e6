"""What the roles get: exactly their required variables, from the values in force and from the site."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from hatang.catalogue import load
from hatang.catalogue.tree import Tree
from hatang.inputs import load_site
from hatang.model.site import Site
from hatang.model.terms import Level

ROOT = Path(__file__).resolve().parents[3]
BASTION = IPv4Network("10.75.255.0/24")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return load_site(ROOT / "inventories" / "example" / "site.yaml", tmp_path_factory.mktemp("cache"))


def variables(level: int, site: Site, *applies: str) -> dict[str, Any]:
    return load().role_variables(Level(level), applies, site, BASTION)


@pytest.mark.parametrize("level", range(1, 6))
def test_every_required_variable_is_set_at_every_level(level: int, site: Site) -> None:
    serving = {c.implemented_by.role for c in load().controls.values()}
    required = {
        name for role, options in Tree().options.items() if role in serving
        for name, option in options.items() if option.get("required")
    }  # fmt: skip
    found = variables(level, site)
    assert required <= set(found)
    assert not [name for name, value in found.items() if value is None]


def test_levels_differ(site: Site) -> None:
    assert [variables(n, site)["logging_retention_months"] for n in (2, 3, 4, 5)] == [1, 3, 6, 12]
    assert [variables(n, site)["ssh_server_strong_crypto"] for n in (3, 4)] == [False, True]
    assert [variables(n, site)["account_lock_deny"] for n in (1, 2)] == [10, 5]
    assert [variables(n, site)["firewall_directions"] for n in (2, 3)] == [["in"], ["in", "out"]]


def test_document_storage_adds_its_regulation(site: Site) -> None:
    assert variables(3, site, "document_storage")["logging_retention_months"] == 12


def test_places_come_from_the_site(site: Site) -> None:
    found = variables(3, site)
    assert found["time_sync_servers"] == [str(a) for a in site.services.time_servers]
    assert (found["logging_server"], found["logging_port"]) == (str(site.services.log_server), site.services.log_port)
    assert found["firewall_management_sources"] == [str(BASTION)]


def test_what_nobody_demands_is_set_back(site: Site) -> None:
    found = variables(1, site)
    assert (found["logging_server"], found["passwords_remember"], found["services_mask_unused"]) == ("", 0, False)


def test_our_own_number_reaches_the_role(site: Site) -> None:
    assert variables(3, site)["ssh_server_idle_timeout_s"] == 300
