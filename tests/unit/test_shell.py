"""No connection to a host runs the start-up files of whoever calls hatang."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from hatang import settings

CONFIG = """Host far
  ProxyUseFdpass yes
  ProxyCommand exec false
"""


@pytest.mark.skipif(shutil.which("ssh") is None or shutil.which("bash") is None, reason="ssh or bash is not there")
@pytest.mark.parametrize(("more", "read"), [({}, False), ({"SHELL": "/bin/bash"}, True)], ids=["ours", "bash"])
def test_a_connection_reads_no_bashrc(more: dict[str, str], read: bool, tmp_path: Path) -> None:
    """With bash it does, or this test would see nothing."""
    (tmp_path / ".bashrc").write_text(f"touch {tmp_path}/read\n")
    (tmp_path / "config").write_text(CONFIG)
    subprocess.run(
        ["ssh", "-F", tmp_path / "config", "far", "true"], capture_output=True, timeout=60, check=False,
        env=settings.environment(HOME=str(tmp_path), SHLVL="0", **more),
    )  # fmt: skip
    assert (tmp_path / "read").exists() == read
