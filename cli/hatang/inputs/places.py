"""Faults that the registry finds in a request file: it names the field, the file knows the line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hatang.errors import InputError, InputErrors
from hatang.inputs.yaml_lines import Document, Key, read


@contextmanager
def faults_in(file: Path) -> Iterator[None]:
    """Faults raised inside the block whose place is a field of this file get file and line.

    Raises:
        InputError, InputErrors: those faults.
    """
    try:
        yield
    except InputErrors as exc:
        document = read(file)
        raise InputErrors([_placed(e, document) for e in exc.errors]) from exc
    except InputError as exc:
        raise _placed(exc, read(file)) from exc


def _placed(fault: InputError, document: Document) -> InputError:
    key = _key(re.findall(r"[^.\[\]]+", fault.where), document)
    if key[:1] not in document.lines:
        return fault
    return type(fault)(fault.what, where=document.where(key), do=fault.do)


def _key(parts: list[str], document: Document) -> Key:
    """Numbers and, in a list of things with names, names as the places of those things."""
    found: Key = ()
    here: Any = document.data
    for part in parts:
        place: str | int = int(part) if part.isdecimal() else part
        if isinstance(here, list):
            names = [x.get("name") if isinstance(x, dict) else x for x in here]
            place = names.index(part) if part in names else place
            here = here[place] if isinstance(place, int) and place < len(here) else None
        else:
            here = here.get(part) if isinstance(here, dict) else None
        found += (place,)
    return found
