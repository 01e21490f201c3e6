"""The cloud fails while a system comes up: it ends well, or stops where `status` says and goes on; none is doubled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hatang.sandbox.lifecycle import Sandbox
from tests.e2e.chain import Hatang, inventory, request_file, submit
from tests.e2e.faulty import Fault, FaultyCloud, Seen

TRIES = 4  # runs until it is active; the first meets the fault
WRITES = ("POST", "PUT", "PATCH", "DELETE")


def bursts(seen: Seen) -> str:
    """Three bursts of five seconds in which every service answers 503."""
    return "503" if any(begin <= seen.at < begin + 5 for begin in (6, 14, 22)) else ""


def stalls(seen: Seen) -> str:
    """Now and then an answer takes half a minute."""
    return "stall" if seen.number in (20, 120) else ""


def drops(seen: Seen) -> str:
    """Every 40th connection ends before the request is carried out, every 60th change after it: its answer is lost."""
    if seen.number % 40 == 39:
        return "drop"
    return "lose" if seen.service and seen.method in WRITES and seen.number % 3 == 0 and seen.number > 60 else ""


def keystone_away(seen: Seen) -> str:
    """Keystone is away for a minute."""
    return "drop" if seen.service == 0 and 5 <= seen.at < 65 else ""


class Expires:
    """Each token is taken back after its fifteenth use."""

    def __init__(self) -> None:
        self.uses: dict[str, int] = {}

    def __call__(self, seen: Seen) -> str:
        if not seen.token or seen.service == 0:
            return ""
        self.uses[seen.token] = self.uses.get(seen.token, 0) + 1
        return "expire" if self.uses[seen.token] == 15 else ""


@pytest.fixture(scope="module")
def faulty(sandbox: Sandbox, sandbox_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyCloud]:
    """The proxy in front of the run's sandbox."""
    made = FaultyCloud(sandbox_port, sandbox.clouds_file, tmp_path_factory.mktemp("faulty"))
    with made.running() as cloud:
        yield cloud


FAULTS: dict[str, tuple[Fault, str]] = {
    "loi-ngat": (drops, "drop"), "loi-nam-tram": (bursts, "503"), "loi-cham": (stalls, "stall"),
    "loi-dang-nhap": (keystone_away, "drop"), "loi-the": (Expires(), "expire"),
}  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.turn("story", n)) for n in FAULTS])
def test_the_cloud_fails_and_nothing_is_doubled(
    hatang: Hatang, faulty: FaultyCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    fault, kind = FAULTS[name]
    monkeypatch.setenv("HATANG_CLOUDS_FILE", str(faulty.clouds_file))
    submit(hatang, request_file(tmp_path, name, level=2))
    faulty.begin(fault)
    met = {}
    for attempt in range(TRIES):
        done = hatang("system", "apply", name, code=None, timeout=600)
        if attempt == 0:
            met = dict(faulty.counts)
            faulty.begin(lambda seen: "")
        if done.code == 0:
            break
        assert "Traceback" not in done.err
        status = hatang("system", "status", name, "--output", "json").json()
        assert status["waits_for"], "what it waits for is said"
    assert met.get(kind), f"the fault was met: {met}"
    assert done.code == 0, done.err
    assert hatang("system", "status", name, "--output", "json").json()["state"] == "active"
    there = inventory(hatang.cloud, name, "h99-07")
    assert (there["project"], there["router"], there["server"]) == (1, 1, 1)
    assert there["network"] == there["network names"] == there["security group"]
    assert not list(hatang.cloud.network.ports(name=f"{name}-web"))[1:], "one port"
    hatang("system", "plan", name, "--exit-code", code=0)
