"""A mapping file of an adoption: what stands on the cloud under names that hatang would not have given."""

from __future__ import annotations

from pydantic import Field

from hatang.model.base import Model, Slug
from hatang.model.terms import ZoneKind


class AdoptionMap(Model):
    """Which object of the cloud is what. Only what its name does not tell needs to stand here."""

    domain: str = Field("", description="Name or id of the agency's domain, where it is not called as its code.")
    router: str = Field("", description="Name or id of the router of the system.")
    zones: dict[ZoneKind, str] = Field(default_factory=dict, description="Name or id of the network of a zone.")
    groups: dict[ZoneKind, str] = Field(
        default_factory=dict, description="Name or id of the security group of a zone's servers."
    )
    hosts: dict[Slug, str] = Field(
        default_factory=dict, description="Name, id, fixed address or MAC address of the server of a host."
    )
    volumes: dict[Slug, str] = Field(default_factory=dict, description="Name or id of the data volume of a host.")
