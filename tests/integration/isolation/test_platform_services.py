"""A site that names its mirrors and its store: hosts reach exactly these, and it shows where site and cloud differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from hatang.sandbox.hosts import control
from hatang.sandbox.lifecycle import Sandbox
from tests.e2e.chain import SITE, Hatang, request_file, submit
from tests.servers import take_away

if TYPE_CHECKING:
    from openstack.connection import Connection

pytestmark = pytest.mark.turn("flows", "services")
SYSTEM, HOST = "lap-kho", "lap-kho-web"
NAMED: dict[str, Any] = {
    "mirror": {"addresses": ["198.18.0.30"], "port": 8081},
    "signatures": {"addresses": ["198.18.0.31"], "scheme": "https", "port": 443, "name": "mau.vi-du.example"},
    "backup_store": {"address": "198.18.0.40", "port": 2222, "host_key": "ssh-ed25519 AAAA"},
}
ENDS = {("198.18.0.30", 8081), ("198.18.0.31", 443), ("198.18.0.40", 2222)}


@pytest.fixture(scope="module")
def named(sandbox: Sandbox, cloud: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hatang]:
    """hatang with such a site, and a system at level 3 that was made with it."""
    if reason := control.why_not():
        pytest.skip(f"no hosts here: {reason}")
    folder = tmp_path_factory.mktemp("site")
    content = yaml.safe_load(SITE.read_text(encoding="utf-8"))
    content["services"] = {k: v for k, v in content["services"].items() if not k.endswith("_mirror")} | NAMED
    site = folder / "site.yaml"
    site.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    hatang = Hatang(sandbox.state, cloud, site)
    hatang("site", "apply")
    file = request_file(folder, SYSTEM)
    file.write_text(file.read_text(encoding="utf-8").replace("H99.07", "H99.13"), encoding="utf-8")
    submit(hatang, file)
    hatang("system", "apply", SYSTEM, code=None)  # no store answers, so the checks of copies do not pass
    yield hatang
    take_away(cloud, SYSTEM)


def test_hosts_reach_what_the_site_names_and_nothing_beside(named: Hatang) -> None:
    found = named("isolation", "prove", "--system", SYSTEM, "--output", "json").json()
    assert found["holds"]
    assert not found["troubles"]
    went = {(r["address"], r["port"]) for r in found["arrived"] if (r["from"], r["to"]) == (HOST, "outside")}
    assert went >= ENDS
    addresses = {address for address, _ in ENDS}
    assert {end for end in went if end[0] in addresses} == ENDS, "each at its own port alone"


def test_the_firewall_of_the_host_lets_the_same_through(named: Hatang) -> None:
    said = named("host", "ssh", HOST, "--", "sudo nft list chain inet hatang output").out
    for address, port in ENDS:
        assert f"ip daddr {address} tcp dport {port} accept" in said
    assert "policy drop" in said


def test_where_the_site_does_not_name_them_they_are_open_ways(named: Hatang, cloud: Connection) -> None:
    other = Hatang(named.state, cloud)  # the example site
    found = other("isolation", "prove", "--system", SYSTEM, "--output", "json", "--port", "8081", code=1).json()
    assert "rule-added" in {c["kind"] for c in found["causes"]}
