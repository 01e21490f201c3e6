"""Inputs of the stack `agency`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hatang.model.agency import Agency


class AgencyConfig(BaseModel):
    """Plain values of one agency."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    agency: Agency = Field(description="The body.")
    ended: bool = Field(False, description="The body is no more: its groups hold no role on its domain.")
    role_ids: dict[str, str] = Field(description="Keystone role ids by name.")
