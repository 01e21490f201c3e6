"""The report as one JSON document (docs/reference/check-report.md); keys and states are never translated."""

from __future__ import annotations

import json

from hatang.audit.reports import Format
from hatang.audit.results import SCHEMA, CheckRun


def render(run: CheckRun) -> str:
    """The document."""
    return json.dumps({"schema": SCHEMA, **run.as_dict()}, ensure_ascii=False, indent=1) + "\n"


FORMAT = Format("json", "report.json", 2, render)
