"""One host for all tests of this folder; a test that needs an untouched disk asks for `fresh`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hatang.registry import HostRecord
from hatang.sandbox.hosts import control

from .lone import Lone


@pytest.fixture(scope="package")
def lone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lone]:
    """The place, with one host. Skipped, visibly, where real hosts cannot be."""
    if reason := control.why_not():
        pytest.skip(f"no hosts here: {reason}")
    made = Lone(tmp_path_factory.mktemp("lone"))
    try:
        made.add("le-web")
        yield made
    finally:
        made.down()


@pytest.fixture
def host(lone: Lone) -> HostRecord:
    """The host, as earlier tests left it."""
    return lone.hosts[0]


@pytest.fixture
def fresh(lone: Lone) -> HostRecord:
    """The host on an untouched disk."""
    lone.renew(lone.hosts[0])
    return lone.hosts[0]
