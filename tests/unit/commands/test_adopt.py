"""`hatang system adopt`: what is wrong is said before the cloud is asked for anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from hatang.commands.root import root
from hatang.errors import HatangError
from hatang.inputs import load_request
from hatang.registry import Registry

EXAMPLE = Path(__file__).resolve().parents[3] / "inventories" / "example"


def _refused(state: Path, *words: str) -> HatangError:
    common = ["--state", str(state), "--site", str(EXAMPLE / "site.yaml"), "--lang", "en", "system", "adopt"]
    done = CliRunner().invoke(root, [*common, *words])
    assert isinstance(done.exception, HatangError), (done.output, done.exception)
    return done.exception


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "either --project or --forget"),
        (("--project", "p", "--forget"), "either --project or --forget"),
        (("--forget", "--dry-run"), "--dry-run and --map with --project only"),
        (("--project", "p", "--map", "MAP"), "there is no field host"),
        (("--project", "p"), "mot-cua"),
    ],
)
def test_wrong_words_end_with_2(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    file = tmp_path / "map.yaml"
    file.write_text("host: {web: x}\n")
    error = _refused(tmp_path, "mot-cua", *(str(file) if w == "MAP" else w for w in words))
    assert said in str(error)
    assert (error.exit_code, bool(error.where), bool(error.do)) == (2, True, True)


def test_only_a_system_that_waits_for_decision_is_adopted(tmp_path: Path) -> None:
    registry = Registry.open(f"sqlite:///{tmp_path / 'registry.db'}")
    request, text = load_request(EXAMPLE / "requests" / "one-stop.yaml")
    registry.submit(request, text)
    registry.set_system_state("mot-cua", "removed")
    error = _refused(tmp_path, "mot-cua", "--project", "p")
    assert error.exit_code == 3
    assert "only a system that is asked for anew and not begun is adopted" in error.what
