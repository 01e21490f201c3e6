"""Đề nghị: what an agency asks for, as a file. JSON Schema: docs/reference/schemas/request.schema.json."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from hatang.model.agency import Agency
from hatang.model.base import Model
from hatang.model.system import System


class RequestState(StrEnum):
    """Where a request stands."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    ACTIVE = "active"
    REMOVED = "removed"


class RequestFile(Model):
    """A request for a new system; brings its agency in when it is not there yet."""

    kind: Literal["new-system"] = Field(description="What is asked for.")
    requested_by: str = Field(min_length=3, max_length=200, description="Who asks; may not approve the same request.")
    agency: Agency = Field(description="The body that asks.")
    system: System = Field(description="The system that it asks for.")
