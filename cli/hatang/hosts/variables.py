"""Role variables are compared with the roles' argument_specs before a run: each wrong one is named with its remedy.

Ansible would check types and required ones too, host by host and role by role, but lets a misspelt variable pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from hatang.errors import InputError, InputErrors
from hatang.suggestions import did_you_mean

ROLES = Path(__file__).resolve().parents[1] / "roles"
KINDS: dict[str, type | tuple[type, ...]] = {"bool": bool, "int": int, "str": str, "list": list}


@cache
def options(roles: Path = ROLES) -> dict[str, dict[str, Any]]:
    """Every variable of every role, with its specification; the key `role` is added."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(roles.glob("*/meta/argument_specs.yml")):
        for entry in yaml.safe_load(file.read_text())["argument_specs"].values():
            found |= {name: {**spec, "role": file.parts[-3]} for name, spec in (entry["options"] or {}).items()}
    return found


def require_fitting(variables: Mapping[str, Mapping[str, Any]], roles: Path = ROLES) -> None:
    """Refuse variables, by host name, that no role knows, that are missing or of the wrong kind.

    Raises:
        InputErrors: every fault, each with host and variable.
    """
    faults = [f for host, given in variables.items() for f in _faults(host, given, options(roles))]
    if faults:
        raise InputErrors(faults)


def _faults(host: str, given: Mapping[str, Any], known: Mapping[str, dict[str, Any]]) -> list[InputError]:
    found = []
    for name, value in given.items():
        if name not in known:
            do = did_you_mean(name, known, "see roles/*/README.md for what there is", most=1)
            found.append(InputError(f"no role has a variable {name}", where=f"host {host}", do=do))
        elif not _is(value, known[name]["type"]):
            found.append(
                InputError(
                    f"{name} is {value!r}, which is no {known[name]['type']}",
                    where=f"host {host}",
                    do=f"see roles/{known[name]['role']}/README.md",
                )
            )
    for name, spec in known.items():
        if spec.get("required") and name not in given and spec["role"] != "lockout_guard":
            found.append(
                InputError(
                    f"{name} is missing",
                    where=f"host {host}",
                    do=f"see roles/{spec['role']}/README.md, and give it a value",
                )
            )
    return found


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    return isinstance(value, KINDS[kind])
