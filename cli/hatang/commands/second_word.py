"""Data go only where the system's name is said once more (BKP-13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatang.errors import RefusedError

if TYPE_CHECKING:
    from hatang.registry import SystemRecord
    from hatang.workflow.context import Context


def for_all(record: SystemRecord, data_of: str, words: str) -> None:
    """Before everything of a system goes, where its data take several confirmations.

    Args:
        data_of: the name that was said once more.
        words: the command, for the remedy.

    Raises:
        RefusedError: it was not said.
    """
    from hatang.provision import deletion

    name = record.spec.name
    if deletion.is_demanded(record) and data_of != name:
        raise RefusedError(f"system {name} holds data whose deletion takes a second confirmation (BKP-13)",
            where=f"system {name}", do=f"{words} --data-of {name}")  # fmt: skip


def for_a_change(context: Context, name: str, data_of: str, words: str) -> None:
    """Before a change takes data volumes away, at every level, and again when it goes on after a kill or failure.

    Args:
        data_of, words: as in `for_all`.

    Raises:
        RefusedError: it was not said.
    """
    from hatang.model.lifecycle import RequestState
    from hatang.workflow.approval import target

    request = context.registry.request(target(context, name).request_id)
    waiting = (RequestState.APPROVED, RequestState.CHANGING, RequestState.FAILED)
    if request.data_of and request.state in waiting and data_of != name:
        raise RefusedError(
            f"request {request.id} deletes data of system {name}: the volumes of {', '.join(request.data_of)}",
            where=f"registry, request {request.id}", do=f"{words} --data-of {name}",
        )  # fmt: skip
