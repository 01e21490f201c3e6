"""Every command has a help text with examples, and generated pages are fresh."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from scripts.generate.cli_reference import walk  # noqa: E402

from hatang.commands.root import root  # noqa: E402


def test_every_command_has_examples() -> None:
    top = click.Context(root, info_name="hatang")
    lacking = [c.command_path for cmd, c in walk(root, top) if cmd is not root and "Examples" not in cmd.get_help(c)]
    assert lacking == []


@pytest.mark.parametrize("page", ["input_schemas", "errors", "cli_reference"])
def test_generated_pages_are_fresh(page: str) -> None:
    script = ROOT / "scripts" / "generate" / f"{page}.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
