"""Carries one job out, as a process of its own: python -m hatang.workflow.carry SYSTEM PID-OF-THE-WORKER.

Settings come by the environment. stdout: one JSON document with the result, or with the error; progress: stderr.
SIGTERM asks it to end before the next step. When the worker dies, it dies with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys

from hatang import settings as settings_module
from hatang.errors import HatangError
from hatang.inputs import load_site
from hatang.registry.leases import LEASE_S
from hatang.workflow import tenant
from hatang.workflow.context import Context

PR_SET_PDEATHSIG = 1  # of prctl(2)


def main(system: str, worker: int) -> int:
    """Bring the system up; returns the exit code."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != worker:
        return HatangError.exit_code  # it died before we asked
    signal.signal(signal.SIGTERM, lambda *_: tenant.hand_over.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker, which asks by SIGTERM
    try:
        own = settings_module.load()
        context = Context(own, load_site(own.site_file, own.cache), _say)
        steps = tenant.apply_system(context, system, wait_s=LEASE_S * 2)
    except HatangError as exc:
        print(json.dumps({"error": {"what": exc.what, "where": exc.where, "do": exc.do}}), flush=True)
        return exc.exit_code
    print(json.dumps({"steps": sorted(steps)}), flush=True)
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
