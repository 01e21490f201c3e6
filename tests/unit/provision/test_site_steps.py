"""Before the landing is touched: is the image there?"""

from __future__ import annotations

from pathlib import Path

import pytest

from hatang.errors import InputError
from hatang.inputs import load_site
from hatang.model.site import Site
from hatang.provision.site_steps import require_image
from hatang.provision.state import StateFile

SITE = Path(__file__).resolve().parents[3] / "inventories" / "example" / "site.yaml"
SENT = {
    "urn": "urn:pulumi:vi-du::hatang-site::openstack:images/image:Image::image",
    "custom": True, "id": "1", "type": "openstack:images/image:Image", "created": "2026-11-27T00:00:00Z",
}  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """The example site; the cache, where its image would be, is empty."""
    return load_site(SITE, tmp_path / "cache")


@pytest.fixture
def state(tmp_path: Path) -> StateFile:
    """State of a landing that was never made."""
    return StateFile(tmp_path / "vi-du.json")


def test_a_missing_image_is_named_before_anything_is_made(site: Site, state: StateFile) -> None:
    with pytest.raises(InputError, match="image debian-12") as raised:
        require_image(site, state)
    assert str(site.image.file) in raised.value.where
    assert not state.exists()


def test_a_file_that_is_there_may_be_sent(site: Site, state: StateFile) -> None:
    site.image.file.parent.mkdir(parents=True)
    site.image.file.write_text("{}")
    require_image(site, state)


def test_once_glance_has_it_the_file_may_go(site: Site, state: StateFile) -> None:
    state.create("organization/hatang-site/vi-du", [SENT])
    require_image(site, state)
