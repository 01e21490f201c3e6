"""Workers on PostgreSQL: they share the work, take over from killed ones, and fence off those that stood still."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hatang import settings as settings_module
from hatang.registry import Registry
from hatang.registry.processes import descendants
from hatang.workflow import durable, jobs
from hatang.workflow.status import system_status
from hatang.workflow.worker import LEAVE_S, LOOK_S
from tests.integration.registry.cluster import Cluster, programs
from tests.integration.workflow import fakes
from tests.integration.workflow.conftest import LEASE_S, SITE_FILE, Crew, crew_of
from tests.integration.workflow.fakes import NAMES


def test_what_a_killed_worker_had_under_way_another_goes_on_with(crew: Crew) -> None:
    crew.hold = "apply"
    first, second = crew.two("mot")
    killed = crew.worker(first)
    assert (killed.doing, crew.worker(second).doing) == ("mot", "")
    crew.started[first].kill()  # the worker alone; its run must not outlive it
    waited = crew.until(lambda: len(crew.holding()) == 2)
    assert waited > crew.lease_s - 2, "nobody takes over from who may live"
    crew.go()
    crew.until(lambda: crew.done("mot"))
    begun = [(s, pid) for w, _, s, pid in crew.diary() if w == "begin"]
    assert [s for s, _ in begun] == [*NAMES[:4], *NAMES[3:]], "it goes on with the step that was under way"
    assert len({pid for _, pid in begun}) == 2
    assert f"mot: taken over from worker {killed.id}" in crew.said(second)
    assert crew.worker(first).state == "ended"
    assert Registry.open(crew.url).system("mot").state == "active"


def test_a_worker_that_stood_still_writes_nothing_when_it_wakes(crew: Crew) -> None:
    crew.hold = "apply"
    first, second = crew.two("mot")
    old = crew.holding()[0]
    assert int(old) in crew.signal(crew.started[first], signal.SIGSTOP)
    crew.until(lambda: len(crew.holding()) == 2)
    new = crew.holding()[1]
    crew.go()  # what it waited for is there: it would go on with its write at once
    crew.signal(crew.started[first], signal.SIGCONT)
    assert crew.started[first].wait(300) == 4
    assert "E408" in crew.said(first)
    crew.until(lambda: crew.done("mot"))
    after = crew.diary()[crew.diary().index(("begin", "mot", "apply", new)) :]
    assert {pid for _, _, _, pid in after} == {new}, "only the new holder goes on"
    assert Registry.open(crew.url).remote_ids("system", "mot")["project_id"] == new
    (run,) = durable.history(crew.settings(), "mot")
    assert (run.state, [s.state for s in run.steps]) == ("SUCCESS", ["done"] * 8)
    assert crew.worker(second).state == "live"


@pytest.mark.long
def test_two_workers_share_the_work_and_end_when_it_is_done(crew: Crew) -> None:
    names = ["mot", "hai", "ba"]
    crew.queue(*names)
    status = system_status(crew.settings(), Registry.open(crew.url), "mot")
    assert (status["queue"], status["worker"], status["waits_for"]) == ("queued", "", "a worker (job/mot/1)")
    both = [crew.start("--drain"), crew.start("--drain")]
    assert [w.wait(300) for w in both] == [0, 0], crew.all_said()
    for name in names:
        did = [(what, step) for what, _, step, _ in crew.diary(name)]
        assert did == [(w, s) for s in NAMES for w in ("begin", "end")], "every step once, in order"
        assert Registry.open(crew.url).system(name).state == "active"
    assert {w.state for w in crew.workers()} == {"ended"}
    status = system_status(crew.settings(), Registry.open(crew.url), "mot")
    assert (status["queue"], status["waits_for"]) == ("done", "")
    assert status["worker"] in {w.id for w in crew.workers()}


@pytest.mark.long
def test_a_worker_that_is_asked_to_end_finishes_its_step_and_leaves_the_rest(crew: Crew) -> None:
    crew.hold = "plan"
    crew.queue("mot")
    first = crew.start()
    crew.until(crew.holding)
    first.terminate()
    time.sleep(2)
    assert first.poll() is None, "it waits for the step"
    crew.go()
    assert first.wait(300) == 0, crew.said(0)
    assert [(w, s) for w, _, s, _ in crew.diary()][-1] == ("end", "plan")
    assert {w.state for w in crew.workers()} == {"ended"}
    assert crew.start("--drain").wait(300) == 0, crew.all_said()
    assert [s for w, _, s, _ in crew.diary() if w == "begin"] == list(NAMES), "no step twice"


@pytest.mark.long
def test_a_failed_run_is_told_and_the_same_command_goes_on_with_it(crew: Crew) -> None:
    crew.queue("mot", "hai")
    assert crew.start("--drain", FAIL="mot/harden").wait(300) == 1, crew.all_said()
    status = system_status(crew.settings(), Registry.open(crew.url), "mot")
    assert status["queue"] == "failed"
    assert status["waits_for"].startswith("harden: ")
    assert "mot: failed: as the test wants" in crew.said(0)
    job = jobs.latest(crew.settings(), "mot")
    assert job is not None
    assert job.error == "as the test wants"
    assert crew.done("hai")
    again, new = jobs.enqueue(crew.settings(), "mot")
    assert (again.id, new) == ("job/mot/2", True)
    assert jobs.enqueue(crew.settings(), "mot") == (again, False), "asked for twice is asked for once"
    assert crew.start("--drain").wait(300) == 0, crew.all_said()
    assert [s for w, _, s, _ in crew.diary("mot") if w == "begin"] == [*NAMES[:6], *NAMES[5:]]


@pytest.mark.long
def test_no_more_runs_at_once_than_the_cloud_takes(crew: Crew) -> None:
    names = ["mot", "hai", "ba"]
    crew.queue(*names)
    both = [crew.start("--drain", HATANG_CLOUD_RUNS="1"), crew.start("--drain", HATANG_CLOUD_RUNS="1")]
    assert [w.wait(300) for w in both] == [0, 0], crew.all_said()
    order = [system for _, system, _, _ in crew.diary()]
    assert [a for a, b in zip(order, [*order[1:], ""], strict=True) if a != b] == list(dict.fromkeys(order))
    assert set(order) == set(names)


@pytest.mark.long
def test_a_worker_without_the_shared_folder_is_refused_and_takes_nothing(crew: Crew, tmp_path: Path) -> None:
    crew.queue("mot")
    assert crew.start("--drain").wait(300) == 0
    fakes.submit(crew.url, "hai")
    jobs.enqueue(crew.settings(), "hai")
    done = hatang(crew, tmp_path / "other-machine", "worker", "--drain")
    assert done.returncode == 2
    assert "state folder of this machine is not the one of the other workers" in done.stderr
    assert [w.state for w in crew.workers()] == ["ended"]
    assert jobs.latest(crew.settings(), "hai").state == "queued"  # type: ignore[union-attr]


def test_on_sqlite_one_worker_works_and_a_second_is_refused(crew: Crew, tmp_path: Path) -> None:
    crew.url = f"sqlite:///{tmp_path}/registry.db"
    crew.queue("mot")
    crew.start()
    crew.until(lambda: crew.workers())
    done = hatang(crew, tmp_path, "worker")
    assert done.returncode == 3
    assert f"a worker works here already (pid {crew.started[0].pid})" in done.stderr
    assert "PostgreSQL" in done.stderr
    crew.until(lambda: crew.done("mot"))
    listed = json.loads(hatang(crew, tmp_path, "worker", "list", "--output", "json").stdout)
    assert [(w["pid"], w["state"]) for w in listed["workers"]] == [(crew.started[0].pid, "live")]
    assert [s for w, _, s, _ in crew.diary() if w == "begin"] == list(NAMES)


def hatang(crew: Crew, state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The real command."""
    own = {
        "HATANG_STATE_DIR": str(state), "HATANG_REGISTRY_URL": crew.url, "HATANG_SITE_FILE": str(SITE_FILE),
        "HATANG_CLOUDS_FILE": str(crew.clouds), "HATANG_LANG": "en",
    }  # fmt: skip
    argv = [str(Path(sys.executable).with_name("hatang")), *words]
    return subprocess.run(argv, env=settings_module.environment(**own), capture_output=True, text=True, timeout=180)


@pytest.mark.parametrize(
    "state", [pytest.param(s, marks=pytest.mark.turn("gone", s)) for s in ("idle", "busy", "done", "frozen", "hung")]
)
def test_a_worker_whose_database_is_gone_still_ends(
    state: str, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one whose run is over, which its thread of DBOS tries to record; and one that waits for an answer."""
    server = programs()
    assert server is not None
    own = Cluster(server)
    try:
        own.start()
        monkeypatch.setenv("PGPASSFILE", str(own.passfile))
        with crew_of(own.url(own.create()), tmp_path) as crew:
            crew.hold = "apply"
            worker = crew.start()
            crew.until(crew.workers)
            if state in ("busy", "done", "hung"):
                crew.queue("mot")
                crew.until(crew.holding)
            run = descendants(worker.pid)
            assert bool(run) == (state in ("busy", "done", "hung"))
            if state in ("frozen", "hung"):
                own.freeze()
                time.sleep(LOOK_S + 0.5)  # it has looked, and hangs
            else:
                own.vanish()
            if state == "done":
                os.kill(run[0], signal.SIGKILL)
                crew.until(lambda: "mot: failed" in crew.said(0))
            worker.terminate()
            assert worker.wait(LEASE_S + LEAVE_S + 30) != 0
            said = crew.said(0)  # it may have vanished between two questions; then DBOS asks on and on
            assert "does not answer" in said or (state not in ("frozen", "hung") and "is not usable" in said)
            crew.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in run))  # its run ends with it
    finally:
        own.stop()
