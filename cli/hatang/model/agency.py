"""Cơ quan: a body with an electronic identity code, a branch and a tier."""

from __future__ import annotations

from pydantic import Field, field_validator

from hatang.model.agency_code import normalise, slug
from hatang.model.base import Model, Text
from hatang.model.terms import Branch, Tier


class QuotaCeiling(Model):
    """What all systems of an agency may take together."""

    vcpus: int = Field(64, ge=1, le=100_000, description="Virtual CPUs.")
    ram_gib: int = Field(128, ge=1, le=1_000_000, description="Memory, GiB.")
    disk_gib: int = Field(2_000, ge=1, le=10_000_000, description="Block storage, GiB.")
    hosts: int = Field(32, ge=1, le=10_000, description="Servers.")


class Agency(Model):
    """One body. It becomes one Keystone domain."""

    code: str = Field(description="Electronic identity code, e.g. H17.01; the old form 000.00.01.H17 is turned round.")
    name: Text = Field(description="Official name.")
    branch: Branch = Field(description="party, council or committee.")
    tier: Tier = Field(description="province or commune.")
    contact: str = Field(min_length=3, description="Office and telephone or mail of the person to ask.")
    ceiling: QuotaCeiling = Field(
        default_factory=lambda: QuotaCeiling(),
        description="Quota ceiling of the agency; what a request states of it holds once the request is approved.",
    )

    @field_validator("code")
    @classmethod
    def _new_form(cls, value: str) -> str:
        return normalise(value)

    @property
    def slug(self) -> str:
        """The code as it stands in names of cloud objects and files: `h17-01`."""
        return slug(self.code)
