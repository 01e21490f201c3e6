"""A journal as a file: one entry per line, to be verified on another machine."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from hatang import digests, private
from hatang.errors import InputError

LONGEST = 1 << 20  # characters of a line


def save(rows: Iterable[tuple[int, str]], file: Path) -> None:
    """Write all entries. Raises InputError."""
    text = "".join(json.dumps({"number": n, "envelope": json.loads(e)}) + "\n" for n, e in rows)
    try:
        private.replace(file, text)
    except OSError as exc:
        raise InputError(
            f"the journal cannot be written: {exc.strerror}", where=str(file),
            do="name a file in a folder that is there",
        ) from exc  # fmt: skip


def digest(file: Path) -> str:
    """SHA-256 of a file, to be looked for in entries. Raises InputError."""
    try:
        return digests.of_file(file)
    except OSError as exc:
        raise InputError(f"no file: {exc.strerror}", where=str(file), do="name a file that is there") from exc


def load(file: Path) -> list[tuple[int, str]]:
    """Number and envelope of each line, as they stand. Raises InputError: it is no journal at all."""
    rows = []
    try:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if len(line) > LONGEST:
                raise InputError("the line is too long", where=f"{file}:{number}", do="export the journal again")
            content = json.loads(line)
            rows.append((int(content["number"]), json.dumps(content["envelope"])))
    except OSError as exc:
        raise InputError(f"no journal: {exc.strerror}", where=str(file), do="name a file that is there") from exc
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise InputError(
            f"no line of a journal: {str(exc).splitlines()[0]}", where=f"{file}:{len(rows) + 1}",
            do="name a file that `hatang journal export` wrote",
        ) from exc  # fmt: skip
    return rows
