"""The allowed packages and programs of a site, put together from its list of software (CFG-10, CFG-11)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hatang.errors import InputError

if TYPE_CHECKING:
    from hatang.model.site import Site


def allowed(site: Site) -> list[str]:
    """Names of packages, and paths of programs, sorted. An image that is not built here yet adds nothing.

    Raises:
        InputError: a file of packages is no JSON object.
    """
    found: set[str] = set()
    for entry in site.software:
        found |= {*entry.packages, *entry.programs}
        file = entry.packages_from
        if file is None or not file.is_file():
            continue
        try:
            packages = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            packages = None
        if not isinstance(packages, dict):
            raise InputError(
                f"the packages of {entry.name} are not a JSON object", where=str(file),
                do="write an object with the names of packages as keys, e.g. {\"bash\": \"5.2\"}",
            )  # fmt: skip
        found |= set(packages)
    return sorted(found)
