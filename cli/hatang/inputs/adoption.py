"""Mapping files of adoptions."""

from __future__ import annotations

from pathlib import Path

from hatang.inputs.messages import validated
from hatang.inputs.yaml_lines import read
from hatang.model.adoption import AdoptionMap


def load_map(path: Path) -> AdoptionMap:
    """A mapping file.

    Raises:
        InputError, InputErrors: what is wrong, with line, field and remedy.
    """
    return validated(AdoptionMap, read(path))
