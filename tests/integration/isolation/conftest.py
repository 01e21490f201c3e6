"""Two small systems of two agencies on the run's sandbox, with real hosts; the Internet reaches one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from hatang.registry import Registry
from hatang.sandbox.hosts import control
from hatang.sandbox.lifecycle import Sandbox
from tests.e2e.chain import Hatang, request_file, submit
from tests.servers import take_away

if TYPE_CHECKING:
    from openstack.connection import Connection

SYSTEMS = {"lap-mot": "H99.11", "lap-hai": "H99.12"}  # system: agency
HOSTS = {"lap-mot": ("web", "app"), "lap-hai": ("web", "app", "gateway")}


@dataclass
class Pair:
    """The two systems; `prove` returns what the command found."""

    hatang: Hatang
    cloud: Connection

    def prove(self, *words: str, code: int | None) -> dict[str, Any]:
        """One run."""
        chosen = [w for name in SYSTEMS for w in ("--system", name)]
        return self.hatang("isolation", "prove", *chosen, "--output", "json", *words, code=code).json()

    def port(self, server: str) -> Any:
        """Neutron's port of a host."""
        return next(p for p in self.cloud.network.ports(name=server))

    def group(self, name: str) -> str:
        """Id of a security group."""
        return str(next(g.id for g in self.cloud.network.security_groups(name=name)))


@pytest.fixture(scope="package")
def tenants(sandbox: Sandbox, cloud: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both on the cloud, cut off before they are hardened. Whether their hosts boot does not matter here."""
    hatang = Hatang(sandbox.state, cloud)
    hatang("site", "apply")
    known = {r.spec.name for r in Registry.open(f"sqlite:///{sandbox.state}/registry.db").systems()}
    for system, agency in SYSTEMS.items():
        if system not in known:
            file = request_file(tmp_path_factory.mktemp("request"), system, hosts=HOSTS[system])
            _of(file, agency)
            submit(hatang, file)
        assert hatang.kill_at(f"{system}: harden …", "system", "apply", system)
    yield Pair(hatang, cloud)
    take_away(cloud, *SYSTEMS)


@pytest.fixture(scope="package")
def pair(request: pytest.FixtureRequest) -> Pair:
    """Both up, with hosts that can be entered: what the cloud alone holds back."""
    if reason := control.why_not():
        pytest.skip(f"no hosts here: {reason}")
    made: Pair = request.getfixturevalue("tenants")
    return made


@pytest.fixture(scope="package")
def hardened(pair: Pair) -> Pair:
    """Both in use: their hosts hold back too."""
    for system in SYSTEMS:
        pair.hatang("system", "apply", system)
    return pair


def _of(file: Path, agency: str) -> None:
    content = yaml.safe_load(file.read_text())
    content["agency"]["code"] = agency
    content["system"]["owner"] = f"Chủ quản ví dụ {agency}"
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
