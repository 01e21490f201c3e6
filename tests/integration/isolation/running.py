"""Programs on the hosts of the two systems."""

from __future__ import annotations

import subprocess

from hatang import settings
from hatang.hosts.access import ssh_argv
from hatang.registry import Registry
from tests.integration.isolation.conftest import Pair


def on_host(pair: Pair, host: str, program: str, *words: str) -> subprocess.Popen[str]:
    """Run a Python program on a host."""
    own = settings.load(state_dir=pair.hatang.state)
    record = next(h for h in Registry.open(own.registry).hosts() if h.name == host)
    argv = ssh_argv(own, record, ["python3", "-", *words], anew=True)
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdin is not None
    child.stdin.write(program)
    child.stdin.close()
    child.stdin = None  # communicate() must not write there again
    return child
