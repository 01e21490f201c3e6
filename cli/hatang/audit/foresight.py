"""Which commands a file of checks will ask every host for, so that they can be sent before each test's turn.

Only text that stands in the checks themselves is foreseen, never a command put together from what a host said: no host
can bring another one to run anything.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Any

ASK = "ask"  # the fixture, by this name in each test and helper


def foreseen(module: ModuleType) -> list[str]:
    """Commands of all `ask(…)` whose text is constant: literals and constants in capitals, in the order they stand."""
    found = []
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == ASK and node.args:
            text = constant(node.args[0], vars(module))
            if text is not None:
                found.append((node.lineno, node.col_offset, text))
    return list(dict.fromkeys(text for _, _, text in sorted(found)))


def constant(node: ast.expr, names: Mapping[str, Any]) -> str | None:
    """The text of an expression that is the same for every host; None for any other."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        known = names.get(node.id)
        return known if node.id.isupper() and isinstance(known, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = [constant(v, names) for v in node.values]
        return None if None in parts else "".join(p for p in parts if p)
    if isinstance(node, ast.FormattedValue) and node.conversion == -1 and node.format_spec is None:
        return constant(node.value, names)
    return None
