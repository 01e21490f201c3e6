"""One request to the hosts' agent. Standard library only: Nova's driver uses it inside the OpenStack environment."""

from __future__ import annotations

import json
import socket
from typing import Any


class AgentError(RuntimeError):
    """The agent refused or failed; the text says why."""


def ask(path: str, timeout_s: float = 300, **request: Any) -> Any:
    """Send a request, wait for the answer. Raises AgentError, or OSError when no agent is there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(timeout_s)
        sock.connect(path)
        sock.sendall(json.dumps(request).encode() + b"\n")
        with sock.makefile("rb") as stream:
            line = stream.readline()
    if not line:
        raise AgentError("the agent ended while it was at work")
    answer = json.loads(line)
    if "error" in answer:
        raise AgentError(answer["error"])
    return answer["result"]
