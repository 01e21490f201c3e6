"""Faults that the registry finds in a request file: it names the field, the file knows the line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


def _placed(fault: InputError, document: Document) -> InputError:
    key: Key = tuple(int(p) if p.isdecimal() else p for p in fault.where.split("."))
    if key[:1] not in document.lines:
        return fault
    return type(fault)(fault.what, where=document.where(key), do=fault.do)
