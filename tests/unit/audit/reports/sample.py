"""Results in every state, of two systems; `HOSTILE` is what a hostile host might answer."""

from __future__ import annotations

from dataclasses import replace

from hatang.audit.results import Result
from hatang.model.terms import ResultState
from hatang.model.waiver import WaiverNote

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>'\"&amp; </td></table></textarea> ]]> {{ 7*7 }} {% raw %} "
    "| `code` ``` [link](https://evil.example/) www.evil.example @everyone **bold** # $x$ "
    "\x00\x07\x1b[31mred\x1b]0;title\x07\x7f\x9b2J\u202egnp.exe\u2028\u2066\ufeff\ud800\ufffe end\r\nnext line"
)
LONG = "x" * 100_000

_WEB = Result(
    control="AUT-13", scope="web", kind="host", system="one-stop", level=3, state=ResultState.MET, value=5,
    unit="failures", source="tcvn14423_2026", mark="B1", clause="x.5.2.2 a", strength="advice",
    checks=("test_account_lock.py::test_lock_after_failures",), seconds=0.25,
)  # fmt: skip
_CLOUD = replace(_WEB, control="HST-01", scope="one-stop", kind="system", value="logical", unit="separation", mark="A",
                 source="nd331_2026", clause="Đ30.8.a", strength="must", checks=())  # fmt: skip
_NONE = replace(_WEB, value=None, source="", mark="", clause="")

# Names and reasons are what people typed.
WAIVER: WaiverNote = {
    "id": "w-1", "state": "valid", "scope": "host web", "until": "2027-01-31", "approved_by": "B <b>@", "why": "",
    "measure": "only through the bastion | \x1b[2J",
}  # fmt: skip
ENDED: WaiverNote = {**WAIVER, "id": "w-0", "state": "expired", "why": "its last day was 2026-10-31"}

RESULTS: tuple[Result, ...] = (
    _WEB,
    replace(_WEB, control="AUT-01", state=ResultState.NOT_MET, detail=HOSTILE, strength="must", mark="B2"),
    replace(_WEB, control="AUT-03", state=ResultState.NOT_CHECKED, detail="not reached: no answer", mark="A"),
    replace(_WEB, control="LOG-10", state=ResultState.PARTLY, detail="the retention only", value=12, unit="months"),
    replace(_WEB, control="ACC-06", state=ResultState.NOT_AUTOMATED, value=45, unit="days", mark="B2"),
    replace(_NONE, control="CFG-08", state=ResultState.NOT_APPLICABLE),
    replace(_WEB, control="ACC-04", state=ResultState.WAIVED, value=True, unit="yes/no", detail="root logs in",
            true_state="not-met", waiver=WAIVER),
    replace(_WEB, control="AUT-14", mark="own", value=True, unit="yes/no", own_value="900 seconds"),
    replace(_WEB, control="AUT-07", scope="db", state=ResultState.NOT_MET, detail=LONG, waiver=ENDED),
    _CLOUD,
    replace(_CLOUD, scope="portal", system="portal", level=2, state=ResultState.NOT_CHECKED,
            detail="the check could not tell: KeyError"),
    replace(_CLOUD, control="SAC-13", scope="portal", system="portal", level=2, value=("in", "out"), mark="B1"),
)  # fmt: skip
