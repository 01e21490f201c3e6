"""One sandbox in one folder: cloud and hosts together. What `hatang sandbox` does, for tests and programs too."""

from __future__ import annotations

import dataclasses
import fcntl
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cloud import Cloud, environment, golden, snapshot
from .cloud.settings import Settings
from .hosts import control, image
from .hosts.machines import identity

DEFAULT_PORT = 15000
Say = Callable[[str], None]


INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
INOTIFY_WANTED = 4096


def _room_for_hosts() -> None:
    """Each host's systemd takes some ten inotify instances of the shared kernel; Debian's 128 end at a dozen hosts, and
    the next one dies at once, with no word of why. Raised for good: it is a limit, not a resource."""
    if int(INOTIFY.read_text()) < INOTIFY_WANTED:
        INOTIFY.write_text(str(INOTIFY_WANTED))


@dataclass(frozen=True)
class Sandbox:
    """A sandbox below `<state>/sandbox`; keys of keypairs are in `<state>/keys`."""

    state: Path
    cache: Path
    base_port: int = 0  # 0: as it was made; a new one on DEFAULT_PORT

    @property
    def cloud_state(self) -> Path:
        """Folder of the cloud."""
        return self.state / "sandbox" / "cloud"

    @property
    def hosts_state(self) -> Path:
        """Folder of the hosts."""
        return self.state / "sandbox" / "hosts"

    @property
    def ident(self) -> str:
        """Begins the name of each namespace of the hosts, and of their network."""
        return identity(self.hosts_state)

    @property
    def clouds_file(self) -> Path:
        """clouds.yaml of the sandbox's administrator."""
        return self.cloud_state / "clouds.yaml"

    @property
    def ssh_config(self) -> Path:
        """ssh_config that leads to the hosts."""
        return self.hosts_state / "ssh_config"

    @property
    def places_file(self) -> Path:
        """Places that are no hosts: bastions and the outside, for `hatang isolation prove`."""
        return self.hosts_state / "places.yaml"

    def prepare(self, say: Say, with_hosts: bool = True) -> None:
        """Build what is built once per machine: environment, golden state, host image. Finds what is there."""
        for what, needed, work in (
            ("OpenStack environment", True, lambda: environment.create_venv(environment.folder(self.cache))),
            ("initialised cloud state", True, lambda: golden.ensure(self.cache)),
            ("host image", with_hosts and not control.why_not(), lambda: image.build(self.cache / "images")),
        ):
            if needed:
                begun = time.monotonic()
                work()
                say(f"{what}: ready after {time.monotonic() - begun:.1f} s")

    def up(self, say: Say, with_hosts: bool = True) -> dict[str, float]:
        """Bring everything up; returns seconds until ready, by service. Starts only what is missing."""
        with self._alone():
            return self._up(say, with_hosts)

    def _up(self, say: Say, with_hosts: bool) -> dict[str, float]:
        self.prepare(say, with_hosts)
        reason = control.why_not() if with_hosts else "left out by --no-hosts"
        socket = "" if reason else str(control.socket_path(self.hosts_state))
        cloud = self._cloud(socket)
        if not reason:
            _room_for_hosts()
            control.start(self.hosts_state, self.cache / "images", self.cloud_state, self.state / "keys")
            say("hosts' agent: answers")
        else:
            say(f"hosts: none ({reason})")
        took = cloud.start()
        if not reason:
            control.await_network(self.hosts_state)
        say(f"nine services ready after {max(took.values(), default=0.0):.1f} s on ports {cloud.settings.base_port}–"
            f"{cloud.settings.base_port + 8}")  # fmt: skip
        return took

    def down(self, wipe: bool = False) -> None:
        """Stop everything; disks and databases stay, unless `wipe`."""
        if self.state.exists():
            with self._alone():
                self._down(wipe)

    def _down(self, wipe: bool) -> None:
        if (self.cloud_state / "settings.json").exists():
            Cloud(Settings.load(self.cloud_state)).stop()
        control.stop(self.hosts_state, wipe)
        if wipe:
            shutil.rmtree(self.state / "sandbox", ignore_errors=True)

    def reset(self, say: Say) -> None:
        """Back to an empty cloud without hosts, running."""
        settings = self.settings()
        with self._alone():
            self._down(wipe=True)
            dataclasses.replace(self, base_port=settings.base_port)._up(say, with_hosts=bool(settings.agent_socket))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One manager at a time per state folder; the kernel frees the lock when its holder is killed."""
        self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.state / "sandbox.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def settings(self) -> Settings:
        """Settings of the cloud that is there. Raises FileNotFoundError when there is none."""
        return Settings.load(self.cloud_state)

    def status(self) -> dict[str, Any]:
        """What runs: services with pid, port, memory, readiness; hosts with address."""
        try:
            cloud = Cloud(self.settings())
        except FileNotFoundError:
            return {"exists": False, "services": {}, "hosts": [], "agent": False, "hosts_reason": control.why_not()}
        return {
            "exists": True,
            "base_port": cloud.settings.base_port,
            "services": cloud.status(),
            "agent": control.is_running(self.hosts_state),
            "hosts": [{k: v for k, v in h.items() if k != "shell"} for h in control.hosts(self.hosts_state)],
            "network_problem": control.network_problem(self.hosts_state),
            "hosts_reason": "" if cloud.settings.agent_socket else control.why_not() or "left out by --no-hosts",
        }

    def _cloud(self, socket: str) -> Cloud:
        """The cloud of this folder, restored from the golden state when it is not there yet."""
        venv = environment.folder(self.cache)
        if (self.cloud_state / "settings.json").exists():
            old = self.settings()
            port = self.base_port or old.base_port
            new = dataclasses.replace(old, venv=venv, agent_socket=socket, base_port=port)
            cloud = Cloud(new)
            if new != old:
                cloud.stop()
                snapshot.relocate(new, old)
            cloud.configure()
            return cloud
        shutil.rmtree(self.cloud_state, ignore_errors=True)  # without settings it is a restore that was killed half-way
        wanted = Settings(
            self.cloud_state,
            venv,
            base_port=self.base_port or DEFAULT_PORT,
            agent_socket=socket,
            admin_password=secrets.token_urlsafe(24),
        )
        return Cloud.restore(golden.archive(self.cache), wanted)
