"""SIGKILL at random moments of ten systems' lives: made, changed, removed, with the real engine, cloud and hosts."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest
import yaml
from openstack.connection import Connection

from hatang.model.allocation import Allocation
from hatang.registry import Registry
from hatang.sandbox.lifecycle import Sandbox
from tests.e2e.chain import Hatang, inventory, request_file, submit
from tests.e2e.removal import decided, impatient_site, removal
from tests.integration.provision.listing import described, everything

NAMES = [f"doi-{i}" for i in range(10)]
CODES = {name: f"H99.{20 + i // 2}" for i, name in enumerate(NAMES)}  # two systems to an agency
KILLS = 16  # in each of the three stages; a command that was quicker counts for none


@dataclass
class Lives:
    """The systems and what kills them."""

    hatang: Hatang
    folder: Path
    moments: random.Random
    cut: Counter[str]

    def under_kills(self, stage: str, longest_s: float, commands: list[tuple[str, ...]]) -> None:
        """Each command until it has ended well; `KILLS` times in all one is killed before, at a random moment.

        One that was quicker than its moment cannot be killed any more: the next ones are, and sooner.
        """
        left = KILLS
        for number, words in enumerate(commands):
            for _ in range(-(-left // (len(commands) - number))):
                if not self.hatang.kill_after(self.moments.uniform(0.3, longest_s), *words):
                    longest_s *= 0.7
                    break
                left -= 1
                self.cut[stage] += 1
            self.hatang(*words)

    def request(self, name: str) -> Path:
        """The system's first request."""
        file = request_file(self.folder, name, level=1)
        content = yaml.safe_load(file.read_text())
        content["agency"]["code"] = CODES[name]
        file.write_text(yaml.safe_dump(content, allow_unicode=True))
        return file

    def change(self, name: str) -> Path:
        """One more host."""
        content = yaml.safe_load((self.folder / f"{name}.yaml").read_text())
        content["kind"] = "change"
        content["system"]["hosts"].append({"name": "app", "zone": "application"})
        file = self.folder / f"change-{name}.yaml"
        file.write_text(yaml.safe_dump(content, allow_unicode=True))
        return file

    def is_as_desired(self, servers: int) -> None:
        """Every system is in use, planned as it is, there once, and shares no address with another."""
        for name in NAMES:
            assert self.hatang("system", "status", name, "--output", "json").json()["state"] == "active"
            assert self.hatang("system", "plan", name, "--exit-code", code=0).out
            assert inventory(self.hatang.cloud, name, CODES[name].lower().replace(".", "-")) == {
                "domain": 1, "project": 1, "network": 2, "network names": 2, "router": 1, "security group": 2,
                "server": servers, "volume": 0, "group": 2,
            }, name  # fmt: skip
        records = [r for r in Registry.open(f"sqlite:///{self.hatang.state}/registry.db").systems() if r.allocation]
        used = Counter(chain.from_iterable(_addresses(r.allocation) for r in records))
        assert [a for a, n in used.items() if n > 1] == []
        self.hatang("journal", "verify")


def _addresses(allocation: Allocation | None) -> list[str]:
    """Of its leg, hosts and zones."""
    assert allocation is not None
    zones = chain.from_iterable((str(z.cidr), str(z.cidr_v6)) for z in allocation.zones)
    return [str(allocation.bastion_address), *(str(h.address) for h in allocation.hosts), *zones]


@pytest.mark.long
@pytest.mark.timeout(5400)
def test_ten_lives_killed_at_random_moments(
    hatang: Hatang, sandbox: Sandbox, cloud: Connection, tmp_path: Path
) -> None:
    before = everything(cloud)
    lives = Lives(hatang, tmp_path, random.Random(331), Counter())
    for name in NAMES:
        submit(hatang, lives.request(name))
    lives.under_kills("made", 30, [("system", "apply", name) for name in NAMES])
    lives.is_as_desired(servers=1)

    for name in NAMES:
        submit(hatang, lives.change(name))
    lives.under_kills("changed", 30, [("system", "apply", name) for name in NAMES])
    lives.is_as_desired(servers=2)

    impatient = Hatang(sandbox.state, cloud, impatient_site(tmp_path))
    lives.hatang = impatient
    for name in NAMES:
        decided(impatient, removal(tmp_path, CODES[name], name))
    closing = [("system", "apply", name) for name in NAMES]
    purges = [("system", "purge", name, "--yes") for name in NAMES]
    lives.under_kills("removed", 12, [*closing, *purges])
    for code in sorted(set(CODES.values())):
        impatient("agency", "destroy", code, "--yes")
    impatient("journal", "verify")
    left = everything(cloud) - before
    assert not left, described(cloud, left)
    print(f"SIGKILLs: {dict(lives.cut)}")
    assert lives.cut.total() >= 40, lives.cut
