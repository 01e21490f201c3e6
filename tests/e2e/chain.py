"""What the end-to-end tests share: the real command as a process, and counting what is on the cloud."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from openstack.connection import Connection

from hatang.model.waiver import civil_day
from hatang.registry.tables import now

ROOT = Path(__file__).resolve().parents[2]
HATANG = Path(sys.executable).with_name("hatang")
SITE = ROOT / "inventories" / "example" / "site.yaml"
SYSTEM = "chuoi"  # the system of level 3 that most tests share
LONGEST_S = 900  # of one command, on a machine that is slow and busy
STEPS = ("validate", "plan", "approve", "apply", "wait-for-hosts", "harden", "check", "activate")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found


class Hatang:
    """The `hatang` command on one state folder."""

    def __init__(self, state: Path, cloud: Connection, site: Path = SITE) -> None:
        self.argv = [str(HATANG), "--state", str(state), "--site", str(site), "--lang", "en"]
        self.state = state
        self.cloud = cloud

    def __call__(self, *words: str, code: int | None = 0, timeout: float = LONGEST_S) -> Done:
        """Run to the end; `code` is the expected exit code (None: any)."""
        ended = subprocess.run(
            [*self.argv, *words], capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL
        )
        done = Done(ended.returncode, ended.stdout, ended.stderr)
        if code is not None:
            assert done.code == code, f"hatang {' '.join(words)}: exit {done.code}\n{done.out}\n{done.err}"
        return done

    def kill_after(self, seconds: float, *words: str) -> bool:
        """Run, and SIGKILL the whole process tree after so long. False: it ended before that, and ended well."""
        child = subprocess.Popen(
            [*self.argv, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, start_new_session=True,
        )  # fmt: skip
        try:
            _none, said = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            kill_tree(child.pid)
            child.communicate()
            return True
        assert child.returncode == 0, f"hatang {' '.join(words)}: exit {child.returncode}\n{said}"
        return False

    def kill_at(self, line: str, *words: str, timeout: float = LONGEST_S) -> bool:
        """Run, and SIGKILL the whole process tree as soon as stderr shows `line`. False: it ended before that."""
        child = subprocess.Popen(
            [*self.argv, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        assert child.stderr is not None
        try:
            for text in child.stderr:
                if line in text:
                    kill_tree(child.pid)
                    return True
            return False
        finally:
            child.stderr.close()
            child.wait(timeout=timeout)


def kill_tree(pid: int) -> None:
    """SIGKILL a process and all its descendants, also those that made sessions of their own."""
    family = [pid]
    for parent in family:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            family += [int(child) for child in task.read_text().split()]
    for member in family:
        try:
            os.kill(member, signal.SIGKILL)
        except ProcessLookupError:
            continue


def request_file(
    folder: Path, system: str, *, hosts: tuple[str, ...] = ("web",), level: int = 3, documents: bool = False
) -> Path:
    """A request of an example agency for a small system; one that stores documents if need be (QCVN 12).

    With a host `gateway` it serves the Internet.
    """
    zones = {"web": "dmz", "app": "application", "db": "database", "gateway": "border"}
    content = {
        "kind": "new-system",
        "requested_by": "nguoi-de-nghi.vi-du",
        "agency": {
            "code": "H99.07",
            "name": {"vi": "Cơ quan ví dụ cho kiểm thử", "en": "Example body for tests"},
            "branch": "committee",
            "tier": "province",
            "contact": "van-phong@vi-du.example",
        },
        "system": {
            "name": system,
            "title": {"vi": "Hệ thống ví dụ", "en": "Example system"},
            "owner": "Chủ quản ví dụ",
            "operator": "Đơn vị vận hành ví dụ",
            "level": level,
            "criteria": ["private-information" if level > 1 else "public-information-only"],
            "document_storage": documents,
            "public": "gateway" in hosts,
            "hosts": [{"name": h, "zone": zones[h]} for h in hosts],
        },
    }
    file = folder / f"{system}.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    return file


def submit(hatang: Hatang, file: Path, approve: bool = True) -> str:
    """Submit a request, plan and approve it; returns its id."""
    request: str = hatang("request", "submit", str(file), "--output", "json").json()["request"]["id"]
    if approve:
        planned = hatang("request", "plan", request, "--output", "json").json()["request"]
        if planned["demand"]["appraiser"]:
            hatang("request", "appraise", request, "--by", "nguoi-tham-dinh.vi-du")
        hatang("request", "approve", request, "--by", "nguoi-phe-duyet.vi-du")
    return request


def put_on_record(hatang: Hatang, system: str, folder: Path) -> set[str]:
    """An example document for everything that must be on record now; returns the controls."""
    missing = hatang("review", "list", "--overdue", "--system", system, "--output", "json").json()["reviews"]
    hosts = [h["name"] for h in hatang("host", "list", "--output", "json").json()["hosts"] if h["system"] == system]
    document = folder / "vi-du.txt"
    document.write_text("Văn bản ví dụ cho kiểm thử.\n", encoding="utf-8")
    checked = {m["control"] for m in missing if m["checked_by"]}
    covers = [word for h in hosts for word in ("--covers", h)]
    if checked:
        hatang(
            "review", "record", *sorted(checked), "--system", system, "--day", f"{civil_day(now())}",
            "--by", "nguoi-ghi.vi-du", "--document", str(document), *covers,
        )  # fmt: skip
    return checked


def inventory(cloud: Any, system: str, agency: str) -> dict[str, int]:
    """How many of each thing the cloud holds for one system, by kind."""
    domains = [d for d in cloud.identity.domains() if d.name == agency]
    projects = [p for p in cloud.identity.projects() if p.name == system]
    project = projects[0].id if projects else "none"
    return {
        "domain": len(domains),
        "project": len(projects),
        "network": len(list(cloud.network.networks(project_id=project))),
        "network names": len({n.name for n in cloud.network.networks(project_id=project)}),
        "router": len(list(cloud.network.routers(project_id=project))),
        "security group": len([g for g in cloud.network.security_groups(project_id=project) if g.name != "default"]),
        "server": len([s for s in cloud.compute.servers(all_projects=True) if s.project_id == project]),
        "volume": len([v for v in cloud.block_storage.volumes(all_projects=True) if v.project_id == project]),
        "group": len(list(cloud.identity.groups(domain_id=domains[0].id))) if domains else 0,
    }
