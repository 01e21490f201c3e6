"""The counter-proof of `hatang isolation api`: each operation that is refused to strangers is done for those who may.

A request that nobody could make, for a slip of the pen in its path or body, would be refused to everybody and prove
nothing. So each is made by the project's own user, by hatang within the project, and as the cloud's administrator.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from hatang.errors import CloudError
from hatang.isolation.api.askers import Asker
from hatang.isolation.api.attempt import Attempts
from hatang.isolation.api.calls import Caller, addresses
from hatang.isolation.api.catalogue import Operation, needed, services
from hatang.isolation.api.decoys import Decoys
from hatang.isolation.api.found import Outcome, Tried
from hatang.isolation.api.target import target
from hatang.registry import Registry

from .conftest import Pair

if TYPE_CHECKING:
    from openstack.connection import Connection

TARGET = "lap-hai"
DONE = (Outcome.OPEN, Outcome.REVEALED)
# Past the check of rights, but not done: the status that tells so, and why it is that.
SERVER = (409, "the decoy server was never built")
EMPTY = (200, "a list that is answered, with nothing in it here")
STOPPED = {
    **dict.fromkeys(("read-console", "open-console", "image-of-server", "attach-volume-to-server"), SERVER),
    **dict.fromkeys(("attach-port-to-server", "stop-server", "rebuild-server"), SERVER),
    **dict.fromkeys(("list-keys", "list-users-of-group", "list-users-of-platform"), EMPTY),
    **dict.fromkeys(("list-sharing", "list-agents"), EMPTY),
    "delete-balancer": (400, "it has the listener that create-listener made"),
    "delete-router": (409, "it has the port that attach-router made"),
}


def _asker(name: str, caller: Caller, user: str, domain: str) -> Asker:
    return Asker(name, caller, "project", (), {"my_user": user, "my_domain": domain, "token": caller.token})


def _try(attempts: Attempts, asker: Asker, service: str, operation: Operation) -> Tried | None:
    """With a new token when the old one is void: Keystone takes back those of a deleted group's members.

    None: there is no such user any more.
    """
    tried = attempts.attempt(asker, service, operation)
    if tried.status != 401 or 401 in operation.refused:
        return tried
    time.sleep(2)  # a token of the same second counts as taken back too
    asker.caller.session.invalidate()
    try:
        return attempts.attempt(asker, service, operation)
    except CloudError:
        return None


def _let_in(cloud: Connection, values: dict[str, str]) -> None:
    """The decoy user may read the agency's domain and the platform's, as people of these do. It goes with the user."""
    identity: Any = cloud.identity
    user, role = values["decoy_user"], values["role_reader"]
    for domain in (values["domain"], values["platform_domain"]):
        identity.assign_domain_role_to_user(domain, user, role)
    identity.assign_project_role_to_user(values["platform_project"], user, role)


@pytest.mark.long
def test_each_operation_is_done_for_somebody_who_may(tenants: Pair, cloud: Connection) -> None:
    registry = Registry.open(f"sqlite:///{tenants.hatang.state}/registry.db")
    bases = addresses(cloud, tuple(s.service for s in services()))
    aim = target(cloud, registry, registry.system(TARGET))
    every = [(s.service, o) for s in services() for o in s.operations]
    own: Any = cloud
    with Decoys(cloud, bases, aim, needed(o for _s, o in every)) as decoys:
        assert decoys.missing == {}
        _let_in(cloud, decoys.values)
        attempts = Attempts(aim, decoys.values, decoys.inside)
        domain = aim.values["domain"][0]
        able = [
            _asker("user", decoys.user, decoys.values["decoy_user"], domain),
            _asker("inside", decoys.inside, own.current_user_id, domain),
            _asker("administrator", Caller(own.session, bases), own.current_user_id, domain),
        ]
        best: dict[str, list[Tried]] = {}
        for service, operation in every:
            tries = best.setdefault(operation.name, [])
            for asker in tuple(able):
                if (tried := _try(attempts, asker, service, operation)) is None:
                    able.remove(asker)  # delete-user was done
                    continue
                tries.append(tried)
                if tried.outcome in DONE:
                    break
    never = {n: [(t.asker, t.status, t.why[:160]) for t in tries] for n, tries in best.items()
             if tries[-1].outcome not in DONE}  # fmt: skip
    unknown = {n: t for n, t in never.items() if STOPPED.get(n, (0,))[0] not in {status for _a, status, _w in t}}
    assert unknown == {}, "\n".join(f"{n}: {t}" for n, t in unknown.items())
    assert attempts.troubles == [], "what was let through was taken back"
    assert set(STOPPED) <= set(never), "these are done after all"
    assert len(best) - len(never) >= 170
