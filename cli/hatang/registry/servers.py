"""Servers as the registry came to know them: when each first was there, which no later run changes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.registry.review_tables import ServerRow


def first_seen(session: Session, system: str, server_ids: Sequence[str]) -> None:
    """Keep when the servers that are not known yet came."""
    known = set(session.scalars(select(ServerRow.server_id).where(ServerRow.server_id.in_(server_ids))))
    for server_id in dict.fromkeys(server_ids):
        if server_id and server_id not in known:
            session.add(ServerRow(system=system, server_id=server_id))
