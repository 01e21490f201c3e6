"""The hosts' agent: one root process beside the sandbox cloud.

It answers Nova's driver on a Unix socket (one JSON request a connection) and converges the data plane once a second.
Hosts live in their own control groups and go on running when the agent dies; a new agent finds them by their records.

    python -m hatang.sandbox.hosts.agent STATE IMAGES CLOUD_STATE KEYS
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socketserver
import sys
import threading
import time
from pathlib import Path
from typing import Any

from ..cloud import records as pid_records
from ..cloud.settings import Settings
from . import access, netns
from .dataplane import Dataplane, bridge_settings
from .machines import Machines
from .programs import HostsError
from .records import from_dict

log = logging.getLogger("hatang.sandbox.hosts")
TURN_S = 0.5


class Agent:
    """Machines, data plane and the answers to the driver."""

    def __init__(self, state: Path, images: Path, cloud: Settings, keys: Path) -> None:
        self.machines = Machines(state, images, cloud.state_dir / "images")
        self.dataplane = Dataplane(self.machines.id, cloud)
        self.keys = keys

    def answer(self, request: dict[str, Any]) -> Any:
        """Do what the driver asks. Raises HostsError."""
        what, uuid = request["do"], request.get("uuid", "")
        if what == "spawn":
            machine = from_dict(request["machine"])
            self.machines.spawn(machine)
            access.write(self.machines, self.keys)
            return None
        if what == "destroy":
            self.machines.destroy(uuid)
            access.write(self.machines, self.keys)
            return None
        if what == "state":
            found = self.machines.known.get(uuid)
            return None if found is None else {"running": self.machines.alive(found)}
        if what == "list":
            return [self._row(uuid) for uuid in sorted(self.machines.known)]
        if what == "console":
            return self.machines.console(uuid)
        action = {"stop": self.machines.stop, "start": self.machines.start, "reboot": self.machines.reboot}.get(what)
        if action is None:
            raise HostsError(f"no such request: {what}")
        action(uuid)
        return None

    def _row(self, uuid: str) -> dict[str, Any]:
        m = self.machines.known[uuid]
        return {
            "uuid": uuid, "name": m.name, "address": m.address, "running": self.machines.alive(m), "pid": m.pid,
            "power": m.power, "problem": m.problem,
            "shell": self.machines.shell_prefix(m) if self.machines.alive(m) else [],
        }  # fmt: skip

    def turn_forever(self) -> None:
        """Converge, again and again; one bad turn does not end it."""
        while True:
            try:
                self.dataplane.converge()
            except Exception:
                log.exception("data plane")
            time.sleep(TURN_S)


class _Handler(socketserver.StreamRequestHandler):
    agent: Agent

    def handle(self) -> None:
        """Read one request line, write one answer line."""
        line = self.rfile.readline(1_000_000)
        if not line:
            return
        try:
            answer = {"result": self.agent.answer(json.loads(line))}
        except HostsError as exc:
            answer = {"error": str(exc)}
        except Exception as exc:
            log.exception("request %r", line[:200])
            answer = {"error": f"{type(exc).__name__}: {exc}"}
        self.wfile.write(json.dumps(answer).encode() + b"\n")


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


def main(argv: list[str]) -> int:
    """Serve until SIGTERM."""
    state, images, cloud_state, keys = (Path(a) for a in argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    run = state / "run"
    record = pid_records.claim(run, "agent")  # keeps the lock while this process lives
    agent = Agent(state, images, Settings.load(cloud_state), keys)
    netns.add(agent.machines.l2)
    bridge_settings(agent.machines.l2)
    access.write(agent.machines, keys)
    threading.Thread(target=agent.turn_forever, daemon=True).start()
    agent.machines.boot_missing()
    socket = state / "agent.sock"
    socket.unlink(missing_ok=True)
    _Handler.agent = agent
    os.umask(0o177)
    server = _Server(str(socket), _Handler)
    os.umask(0o022)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    log.info("serving on %s", socket)
    server.serve_forever()
    socket.unlink(missing_ok=True)
    del record
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
