"""`hatang request submit --dry-run` checks and records nothing."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from hatang.commands.root import root

EXAMPLE = Path(__file__).resolve().parents[3] / "inventories" / "example"


def test_dry_run_says_so_in_json_and_leaves_no_registry(tmp_path: Path) -> None:
    words = ["--state", str(tmp_path), "--site", str(EXAMPLE / "site.yaml"), "request", "submit"]
    words += [str(EXAMPLE / "requests" / "one-stop.yaml"), "--output", "json"]
    done = CliRunner().invoke(root, [*words, "--dry-run"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "schema": "hatang.request/1", "request": None, "valid": True, "system": "mot-cua",
    }  # fmt: skip
    assert not list(tmp_path.iterdir())
    done = CliRunner().invoke(root, words)
    assert json.loads(done.stdout)["request"]["system"] == "mot-cua"
    assert (tmp_path / "registry.db").exists()
