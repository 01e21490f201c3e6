"""Mapping files: each fault with line, field and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatang.errors import InputError
from hatang.inputs.adoption import load_map
from hatang.model.terms import ZoneKind


def _file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "map.yaml"
    file.write_text(text)
    return file


def test_a_mapping_is_read(tmp_path: Path) -> None:
    made = load_map(_file(tmp_path, "router: r\nzones: {dmz: mang-1}\nhosts: {web: 10.72.0.74}\n"))
    assert (made.router, made.zones, made.hosts) == ("r", {ZoneKind("dmz"): "mang-1"}, {"web": "10.72.0.74"})


@pytest.mark.parametrize(
    ("text", "said", "line", "do"),
    [
        ("router: r\nserver: {web: x}\n", "there is no field server", ":2", "remove it; known here"),
        ("router: r\nhost: {web: x}\n", "there is no field host", ":2", "hosts"),
        ("zones: {dzm: x}\n", "dzm", ":1", "dmz"),
        ("zones: [dmz]\n", "does not fit", ":1", "network of a zone"),
    ],
)
def test_a_wrong_key_is_named_with_its_line(tmp_path: Path, text: str, said: str, line: str, do: str) -> None:
    with pytest.raises(InputError) as caught:
        load_map(_file(tmp_path, text))
    assert said in str(caught.value)
    assert line in caught.value.where
    assert do in caught.value.do
    assert caught.value.exit_code == 2
