"""A pytest plugin: hosts over links of hatang's own, and one JSON line for each test.

A line is written at once, so that a killed run leaves what it found.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import testinfra.backend

if TYPE_CHECKING:
    from types import ModuleType

    from hatang.audit.backend import HatangBackend

ASSERTION = "AssertionError"
LOGINS_AT_ONCE = 8  # sshd, also a bastion's, turns some away when ten have not said yet who they are (MaxStartups)
_file: Path | None = None
_backends: dict[str, HatangBackend] = {}

testinfra.backend.BACKENDS["hatang"] = "hatang.audit.backend.HatangBackend"


class Hooks:
    """What checks may say to this plugin."""

    @pytest.hookspec(firstresult=True)
    def pytest_hatang_asks(self, item: pytest.Item, host: Any) -> bool | None:
        """Whether a test will ask this host anything; False: it is skipped there, so nothing is sent ahead for it."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make them known."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where to write."""
    parser.addoption("--result-lines", type=Path, help="file that gets one JSON line for each test")


def pytest_configure(config: pytest.Config) -> None:
    """Remember the file."""
    global _file
    _file = config.getoption("--result-lines")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait for what is sent behind all else go last; the order stays otherwise."""
    from hatang.audit.foresight import comes_last

    modules = {i.module for i in items if isinstance(i, pytest.Function)}
    late = {module for module in modules if comes_last(module)}
    items.sort(key=lambda item: getattr(item, "module", None) in late)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Log in to all hosts, and send them what the chosen tests will ask for."""
    if session.config.option.collectonly:
        return
    tests: dict[str, dict[ModuleType, set[str]]] = {}  # by host, those that will ask it something
    for item in session.items:
        host = getattr(getattr(item, "callspec", None), "params", {}).get("_testinfra_host")
        if host is None or host.backend.NAME != "hatang" or not isinstance(item, pytest.Function):
            continue
        name = host.backend.get_pytest_id()
        _backends[name] = host.backend
        if session.config.hook.pytest_hatang_asks(item=item, host=host) is not False:
            tests.setdefault(name, {}).setdefault(item.module, set()).add(item.function.__name__)
    if _backends:
        from hatang.audit.foresight import in_order

        pool = ThreadPoolExecutor(LOGINS_AT_ONCE)
        for name, backend in _backends.items():
            backend.start(pool, in_order(tests.get(name, {})))
        pool.shutdown(wait=False)


def pytest_sessionfinish() -> None:
    """Say which hosts could not be reached at all, and leave the others."""
    for backend in _backends.values():
        if cause := backend.away():
            _write({"away": backend.host.name, "detail": cause})
    if _backends:
        with ThreadPoolExecutor(len(_backends)) as pool:
            list(pool.map(lambda b: b.close(), _backends.values()))
    _backends.clear()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Called after set-up, call and tear-down of each test."""
    if report.when != "call" and report.passed:
        return
    properties = dict(report.user_properties)
    _write({
        "control": properties.get("control", ""),
        "scope": properties.get("scope", ""),
        "check": report.nodeid.split("[")[0].rsplit("/", 1)[-1],
        "outcome": _outcome(report),
        "detail": _detail(report) or properties.get("said", ""),
        "seconds": round(report.duration, 3),
    })  # fmt: skip


def _write(line: dict[str, Any]) -> None:
    if _file is not None:
        with _file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def _outcome(report: pytest.TestReport) -> str:
    """passed, failed (the host is not as demanded), skipped, or broken (the check could not tell)."""
    if report.outcome != "failed":
        return report.outcome
    return "failed" if report.when == "call" and _message(report).startswith(ASSERTION) else "broken"


def _message(report: pytest.TestReport) -> str:
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longrepr or "")


def _detail(report: pytest.TestReport) -> str:
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    message = _message(report).removeprefix(f"{ASSERTION}: ").removeprefix(ASSERTION).strip()
    return " ".join(message.splitlines()[:3])[:500]
