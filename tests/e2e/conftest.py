"""The site that the end-to-end tests share: a running sandbox with its landing applied once."""

from __future__ import annotations

from typing import Any

import pytest
from openstack.connection import Connection

from hatang.sandbox.lifecycle import Sandbox
from tests.e2e.chain import SYSTEM, Hatang, put_on_record, request_file, submit


@pytest.fixture(scope="session")
def hatang(sandbox: Sandbox, cloud: Connection) -> Hatang:
    """The `hatang` command on the run's sandbox; `.cloud` is the cloud as its administrator."""
    command = Hatang(sandbox.state, cloud)
    command("site", "apply")
    return command


@pytest.fixture(scope="session")
def applied(hatang: Hatang, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The shared system, brought up once, with its documents on record; the result of each step."""
    folder = tmp_path_factory.mktemp("request")
    submit(hatang, request_file(folder, SYSTEM, documents=True))
    steps: dict[str, Any] = hatang("system", "apply", SYSTEM, "--output", "json").json()["steps"]
    assert put_on_record(hatang, SYSTEM, folder) >= {"BKP-01", "HST-04", "NET-20"}
    return steps
