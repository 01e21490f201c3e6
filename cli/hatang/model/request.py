"""Đề nghị: what an agency asks for, as a file. JSON Schema: docs/reference/schemas/request.schema.json."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hatang.model.agency import Agency
from hatang.model.base import Model
from hatang.model.lifecycle import RequestKind
from hatang.model.system import System


class RequestFile(Model):
    """A request for a new system, which brings its agency in, or for a change: then it states all as it shall be."""

    kind: Literal["new-system", "change"] = Field(description="What is asked for.")
    requested_by: str = Field(min_length=3, max_length=200, description="Who asks; may not approve the same request.")
    agency: Agency = Field(description="The body that asks.")
    system: System = Field(description="The system that it asks for; of a change: as it shall be.")

    @property
    def asked(self) -> RequestKind:
        """The kind, as the table of states knows it."""
        return RequestKind(self.kind)
