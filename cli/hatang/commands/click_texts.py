"""Click's own texts (Usage, Options, what is wrong with a command line) in the language in use.

Click asks gettext, which knows the locale of the process alone; hatang's language is that of `--lang`.
"""

from __future__ import annotations

import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.types

from hatang.locale import _

MODULES = (click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.types)


def install() -> None:
    """Let Click take its texts from here."""
    for module in MODULES:
        own = vars(module)
        own["_"] = _
        if "ngettext" in own:
            own["ngettext"] = _counted


def _counted(one: str, many: str, n: int) -> str:
    return _(one if n == 1 else many)
