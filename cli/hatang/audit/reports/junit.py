"""The report as JUnit XML, for servers of continuous integration."""

from __future__ import annotations

from xml.etree import ElementTree as xml

from hatang.audit.reports import Format
from hatang.audit.results import BAD, CheckRun, Result
from hatang.model.terms import ResultState

PROPERTIES = (
    "control", "scope", "kind", "system", "level", "state", "value", "unit", "own_value", "source", "mark", "clause",
    "strength",
)  # fmt: skip


def render(run: CheckRun) -> str:
    """The document: one suite, one case for each result."""
    suite = xml.Element(
        "testsuite", name="hatang", tests=str(len(run.results)), timestamp=run.started.isoformat(),
        failures=str(sum(r.state is ResultState.NOT_MET for r in run.results)),
        errors=str(sum(r.state is ResultState.NOT_CHECKED for r in run.results)),
        skipped=str(sum(r.state not in (*BAD, ResultState.MET, ResultState.PARTLY) for r in run.results)),
        time=str(round(sum(r.seconds for r in run.results), 3)),
    )  # fmt: skip
    # JUnit has no word for it: a waived case is skipped, and the suite says how many of these there are.
    waived = str(sum(r.state is ResultState.WAIVED for r in run.results))
    xml.SubElement(xml.SubElement(suite, "properties"), "property", name="waived", value=waived)
    suite.extend(_case(r) for r in run.results)
    root = xml.Element("testsuites")
    root.append(suite)
    xml.indent(root, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"


def _case(r: Result) -> xml.Element:
    # The mark is part of the name: no viewer can show a bare pass for a value that nobody verified.
    title = f"{r.control} [{r.mark}: not compared with the original]" if r.mark else r.control
    case = xml.Element("testcase", classname=f"{r.system}.{r.scope}", name=title, time=str(r.seconds))
    properties = xml.SubElement(case, "properties")
    for key in PROPERTIES:
        xml.SubElement(properties, "property", name=key, value=str(getattr(r, key)))
    for key, text in {**({"true_state": r.true_state} if r.true_state else {}), **_waiver(r)}.items():
        xml.SubElement(properties, "property", name=key, value=text)
    if r.state is ResultState.NOT_MET:
        xml.SubElement(case, "failure", message=r.told)
    elif r.state is ResultState.NOT_CHECKED:
        xml.SubElement(case, "error", message=r.told)
    elif r.state not in (ResultState.MET, ResultState.PARTLY):
        xml.SubElement(case, "skipped", message=r.told or r.state.value)
    return case


def _waiver(result: Result) -> dict[str, str]:
    """The waiver of a result as properties."""
    if result.waiver is None:
        return {}
    kept = ("id", "state", "scope", "until", "approved_by", "why")
    return {f"waiver_{key}": str(result.waiver[key]) for key in kept}  # type: ignore[literal-required]


FORMAT = Format("junit", "junit.xml", 3, render)
