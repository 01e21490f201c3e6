"""One small site of five hosts for all tests of this folder."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from hatang.sandbox.hosts import control
from hatang.sandbox.lifecycle import Sandbox

from .place import Place

if TYPE_CHECKING:
    from openstack.connection import Connection


@pytest.fixture(scope="package")
def place(sandbox: Sandbox, cloud: Connection) -> Iterator[Place]:
    """The site, up; removed afterwards, and every host with it."""
    if reason := control.why_not():
        pytest.skip(f"no hosts here: {reason}")
    made = Place(cloud, sandbox, secrets.token_hex(3))
    try:
        made.build()
        yield made
    finally:
        made.remove()
