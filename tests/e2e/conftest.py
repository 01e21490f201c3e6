"""The site that the end-to-end tests share: a running sandbox with its landing applied once."""

from __future__ import annotations

import pytest
from openstack.connection import Connection

from hatang.sandbox.lifecycle import Sandbox
from tests.e2e.chain import Hatang


@pytest.fixture(scope="session")
def hatang(sandbox: Sandbox, cloud: Connection) -> Hatang:
    """The `hatang` command on the run's sandbox; `.cloud` is the cloud as its administrator."""
    command = Hatang(sandbox.state, cloud)
    command("site", "apply")
    return command
