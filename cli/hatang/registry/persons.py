"""Who a user of Keystone is in the registry.

Rules about persons (nobody approves what they asked for) compare names. A user's name in Keystone can be changed by the
administrator of its domain, and one that an identity provider sends may be chosen by the person; so the first name
counts for good, and no second user gets it.
"""

from __future__ import annotations

from sqlalchemy import select

from hatang.model.waiver import person_key
from hatang.registry.network_tables import PersonRow
from hatang.registry.store import Registry

LONGEST = 150  # leaves room for what tells two users of one name apart
TOLD_APART = "(?…"  # a name with one of these might look like another one: it bears the user's id from the start


class Persons:
    """The persons of a site who act over the network."""

    def __init__(self, registry: Registry) -> None:
        self._writing, self._reading = registry._writing, registry._reading

    def name_of(self, user_id: str, shown: str) -> str:
        """The name under which this user acts; recorded at the first time.

        Args:
            user_id: of Keystone.
            shown: `user@domain`, as Keystone has it today (`hatang.serve.personas.Token.shown`).
        """
        with self._reading() as session:
            if (row := session.get(PersonRow, user_id)) is not None:
                return row.name
        with self._writing() as session:
            if (row := session.get(PersonRow, user_id)) is not None:
                return row.name
            name = " ".join(shown.split())[:LONGEST]
            taken = select(PersonRow.user_id).where(PersonRow.name_key == person_key(name))
            if set(TOLD_APART) & set(name) or session.scalars(taken).first() is not None:
                name = f"{name} ({user_id[:32]})"
            session.add(PersonRow(user_id=user_id, name=name, name_key=person_key(name)))
            return name
