"""One real host, hardened to level 4, where every control of the first slice is demanded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hatang.sandbox.hosts import control
from tests.integration.audit.checked import Checked
from tests.integration.hosts.lone import Lone


@pytest.fixture(scope="package")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    """The host, hardened. Skipped, visibly, where real hosts cannot be."""
    if reason := control.why_not():
        pytest.skip(f"no hosts here: {reason}")
    lone = Lone(tmp_path_factory.mktemp("checked"))
    try:
        lone.add("le-web")
        lone.add_store()
        made = Checked(lone)
        made.harden()
        assert made.variables()
        yield made
    finally:
        lone.down()
