"""Inputs of the stack `site`: the site's description and what only the cloud knows."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hatang.model.site import Site


class SiteConfig(BaseModel):
    """Plain values of the landing."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    site: Site = Field(description="The site's description.")
    image_file: str = Field(description="Absolute path of the image file.")
    role_ids: dict[str, str] = Field(description="Keystone role ids by name.")
