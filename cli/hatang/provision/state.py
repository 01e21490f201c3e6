"""The engine's state file of one stack: which resources it knows, and what was under way when a run was killed."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hatang import private
from hatang.errors import EngineError
from hatang.provision.toolchain import ENGINE_VERSION

SERVER = "openstack:compute/instance:Instance"
VOLUME = "openstack:blockstorage/volume:Volume"
IMAGE = "openstack:images/image:Image"
PROJECT = "openstack:identity/project:Project"
NETWORK = "openstack:networking/network:Network"


@dataclass(frozen=True)
class Known:
    """One resource in the state."""

    urn: str
    type: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.urn.rsplit("::", 1)[1]


class StateFile:
    """State of a stack in a file back-end. Other back-ends keep the same document; only `file://` is read directly."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        """Whether the stack was made."""
        return self.path.is_file()

    def create(self, stack: str, resources: Sequence[dict[str, Any]] = ()) -> None:
        """A stack as `pulumi stack init` writes it: empty, or with resources that are on the cloud already."""
        latest = None
        if resources:
            version = f"v{ENGINE_VERSION}"
            magic = hashlib.sha256(version.encode()).hexdigest()  # the engine compares the two
            manifest = {"time": resources[0]["created"], "magic": magic, "version": version}
            latest = {"manifest": manifest, "resources": list(resources)}
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._write({"version": 3, "checkpoint": {"stack": stack, "latest": latest}})

    def take_over(self, other: StateFile) -> None:
        """Become a copy of another state, all at once: a kill leaves none, or the whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        private.replace(self.path, other.path.read_text(), durable=True)

    def forget(self) -> None:
        """Remove it; what it knows of stays on the cloud."""
        for file in (self.path, self._refresh_mark, self.late_file):
            file.unlink(missing_ok=True)

    def resources(self) -> list[Known]:
        """All cloud resources that the state knows."""
        return [self._known(r) for r in self._latest().get("resources") or [] if r.get("custom")]

    def known(self) -> set[tuple[str, str]]:
        """(type, id) of each resource. By type: a router interface and its port have the same id."""
        return {(r.type, r.id) for r in self.resources() if r.id}

    def owned(self, resource: Known) -> Known:
        """With the project that owns it in its inputs; `tenantId` is how the engine's provider names it.

        Servers and volumes of a system name no project: they are in the one that its stack made.
        """
        if resource.type not in (SERVER, VOLUME):
            return resource
        made = [r.id for r in self.resources() if r.type == PROJECT and not r.inputs.get("isDomain")]
        # Without its project nothing can have been made in it: a name that no project has finds nothing.
        return replace(resource, inputs={**resource.inputs, "tenantId": made[0] if len(made) == 1 else "(none)"})

    def pending(self) -> list[tuple[str, Known]]:
        """Operations that had begun when a run was killed: (creating, updating, deleting …, resource)."""
        found = self._latest().get("pending_operations") or []
        return [(p["type"], self._known(p["resource"])) for p in found]

    def outputs(self) -> dict[str, Any]:
        """What the program exported."""
        for resource in self._latest().get("resources") or []:
            if resource["type"] == "pulumi:pulumi:Stack":
                return dict(resource.get("outputs") or {})
        return {}

    def age_s(self) -> float:
        """Seconds since the engine last wrote it."""
        return max(0.0, time.time() - self.path.stat().st_mtime)

    @property
    def _refresh_mark(self) -> Path:
        return self.path.with_suffix(".refresh")

    @property
    def late_file(self) -> Path:
        """Creations of killed runs that nothing was found of (late.py). No name that the engine takes for a stack."""
        return self.path.with_suffix(".late")

    def ask_refresh(self) -> None:
        """From now on the next run must look at the cloud first, also when it is killed in its turn."""
        self._refresh_mark.touch(mode=0o600)

    def wants_refresh(self) -> bool:
        """Whether the state may differ from the cloud."""
        return self._refresh_mark.exists()

    def refreshed(self) -> None:
        """A run that looked at the cloud first came to its end."""
        self._refresh_mark.unlink(missing_ok=True)

    def clear_pending(self) -> None:
        """Forget what was under way; the caller has put the cloud in order."""
        document = self._read()
        document["checkpoint"]["latest"]["pending_operations"] = []
        self._write(document)

    def digest(self) -> str:
        """Changes with the resources of the state, and with nothing else."""
        text = json.dumps(self._latest().get("resources") or [], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def break_lock(self) -> None:
        """Remove locks of dead runs. The caller holds `Engine.alone`, which a living engine holds too."""
        folder = self.path.parents[2] / "locks"
        relative = self.path.relative_to(self.path.parents[2] / "stacks").with_suffix("")
        # A half-written lock (*.tmp) counts for the engine too.
        halves = self.path.parent.glob(f"{self.path.name}.*.tmp")
        for left in (*(folder / "organization" / relative).glob("*"), *halves):
            left.unlink(missing_ok=True)

    def _known(self, raw: dict[str, Any]) -> Known:
        return Known(raw["urn"], raw["type"], raw.get("id") or "", raw.get("inputs") or {}, raw.get("outputs") or {})

    def _latest(self) -> dict[str, Any]:
        return dict(self._read()["checkpoint"].get("latest") or {}) if self.exists() else {}

    def _read(self) -> dict[str, Any]:
        try:
            document: dict[str, Any] = json.loads(self.path.read_text())
        except (OSError, ValueError) as exc:
            raise EngineError(
                f"the engine's state cannot be read: {exc}",
                where=str(self.path),
                do=f"restore it from {self.path.name}.bak beside it, or from your backup",
            ) from exc
        return document

    def _write(self, document: dict[str, Any]) -> None:
        private.replace(self.path, json.dumps(document, indent=1))
