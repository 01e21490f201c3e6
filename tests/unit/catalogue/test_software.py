"""What a site's list of software allows."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from hatang.catalogue.software import allowed
from hatang.errors import InputError
from hatang.inputs import load_site
from hatang.model.site import Site
from hatang.model.software import Software

EXAMPLE = Path(__file__).resolve().parents[3] / "inventories" / "example" / "site.yaml"


def site(cache: Path, *more: Software) -> Site:
    """The example site, whose image lies in this cache, with further entries."""
    found = load_site(EXAMPLE, cache)
    return found.model_copy(update={"software": (*found.software, *more)})


def entry(**parts: object) -> Software:
    """An entry that consists of these parts."""
    said = dict.fromkeys(("name", "purpose", "scope", "owner", "licence", "version", "part", "responsible"), "ví dụ")
    return Software.model_validate({**said, "support_until": date(2028, 6, 30), **parts})


def test_packages_of_the_image_are_allowed_with_those_that_are_named(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "host-image-software.json").write_text(json.dumps({"bash": "5.2", "sudo": "1.9"}))
    more = entry(packages=["postgresql-15", "bash"], programs=["/opt/cong-cu/*"])
    assert allowed(site(tmp_path, more)) == ["/opt/cong-cu/*", "bash", "postgresql-15", "sudo"]


def test_an_image_that_is_not_built_adds_nothing(tmp_path: Path) -> None:
    assert allowed(site(tmp_path)) == []


@pytest.mark.parametrize("text", ["[1]", "{", '"bash"'])
def test_a_list_of_packages_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "host-image-software.json").write_text(text)
    with pytest.raises(InputError, match="the packages of Debian GNU/Linux are not a JSON object"):
        allowed(site(tmp_path))
