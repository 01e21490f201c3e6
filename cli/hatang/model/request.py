"""Đề nghị: what an agency asks for, as a file. JSON Schema: docs/reference/schemas/request.schema.json."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from hatang.model.agency import Agency
from hatang.model.base import Misfit, Model
from hatang.model.data_loss import DataLoss
from hatang.model.lifecycle import RequestKind
from hatang.model.system import System


class RequestFile(Model):
    """A request for a new system, alone or with the agency that comes with it, or for a change.

    A new-system request brings in an agency that is not known too; a new-agency request is for one that is new alone. A
    change states all as it shall be.
    """

    kind: Literal["new-agency", "new-system", "change"] = Field(description="What is asked for.")
    requested_by: str = Field(min_length=3, max_length=200, description="Who asks; may not approve the same request.")
    agency: Agency = Field(description="The body that asks.")
    system: System = Field(description="The system that it asks for; of a change: as it shall be.")
    data_loss: DataLoss | None = Field(
        None, description="change: the data volumes that go with it, and what shows that their data are not missed."
    )

    @model_validator(mode="after")
    def _what_only_a_change_has(self) -> RequestFile:
        if self.kind != "change" and self.data_loss is not None:
            raise Misfit("data_loss belongs to requests of kind change", "data_loss")
        if self.kind != "change" and self.system.kept_volumes:
            raise Misfit("a system that is new has no volumes of hosts that were removed", "system", "kept_volumes")
        return self

    @property
    def system_name(self) -> str:
        """The system that it is about."""
        return self.system.name

    @property
    def agency_code(self) -> str:
        """The body that asks."""
        return self.agency.code

    @property
    def asked(self) -> RequestKind:
        """The kind, as the table of states knows it."""
        return RequestKind(self.kind)
