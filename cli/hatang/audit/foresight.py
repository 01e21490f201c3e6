"""Which commands a file of checks will ask every host for, so that they can be sent before each test's turn.

Only text that stands in the checks themselves is foreseen, never a command put together from what a host said: no host
can bring another one to run anything.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

ASK = "ask"  # the fixture, by this name in each test and helper
# A test with this fixture is skipped on most hosts, and tries things there that take seconds: nothing is sent ahead.
NOT_EVERYWHERE = "own_kernel"
TEST = "test_"
LAST = "LAST"  # a file of checks names by it what comes behind everything else


def in_order(tests: Mapping[ModuleType, Collection[str]]) -> list[str]:
    """What one host is sent ahead: the commands of all these tests, and what waits for others behind them.

    Args:
        tests: names of the functions that will run, by file.
    """
    asked = dict.fromkeys(command for module, names in tests.items() for command in foreseen(module, names))
    last = {command for module in tests for command in _last(module)}
    return sorted(asked, key=lambda command: command in last)


def foreseen(module: ModuleType, tests: Collection[str]) -> list[str]:
    """Commands of all `ask(…)` whose text is constant, in these tests of a file and in what helps them.

    Constant are literals, names in capitals, and f-strings of both. Helpers come first: checks begin by calling them.
    """
    asked = _asked(module)
    return list(dict.fromkeys(text for name, text in asked if name in tests or not name.startswith(TEST)))


def comes_last(module: ModuleType) -> bool:
    """Whether tests of this file wait for commands that are sent behind all others: then the other files go first."""
    return bool(_last(module))


@cache
def _last(module: ModuleType) -> frozenset[str]:
    """Commands that a file, or a helper beside it, wants sent behind all others."""
    return frozenset(command for source in [*_helpers(module), module] for command in getattr(source, LAST, ()))


@cache
def _asked(module: ModuleType) -> list[tuple[str, str]]:
    """Name of a function at the top of the file or of a helper beside it, and a command of it."""
    found = []
    for source in [*_helpers(module), module]:
        for node in ast.parse(inspect.getsource(source)).body:
            name = node.name if isinstance(node, ast.FunctionDef) else ""
            if name.startswith(TEST) and source is not module:
                continue
            if isinstance(node, ast.FunctionDef) and NOT_EVERYWHERE in {a.arg for a in node.args.args}:
                continue
            calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
            for call in sorted(calls, key=lambda n: (n.lineno, n.col_offset)):
                if isinstance(call.func, ast.Name) and call.func.id == ASK and call.args:
                    text = constant(call.args[0], vars(source))
                    found += [] if text is None else [(name, text)]
    return found


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
