"""What a backup says of itself: from which hatang and when, which files, and what is not in it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

NAME = "manifest.json"
Absent = Literal["registry", "workflow", "engine", "passphrase", "results"]


def _inside(path: str) -> str:
    """A path that stays inside the folder that it is put into."""
    if not path or "\0" in path or any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError("it leads out of the state folder")
    return path


Path_ = Annotated[str, AfterValidator(_inside)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kept(_Part):
    """One file."""

    path: Path_ = Field(description="Below the state folder.")
    size: int = Field(ge=0, description="Bytes.")
    mode: int = Field(ge=0, le=0o777)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Folder(_Part):
    """One folder."""

    path: Path_
    mode: int = Field(ge=0, le=0o777)


class Named(_Part):
    """A file or folder that a setting names."""

    setting: str
    was: str = Field(description="Where it lay.")
    path: Path_ = Field(description="Where it is below a restored state folder.")


class Manifest(_Part):
    """The whole."""

    format: Literal["hatang.state-backup/1"] = "hatang.state-backup/1"
    hatang: str = Field(description="Version of the hatang that made it.")
    made_at: datetime
    state_dir: str
    schema_revision: str = Field(description="Of the registry; empty: there was none.")
    absent: tuple[Absent, ...] = Field(description="What belongs to this site and is not in it.")
    named: tuple[Named, ...] = ()
    folders: tuple[Folder, ...] = ()
    files: tuple[Kept, ...]

    def parts(self) -> dict[str, tuple[int, int]]:
        """Number of files and bytes of each thing at the top of the state folder."""
        found: dict[str, tuple[int, int]] = {}
        for file in self.files:
            top, slash, _rest = file.path.partition("/")
            number, size = found.get(top + slash, (0, 0))
            found[top + slash] = (number + 1, size + file.size)
        return dict(sorted(found.items()))
