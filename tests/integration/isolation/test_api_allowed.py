"""The counter-proof of `hatang isolation api`: each operation that is refused to strangers is done for those who may.

A request that nobody could make, for a slip of the pen in its path or body, would be refused to everybody and prove
nothing. So each is made by the project's own user, by hatang within the project, and as the cloud's administrator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hatang.isolation.api.askers import Asker
from hatang.isolation.api.attempt import Attempts
from hatang.isolation.api.calls import Caller, addresses
from hatang.isolation.api.catalogue import needed, services
from hatang.isolation.api.decoys import Decoys
from hatang.isolation.api.found import Outcome, Tried
from hatang.isolation.api.target import target
from hatang.registry import Registry

from .conftest import Pair

if TYPE_CHECKING:
    from openstack.connection import Connection

TARGET = "lap-hai"
DONE = (Outcome.OPEN, Outcome.REVEALED)
# Past the check of rights, and then: what is asked cannot be done to a decoy, or in the sandbox. Status and reason.
STOPPED: dict[str, tuple[int, str]] = {}


def _asker(name: str, caller: Caller, user: str, domain: str) -> Asker:
    return Asker(name, caller, "project", (), {"my_user": user, "my_domain": domain, "token": caller.token})


@pytest.mark.long
def test_each_operation_is_done_for_somebody_who_may(tenants: Pair, cloud: Connection) -> None:
    registry = Registry.open(f"sqlite:///{tenants.hatang.state}/registry.db")
    bases = addresses(cloud, tuple(s.service for s in services()))
    aim = target(cloud, registry, registry.system(TARGET))
    every = [(s.service, o) for s in services() for o in s.operations]
    own: Any = cloud
    with Decoys(cloud, bases, aim, needed(o for _s, o in every)) as decoys:
        assert decoys.missing == {}
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
            for asker in able:
                tries.append(attempts.attempt(asker, service, operation))
                if tries[-1].outcome in DONE:
                    break
    never = {n: [(t.asker, t.status, t.why[:160]) for t in tries] for n, tries in best.items()
             if tries[-1].outcome not in DONE}  # fmt: skip
    unknown = {n: t for n, t in never.items() if STOPPED.get(n, (0,))[0] not in {status for _a, status, _w in t}}
    assert unknown == {}, "\n".join(f"{n}: {t}" for n, t in unknown.items())
    assert set(STOPPED) <= set(never), "these are done after all"
    assert len(best) - len(never) >= 180
