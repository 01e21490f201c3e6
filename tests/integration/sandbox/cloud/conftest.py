"""A further cloud without hosts, for tests that flood, kill or reset it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hatang import settings
from hatang.sandbox.cloud import Cloud, Settings, environment, golden


@pytest.fixture(scope="package")
def spare_settings(tmp_path_factory: pytest.TempPathFactory, sandbox_port: int) -> Settings:
    """Settings of the further cloud."""
    venv = environment.folder(settings.load().cache)
    return Settings(
        tmp_path_factory.mktemp("spare") / "cloud", venv, base_port=sandbox_port + 20, admin_password="spare"
    )


@pytest.fixture(scope="package")
def spare(spare_settings: Settings) -> Iterator[Cloud]:
    """The further cloud, restored from the golden state and ready."""
    cache = settings.load().cache
    environment.create_venv(spare_settings.venv)
    cloud = Cloud.restore(golden.ensure(cache, base_port=spare_settings.base_port), spare_settings)
    with cloud:
        yield cloud
    cloud.wipe()
