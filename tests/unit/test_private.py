"""Folders of runs: nobody else enters them, and what killed runs left goes with the next run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hatang import private, settings


def test_a_folder_is_closed_to_others_and_gone_afterwards(tmp_path: Path) -> None:
    own = settings.load(state_dir=tmp_path)
    ended: list[Path] = []
    with pytest.raises(RuntimeError), private.run_folder(own, "check", ended.append) as folder:
        assert folder.parent == tmp_path / "runs" and folder.stat().st_mode & 0o777 == 0o700
        (folder / "values.json").write_text("{}")
        raise RuntimeError
    assert ended == [folder] and list((tmp_path / "runs").iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next_of_its_kind(tmp_path: Path) -> None:
    own = settings.load(state_dir=tmp_path)
    code = (
        "import sys, time; from pathlib import Path; from hatang import private, settings\n"
        "own = settings.load(state_dir=Path(sys.argv[1]))\n"
        "with private.run_folder(own, 'check') as folder:\n"
        "    (folder / 'values.json').write_text('{}'); print(folder, flush=True); time.sleep(60)\n"
    )
    argv = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as killed, \
            subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as alive:  # fmt: skip
        assert killed.stdout is not None and alive.stdout is not None
        left, kept = Path(killed.stdout.readline().strip()), Path(alive.stdout.readline().strip())
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        assert left.is_dir()
        with private.run_folder(own, "way"):
            assert left.is_dir(), "another kind's"
        with private.run_folder(own, "check"):
            assert not left.exists() and kept.is_dir()
        alive.kill()
