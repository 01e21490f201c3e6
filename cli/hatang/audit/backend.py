"""A testinfra back-end over links: `pytest -p hatang.audit.plugin --hosts=hatang://web`.

The same tests run with testinfra's own back-ends, such as `ssh://web`, and say the same, only later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult

from hatang.audit.link import Answer, Link

NAME = "hatang"
LOGINS_AT_ONCE = 8  # sshd, also a bastion's, turns away further ones from the tenth on (MaxStartups)
# Nobody else's connection, and not one that somebody opened before: that we get in now is part of what is checked.
OPTIONS = (
    "-T", "-x", "-a", "-o", "BatchMode=yes", "-o", "ControlMaster=no", "-o", "ControlPath=none",
    "-o", "ClearAllForwardings=yes", "-o", "PermitLocalCommand=no", "-o", "ConnectTimeout=10",
    "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3",
)  # fmt: skip
# Answers that cannot change while a run goes on: testinfra asks anew for each module.
LASTING = "command -v "
AS_LOGIN, AS_ROOT, AS_USER = "exec", "exec sudo -n --", "exec sudo -n -u %s --"  # shell words before the agent's


class AsUser(str):
    """A command to be run as another user; None: as root."""

    user: str | None

    def __new__(cls, command: str, user: str | None) -> AsUser:
        """The command, and who runs it."""
        made = super().__new__(cls, command)
        made.user = user
        return made


class HatangBackend(BaseBackend):  # type: ignore[misc]
    """Runs commands over one link for each user that a host is asked as: in most runs root alone."""

    NAME = NAME

    def __init__(
        self,
        hostspec: str,
        ssh_config: str | None = None,
        ssh_identity_file: str | None = None,
        *args: Any,
        **more: Any,
    ) -> None:
        self.host = self.parse_hostspec(hostspec)
        super().__init__(self.host.name, *args, **more)
        self._way = ["ssh", *OPTIONS]
        self._way += ["-F", ssh_config] if ssh_config else []
        self._way += ["-o", f"User={self.host.user}"] if self.host.user else []
        self._way += ["-o", f"Port={self.host.port}"] if self.host.port else []
        self._way += ["-i", ssh_identity_file] if ssh_identity_file else []
        self._way += ["--", self.host.name]
        self._links: dict[str, Link] = {}
        self._starting: Future[None] | None = None
        self._foreseen: dict[str, Future[Answer]] = {}  # sent as root, not asked for yet
        self._lasting: dict[tuple[str, str], CommandResult] = {}

    def get_sudo_command(self, command: str, sudo_user: str | None) -> AsUser:
        """Instead of words for a shell, a command that knows who is to run it; the outermost decides the link."""
        if isinstance(command, AsUser):
            command = super().get_sudo_command(command, command.user)
        return AsUser(command, sudo_user)

    def run(self, command: str, *args: str, **more: Any) -> CommandResult:
        """Run a command.

        Raises:
            LinkError: it gave no answer.
        """
        text = self.get_command(command, *args)
        prefix = AS_LOGIN
        if isinstance(text, AsUser):
            prefix = AS_ROOT if text.user is None else self.quote(AS_USER, text.user)
        key = (prefix, str(text))
        if key in self._lasting:
            return self._lasting[key]
        link = self._link(prefix)
        sent = self._foreseen.pop(text, None) if prefix == AS_ROOT else None
        answer = link.wait(sent or link.send(text, "" if prefix == AS_LOGIN else "/bin/sh"))
        result = self.result(answer.code, text.encode(), answer.out, answer.err)
        if text.startswith(LASTING):
            self._lasting[key] = result
        return result

    def start(self, pool: Executor, commands: Iterable[str]) -> None:
        """Log in meanwhile, and send what root will be asked for, in this order. Each answer is used once."""
        self._starting = pool.submit(self._start, list(dict.fromkeys(commands)))

    def _start(self, commands: Sequence[str]) -> None:
        link = Link(self.host.name, self._way, AS_ROOT)
        self._links[AS_ROOT] = link
        link.open()
        self._foreseen = link.send_ahead(commands)

    def away(self) -> str:
        """Why the host does not let us in as root; empty when it does, or when nobody asked it."""
        if self._starting:
            self._starting.result()
        link = self._links.get(AS_ROOT)
        return link.cause if link and not link.was_open else ""

    def close(self) -> None:
        """End all links."""
        for link in self._links.values():
            link.close()

    def _link(self, prefix: str) -> Link:
        if self._starting:
            self._starting.result()
        if prefix not in self._links:
            link = self._links[prefix] = Link(self.host.name, self._way, prefix)
            link.open()
        return self._links[prefix]
