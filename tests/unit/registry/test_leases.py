"""Leases: one holder, a token that grows, and no write by who was outdone."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from hatang.errors import BusyError, FencedError
from hatang.registry import Registry, leases, processes
from hatang.registry.leases import Leases
from hatang.registry.processes import Process
from hatang.registry.workers import Workers
from tests.unit.registry.test_registry import REQUEST

ELSEWHERE = Process("may-khac", "another-boot/pid:[1]", 4711, 12)


def age(found: Leases, table: str, seconds: float) -> None:
    """As if nobody had beaten for so long."""
    with found._engine.begin() as connection:
        rows = connection.execute(text(f"SELECT max(beaten_at) FROM {table}")).scalar_one()
        at = datetime.fromisoformat(rows) if isinstance(rows, str) else rows
        connection.execute(text(f"UPDATE {table} SET beaten_at = :at"), {"at": at - timedelta(seconds=seconds)})


def test_one_holds_it_and_the_message_names_whom(url: str) -> None:
    found = Leases(url)
    assert found.take("mot-cua", ELSEWHERE) == 1
    with pytest.raises(BusyError, match=r"another process works on system mot-cua \(pid 4711 on may-khac\)"):
        found.take("mot-cua", processes.this())
    assert found.is_live("mot-cua")
    assert found.take("van-ban", processes.this()) == 1, "another system is another lease"
    assert found.release("mot-cua", 1)
    assert not found.is_live("mot-cua")
    assert found.take("mot-cua", processes.this()) == 2


def test_it_lapses_without_a_beat_and_the_old_token_is_worth_nothing(url: str) -> None:
    found = Leases(url)
    old = found.take("mot-cua", ELSEWHERE)
    age(found, "lease", leases.LEASE_S - 2)
    with pytest.raises(BusyError):
        found.take("mot-cua", processes.this())
    age(found, "lease", 4)
    assert found.beat("mot-cua", old), "nobody has taken it: a late beat keeps it"
    age(found, "lease", leases.LEASE_S + 1)
    new = found.take("mot-cua", processes.this())
    assert new == old + 1
    assert not found.beat("mot-cua", old)
    assert not found.release("mot-cua", old)
    assert found.is_mine("mot-cua", new)


def test_of_a_process_that_is_dead_here_it_is_taken_at_once(url: str) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    own = replace(processes.this(), pid=child.pid, ticks=processes.began(child.pid))
    found = Leases(url)
    found.take("mot-cua", own)
    with pytest.raises(BusyError):
        found.take("mot-cua", processes.this())
    child.kill()
    child.communicate()
    assert found.take("mot-cua", processes.this()) == 2
    assert not ELSEWHERE.is_dead(), "nothing is known of other machines"
    assert replace(own, pid=1).is_dead(), "the pid is another's by now"


def test_who_was_outdone_commits_nothing(url: str) -> None:
    registry, found = Registry.open(url), Leases(url)
    registry.submit(REQUEST, "")
    name = REQUEST.system.name
    with found.hold("mot-cua", lost=lambda _: None) as held:
        leases.require()
        registry.record_remote_ids("system", name, {"project_id": "mine"})
        with found._engine.begin() as connection:  # as the taking by another, whose process knows nothing of our fence
            connection.execute(text("UPDATE lease SET token = 2, boot = 'another'"))
        with pytest.raises(FencedError):
            registry.record_remote_ids("system", name, {"project_id": "late"})
        with pytest.raises(FencedError, match="was lost"):
            leases.require()
        with pytest.raises(FencedError):
            held.require()
        Workers(url).enter("w", processes.this())  # what is nobody's system is not fenced
    assert registry.remote_ids("system", name) == {"project_id": "mine"}
    leases.require()
    assert not found.beat("mot-cua", 1)
    assert found.is_mine("mot-cua", 2)
    assert found.is_live("mot-cua"), "the loser gave nothing back that is another's"


def test_the_holder_beats_and_learns_that_it_was_outdone(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "BEAT_S", 0.05)
    found = Leases(url)
    lost: list[FencedError] = []
    with found.hold("mot-cua", lost=lost.append):
        age(found, "lease", 20)
        time.sleep(0.5)
        with found._engine.connect() as connection:
            row = connection.execute(text("SELECT taken_at <= beaten_at FROM lease")).scalar_one()
        assert row, "it has beaten since"
        with found._engine.begin() as connection:
            connection.execute(text("UPDATE lease SET token = token + 1"))
        end = time.monotonic() + 10
        while not lost and time.monotonic() < end:
            time.sleep(0.05)
    assert [e.code for e in lost] == ["E408"]


def test_waiting_for_a_holder_ends_when_it_gives_back(url: str) -> None:
    found = Leases(url)
    token = found.take("mot-cua", ELSEWHERE)
    with pytest.raises(BusyError), found.hold("mot-cua", wait_s=0.2):
        pass
    found.release("mot-cua", token)
    with found.hold("mot-cua", wait_s=5) as held:
        assert held.token == token + 1
    assert not found.is_live("mot-cua")


def test_workers_live_are_lost_and_end(url: str) -> None:
    found, here = Workers(url), processes.this()
    found.enter("a", here)
    found.enter("b", here)
    assert found.beat("a", "mot-cua")
    assert {w.id: (w.state, w.doing) for w in found.all()} == {"a": ("live", "mot-cua"), "b": ("live", "")}
    assert not found.end("a", if_lost=True), "it lives"
    age(Leases(url), "worker", leases.LEASE_S + 1)
    assert {w.state for w in found.all()} == {"lost"}
    assert found.end("a", if_lost=True)
    assert not found.end("a", if_lost=True), "only one takes over"
    assert not found.beat("a", ""), "and it learns of that"
    assert found.beat("b", "")
    assert {w.id: w.state for w in found.all()} == {"a": "ended", "b": "live"}
