"""Workers as processes, on a PostgreSQL of this folder's own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hatang import settings as settings_module
from hatang.registry.processes import descendants
from hatang.registry.workers import Worker, Workers
from hatang.settings import Settings
from hatang.workflow import jobs
from tests.integration.registry.conftest import cluster, postgresql_url  # noqa: F401
from tests.integration.workflow import fakes

CLOUDS = """clouds:
  hatang:
    auth: {auth_url: "http://127.0.0.1:9/identity", username: a, password: b, project_name: c}
"""
SITE_FILE = fakes.ROOT / "inventories/example/site.yaml"
LEASE_S = 8.0  # a worker that starves on a busy machine must not lose it by that


@dataclass
class Crew:
    """Workers of one registry and state folder; the tests kill and stop them."""

    state: Path
    url: str
    step_s: float = 0.0
    hold: str = ""
    lease_s: float = LEASE_S
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def settings(self, **more: object) -> Settings:
        """Settings of the tests' own process."""
        return settings_module.load(state_dir=self.state, registry_url=self.url, clouds_file=self.clouds, **more)

    @property
    def clouds(self) -> Path:
        """A clouds.yaml; nothing listens at its address."""
        file = self.state / "clouds.yaml"
        file.write_text(CLOUDS)
        return file

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """A worker with steps that need no cloud; `more` are variables of its environment."""
        file = self.state / f"worker-{len(self.started)}.log"
        own = {
            "HATANG_STATE_DIR": str(self.state), "HATANG_REGISTRY_URL": self.url, "HATANG_SITE_FILE": str(SITE_FILE),
            "HATANG_CLOUDS_FILE": str(self.clouds), "STEP_S": str(self.step_s), "LEASE_S": str(self.lease_s),
            "HOLD": self.hold,
        }  # fmt: skip
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.workflow.fakes", "worker", *words],
            cwd=fakes.ROOT, text=True, stdin=subprocess.DEVNULL, stdout=file.open("w"), stderr=subprocess.STDOUT,
            env=settings_module.environment(**own, **more),
        )  # fmt: skip
        self.started.append(child)
        return child

    def said(self, number: int) -> str:
        """What a worker said, by its number."""
        return (self.state / f"worker-{number}.log").read_text()

    def all_said(self) -> str:
        """What all said."""
        return "\n".join(f"-- {i}\n{self.said(i)}" for i in range(len(self.started)))

    def queue(self, *names: str) -> None:
        """Approved systems, asked for."""
        fakes.submit(self.url, *names)
        for name in names:
            jobs.enqueue(self.settings(), name)

    def workers(self) -> list[Worker]:
        """Workers as the registry knows them."""
        return Workers(self.url).all()

    def diary(self, system: str = "") -> list[tuple[str, str, str, str]]:
        """What was done."""
        return [line for line in fakes.diary(self.state) if system in ("", line[1])]

    def until(self, what: Callable[[], object], seconds: float = 400) -> float:
        """Wait until it is true; returns the seconds that it took."""
        begun = time.monotonic()
        while not what():
            assert time.monotonic() - begun < seconds, self.all_said()
            time.sleep(0.25)
        return time.monotonic() - begun

    def go(self) -> None:
        """Let those on that `hold` keeps waiting."""
        (self.state / "go").touch()

    def holding(self) -> list[str]:
        """Process ids of the runs that came to the step of `hold`."""
        return [pid for what, _, step, pid in self.diary() if (what, step) == ("begin", self.hold)]

    def two(self, *names: str) -> tuple[int, int]:
        """Two workers, then work; number of the one that has come to the step of `hold`, and of the other."""
        self.start(), self.start()
        self.until(lambda: len(self.workers()) == 2)
        self.queue(*names)
        self.until(self.holding)
        first = next(i for i, w in enumerate(self.started) if int(self.holding()[0]) in descendants(w.pid))
        return first, 1 - first

    def worker(self, number: int) -> Worker:
        """A worker as the registry knows it."""
        return next(w for w in self.workers() if w.pid == self.started[number].pid)

    def done(self, *names: str) -> bool:
        """Whether each has its last step behind it."""
        return all(jobs.latest(self.settings(), n).state == "done" for n in names)  # type: ignore[union-attr]

    def signal(self, child: subprocess.Popen[str], number: signal.Signals) -> list[int]:
        """To a worker and all that it started; their process ids."""
        pids = [child.pid, *descendants(child.pid)]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return pids


@pytest.fixture
def crew(postgresql_url: str, tmp_path: Path) -> Iterator[Crew]:  # noqa: F811
    """No worker yet; none is left afterwards."""
    with crew_of(postgresql_url, tmp_path) as made:
        yield made


@contextlib.contextmanager
def crew_of(url: str, state: Path) -> Iterator[Crew]:
    """A crew on this database; no worker of it is left afterwards."""
    made = Crew(state, url)
    try:
        yield made
    finally:
        for child in made.started:
            made.signal(child, signal.SIGKILL)
            child.wait()
