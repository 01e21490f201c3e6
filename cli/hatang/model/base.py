"""What all models share: closed, frozen, and texts in two languages."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=31)]


class Misfit(ValueError):
    """A rule over several fields is broken; `path` leads from the checked model to the field to correct."""

    def __init__(self, text: str, *path: str | int) -> None:
        super().__init__(text)
        self.path = path


class Model(BaseModel):
    """Base of all models: unknown keys are refused, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Model):
    """A text in Vietnamese and English."""

    vi: str = Field(min_length=1, description="Vietnamese text.")
    en: str = Field(min_length=1, description="English text.")

    def in_(self, lang: str) -> str:
        """The text in `lang` (vi or en)."""
        return self.vi if lang == "vi" else self.en
