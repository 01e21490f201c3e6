"""HTTP calls to the cloud's services with one token, below the addresses of the automation's catalogue."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatang.provision.cloud import endpoint, guarded

if TYPE_CHECKING:
    from openstack.connection import Connection

VERSION = re.compile(r"/v\d+(\.\d+)?(/[0-9a-f-]{32,36})?/?$")  # and the project that some catalogues put behind it
TIMEOUT_S = 60


@dataclass(frozen=True)
class Answer:
    """What a service answered."""

    status: int
    text: str
    token: str = ""  # of Keystone

    @property
    def body(self) -> Any:
        """As JSON; None: it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class Caller:
    """Calls services in somebody's name."""

    def __init__(self, session: Any, bases: dict[str, str]) -> None:
        self.session, self.bases = session, bases

    @property
    def token(self) -> str:
        """The token. Raises CloudError."""
        return str(guarded(self.session.get_token))

    def __call__(
        self, service: str, call: str, body: Any = None, headers: dict[str, str] | None = None, data: str = ""
    ) -> Answer:
        """One call, without anything being tried again.

        Args:
            call: method and path.

        Raises:
            CloudError: the service does not answer at all.
        """
        method, path = call.split(" ", 1)
        given = {"X-Auth-Token": self.token, "Accept": "application/json", **(headers or {})}
        more: dict[str, Any] = {} if body is None else {"data": json.dumps(body)}
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        if data:
            more["data"] = data.encode()
            given.setdefault("Content-Type", "application/octet-stream")
        done = guarded(
            lambda: self.session.request(
                self.bases[service] + path, method, headers=given, authenticated=False, raise_exc=False,
                redirect=False, log=False, timeout=TIMEOUT_S, **more,
            )
        )  # fmt: skip
        return Answer(done.status_code, done.text, done.headers.get("X-Subject-Token", ""))


def addresses(cloud: Connection, services: tuple[str, ...]) -> dict[str, str]:
    """Address of each service that the catalogue holds, without its version. Raises CloudError."""
    found = {service: endpoint(cloud, service) for service in services}
    return {service: VERSION.sub("", url.rstrip("/")) for service, url in found.items() if url}
