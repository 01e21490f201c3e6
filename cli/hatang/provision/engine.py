"""Drives the Pulumi engine: one OS process per operation, the program served from this process, output in a log file.

The Automation API would start five processes for one `up`; each costs its start and, with a passphrase, the derivation
of a key. Here the work folder and the stack's first state are written directly, and the engine is asked once.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatang import private
from hatang import settings as settings_module
from hatang.errors import BusyError, EngineError
from hatang.provision import brief, late, orphans, refusals, toolchain
from hatang.provision.events import Report, read_events, tail
from hatang.provision.state import StateFile
from hatang.registry import leases
from hatang.settings import Settings

Program = Callable[[], None]
BUSY_S = 300
PACK = Path(__file__).resolve().parents[1] / "policies" / "pack"


@dataclass(frozen=True)
class Stack:
    """One stack: its project (`hatang-system`), its name, the folder of its logs."""

    project: str
    name: str

    @property
    def full_name(self) -> str:
        """As the engine writes it."""
        return f"organization/{self.project}/{self.name}"


def state_of(settings: Settings, stack: Stack) -> StateFile:
    """The state file of a stack; needs neither engine nor cloud.

    Raises:
        EngineError: the back-end is not a folder.
    """
    if not settings.backend.startswith("file://"):
        raise EngineError(
            f"back-end {settings.backend} is not a folder",
            where="HATANG_ENGINE_BACKEND",
            do="use file://FOLDER; recovery after a kill reads the state there",
        )
    root = Path(settings.backend.removeprefix("file://"))
    return StateFile(root / ".pulumi" / "stacks" / stack.project / f"{stack.name}.json")


class Engine:
    """The engine with this site's back-end, passphrase and credentials."""

    def __init__(self, settings: Settings, environment: dict[str, str]) -> None:
        self.settings = settings
        self.cloud_environment = environment
        self.tools = toolchain.find(settings)
        self._held: dict[Stack, int] = {}

    @contextlib.contextmanager
    def alone(self, stack: Stack) -> Iterator[None]:
        """One run at a time works on a stack; others wait. The engine's process holds the lock too.

        So nobody takes a stack away from an engine that outlived the command that started it.

        Raises:
            BusyError: another run did not end in `BUSY_S` seconds.
        """
        file = self.settings.state_dir / "lock" / f"stack-{stack.project}-{stack.name}.lock"
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not orphans.take(handle, file, BUSY_S):
                raise BusyError(
                    f"another run of the engine works on {stack.project}/{stack.name}",
                    where=str(file),
                    do="wait until it has ended, then run the same command again",
                )
            self._held[stack] = handle
            yield
        finally:
            self._held.pop(stack, None)
            os.close(handle)

    def state(self, stack: Stack) -> StateFile:
        """The stack's state file. Raises EngineError for a back-end that is not a folder."""
        return state_of(self.settings, stack)

    def preview(self, stack: Stack, program: Program, config: dict[str, Any], *, refresh: bool, log: Path) -> Report:
        """What `up` would do. With refresh, what somebody changed on the cloud shows too."""
        words = ["preview", *(["--refresh"] if refresh else [])]
        return self._run(stack, words, program, config, log)

    def up(
        self,
        stack: Stack,
        program: Program,
        config: dict[str, Any],
        *,
        refresh: bool,
        log: Path,
        pack_config: dict[str, Any] | None = None,
    ) -> Report:
        """Make the cloud as the program says, judged by the policy pack when its configuration is given.

        Raises:
            EngineError: the engine stopped.
            PolicyError: the policy pack refused a resource; it was not made.
        """
        words = ["up", "--yes", "--skip-preview", *(["--refresh"] if refresh else [])]
        if pack_config is not None:
            file = self.settings.state_dir / "work" / stack.project / f"{stack.name}-policy.json"
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.write_text(json.dumps(pack_config))
            words += ["--policy-pack", str(PACK), "--policy-pack-config", str(file)]
        return self._run(stack, words, program, config, log)

    def refresh(self, stack: Stack, *, log: Path) -> Report:
        """Read what the state knows from the cloud into the state. Changes nothing on the cloud. Raises EngineError."""
        return self._run(stack, ["refresh", "--yes", "--skip-preview"], None, {}, log)

    def destroy(self, stack: Stack, *, refresh: bool, log: Path) -> Report:
        """Remove every resource of the stack. Raises EngineError."""
        return self._run(
            stack, ["destroy", "--yes", "--skip-preview", *(["--refresh"] if refresh else [])], None, {}, log
        )

    def _run(
        self, stack: Stack, words: list[str], program: Program | None, config: dict[str, Any], log: Path
    ) -> Report:
        begun = time.monotonic()
        folder = self._work_folder(stack, config)
        log.parent.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("events-*.jsonl"):  # of a run whose command was killed; its engine may have gone on
            late.remember_failed(self.state(stack), read_events(left))
            left.unlink(missing_ok=True)
        events = folder / f"events-{secrets.token_hex(4)}.jsonl"
        argv = [
            str(self.tools.pulumi), *words, "--stack", stack.full_name, "--non-interactive", "--color", "never",
            "--event-log", str(events), "--suppress-permalink", "--suppress-progress",
        ]  # fmt: skip
        if words[0] != "destroy":
            argv += ["--parallel", str(self.settings.engine_parallel)]
        with _served(program) as address, log.open("a") as out:
            if address:
                argv += [f"--client={address}", "--exec-kind", "auto.inline"]
            leases.require()  # another worker may have taken this system while we stood still
            out.write(f"$ {' '.join(argv)}\n")
            out.flush()
            ended = subprocess.run(
                argv,
                cwd=folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                pass_fds=[self._held[stack]] if stack in self._held else [],
            )
        report = read_events(events)
        late.remember_failed(self.state(stack), report)
        events.unlink(missing_ok=True)
        report.seconds, report.log = round(time.monotonic() - begun, 2), log
        if ended.returncode != 0:
            if words[0] != "preview":
                self.state(stack).ask_refresh()  # what is half made shows itself only then
            self._fail(stack, words[0], ended.returncode, report, log)
        if "--refresh" in words and words[0] != "preview":
            self.state(stack).refreshed()
        return report

    def _fail(self, stack: Stack, what: str, code: int, report: Report, log: Path) -> None:
        from hatang.errors import PolicyError

        if report.violations:
            raise PolicyError(
                f"the policy pack refuses {stack.name}: {'; '.join(report.violations[:5])}",
                where=str(log),
                do="correct the request or the site; nothing that breaks a control is applied",
            )
        causes = [d for d in report.diagnostics if d not in (f"{what} failed", "update failed")]
        cause = causes[0] if causes else tail(log)
        raise EngineError(
            f"the engine stopped ({what} of {stack.project}/{stack.name}, exit {code}): {cause}",
            where=str(log),
            do=refusals.remedy(cause),
        )

    def _work_folder(self, stack: Stack, config: dict[str, Any]) -> Path:
        """A folder with the project's and the stack's files, written anew; the stack's first state, if it has none."""
        folder = self.settings.state_dir / "work" / stack.project / stack.name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "Pulumi.yaml").write_text(f"name: {stack.project}\nruntime: python\n")
        values: dict[str, Any] = {"encryptionsalt": self._salt(folder)}
        if config:
            values["config"] = {f"hatang:{stack.project.removeprefix('hatang-')}": config}
        (folder / f"Pulumi.{stack.name}.yaml").write_text(json.dumps(values, indent=1))  # JSON is YAML
        state = self.state(stack)
        if not state.exists():
            state.create(stack.full_name)
        return folder

    def _salt(self, folder: Path) -> str:
        """The site's salt of the passphrase, made once with the engine itself and shared by its stacks."""
        file = self.settings.state_dir / "engine-salt"
        if not file.is_file():
            probe = folder.parent / "salt"
            probe.mkdir(parents=True, exist_ok=True)
            (probe / "Pulumi.yaml").write_text("name: hatang-salt\nruntime: python\n")
            name = f"salt-{secrets.token_hex(4)}"
            for words in (["stack", "init", name, "--secrets-provider", "passphrase"], ["stack", "rm", "--yes", name]):
                if words[1] == "rm":
                    text = (probe / f"Pulumi.{name}.yaml").read_text()
                    salt = text.split("encryptionsalt:", 1)[1].strip().splitlines()[0]
                self._quietly([str(self.tools.pulumi), *words, "--non-interactive"], probe)
            private.replace(file, salt)
        return file.read_text()

    def _quietly(self, argv: list[str], folder: Path) -> None:
        ended = subprocess.run(
            argv, cwd=folder, env=self._environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if ended.returncode:
            raise EngineError(
                f"the engine could not make its secrets provider: {(ended.stderr or ended.stdout).strip()[-300:]}",
                where=str(folder),
                do="run again; if it stays so, look at hatang doctor",
            )

    def _environment(self) -> dict[str, str]:
        backend = Path(self.settings.backend.removeprefix("file://"))
        backend.mkdir(parents=True, exist_ok=True, mode=0o700)
        return settings_module.environment(
            PULUMI_BACKEND_URL=f"{self.settings.backend}?metadata=skip",  # no file of its sums beside each
            PULUMI_CONFIG_PASSPHRASE_FILE=str(private.passphrase_file(self.settings)),
            PULUMI_DEBUG_COMMANDS="true",  # brings --event-log
            PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS="true",
            **self.tools.variables(settings_module.environment()["PATH"]),
            **self.cloud_environment,
        )


@contextlib.contextmanager
def _served(program: Program | None) -> Iterator[str]:
    """The program, offered to the engine on a loopback port while the block runs."""
    if program is None:
        yield ""
        return
    import grpc
    from pulumi.automation._server import LanguageServer
    from pulumi.runtime.proto import language_pb2_grpc

    connect_anew()
    brief.leave_out()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0)


def connect_anew() -> None:
    """From now on each run of a program makes connections of its own to its engine.

    gRPC shares them within a process by address, with their failures: after a run that failed, an engine that happened
    to get the same port was taken for gone, and that run failed too.
    """
    from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

    own = ("grpc.use_local_subchannel_pool", 1)
    if own not in _GRPC_CHANNEL_OPTIONS:
        _GRPC_CHANNEL_OPTIONS.append(own)
