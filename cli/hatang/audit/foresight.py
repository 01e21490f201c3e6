"""Which commands a file of checks will ask every host for, so that they can be sent before each test's turn.

Only text that stands in the checks themselves is foreseen, never a command put together from what a host said: no host
can bring another one to run anything.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

ASK = "ask"  # the fixture, by this name in each test and helper
# A test with this fixture is skipped on most hosts, and tries things there that take seconds: nothing is sent ahead.
NOT_EVERYWHERE = "own_kernel"


def foreseen(module: ModuleType) -> list[str]:
    """Commands of all `ask(…)` whose text is constant, in a file of checks and in the helpers beside it.

    Constant are literals, names in capitals, and f-strings of both. Helpers come first: checks begin by calling them.
    """
    found: dict[str, None] = {}
    for source in [*_helpers(module), module]:
        calls = [n for n in _everywhere(ast.parse(inspect.getsource(source))) if isinstance(n, ast.Call)]
        for call in sorted(calls, key=lambda n: (n.lineno, n.col_offset)):
            if isinstance(call.func, ast.Name) and call.func.id == ASK and call.args:
                text = constant(call.args[0], vars(source))
                found |= {} if text is None else {text: None}
    return list(found)


def _everywhere(tree: ast.Module) -> Iterator[ast.AST]:
    """All nodes but those of tests that most hosts skip."""
    for node in tree.body:
        arguments = {a.arg for a in node.args.args} if isinstance(node, ast.FunctionDef) else set()
        if NOT_EVERYWHERE not in arguments:
            yield from ast.walk(node)


def _helpers(module: ModuleType) -> list[ModuleType]:
    """Modules in the same folder that functions of this one come from."""
    names = {f.__module__ for f in vars(module).values() if inspect.isfunction(f)} - {module.__name__}
    folder = Path(module.__file__ or "").resolve().parent
    helpers = [sys.modules[n] for n in sorted(names)]
    return [h for h in helpers if h.__file__ and Path(h.__file__).resolve().parent == folder]


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
