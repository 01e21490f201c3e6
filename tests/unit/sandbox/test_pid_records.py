"""Pid records never name a foreign process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from hatang.sandbox.cloud import records


def test_own_record_is_found_and_a_second_claim_is_refused(tmp_path: Path) -> None:
    lock = records.claim(tmp_path, "nova")
    try:
        found = records.read(tmp_path, "nova")
        assert found is not None
        assert found.pid == os.getpid()
        with pytest.raises(RuntimeError, match="nova already runs"):
            records.claim(tmp_path, "nova")
    finally:
        os.close(lock)


@pytest.mark.parametrize("change", [{"start_ticks": 1}, {"boot_id": "another-boot"}])
def test_a_reused_pid_is_not_signalled(tmp_path: Path, change: dict[str, object]) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        right = {"pid": other.pid, "start_ticks": records.start_ticks(other.pid), "boot_id": records.boot_id()}
        records.path(tmp_path, "nova").write_text(json.dumps({**right, **change}))
        assert records.send(tmp_path, "nova", signal.SIGKILL) is None
        assert other.poll() is None
        records.path(tmp_path, "nova").write_text(json.dumps(right))
        sent = records.send(tmp_path, "nova", signal.SIGKILL)
        assert sent is not None
        other.wait(10)


def test_a_broken_record_is_no_record(tmp_path: Path) -> None:
    records.path(tmp_path, "nova").write_text("{half")
    assert records.read(tmp_path, "nova") is None
    records.forget(tmp_path, "nova")
    assert not records.path(tmp_path, "nova").exists()
