"""How a request is shown: who decides, its history, its time limit."""

from __future__ import annotations

from typing import Any

from hatang.commands.app import emit_table
from hatang.locale import _


def until(shown: dict[str, Any]) -> str:
    """The time limit of a row in a few words."""
    limit = shown["deadline"]
    if limit is None:
        return ""
    if limit["unknown_year"]:
        return _("{awaits}: {days} working days from {since}; holidays of {year} are not known").format(
            awaits=limit["awaits"], days=limit["working_days"], since=limit["since"], year=limit["unknown_year"]
        )
    told = _("{awaits} until {until}, overdue") if limit["overdue"] else _("{awaits} until {until}")
    return told.format(**limit)


def show_list(rows: list[dict[str, Any]]) -> None:
    """Requests as a table."""
    titles = [_("Request"), _("Kind"), _("System"), _("Agency"), _("State")]
    emit_table(
        [*titles, _("Requested by"), _("Approved by"), _("Limit")],
        [
            (
                r["id"], r["kind"], r["system"], r["agency"], r["state"], r["requested_by"],
                ", ".join(a["by"] for a in r["approvals"]), until(r),
            )
            for r in rows
        ],
    )  # fmt: skip


def show_one(shown: dict[str, Any]) -> None:
    """One request with who decides and what was done."""
    need = shown["demand"]
    fields = {k: shown[k] for k in ("id", "kind", "system", "agency", "state", "requested_by", "created_at")}
    fields |= {
        "plan": shown["plan"], "approved plan": shown["approved_plan"], "appraiser": need["appraiser"] or "-",
        "approver": f"{need['approver']} ({need['clause']})", "missing": "; ".join(shown["missing"]) or "-",
        "limit": until(shown) or "-",
    }  # fmt: skip
    if shown["owners"]:
        fields["owners"] = "; ".join(shown["owners"])
    emit_table([_("Field"), _("Value")], list(fields.items()))
    emit_table(
        [_("Act"), _("As"), _("By"), _("To"), _("Plan"), _("Note"), _("At")],
        [
            (e["act"], e["role"], e["by"], e["to"], e["plan"][:12],
             " ".join([e["step"], e["body"], e["note"]]).strip(), e["at"])
            for e in shown["history"]
        ],
    )  # fmt: skip
