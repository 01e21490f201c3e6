"""SHA-256 by which things are known again: files, and data however their fields are ordered."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def of_file(file: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal digits. Raises OSError."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def of_data(data: Any) -> str:
    """SHA-256 of plain data as JSON with sorted keys. Identities in the registry rest on it: it never changes."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
