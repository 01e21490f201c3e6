"""YAML as version 1.2 has it: only true and false are truth values, so that `on` and `no` are words."""

from __future__ import annotations

import re
from typing import Any

import yaml

BOOL = "tag:yaml.org,2002:bool"


class Loader(yaml.CSafeLoader):
    """PyYAML's safe loader, without the further truth values of YAML 1.1 (yes, no, on, off)."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != BOOL]
    for first, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def load(text: str) -> Any:
    """What the text says. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=Loader)  # noqa: S506 (a safe loader)
