#!/usr/bin/env python3
"""docs/reference/openapi.json: the endpoints of `hatang serve`, from the application itself. --check compares."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.generated import write_or_check

from hatang.serve.app import bare

if __name__ == "__main__":
    text = json.dumps(bare().openapi(), ensure_ascii=False, indent=1, sort_keys=True)
    sys.exit(write_or_check({"docs/reference/openapi.json": text + "\n"}))
