"""Sealed request files: only what a registered key of that agency sealed is taken in, byte by byte."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from hatang.inputs.seals import is_sealed, read_sealed
from hatang.model.seal import seal, signed
from hatang.registry import Registry
from tests.unit.commands.invoked import invoked

EXAMPLE = Path(__file__).resolve().parents[3] / "inventories" / "example"
FILE = EXAMPLE / "requests" / "one-stop.yaml"


class Desk:
    """Commands of the data centre and of an agency, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key, self.sealed = folder / "a.key", folder / "sealed.yaml"

    def __call__(self, *words: str | Path, code: int = 0) -> str:
        site = EXAMPLE / "site.yaml"
        return invoked("--state", self.folder, "--site", site, "--lang", "en", *words, code=code)

    def prepared(self, request: Path = FILE) -> dict[str, Any]:
        """A registered key, and a file sealed with it."""
        self("request", "key", self.key)
        self("agency", "key", "add", "H99.05", f"{self.key}.pub", "--by", "nguoi-doi-chieu")
        self("request", "seal", request, "--key", self.key, "--to", self.sealed)
        found: dict[str, Any] = yaml.safe_load(self.sealed.read_text())
        return found

    def altered(self, content: dict[str, Any]) -> Path:
        file = self.folder / "altered.yaml"
        file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
        return file

    @property
    def requests(self) -> list[str]:
        return [r.system for r in Registry.open(f"sqlite:///{self.folder}/registry.db").requests()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_what_was_sealed_is_taken_in_once(desk: Desk) -> None:
    desk.prepared()
    assert desk.key.stat().st_mode & 0o777 == 0o600
    desk("request", "validate", desk.sealed)
    first = json.loads(desk("request", "submit", desk.sealed, "--output", "json"))["request"]
    again = json.loads(desk("request", "submit", desk.sealed, "--output", "json"))["request"]
    assert (first["id"], first["agency"]) == (again["id"], "H99.05")
    assert desk.requests == ["mot-cua"]


def test_a_new_agency_seals_its_first_request_before_it_is_known(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "first.yaml"
    file.write_text(FILE.read_text().replace("kind: new-system", "kind: new-agency"))
    desk.prepared(file)
    made = json.loads(desk("request", "submit", desk.sealed, "--output", "json"))["request"]
    assert (made["kind"], made["agency"], made["state"]) == ("new-agency", "H99.05", "submitted")
    file.write_text(file.read_text().replace("name: mot-cua", "name: van-thu"))
    desk("request", "seal", file, "--key", desk.key, "--to", tmp_path / "second.yaml")
    assert "is there already" in desk("request", "submit", tmp_path / "second.yaml", code=2)
    assert desk.requests == ["mot-cua"]


def test_whatever_is_altered_is_refused_and_nothing_recorded(desk: Desk) -> None:
    content = desk.prepared()
    raw = bytearray(base64.b64decode(content["signature"]))
    raw[5] ^= 1
    text = content["request"]
    for change, code in (
        ({"request": text.replace("volume_gib: 20", "volume_gib: 200")}, 3),
        ({"request": text + "\n"}, 3),
        ({"request": text.replace("requested_by: nguoi-de-nghi.ubnd.vi-du", "requested_by: nguoi-khac")}, 3),
        ({"signature": base64.b64encode(raw).decode()}, 3),
        ({"signature": "A" * 88}, 3),
        ({"agency": "H99.07"}, 3),
        ({"agency": "H99.07", "request": text.replace("H99.05", "H99.07")}, 3),
        ({"key": "0" * 64}, 3),
        ({"more": "x"}, 2),
        ({"signature": ""}, 2),
    ):
        desk("request", "submit", desk.altered({**content, **change}), code=code)
    assert desk.requests == []


def test_a_key_that_nobody_registered_or_that_was_revoked_is_refused(desk: Desk, tmp_path: Path) -> None:
    content = desk.prepared()
    other = tmp_path / "b.key"
    desk("request", "key", other)
    desk("request", "seal", FILE, "--key", other, "--to", tmp_path / "b.yaml")
    assert "is not registered" in desk("request", "submit", tmp_path / "b.yaml", code=3)
    desk("agency", "key", "add", "H99.07", f"{other}.pub", "--by", "nguoi-doi-chieu")
    assert "is not of agency H99.05" in desk("request", "submit", tmp_path / "b.yaml", code=3)
    desk("agency", "key", "add", "H99.05", f"{other}.pub", "--by", "nguoi-doi-chieu", code=3)
    desk("agency", "key", "revoke", content["key"][:16], "--by", "nguoi-thu-hoi", "--reason", "mất máy")
    assert "was revoked" in desk("request", "submit", desk.sealed, code=3)
    desk("agency", "key", "add", "H99.05", f"{desk.key}.pub", "--by", "nguoi-doi-chieu", code=3)
    keys = json.loads(desk("agency", "key", "list", "--output", "json"))["keys"]
    assert {k["agency"]: bool(k["revoked_by"]) for k in keys} == {"H99.05": True, "H99.07": False}
    assert desk.requests == []


def test_keys_and_files_that_cannot_be_used(desk: Desk, tmp_path: Path) -> None:
    desk("request", "key", desk.key)
    desk("request", "key", desk.key, code=2)  # never overwritten
    desk("agency", "key", "add", "H99.05", desk.key, "--by", "x", code=2)  # the private one is not for sending
    desk("agency", "key", "add", "nonsense", f"{desk.key}.pub", "--by", "x", code=2)
    desk("request", "seal", FILE, "--key", f"{desk.key}.pub", "--to", desk.sealed, code=2)
    desk.key.chmod(0o644)
    assert "chmod 600" in desk("request", "seal", FILE, "--key", desk.key, "--to", desk.sealed, code=2)
    desk.key.chmod(0o600)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(FILE.read_text().replace("zone: dmz", "zone: nowhere"))
    desk("request", "seal", wrong, "--key", desk.key, "--to", desk.sealed, code=2)
    assert not desk.sealed.exists()
    desk("agency", "key", "revoke", "", "--by", "x", "--reason", "y", code=2)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1))
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    key = Ed25519PrivateKey.generate()
    made = seal("H99.05", text, key)
    written = yaml.safe_dump(made.model_dump(), allow_unicode=True, sort_keys=False, width=10_000).encode()
    assert is_sealed(written)
    assert read_sealed(written, "x") == made
    assert made.is_by(key.public_key())
    assert not made.is_by(Ed25519PrivateKey.generate().public_key())


def test_no_two_pairs_give_the_same_bytes() -> None:
    assert signed("H99.05", "1:x") != signed("H99.051:", "x")
