"""The access log is sealed in the journal part by part; what was changed in a sealed part does not fit its digest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from hatang import settings
from hatang.inputs import load_site
from hatang.journal import dsse
from hatang.registry.journal import JournalRows
from hatang.serve.access import access
from hatang.serve.access_seal import ACT, AccessSeal
from hatang.serve.app import build

from .place import SITE, Issuer, Place


def entries(place: Place) -> list[tuple[dict[str, Any], list[str]]]:
    """Facts and digests of each entry about an access log."""
    told = [json.loads(dsse.parse(e).content) for _n, e in JournalRows(place.registry).all()]
    return [
        (t["predicate"]["facts"], [s["digest"]["sha256"] for s in t["subject"]])
        for t in told if t["predicate"]["act"] == ACT
    ]  # fmt: skip


def fits(file: Path, facts: dict[str, Any], digests: list[str]) -> bool:
    part = file.read_bytes()[facts["from"] : facts["to"]]
    return hashlib.sha256(part).hexdigest() in digests


def test_each_part_has_its_entry_and_a_change_is_seen(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "access.log"
    file.write_text('{"a": 1}\n{"b": 2}\n{"c"')  # the last line is being written
    seal = AccessSeal(settings.load(state_dir=place.state), place.registry, file)
    assert seal.seal()
    assert not seal.seal(), "nothing new"
    with file.open("a") as out:
        out.write(": 3}\n")
    assert AccessSeal(settings.load(state_dir=place.state), place.registry, file).seal(), "after a restart it goes on"
    first, second = entries(place)
    assert [(f["from"], f["to"], f["lines"]) for f, _ in (first, second)] == [(0, 18, 2), (18, 27, 1)]
    assert fits(file, *first) and fits(file, *second)
    file.write_text(file.read_text().replace("2", "9"))
    assert not fits(file, *first)
    assert fits(file, *second)
    file.write_text('{"d": 4}\n')  # rotated
    assert seal.seal()
    assert entries(place)[-1][0]["from"] == 0


def test_without_a_log_file_nothing_is_sealed_and_the_server_goes_on(place: Place, tmp_path: Path) -> None:
    assert not AccessSeal(settings.load(state_dir=place.state), place.registry, tmp_path / "none.log").seal()
    assert entries(place) == []


def test_the_server_seals_what_it_wrote_when_it_ends(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "log" / "access.log"
    app = build(settings.load(state_dir=place.state), load_site(SITE), Issuer(), 100, file)
    try:
        with TestClient(app) as client:
            client.get("/v1/me", headers={"X-Auth-Token": "token-of-admin"})
            assert entries(place) == []
    finally:
        for handler in list(access.handlers):
            access.removeHandler(handler)
            handler.close()
    ((facts, digests),) = entries(place)
    assert (facts["lines"], facts["from"]) == (1, 0)
    assert fits(file, facts, digests)
