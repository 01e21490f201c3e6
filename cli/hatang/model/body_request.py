"""What requests have in common that name the body which asks by its code, and describe no system anew."""

from __future__ import annotations

from pydantic import field_validator

from hatang.model.agency_code import normalise
from hatang.model.base import Model
from hatang.model.lifecycle import RequestKind


class BodyRequest(Model):
    """Base of such request files; each says anew what its fields are.

    Their order counts: a request's id is the digest of its fields in this order.
    """

    kind: str
    requested_by: str
    agency: str

    @field_validator("agency")
    @classmethod
    def _new_form(cls, value: str) -> str:
        return normalise(value)

    @property
    def asked(self) -> RequestKind:
        """The kind, as the table of states knows it."""
        return RequestKind(self.kind)

    @property
    def system_name(self) -> str:
        """The system that it is about; empty: no single one."""
        return ""

    @property
    def agency_code(self) -> str:
        """The body that asks."""
        return self.agency
