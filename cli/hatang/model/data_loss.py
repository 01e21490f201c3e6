"""What a request says about data that it destroys: that they lie elsewhere, or that nobody wants them kept."""

from __future__ import annotations

from datetime import date

from pydantic import Field, model_validator

from hatang.model.base import Misfit, Model, Slug


class BackupProof(Model):
    """What shows that data to be removed lie elsewhere. hatang keeps the digest, not the document."""

    document_sha256: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the document: minutes of a restored copy, a receipt."
    )
    day: date = Field(description="Day of the copy.")
    place: str = Field(min_length=3, max_length=200, description="Where the copy lies and who keeps it.")


class BackupRefusal(Model):
    """That nobody wants the data to be kept, said by name."""

    by: str = Field(min_length=3, max_length=200, description="Who answers for it, on the side of the owner.")
    reason: str = Field(min_length=3, max_length=2000, description="Why no copy is needed.")


class DataLoss(Model):
    """Data volumes that go with a change, each said by name."""

    hosts: tuple[Slug, ...] = Field(
        max_length=64, description="Hosts whose data volumes are deleted, as they were called.",
        json_schema_extra={"minItems": 1},
    )  # fmt: skip
    backup: BackupProof | None = Field(None, description="Proof that the data lie elsewhere.")
    no_backup: BackupRefusal | None = Field(None, description="Instead of `backup`: that none is wanted.")

    @model_validator(mode="after")
    def _says_what_becomes_of_the_data(self) -> DataLoss:
        if not self.hosts:
            raise Misfit("no host is named", "hosts")
        if (self.backup is None) == (self.no_backup is None):
            raise Misfit("data that go take either backup or no_backup", "backup" if self.backup else "hosts")
        return self
