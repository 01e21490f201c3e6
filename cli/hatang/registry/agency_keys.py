"""Public keys with which agencies seal request files: registered, revoked, each a row that is never changed."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.errors import InputError, RefusedError
from hatang.model.seal import SealedRequest, fingerprint
from hatang.registry.network_tables import AgencyKeyRevocationRow, AgencyKeyRow
from hatang.registry.store import Registry
from hatang.registry.unknown import unknown


@dataclass(frozen=True)
class AgencyKey:
    """A key of an agency."""

    id: str
    agency: str
    registered_by: str
    note: str
    created_at: datetime
    revoked_by: str = ""
    reason: str = ""
    revoked_at: datetime | None = None


class AgencyKeys:
    """The keys of a site's agencies."""

    def __init__(self, registry: Registry) -> None:
        self._reading, self._writing = registry._reading, registry._writing

    def register(self, agency: str, public: Ed25519PublicKey, by: str, note: str = "") -> AgencyKey:
        """Record a key; the same key of the same agency again is the first.

        Raises:
            InputError: nobody is named.
            RefusedError: the key is another agency's, or was revoked.
        """
        key = fingerprint(public)
        if not by.strip():
            raise InputError("nobody is named", where="--by", do="name the person who compared the fingerprint")
        raw = base64.b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
        with self._writing() as session:
            row = session.get(AgencyKeyRow, key)
            if row is None:
                row = AgencyKeyRow(id=key, agency_code=agency, public=raw, registered_by=by.strip(), note=note)
                session.add(row)
                session.flush()
            found = _key(session, row)
        if found.agency != agency:
            raise RefusedError(
                f"the key {key[:16]} is registered for agency {found.agency}", where="registry",
                do="each agency makes a key of its own: hatang request key FILE",
            )  # fmt: skip
        if found.revoked_at:
            raise RefusedError(
                f"the key {key[:16]} was revoked by {found.revoked_by}", where="registry",
                do="the agency makes a new one: hatang request key FILE",
            )  # fmt: skip
        return found

    def revoke(self, key: str, by: str, reason: str) -> AgencyKey:
        """A key counts no longer; what was sealed with it and not handed in yet is refused.

        Args:
            key: its fingerprint, or the beginning of it.

        Raises:
            InputError: nobody is named, or no reason given.
            UnknownNameError: no key, or several, begin so.
        """
        if not by.strip() or not reason.strip():
            raise InputError("a name or a reason is missing", where="--by, --reason", do="say who revokes it, and why")
        with self._writing() as session:
            there = session.scalars(select(AgencyKeyRow.id)).all()
            found = [k for k in there if k.startswith(key)] if key else []
            if len(found) != 1:
                raise unknown("key", key, there)
            if session.get(AgencyKeyRevocationRow, found[0]) is None:
                session.add(AgencyKeyRevocationRow(key_id=found[0], revoked_by=by.strip(), reason=reason.strip()))
                session.flush()
            return _key(session, session.get_one(AgencyKeyRow, found[0]))

    def all(self) -> list[AgencyKey]:
        """Every key, also those that were revoked, by agency and time."""
        with self._reading() as session:
            keys = [_key(session, row) for row in session.scalars(select(AgencyKeyRow))]
        return sorted(keys, key=lambda k: (k.agency, k.created_at, k.id))

    def check(self, sealed: SealedRequest, where: str) -> AgencyKey:
        """The key that sealed it.

        Raises:
            RefusedError: the key is unknown, revoked or another agency's, or the text is not the one that was sealed.
        """
        with self._reading() as session:
            row = session.get(AgencyKeyRow, sealed.key)
            found = _key(session, row) if row else None
            public = base64.b64decode(row.public) if row else b""
        if found is None:
            raise _refused(f"the key {sealed.key[:16]} is not registered", where, "the platform engineers register it, "
                           f"after comparing it: hatang agency key add {sealed.agency} FILE --by NAME")  # fmt: skip
        if found.revoked_at:
            raise _refused(f"the key {sealed.key[:16]} was revoked", where, "seal it with the agency's present key")
        if found.agency != sealed.agency:
            raise _refused(f"the key {sealed.key[:16]} is not of agency {sealed.agency}", where, "seal it with that "
                           "agency's key")  # fmt: skip
        if not sealed.is_by(Ed25519PublicKey.from_public_bytes(public)):
            raise _refused("the seal is broken: the text is not the one that was sealed", where,
                           "get the file from the agency again, on another way")  # fmt: skip
        return found


def _refused(what: str, where: str, do: str) -> RefusedError:
    return RefusedError(what, where=where, do=do)


def _key(session: Session, row: AgencyKeyRow) -> AgencyKey:
    gone = session.get(AgencyKeyRevocationRow, row.id)
    return AgencyKey(
        row.id, row.agency_code, row.registered_by, row.note, row.created_at, gone.revoked_by if gone else "",
        gone.reason if gone else "", gone.created_at if gone else None,
    )  # fmt: skip
