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
from .records import Machine, Nic, from_dict, nics_from

log = logging.getLogger("hatang.sandbox.hosts")
TURN_S = 0.25


class Agent:
    """Machines, data plane and the answers to the driver."""

    def __init__(self, state: Path, images: Path, cloud: Settings, keys: Path) -> None:
        self.machines = Machines(state, images, cloud.state_dir / "images")
        self.dataplane = Dataplane(self.machines.id, cloud, state / "dataplane.json")
        self.machines.on_plug = self.dataplane.look_again
        self.keys = keys

    def answer(self, request: dict[str, Any]) -> Any:
        """Do what the driver or `control.py` asks. Raises HostsError."""
        what, uuid = str(request["do"]), str(request.get("uuid", ""))
        if what == "spawn":
            self.machines.spawn(from_dict(request["machine"]))
            access.write(self.machines, self.keys)
        elif what == "destroy":
            self.machines.destroy(uuid)
            access.write(self.machines, self.keys)
        elif what == "stop":
            self.machines.stop(uuid)
        elif what == "start":
            self.machines.start(uuid, self._nics(request))
        elif what == "reboot":
            self.machines.reboot(uuid, self._nics(request))
        else:
            return self._tell(what, uuid)
        return None

    def _nics(self, request: dict[str, Any]) -> list[Nic] | None:
        return nics_from(request["nics"]) if "nics" in request else None

    def _tell(self, what: str, uuid: str) -> Any:
        if what == "state":
            runs = self.machines.runs(uuid)
            return None if runs is None else {"running": runs}
        if what == "died":
            return self.machines.died()
        if what == "list":
            return [self._row(machine) for machine in self.machines.all()]
        if what == "console":
            return self.machines.console(uuid)
        if what == "network-problem":
            return self.dataplane.problem
        raise HostsError(f"no such request: {what}")

    def _row(self, m: Machine) -> dict[str, Any]:
        return {
            "uuid": m.uuid, "name": m.name, "address": m.address, "running": self.machines.alive(m), "pid": m.pid,
            "power": m.power, "problem": m.problem, "shell": self.machines.shell_prefix(m),
        }  # fmt: skip

    def turn_forever(self) -> None:
        """Converge and watch, again and again; one bad turn does not end it. Ends when the state folder was removed."""
        while self.machines.state.exists():
            for work in (self.dataplane.converge, self.machines.watch):
                try:
                    work()
                except Exception:
                    log.exception("%s", work.__qualname__)
            time.sleep(TURN_S)
        log.error("%s is gone", self.machines.state)
        os._exit(1)


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
    """Serve until SIGTERM.

    Args:
        argv: folder of the hosts, folder of images, folder of the cloud, folder of the operator's keys.
    """
    state, images, cloud_state, keys = (Path(a) for a in argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    run = state / "run"
    record = pid_records.claim(run, "agent")  # keeps the lock while this process lives
    agent = Agent(state, images, Settings.load(cloud_state), keys)
    netns.add(agent.machines.l2)
    bridge_settings(agent.machines.l2)
    access.write(agent.machines, keys)
    agent.dataplane.converge()  # when Neutron is up: a login that comes once we serve must not meet the former links
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
