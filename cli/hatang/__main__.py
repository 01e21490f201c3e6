"""Entry point of the `hatang` command. Nothing heavy is imported here: `hatang --help` must be quick."""

from __future__ import annotations

import gc
import os
import sys


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code (see hatang.errors)."""
    # What is loaded stays, and with Python's own thresholds the collector goes through it again and again: a sixth of
    # the time of a short command.
    gc.set_threshold(200_000, 20, 100)
    # Pydantic would look through all installed packages for plug-ins: a tenth of the time of a short command.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # noqa: TID251 (no setting of ours)
    arguments = sys.argv[1:] if argv is None else argv
    from hatang import locale
    from hatang.commands.language import asked_language

    locale.choose(asked_language(arguments))
    from hatang.commands.root import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
