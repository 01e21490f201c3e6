"""JUnit: well-formed whatever a host answered; counts agree with the cases."""

from __future__ import annotations

from xml.etree import ElementTree

from hatang.audit.reports import render
from hatang.audit.results import CheckRun


def test_it_is_well_formed_and_adds_up(run: CheckRun, lang: str) -> None:
    root = ElementTree.fromstring(render("junit", run).encode())
    (suite,) = root
    cases = suite.findall("testcase")
    assert int(suite.get("tests", "")) == len(cases) == len(run.results)
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(count, "")) == len(suite.findall(f"testcase/{tag}")) > 0


def test_hostile_text_is_text(run: CheckRun) -> None:
    root = ElementTree.fromstring(render("junit", run).encode())
    (message,) = [f.get("message", "") for f in root.iter("failure") if "script" in f.get("message", "")]
    assert message.startswith("<script>alert(1)</script>")
    assert "\\x1b[31mred" in message
    assert not list(root.iter("script"))


def test_every_property_is_there(run: CheckRun) -> None:
    for case in ElementTree.fromstring(render("junit", run).encode()).iter("testcase"):
        names = {p.get("name") for p in case.iter("property")}
        assert {"control", "scope", "state", "value", "source", "mark", "clause", "strength"} <= names
