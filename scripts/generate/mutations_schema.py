#!/usr/bin/env python3
"""policies/mutations/mutations.schema.json: JSON Schema of a file of mutations, from the model. --check compares."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import json

from scripts.generated import write_or_check

from hatang.model.mutation import Mutations


def page() -> str:
    """The schema as text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Mutations.model_json_schema()}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(write_or_check({"policies/mutations/mutations.schema.json": page()}))
