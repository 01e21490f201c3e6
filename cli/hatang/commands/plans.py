"""How a plan is shown, of a site or of a system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatang.commands.app import emit_table
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.provision.plan import Plan


def show_differences(plan: Plan) -> None:
    """The steps of a plan that change something, as a table."""
    show_steps(plan.differences())


def show_steps(steps: list[dict[str, Any]]) -> None:
    """Steps as a table."""
    emit_table(
        [_("Operation"), _("Kind"), _("Name"), _("Changed")],
        [(r["operation"], r["type"], r["name"], ", ".join(r["changed"])) for r in steps],
    )


def counts(changes: dict[str, int]) -> str:
    """Changes by operation, or results by state, in one line."""
    return ", ".join(f"{n} {what}" for what, n in changes.items()) or "0"
