"""One run: decoys are made, every operation is tried with every token, everything is taken away again."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hatang.errors import InputError
from hatang.isolation.api.askers import askers
from hatang.isolation.api.attempt import Attempts
from hatang.isolation.api.calls import addresses
from hatang.isolation.api.catalogue import needed, services
from hatang.isolation.api.decoys import Decoys
from hatang.isolation.api.found import Run
from hatang.isolation.api.target import target
from hatang.locale import _
from hatang.registry import Registry, SystemRecord
from hatang.suggestions import did_you_mean

if TYPE_CHECKING:
    from openstack.connection import Connection


def run(
    cloud: Connection,
    registry: Registry,
    record: SystemRecord,
    names: Sequence[str],
    clouds_file: Path | None,
    *,
    only: Collection[str] = (),
    progress: Callable[[str], None] = lambda text: None,
) -> Run:
    """Try all operations on this system, its agency and the platform.

    Args:
        cloud: the platform's automation.
        names: entries of the file, one per token.
        clouds_file: clouds.yaml with them; None: openstacksdk's own search order.
        only: services, by their type in the catalogue; empty: all.

    Raises:
        InputError: an entry cannot be used, or there is no such service.
        CloudError, StepError: the cloud does not answer, or a decoy cannot be taken away.
    """
    begun, started = time.monotonic(), datetime.now(UTC)
    known = tuple(s.service for s in services())
    for service in only:
        if service not in known:
            raise InputError(
                f"there are no operations of {service}", where="--service",
                do=did_you_mean(service, known, f"one of {', '.join(known)}"),
            )  # fmt: skip
    bases = addresses(cloud, known)
    aim = target(cloud, registry, record)
    people = askers(names, clouds_file, bases, [aim.values["domain"][0], aim.values["platform_domain"][0]])
    chosen = [(s.service, o) for s in services() for o in s.operations if not only or s.service in only]
    progress(_("{n} operations with {tokens} tokens").format(n=len(chosen), tokens=len(people)))
    with Decoys(cloud, bases, aim, needed(o for _service, o in chosen), progress) as decoys:
        attempts = Attempts(aim, decoys.values, decoys.inside)
        tried = [attempts.attempt(asker, service, o) for asker in people for service, o in chosen]
        # A decoy that could not be made takes operations with it: why, is said once.
        missing = [f"no decoy {kind}: {why}" for kind, why in decoys.missing.items()]
    absent = tuple(s for s in known if s not in bases)
    seconds = round(time.monotonic() - begun, 1)
    return Run(
        started, seconds, record.spec.name, tuple(people), tuple(tried), absent, (*attempts.troubles, *missing)
    )  # fmt: skip
