#!/usr/bin/env python3
"""docs/reference/schemas/*.json: JSON Schemas of the files that users write, from the models. --check compares."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import json

from pydantic import BaseModel
from scripts.generated import write_or_check

from hatang.model.adoption import AdoptionMap
from hatang.model.interconnect import InterconnectFile
from hatang.model.reorganisation import Reorganisation
from hatang.model.request import RequestFile
from hatang.model.site import Site
from hatang.model.standing_request import StandingRequest

MODELS: dict[str, type[BaseModel]] = {
    "adoption-map": AdoptionMap,
    "request": RequestFile,
    "standing-request": StandingRequest,
    "reorganisation": Reorganisation,
    "interconnect": InterconnectFile,
    "site": Site,
}


def pages() -> dict[str, str]:
    """Each schema as a page."""
    found = {}
    for name, model in MODELS.items():
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
        text = json.dumps(schema, ensure_ascii=False, indent=2)
        found[f"docs/reference/schemas/{name}.schema.json"] = text + "\n"
    return found


if __name__ == "__main__":
    sys.exit(write_or_check(pages()))
