"""After a kill: what the engine was creating may be on the cloud, and its state does not know. Nothing may exist twice.

The state lists operations that were under way. For each creation the cloud is searched for the object (finders.py). One
that the state does not know is removed, and the next run makes it anew; what is not there yet may still come, and is
looked for again (late.py). After a failure it is the same with the creations that failed: the cloud may have made what
it gave no good answer about. Besides these, only servers and volumes of the state itself are removed, when they never
came to be.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from openstack.exceptions import NotFoundException

from hatang.errors import CloudError, EngineError
from hatang.locale import _
from hatang.provision import late
from hatang.provision.cloud import guarded
from hatang.provision.finders import FINDERS, ORDER, Connection
from hatang.provision.state import SERVER, VOLUME, StateFile

SETTLE_S = 5.0
KILLED = "it was being made when the last run was killed"
FAILED = "a run that failed asked for it, and the cloud made it without saying so"
Say = Callable[[str], None]


def recover(state: StateFile, connection: Connection, say: Say) -> bool:
    """Put the cloud in order after a kill; returns whether the next run must refresh.

    The caller holds `Engine.alone`.
    """
    if not state.exists():
        return False
    state.break_lock()
    pending = state.pending()
    if sweep(state, connection, say):
        state.ask_refresh()
    if not pending and not state.wants_refresh():
        return False
    state.ask_refresh()
    _remove_stillborn(state, connection, say)
    if not pending:
        return True
    # What was sent a moment before the kill is still being worked on; most of it is there after this.
    time.sleep(max(0.0, SETTLE_S - state.age_s()))
    known = state.known()
    asked = [late.Late.of(state.owned(r)) for kind, r in pending if kind == "creating" and r.type in ORDER]
    missing = [x for x in sorted(asked, key=_order) if not _remove_unknown(connection, x, known, say)]
    late.remember(state, missing)
    state.clear_pending()
    return True


def sweep(state: StateFile, connection: Connection, say: Say) -> int:
    """Remove what an earlier run had asked for and the cloud made after that run had ended; returns how many.

    The caller holds `Engine.alone`, and calls it after the engine too: then a late one stands beside its successor.
    """
    return late.sweep(state, lambda x, known: _remove_unknown(connection, x, known, say), key=_order)


def clear_the_way(failure: EngineError, state: StateFile, connection: Connection, say: Say) -> None:
    """After a run that failed: remove what another try would stumble over, or leave behind.

    Raises:
        EngineError: the failure itself; there is no such thing, or the cloud fails still, and the next run sweeps.
    """
    try:
        if sweep(state, connection, say):
            return
    except CloudError:
        pass
    raise failure


def _order(asked: late.Late) -> int:
    return ORDER.get(asked.type, len(ORDER))


def _remove_unknown(connection: Connection, asked: late.Late, known: set[tuple[str, str]], say: Say) -> int:
    """Remove what answers to these inputs and the state does not know."""
    finder = FINDERS[asked.type]
    there = [
        x
        for x in guarded(lambda: list(finder.find(connection, asked.inputs)))
        if (asked.type, str(x.id)) not in known
        and (asked.failed_since is None or finder.recent(x, asked.inputs, asked.failed_since))
    ]
    for found in there:
        why = _(KILLED if asked.failed_since is None else FAILED)
        say(_("removing {name}: {why}").format(name=asked.name, why=why))
        _remove(connection, finder.remove, found)
    return len(there)


def _remove_stillborn(state: StateFile, connection: Connection, say: Say) -> None:
    """Servers that never ran, volumes that never held anything: the engine takes them as made; they stay broken."""
    compute: Any = connection.compute
    storage: Any = connection.block_storage
    for resource in state.resources():
        if resource.type == SERVER:
            server = guarded(lambda r=resource: compute.find_server(r.id, all_projects=True))
            if server is not None and server.status == "ERROR" and server.launched_at is None:
                say(_("removing {name}: the cloud could not build it").format(name=resource.name))
                _remove(connection, FINDERS[SERVER].remove, server)
        elif resource.type == VOLUME:
            volume = guarded(lambda r=resource: storage.find_volume(r.id, all_projects=True))
            if volume is not None and volume.status == "error" and not volume.attachments:
                say(_("removing {name}: the cloud could not make it").format(name=resource.name))
                _remove(connection, FINDERS[VOLUME].remove, volume)


def _remove(connection: Connection, remove: Callable[[Connection, Any], Any], found: Any) -> None:
    """Remove one object; gone meanwhile is as good."""

    def unless_gone() -> None:
        with contextlib.suppress(NotFoundException):
            remove(connection, found)

    guarded(unless_gone)
