"""The quick way to one control gives what the models give, loads none of them, and names faults all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hatang import settings
from hatang.catalogue import load, quick
from hatang.catalogue.resolver import resolve
from hatang.errors import InputError, UnknownNameError
from hatang.model.terms import Level


@pytest.mark.parametrize("control", sorted(load().controls))
def test_same_as_the_models(control: str) -> None:
    model = load().control(control)
    for applies, level in [(("document_storage",), lv) for lv in Level] + [((), Level.L3)]:
        wanted = model.model_dump(mode="json")
        wanted["resolved"] = resolve(model, level, applies).model_dump(mode="json")
        assert quick.row(control, int(level), applies) == wanted
    assert quick.row(control) == model.model_dump(mode="json")


def test_no_model_is_loaded() -> None:
    code = (
        "import sys; from hatang.__main__ import main; assert main(['control', 'show', 'ACC-06', '--level', '3']) == 0;"
        "assert not {'pydantic', 'rich', 'sqlalchemy'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env=settings.environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_unknown_control_is_named() -> None:
    with pytest.raises(UnknownNameError, match="ACC-99"):
        quick.row("ACC-99")


@pytest.mark.parametrize("text", ["id: LOG-10\n", "- a\n", "sources: [\n", "sources: {a: {values: 1}}\n"])
def test_wrong_file_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "LOG-10.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        quick.row("LOG-10", 3, folder=tmp_path)
    assert str(tmp_path) in caught.value.where
