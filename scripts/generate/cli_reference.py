#!/usr/bin/env python3
"""docs/reference/cli.md: the help of every command. --check compares."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from collections.abc import Iterator

import click
from scripts.generated import write_or_check

from hatang.commands.root import root

INTRO = "# Commands\n\nThe `--help` of every command. This page is generated from the commands themselves.\n"


def walk(command: click.Command, ctx: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """The command and all below it."""
    yield command, ctx
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(ctx):
        child = command.get_command(ctx, name)
        assert child is not None, name
        yield from walk(child, click.Context(child, info_name=name, parent=ctx, **root.context_settings))


def page() -> str:
    """The page."""
    parts = [INTRO]
    top = click.Context(root, info_name="hatang", **{**root.context_settings, "terminal_width": 100})
    for command, ctx in walk(root, top):
        ctx.terminal_width = 100
        text = "\n".join(line.rstrip() for line in command.get_help(ctx).splitlines())
        parts.append(f"\n## {ctx.command_path}\n\n```text\n{text}\n```\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(write_or_check({"docs/reference/cli.md": page()}))
