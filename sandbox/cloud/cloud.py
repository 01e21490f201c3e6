"""Life of one cloud: init, start, stop, kill and restart single services, snapshot, restore, reset."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from . import catalog, configfiles, records, snapshot
from .readiness import PROBES
from .rest import HttpError, Session
from .settings import Settings

PYTHONPATH = Path(__file__).absolute().parents[3]  # the folder that holds the package `hatang`, as it was imported


class CloudError(RuntimeError):
    """Something about the cloud as a whole went wrong; the message says where to look."""


class ServiceEnded(CloudError):
    """A service process ended while its readiness was awaited."""

    def __init__(self, service: str, tail: str) -> None:
        super().__init__(f"{service} has ended:\n{tail}")
        self.service = service


class Cloud:
    """One cloud. As a context manager it is running inside the block and stopped afterwards."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def open(cls, state_dir: Path | str) -> Cloud:
        """An existing cloud, with the settings recorded in its state directory."""
        return cls(Settings.load(state_dir))

    def __enter__(self) -> Cloud:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    # -- creation ---------------------------------------------------------------------------------------------------
    def init(self) -> None:
        """Create configuration, databases and catalogue in an empty state directory."""
        s = self.settings
        if s.state_dir.exists() and any(s.state_dir.iterdir()):
            raise CloudError(f"{s.state_dir} is not empty")
        configfiles.write_all(s)
        s.save()
        with self._exclusive():
            with ThreadPoolExecutor(max(2, (os.cpu_count() or 2))) as pool:
                list(pool.map(self._schema, s.services))
            self._launch(["keystone"])
            try:
                self._wait_listening(["keystone"], 120)
                catalog.fill(s)
                catalog.lift_service_quotas(s)
            finally:
                self._end(["keystone"], 5)

    def configure(self) -> None:
        """Write the configuration files anew; services take them up at their next start."""
        configfiles.write_all(self.settings)
        self.settings.save()

    @classmethod
    def restore(cls, archive: Path | str, settings: Settings) -> Cloud:
        """Create a stopped cloud from a snapshot, in an empty state directory, on the ports of these settings."""
        snapshot.unpack(Path(archive), settings)
        return cls(settings)

    def snapshot(self, archive: Path | str) -> None:
        """Pack the state. The cloud must be stopped."""
        with self._exclusive():
            running = [n for n in self.settings.services if self.record(n)]
            if running:
                raise CloudError(f"stop the cloud first; running: {running}")
            snapshot.pack(self.settings, Path(archive))

    def reset(self, archive: Path | str, timeout: float = 180) -> None:
        """Back to a snapshot: stop, forget everything, restore, start."""
        self.wipe()
        snapshot.unpack(Path(archive), self.settings)
        self.start(timeout=timeout)

    def wipe(self) -> None:
        """Stop and remove the state directory."""
        if not self.settings.state_dir.exists():
            return
        if not self.settings.file.exists():
            raise CloudError(f"{self.settings.state_dir} was not made by this package")
        self.stop()
        shutil.rmtree(self.settings.state_dir)

    # -- running ----------------------------------------------------------------------------------------------------
    def start(self, services: Iterable[str] | None = None, timeout: float = 180, wait: bool = True) -> dict[str, float]:
        """Start what does not run yet and wait until it is ready; returns seconds until ready per service."""
        wanted = self._names(services)
        begin, launched = time.monotonic(), set[str]()
        while True:
            with self._exclusive():
                missing = [n for n in wanted if not self.record(n)]
                self._check_ports_free(missing)
                if missing:
                    self._launch(missing)
                launched |= set(missing)
            try:
                return self.wait_ready(wanted, timeout, begin) if wait else {}
            except ServiceEnded as e:
                if e.service in launched:
                    raise
                # it was dying when we looked, after a kill a moment ago: start it as well

    def stop(self, services: Iterable[str] | None = None, timeout: float = 8) -> None:
        """SIGTERM, then SIGKILL after the timeout, to exactly the recorded processes."""
        with self._exclusive():
            self._end(self._names(services), timeout)

    def kill(self, service: str) -> None:
        """SIGKILL one service and return when it is gone; the others keep running."""
        (name,) = self._names([service])
        with self._exclusive():
            record = records.send(self.settings.run, name, signal.SIGKILL)
            if record is None:
                raise CloudError(f"{name} does not run")
            records.wait_gone(record, 30)
            records.forget(self.settings.run, name)

    def restart(self, service: str, timeout: float = 120) -> float:
        """Stop one service if it runs, start it again; returns seconds until ready."""
        self.stop([service])
        return self.start([service], timeout)[service]

    def record(self, service: str) -> records.Record | None:
        """Pid record of a living service process."""
        return records.read(self.settings.run, service)

    def wait_ready(
        self, services: Iterable[str] | None = None, timeout: float = 180, begin: float | None = None
    ) -> dict[str, float]:
        """Wait until every service passes its probe; a service process which ends is an error at once."""
        s = self.settings
        begin = time.monotonic() if begin is None else begin
        pending = dict.fromkeys(self._names(services), "not probed")
        took: dict[str, float] = {}
        session: Session | None = None
        while pending:
            for name in list(pending):
                self._check_alive(name)
                if session is None and name != "keystone" and "keystone" in pending:
                    continue
                try:
                    session = session or Session(s)
                    reason = PROBES[name](session, s)
                except (HttpError, OSError) as e:
                    reason = str(e)
                if reason is None:
                    del pending[name]
                    took[name] = round(time.monotonic() - begin, 2)
                else:
                    pending[name] = reason
            if pending:
                if time.monotonic() - begin > timeout:
                    raise CloudError(f"not ready after {timeout:.0f} s: {pending}; logs in {s.log}")
                time.sleep(0.1)
        return took

    def status(self) -> dict[str, dict[str, object]]:
        """For each service: pid, memory in MiB (proportional share), threads and the answer of its probe."""
        s = self.settings
        result: dict[str, dict[str, object]] = {}
        session: Session | None = None
        for name in s.services:
            record = self.record(name)
            row: dict[str, object] = {"pid": record and record.pid, "port": s.port(name), "ready": False}
            if record:
                try:
                    proc = Path(f"/proc/{record.pid}")
                    row["threads"] = len(list((proc / "task").iterdir()))
                    row["pss_mib"] = next(
                        int(x.split()[1]) // 1024
                        for x in (proc / "smaps_rollup").read_text().splitlines()
                        if x.startswith("Pss:")
                    )
                    session = session or Session(s)
                    row["ready"] = PROBES[name](session, s) or True
                except (HttpError, OSError) as e:
                    row["ready"] = str(e)
            result[name] = row
        return result

    def environment(self) -> dict[str, str]:
        """OS_* variables for clients, as the cloud's administrator."""
        s = self.settings
        return {
            "OS_AUTH_URL": s.auth_url,
            "OS_USERNAME": "admin",
            "OS_PASSWORD": s.admin_password,
            "OS_PROJECT_NAME": "admin",
            "OS_USER_DOMAIN_NAME": "Default",
            "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_REGION_NAME": s.region,
            "OS_IDENTITY_API_VERSION": "3",
            "OS_CLIENT_CONFIG_FILE": str(s.state_dir / "clouds.yaml"),
        }

    # -- inner parts ------------------------------------------------------------------------------------------------
    def _names(self, services: Iterable[str] | None) -> list[str]:
        wanted = self.settings.services if services is None else list(services)
        unknown = [n for n in wanted if n not in self.settings.services]
        if unknown:
            raise CloudError(f"no such service here: {unknown}")
        return [n for n in self.settings.services if n in wanted]

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """One manager at a time per state directory."""
        self.settings.run.mkdir(parents=True, exist_ok=True)
        with open(self.settings.run / "manager.lock", "w") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            yield

    def _inside(self, command: str, *names: str) -> subprocess.CompletedProcess[str]:
        """Run hatang.sandbox.cloud.service inside the virtual environment."""
        s = self.settings
        env = {
            k: v
            for k, v in os.environ.items()  # a proxy would even get the calls between services
            if not k.startswith(("OS_", "PYTHON")) and not k.lower().endswith("_proxy")
        }
        env.update(
            PYTHONPATH=str(PYTHONPATH),
            PYTHONWARNINGS="ignore",
            MALLOC_ARENA_MAX="2",
            PATH=f"{s.venv / 'bin'}:{env.get('PATH', '')}",
            VIRTUAL_ENV=str(s.venv),
            HOME=str(s.var),
            XDG_CACHE_HOME=str(s.venv / "cache"),
        )  # stevedore keeps its list of plug-ins there
        with open(s.log / "manager.log", "a") as log:
            return subprocess.run(
                [str(s.python), "-m", "hatang.sandbox.cloud.service", command, str(s.state_dir), *names],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def _schema(self, service: str) -> None:
        done = self._inside("schema", service)
        with open(self.settings.log / "manager.log", "a") as log:
            log.write(done.stdout)
        if done.returncode:
            raise CloudError(f"creating the databases of {service} failed:\n{self._tail('manager.log')}")

    def _launch(self, services: list[str]) -> None:
        """Start processes and wait until each has written its pid record."""
        done = self._inside("launch", *services)
        if done.returncode:
            raise CloudError(f"launch failed:\n{self._tail('manager.log')}")
        for name, pid in json.loads(done.stdout.splitlines()[-1]).items():
            end = time.monotonic() + 30
            while (record := self.record(name)) is None or record.pid != pid:
                if records.start_ticks(pid) is None or time.monotonic() > end:
                    raise CloudError(f"{name} did not start:\n{self._tail(name + '.out')}")
                time.sleep(0.01)

    def _end(self, services: list[str], timeout: float) -> None:
        sent = {n: r for n in services if (r := records.send(self.settings.run, n, signal.SIGTERM))}
        end = time.monotonic() + timeout
        for name, record in sent.items():
            if not records.wait_gone(record, max(0.0, end - time.monotonic())):
                records.send(self.settings.run, name, signal.SIGKILL)
                records.wait_gone(record, 30)
        for name in services:
            records.forget(self.settings.run, name)

    def _check_alive(self, service: str) -> None:
        if self.record(service) is None:
            raise ServiceEnded(service, self._tail(service + ".out"))

    def _check_ports_free(self, services: list[str], patience: float = 2) -> None:
        """With patience (seconds), for a process that was killed a moment ago may hold its port a little longer."""
        end = time.monotonic() + patience
        for name in services:
            while True:
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    try:
                        probe.bind((self.settings.host, self.settings.port(name)))
                        break
                    except OSError as e:
                        if time.monotonic() > end:
                            raise CloudError(f"port {self.settings.port(name)} for {name}: {e.strerror}") from None
                time.sleep(0.05)

    def _wait_listening(self, services: list[str], timeout: float) -> None:
        """Only that the port is bound; used before the catalogue exists."""
        end = time.monotonic() + timeout
        for name in services:
            while True:
                self._check_alive(name)
                try:
                    socket.create_connection((self.settings.host, self.settings.port(name)), 5).close()
                    break
                except OSError:
                    if time.monotonic() > end:
                        raise CloudError(f"{name} does not listen") from None
                    time.sleep(0.05)

    def _tail(self, name: str, lines: int = 25) -> str:
        try:
            return "\n".join((self.settings.log / name).read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"
