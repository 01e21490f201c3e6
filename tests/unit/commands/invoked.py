"""The command in this process: what it says, or its error."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from hatang.commands.root import root
from hatang.errors import HatangError


def invoked(*words: str | Path, code: int = 0) -> str:
    """What the command says; or its error, where it must end with another code."""
    done = CliRunner().invoke(root, [*map(str, words)])
    if code:
        assert isinstance(done.exception, HatangError), (done.output, done.exception)
        assert done.exception.exit_code == code
        return str(done.exception)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout
