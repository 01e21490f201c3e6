"""A server of hatang, asked with a token of Keystone that clouds.yaml (OS_CLOUD) leads to."""

from __future__ import annotations

import contextlib
import ipaddress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from hatang.errors import (
    HatangError,
    InputError,
    InputErrors,
    QuotaError,
    RefusedError,
    ServerError,
    SettingsError,
    UnknownNameError,
)

if TYPE_CHECKING:
    from keystoneauth1.session import Session

WAIT_S = 60
PAGE = 500
KINDS: dict[str, type[InputError]] = {c.code: c for c in (QuotaError, UnknownNameError)}


class RemoteDesk:
    """What `LocalDesk` does on the local registry, done by a server."""

    def __init__(self, url: str, ca_file: Path | None, session: Session | None = None) -> None:
        self._url, self._ca = checked(url), ca_file
        self._session = session or _session()

    # -- requests -----------------------------------------------------------------------------------------------------

    def submit(self, file: Path, *, draft: bool) -> dict[str, Any]:
        """Hand a request file in. What can be seen without the server is told with file and line."""
        from hatang.inputs.seals import load_any

        _request, text, _sealed = load_any(file)
        found = self._ask(
            "POST", "/v1/requests" + ("?draft=true" if draft else ""), file=str(file), data=text.encode(),
            headers={"Content-Type": "application/yaml"},
        )  # fmt: skip
        row: dict[str, Any] = found["request"]
        return row

    def requests(self, state: str | None, *, overdue: bool) -> list[dict[str, Any]]:
        """Requests that the caller sees, oldest first."""
        rows: list[dict[str, Any]] = []
        words = {"limit": str(PAGE)} | ({"state": state} if state else {}) | ({"overdue": "true"} if overdue else {})
        while True:
            found = self._ask("GET", f"/v1/requests?{urlencode(words)}")
            rows += found["requests"]
            if not found["next"]:
                return rows
            words["after"] = found["next"]

    def request(self, request_id: str) -> tuple[dict[str, Any], list[dict[str, Any]] | None]:
        """A request with what a change changes, and the steps of its plan, where the server has them."""
        found = self._ask("GET", f"/v1/requests/{quote(request_id, safe='')}")
        return found["request"], found["steps"]

    def decide(
        self, request_id: str, act: str, *, role: str | None, by: str, note: str, plan: str, document: str,
        body: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        """Decide as the person whose token it is."""
        if by:
            raise InputError(
                "the server knows who you are by your token", where="--by", do="leave --by out, or work without --url"
            )
        decision = {"act": act, "note": note, "plan": plan, "document": document, "body": body}
        decision |= {"role": role} if role else {}
        path = f"/v1/requests/{quote(request_id, safe='')}/decisions"
        row: dict[str, Any] = self._ask("POST", path, json=decision)["request"]
        return row

    # -- agencies and systems -----------------------------------------------------------------------------------------

    def agencies(self, as_of: date | None = None) -> list[dict[str, Any]]:
        """Agencies that the caller sees."""
        if as_of is not None:
            raise _local_only("--as-of")
        return list(self._ask("GET", "/v1/agencies")["agencies"])

    def agency(self, code: str) -> dict[str, Any]:
        """One agency."""
        return dict(self._ask("GET", f"/v1/agencies/{quote(code, safe='')}")["agency"])

    def agency_then(self, code: str, as_of: date) -> dict[str, Any]:
        """The past is asked where the registry is. Raises InputError."""
        raise _local_only("--as-of")

    def agency_history(self, code: str) -> list[dict[str, Any]]:
        """The past is asked where the registry is. Raises InputError."""
        raise _local_only("hatang agency history")

    def systems(self) -> list[dict[str, Any]]:
        """Systems that the caller sees."""
        return list(self._ask("GET", "/v1/systems")["systems"])

    def status(self, name: str) -> dict[str, Any]:
        """Where a system stands."""
        found = self._ask("GET", f"/v1/systems/{quote(name, safe='')}/status")
        return {k: v for k, v in found.items() if k != "schema"}

    # -- the way there ------------------------------------------------------------------------------------------------

    def _ask(self, method: str, path: str, file: str = "", **more: Any) -> dict[str, Any]:
        """What the server answers. Raises what its problem document says, ServerError, SettingsError."""
        if self._ca is not None:
            more["verify"] = str(self._ca)
        more["headers"] = {"Accept": "application/json", **more.get("headers", {})}
        try:
            done = self._session.request(
                self._url + path, method, authenticated=True, raise_exc=False, redirect=False, timeout=WAIT_S, **more
            )
            if done.status_code == 200:
                return dict(done.json())
            problem = dict(done.json())
        except ValueError as exc:  # no JSON
            raise ServerError(
                "the answer is none of a server of hatang", where=self._url, do="check --url (HATANG_URL)"
            ) from exc
        except Exception as exc:
            if type(exc).__module__.startswith(("keystoneauth1", "requests", "urllib3")):
                raise unreachable(self._url, exc) from exc
            raise
        raise of_problem(problem, self._url + path, file)


def _local_only(what: str) -> InputError:
    return InputError("a server does not tell of the past of agencies", where=what,
        do="ask the platform engineers, who work without --url")  # fmt: skip


def checked(url: str) -> str:
    """The URL, when tokens may be sent there. Raises SettingsError."""
    parts = urlsplit(url)
    is_own = parts.hostname == "localhost"
    with contextlib.suppress(ValueError):  # a name
        is_own = is_own or ipaddress.ip_address(parts.hostname or "").is_loopback
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.username:
        raise SettingsError(f"{url} is no address of a server", where="--url, HATANG_URL", do="write https://HOST:PORT")
    if parts.scheme == "http" and not is_own:
        raise SettingsError(
            "a token would go over the network in clear", where="--url, HATANG_URL", do=f"write https://{parts.netloc}"
        )
    return url.rstrip("/")


def _session() -> Session:
    """A session of the person that clouds.yaml and OS_CLOUD name; openstacksdk's own search order."""
    from keystoneauth1.exceptions import ClientException
    from openstack.config import OpenStackConfig
    from openstack.exceptions import ConfigException

    try:
        session: Session = OpenStackConfig().get_one().get_session()
    except (ConfigException, ClientException, ValueError, TypeError) as exc:
        raise SettingsError(
            f"no usable entry in clouds.yaml: {exc}", where="clouds.yaml, OS_CLOUD",
            do="name your entry with OS_CLOUD; see docs/how-to/serve.md for what stands in it",
        ) from exc  # fmt: skip
    return session


def unreachable(url: str, exc: Exception) -> HatangError:
    """Keystone or the server did not answer, or did not let the person in."""
    from keystoneauth1.exceptions.http import HTTPClientError

    if isinstance(exc, HTTPClientError):  # of the way to a token: the server's own refusals are answers
        return RefusedError(
            f"Keystone, or the identity provider before it, does not let you in (status {exc.http_status})",
            where="clouds.yaml, OS_CLOUD", do="check name, password, scope and identity provider there",
        )  # fmt: skip
    return ServerError(
        f"no answer: {exc}", where=url, do="check --url and the network; of an own authority, name HATANG_CA_FILE"
    )


def of_problem(problem: dict[str, Any], where: str, file: str = "") -> HatangError:
    """The error that a problem document tells of.

    Args:
        where: what was asked, when the document names no place.
        file: the request file that was sent; places in it then bear its name.
    """
    status, code = problem.get("status"), str(problem.get("type", "")).rsplit(":", 1)[-1]

    def place(told: str) -> str:
        return file + told.removeprefix("request") if file and told.startswith("request:") else told or where

    what, do = str(problem.get("detail", "")), str(problem.get("do", "")) or "see docs/how-to/serve.md"
    at = place(str(problem.get("where", "")))
    if status == 404:
        return UnknownNameError(what, where=at, do=do)
    if status in (401, 403, 409):
        return RefusedError(what, where=at, do=do)
    if status not in (400, 405, 413, 415, 422):
        return ServerError(what, where=at, do=do)
    faults = [e for e in problem.get("errors", []) if "code" in e]
    if faults:
        return InputErrors([
            KINDS.get(e["code"], InputError)(e["what"], where=place(e["where"]), do=e["do"]) for e in faults
        ])  # fmt: skip
    return KINDS.get(code, InputError)(what, where=at, do=do)
