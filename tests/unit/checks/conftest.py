"""These tests import modules of policies/checks, whose marker must be known."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "control(id): the control that a check proves")
