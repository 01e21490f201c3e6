"""Where a check looks, told by the name of its file."""

from __future__ import annotations

from hatang.model.control import VerifiedBy

CLOUD_PREFIX = "test_cloud_"
REGISTRY_PREFIX = "test_registry_"
OF_SYSTEMS = (CLOUD_PREFIX, REGISTRY_PREFIX)  # files of checks that run once for each system; the others run on hosts
WAYS = {CLOUD_PREFIX: VerifiedBy.CLOUD, REGISTRY_PREFIX: VerifiedBy.REGISTRY}


def way_of(check: str) -> VerifiedBy:
    """The way of verifying that a check, file::function, is."""
    return next((way for beginning, way in WAYS.items() if check.startswith(beginning)), VerifiedBy.HOST)
