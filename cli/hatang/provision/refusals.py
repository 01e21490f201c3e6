"""What the cloud said when it refused a creation or a change, in short, and what to do about it.

The provider tells the HTTP exchange, with addresses and the answer's JSON. People need the object, the service's own
sentence, and another remedy than "again" where again helps only once the cloud has room.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from openstack.connection import Connection
from openstack.exceptions import SDKException

from hatang.errors import EngineError

AGAIN = "run the same command again; it goes on from what is there"
ANSWER = re.compile(r"but got (?P<status>\d{3}) instead: (?P<body>\{.*\})")
NOISE = re.compile(r"^(?:sdk-v2/\S+\.go:\d+: )?(?:sdk\.helper_schema: )?|: provider=openstack@\S+$")
FAILED_SERVER = re.compile(r"Error waiting for instance \((?P<id>[0-9a-f-]{36})\) to become ready.*")
# The services' own sentences, in any release that we know of; the first that fits counts.
REMEDIES = (
    (r"No more IP addresses available|IpAddressGenerationFailure",
     "the network has no address left: hatang site capacity; name less in taken and published of external_networks in "
     "the site file, or give the network a larger range; hatang site apply"),
    (r"availability zone is not available",
     "no compute host of the system's aggregate is up: openstack compute service list; bring one up, or correct "
     "aggregates in the site file; what there is: hatang site capacity"),
    (r"No valid host|not enough hosts available",
     "no compute host has room for such a server: hatang site capacity; add hosts to the system's aggregate, or ask "
     "for a smaller flavor"),
    (r"No weighed backends|no valid backend",
     "no back end of the level's volume type has room for such a volume: hatang site capacity"),
    (r"[Qq]uota|OverLimit|VolumeLimitExceeded",
     "a quota of the project was lowered by hand, or is too small: hatang drift names it; the plan sets it right"),
    (r"but got 403|\(HTTP 403\)",
     "hatang's account may not do that: compare its roles with docs/how-to/real-region.md, 2"),
)  # fmt: skip


def told(message: str, urn: str = "") -> str:
    """A diagnostic of the engine for people: the object, the service's sentence and its HTTP status where it gave one.

    Args:
        urn: of the resource, as the engine names it; empty: of none.
    """
    text = " ".join(message.split())
    answer = ANSWER.search(text)
    if answer and (sentence := _sentence(answer["body"])):
        head = text[: answer.start()].split(": Expected HTTP response code")[0]
        text = f"{NOISE.sub('', head)}: {sentence} (HTTP {answer['status']})"
    else:
        text = NOISE.sub("", text)
    name = urn.rsplit("::", 1)[-1] if "::" in urn else ""
    return (f"{name}: {text}" if name and name not in text else text)[:800]


def remedy(cause: str) -> str:
    """What to do about it."""
    return next((f"{do}; then {AGAIN}" for pattern, do in REMEDIES if re.search(pattern, cause)), AGAIN)


@contextmanager
def explained(connection: Connection) -> Iterator[None]:
    """An EngineError of the block comes out with Nova's own reason, where a server did not become ready.

    The provider says that it is in error, and not why.
    """
    try:
        yield
    except EngineError as failure:
        server = FAILED_SERVER.search(failure.what)
        reason = _fault(connection, server["id"]) if server else ""
        if not server or not reason:
            raise
        what = f"{failure.what[: server.start()]}Nova could not make the server {server['id']}: {reason}"
        raise EngineError(what, where=failure.where, do=remedy(reason)) from failure


def _fault(connection: Connection, server_id: str) -> str:
    """Why Nova gave up on a server; empty: it does not say, or is not to be asked."""
    try:
        compute: Any = connection.compute
        return str((compute.get_server(server_id).fault or {}).get("message") or "")
    except SDKException:
        return ""


def _sentence(body: str) -> str:
    """The text in an answer such as {"badRequest": {"code": 400, "message": "…"}}; empty: it has none."""
    try:
        found: Any = json.JSONDecoder().raw_decode(body)[0]
    except ValueError:
        return ""
    inner = next((v for v in found.values() if isinstance(v, dict)), found)
    return str(inner.get("message") or "")
