"""The checks as an auditor runs them: plain pytest over SSH against a host, without hatang's own runner."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatang import settings
from hatang.audit.runner import CHECKS, host_files, pytest_argv
from hatang.catalogue import load
from hatang.hosts import harden, wait_for_hosts
from hatang.model.mutation import Mutation
from hatang.model.terms import Level, applying
from tests.integration.hosts.lone import Lone

LEVEL = 4
CHECK_S = 1200  # longest run of all checks, on a host with a processor in software
APPLIES = applying(document_storage=True)  # with it, every control with a host check is demanded at that level

IDLE = 'while [ "$(systemctl is-active hatang-backup.service)" = activating ]; do sleep 0.1; done'


def _weight(told: str) -> int:
    """Of several checks of one control the worst counts; one that is passed over counts only when all are."""
    return ["", "skipped", "passed", "broken", "failed"].index(told.split(":")[0])


@dataclass
class Checked:
    """A host that is checked again and again."""

    lone: Lone

    @property
    def name(self) -> str:
        """Name of the host."""
        return self.lone.hosts[0].name

    def variables(self) -> dict[str, dict[str, Any]]:
        """Role variables of the host."""
        found = load().role_variables(Level(LEVEL), APPLIES, self.lone.site, self.lone.bastion)
        return {h.name: found | self.lone.flows() for h in self.lone.hosts}

    def harden(self, tags: Sequence[str] = ()) -> None:
        """Bring the host to the values of the level; `tags`: what these controls ask, alone."""
        wait_for_hosts(self.lone.settings, self.lone.hosts)
        log = self.lone.folder / "harden.log"
        harden(self.lone.settings, self.lone.site, self.lone.hosts, self.variables(), tags=tags, log=log)
        if self.lone.store and not self.lone.store.admitted:
            self.lone.admit()
            self.root(f"{IDLE}; systemctl start hatang-backup.service")

    def root(self, script: str) -> str:
        """Run a script as root inside the host, not over SSH."""
        return self.lone.inside(self.lone.hosts[0], script)

    def on_store(self, script: str) -> str:
        """Run a script as root on the store of copies."""
        assert self.lone.store is not None
        return self.lone.inside(self.lone.store.record, script)

    def break_it(self, mutation: Mutation) -> None:
        """Run the scripts of a mutation: on the store, then on the host."""
        if mutation.run_on_store:
            self.on_store(mutation.run_on_store)
        if mutation.run:
            self.root(mutation.run)

    def undo(self, mutation: Mutation) -> None:
        """Undo what no role undoes."""
        if mutation.undo_on_store:
            self.on_store(mutation.undo_on_store)
        if mutation.undo:
            self.root(mutation.undo)

    def check(self, *options: str, by: str = "ssh") -> dict[str, str]:
        """Run all host checks; control → outcome, with the reason where it is no pass.

        Args:
            by: testinfra back-end: `ssh`, or `hatang`, as hatang's own runs, with no more of pytest than they have.
        """
        values = {k: r.value for k, r in load().resolve(Level(LEVEL), APPLIES).items()}
        expected = {"hosts": {self.name: {"values": values, "variables": self.variables()[self.name]}}}
        place = self.lone.folder / "check"
        place.mkdir(exist_ok=True)
        (place / "values.json").write_text(json.dumps(expected))
        lines = place / "lines"
        lines.unlink(missing_ok=True)
        words = (f"--hosts={by}://{self.name}", f"--ssh-config={self.lone.settings.ssh_config}",
                 f"--values={place / 'values.json'}", *options)  # fmt: skip
        plain = [sys.executable, "-m", "pytest", "-q", "-p", "hatang.audit.plugin", "-c", str(CHECKS / "pytest.ini"),
                 "--rootdir", str(CHECKS), *words, *map(str, host_files())]  # fmt: skip
        done = subprocess.run(
            [*(plain if by == "ssh" else pytest_argv(host_files(), *words)), f"--result-lines={lines}"],
            capture_output=True, text=True, timeout=CHECK_S, env=settings.environment(), check=False,
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stdout + done.stderr
        found: dict[str, str] = {}
        for line in map(json.loads, Path(lines).read_text().splitlines()):
            if "away" in line:
                continue
            told = line["outcome"] + (f": {line['detail']}" if line["detail"] else "")
            found[line["control"]] = max(told, found.get(line["control"], ""), key=_weight)
        return found

    def bad(self, *options: str, by: str = "ssh") -> dict[str, str]:
        """Controls that do not pass, with the reason."""
        return {k: v for k, v in self.check(*options, by=by).items() if v != "passed"}
