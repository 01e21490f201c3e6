"""A hardening run in a process of its own: `python -m tests.integration.hosts.job JOB.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hatang import settings
from hatang.hosts import harden
from hatang.inputs import load_site
from hatang.registry import HostRecord
from tests.integration.hosts.lone import ROOT


def main(file: Path) -> int:
    """Run the job; the log lies beside the job's file."""
    job = json.loads(file.read_text())
    found = settings.load(state_dir=Path(job["state"]))
    hosts = [HostRecord(**h) for h in job["hosts"]]
    site = load_site(ROOT / "inventories" / "example" / "site.yaml", found.cache)
    done = harden(found, site, hosts, job["variables"], log=file.with_name("job.log"))
    return 0 if done.ok else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
