"""Files of hatang's own state: nobody else reads them, and a kill leaves the old one or the new one, never a half."""

from __future__ import annotations

from pathlib import Path


def replace(file: Path, text: str) -> None:
    """Write `file` anew, mode 0600 from its first byte. Its folder is there. Raises OSError."""
    new = file.with_name(file.name + ".new")
    new.touch(mode=0o600)
    new.chmod(0o600)  # a run that was killed may have left it
    new.write_text(text, encoding="utf-8")
    new.replace(file)
