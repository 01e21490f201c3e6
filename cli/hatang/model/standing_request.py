"""Đề nghị about a system as it stands. JSON Schema: docs/reference/schemas/standing-request.schema.json."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from hatang.model.base import Misfit, Slug
from hatang.model.body_request import BodyRequest
from hatang.model.data_loss import BackupProof, BackupRefusal


class StandingRequest(BodyRequest):
    """A request that names a system and says what shall become of it; it describes nothing anew."""

    kind: Literal["suspend", "resume", "remove"] = Field(description="What is asked for.")
    requested_by: str = Field(min_length=3, max_length=200, description="Who asks; may not approve the same request.")
    agency: str = Field(description="Identity code of the body whose system it is, e.g. H17.01.")
    system: Slug = Field(description="Name of the system.")
    reason: str = Field(min_length=3, max_length=2000, description="Why; those who decide read it.")
    backup: BackupProof | None = Field(None, description="remove: proof that the data lie elsewhere.")
    no_backup: BackupRefusal | None = Field(None, description="remove, instead of `backup`: that none is wanted.")

    @model_validator(mode="after")
    def _says_what_becomes_of_the_data(self) -> StandingRequest:
        given = [f for f in ("backup", "no_backup") if getattr(self, f) is not None]
        if self.kind != "remove" and given:
            raise Misfit(f"{given[0]} belongs to requests of kind remove", given[0])
        if self.kind == "remove" and len(given) != 1:
            raise Misfit("a removal states either backup or no_backup", given[0] if given else "kind")
        return self

    @property
    def system_name(self) -> str:
        """The system that it is about."""
        return self.system
