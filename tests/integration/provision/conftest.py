"""A site whose landing is there, and counting what the cloud holds of a system."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from openstack.connection import Connection

from hatang.provision.provisioner import Provisioner
from hatang.sandbox.lifecycle import Sandbox
from tests.integration.provision import driver

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def maker(sandbox: Sandbox) -> Provisioner:
    """The provisioner of the run's sandbox, with the landing applied."""
    made = driver.provisioner(sandbox.state)
    made.apply_site()
    return made


@dataclass(frozen=True)
class Driver:
    """The driver as a process, for one system."""

    state: Path
    name: str

    def __call__(self, *actions: str) -> list[dict[str, Any]]:
        """Run to the end; one document per action."""
        done = subprocess.run(self._argv(actions), cwd=ROOT, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, done.stderr[-3000:]
        return [json.loads(line) for line in done.stdout.splitlines()]

    def kill_after(self, seconds: float, *actions: str) -> bool:
        """SIGKILL command, engine and provider at once; False: they had ended before."""
        child = subprocess.Popen(
            self._argv(actions), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            child.wait(seconds)
            return False
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            return True

    def _argv(self, actions: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "tests.integration.provision.driver", str(self.state), self.name, *actions]


def holdings(cloud: Connection, agency: str, system: str) -> dict[str, int]:
    """How often each object of a system is on the cloud, by kind and name; servers and volumes by name alone."""
    identity: Any = cloud.identity
    found: Counter[str] = Counter()
    domains = [d for d in identity.domains() if d.name == agency]
    found["domain"] = len(domains)
    for domain in domains:
        found.update(f"group {g.name}" for g in identity.groups(domain_id=domain.id))
        for project in identity.projects(domain_id=domain.id, name=system):
            found[f"project {system}"] += 1
            network: Any = cloud.network
            for kind, listed in (
                ("network", network.networks(project_id=project.id)),
                ("subnet", network.subnets(project_id=project.id)),
                ("router", network.routers(project_id=project.id)),
                ("security group", network.security_groups(project_id=project.id)),
                ("port", network.ports(project_id=project.id)),
            ):
                found.update(f"{kind} {x.name}" for x in listed if x.name != "default")
            for group in network.security_groups(project_id=project.id):
                if group.name != "default":
                    found[f"rules of {group.name}"] = len(group.security_group_rules)
    servers = [s for s in cloud.compute.servers(all_projects=True) if s.name.startswith(f"{system}-")]
    found.update(f"server {s.name} {s.status}" for s in servers)
    found.update(
        f"volume {v.name} {v.status}"
        for v in cloud.block_storage.volumes(all_projects=True)
        if v.name.startswith(f"{system}-")
    )
    found.update(f"keypair {k.name}" for k in cloud.compute.keypairs() if k.name == system)
    legs = [p for p in cloud.network.ports() if p.name == f"router-{system}"]
    found["bastion leg"] = len(legs)
    return dict(found)


def settled(cloud: Connection, agency: str, system: str) -> dict[str, int]:
    """The same, once Nova and Cinder have finished what they were at."""
    end = time.monotonic() + 60
    while True:
        found = holdings(cloud, agency, system)
        if not any("BUILD" in k or k.endswith(("ing", "deleted")) for k in found) or time.monotonic() > end:
            return found
        time.sleep(0.5)
