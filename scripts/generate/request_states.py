#!/usr/bin/env python3
"""docs/reference/request-states.md: states, acts, roles, time limits of requests, from the table. --check compares."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.generated import write_or_check

from hatang.catalogue.deadlines import ANSWER_DAYS, APPRAISAL_DAYS, APPROVAL_DAYS, CLAUSE
from hatang.model.authority import demand
from hatang.model.lifecycle import STANDING_KINDS, TABLE, WAYS, RequestKind, RequestState, Role
from hatang.model.terms import Level

INTRO = """# States of requests

Generated from `hatang.model.lifecycle` by `scripts/generate/request_states.py`; do not edit. How to work with requests:
[docs/how-to/requests.md](../how-to/requests.md).

"""
PERSONS = """
Beside the table: one person has one role in one request, so nobody who asked can also appraise or approve, and nobody
who appraised can approve. An approval names the newest plan; a new plan, or a cloud that has moved, needs a new one.
On the local registry nobody is authenticated: names and roles are as whoever typed the command gave them.
"""
SOURCE = """

Source: 331/2026/NĐ-CP, Art. 18 (18.4 where the specialised unit operates too) and Art. 21. At level 5 the list of
systems is the Prime Minister's to approve; that decision is made elsewhere and hatang does not record it.
"""
LIMITS = """## Time limits

Working days ({clause}): first answer {answer}; appraisal or opinion, from the first plan, {appraisal};
approval {approval}, from the last decision or plan. The law that was read gives no days for the appraisal at
levels 1 and 2. Holidays: `policies/holidays/<year>.yaml`, with the source of each; a year without a file is said to be
unknown.
"""
FORMS = {RequestKind.REORGANISE: "reorganisation"}


def kinds() -> str:
    """Which kinds there are, the way of each, and the form of its file."""
    lines = ["## Kinds\n", "| Kind | While the cloud follows | At the end | Form of the file |", "|---|---|---|---|"]
    for kind in RequestKind:
        under_way, done = next((u, d) for ks, u, d in WAYS if kind in ks)
        form = "standing-request" if kind in STANDING_KINDS else FORMS.get(kind, "request")
        lines.append(f"| `{kind.value}` | {under_way.value} | {done.value} | [{form}](schemas/{form}.schema.json) |")
    return "\n".join(lines) + "\n"


def picture() -> str:
    """All states and acts as a Mermaid diagram."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for line in TABLE:
        pair = line.source.value if line.source else "[*]", line.target.value
        if line.act.value not in arrows.setdefault(pair, []):
            arrows[pair].append(line.act.value)
    body = "\n".join(f"    {a} --> {b}: {', '.join(acts)}" for (a, b), acts in arrows.items())
    return f"## Picture\n\n```mermaid\nstateDiagram-v2\n{body}\n```\n"


def transitions() -> str:
    """The table itself; equal lines of several states are one."""
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for line in TABLE:
        of = (
            "all" if len(line.kinds) == len(RequestKind) else ", ".join(k.value for k in RequestKind if k in line.kinds)
        )
        roles = ", ".join(r.value for r in Role if r in line.roles)
        key = line.act.value, line.target.value, roles, of
        rows.setdefault(key, []).append(line.source.value if line.source else "(new)")
    lines = ["## Who may do what\n", "| Act | In state | Leads to | By | Kinds |", "|---|---|---|---|---|"]
    lines += [f"| {act} | {', '.join(sources)} | {to} | {by} | {of} |" for (act, to, by, of), sources in rows.items()]
    never = [s.value for s in RequestState if not any(t.source is s for t in TABLE)]
    return "\n".join(lines) + f"\n\nNothing leads on from: {', '.join(never)}.\n" + PERSONS


def decisions() -> str:
    """Who decides at each level."""
    lines = ["## Who decides\n"]
    lines += [
        "| Level | Specialised unit operates too | Appraises | Approves | Opinion of the Ministry of Public Security |"
    ]
    lines += ["|---|---|---|---|---|"]
    for level in Level:
        for operates in (False, True):
            need = demand(level, operates=operates)
            own = "the Ministry" if need.opinion else "with the approval"
            lines.append(
                f"| {int(level)} | {'yes' if operates else 'no'} | {need.appraiser.value if need.appraiser else own} | "
                f"{need.approver.value} | {'recorded, with the digest of its document' if need.opinion else ''} |"
            )
    return "\n".join(lines) + SOURCE


def limits() -> str:
    """Time limits."""
    appraisal = ", ".join(f"level {int(level)}: {days}" for level, days in APPRAISAL_DAYS.items())
    return LIMITS.format(clause=CLAUSE, answer=ANSWER_DAYS, appraisal=appraisal, approval=APPROVAL_DAYS)


def page() -> str:
    """The page."""
    return INTRO + "\n".join([kinds(), picture(), transitions(), decisions(), limits()])


if __name__ == "__main__":
    sys.exit(write_or_check({"docs/reference/request-states.md": page()}))
