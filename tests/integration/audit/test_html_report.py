"""The HTML report in a real browser: no error, filters by address and keyboard, works without its script, prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hatang import locale
from hatang.audit.reports import render
from hatang.audit.results import CheckRun
from hatang.model.terms import ResultState
from tests.integration.audit.browser import Page, browser
from tests.unit.audit.reports.sample import LONG, RESULTS

STARTED = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
RUN = CheckRun(STARTED, STARTED + timedelta(seconds=12), RESULTS)
TAB, ENTER, SPACE = ("Tab", 9, ""), ("Enter", 13, "\r"), (" ", 32, " ")
SHOWN = (
    "[...document.querySelectorAll('tr[data-state]')].filter(r => r.offsetParent !== null).map(r => r.dataset.state)"
)
FOCUS = "(e => e.id || e.value || e.className || e.tagName)(document.activeElement)"


def number(*states: str) -> int:
    """Results of the run in these states; all when none is named."""
    return sum(not states or r.state.value in states for r in RUN.results)


@pytest.fixture(scope="module", params=["vi", "en"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page of the run, in each language."""
    locale.choose(request.param)
    file = tmp_path_factory.mktemp("report") / f"report-{request.param}.html"
    file.write_text(render("html", RUN), encoding="utf-8")
    locale.choose("en")
    yield file.as_uri()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser") / "profile") as page:
        yield page


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    """The browser's page; whatever a test did, its console must have stayed empty and nothing may have been fetched."""
    opened.faults.clear()
    opened.asked.clear()
    yield opened
    assert opened.faults == []
    assert [a for a in opened.asked if not a.startswith("file:") and a != "about:blank"] == []


def test_everything_is_shown_without_a_filter(page: Page, address: str) -> None:
    page.open(address)
    assert len(page.eval(SHOWN)) == number()
    assert str(number()) in page.eval("document.getElementById('count').textContent")
    assert page.eval("document.querySelector('.partial').offsetParent === null")


@pytest.mark.parametrize("states", [("not-met",), ("not-met", "not-checked"), ("waived",)])
def test_the_address_filters_by_state(page: Page, address: str, states: tuple[str, ...]) -> None:
    page.open(f"{address}#state={','.join(states)}")
    shown = page.eval(SHOWN)
    assert set(shown) == set(states)
    assert len(shown) == number(*states)
    assert str(number(*states)) in page.eval("document.getElementById('count').textContent")
    assert page.eval("document.querySelector('.partial').offsetParent !== null")  # says that rows are hidden


def test_the_address_filters_by_host(page: Page, address: str) -> None:
    page.open(f"{address}#place=one-stop/host/web")
    assert len(page.eval(SHOWN)) == sum(r.scope == "web" for r in RUN.results)
    page.open(f"{address}#place=portal/&state=met")
    assert page.eval(SHOWN) == ["met"]
    page.open(f"{address}#place=nowhere<script>")
    assert len(page.eval(SHOWN)) == number()


def test_by_keyboard_alone(page: Page, address: str) -> None:
    page.open(address)
    page.press(*TAB)
    assert page.eval(FOCUS) == "skip"
    page.press(*ENTER)
    assert len(page.eval(SHOWN)) == number()  # a jump within the page is no filter
    page.press(*TAB)
    assert page.eval(FOCUS) == "not-met"  # the first box of the filter
    assert page.eval("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.press(*SPACE)
    assert len(page.eval(SHOWN)) == number() - number("not-met")
    assert "state=" in page.eval("location.hash")
    heard = "new Promise(r => { addEventListener('hashchange', () => setTimeout(r, 0)); location.hash = '#results'; })"
    page.call("Runtime.evaluate", expression=heard, awaitPromise=True)
    assert len(page.eval(SHOWN)) == number() - number("not-met")  # nor does a jump take a filter away
    for _ in range(20):
        if page.eval(FOCUS) == "bad":
            break
        page.press(*TAB)
    page.press(*ENTER)
    assert sorted(page.eval(SHOWN)) == sorted(["not-met"] * number("not-met") + ["not-checked"] * number("not-checked"))
    page.press(*TAB)
    assert page.eval(FOCUS) == "all"
    page.press(*ENTER)
    assert len(page.eval(SHOWN)) == number()


def test_what_scrolls_can_be_reached_by_keyboard(page: Page, address: str) -> None:
    page.open(address)
    script = "[...document.querySelectorAll('*')].filter(e => e.scrollHeight > e.clientHeight + 1 &&"
    script += " ['auto', 'scroll'].includes(getComputedStyle(e).overflowY) && e.tabIndex < 0).map(e => e.className)"
    assert page.eval(script) == []


def test_without_script_it_is_whole_and_still_filters(page: Page, address: str) -> None:
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open(address)
        assert len(page.eval(SHOWN)) == number()
        assert page.eval("document.getElementById('place').offsetParent === null")  # what needs the script is not shown
        page.press(*TAB)
        page.press(*ENTER)
        page.press(*TAB)
        page.press(*SPACE)
        assert len(page.eval(SHOWN)) == number() - number("not-met")
        assert page.eval("document.querySelector('.partial').offsetParent !== null")
    finally:
        page.call("Emulation.setScriptExecutionDisabled", value=False)


def test_hostile_text_runs_nothing_and_long_text_stays_in_its_place(page: Page, address: str) -> None:
    page.open(address)
    assert page.eval("document.scripts.length") == 1
    assert page.eval("document.images.length") == 0
    page.call("Emulation.setDeviceMetricsOverride", width=1400, height=900, deviceScaleFactor=1, mobile=False)
    assert page.eval("document.documentElement.scrollWidth <= innerWidth")
    assert page.eval(f"[...document.querySelectorAll('.remark')].some(r => r.textContent.includes('{LONG}'))")


def test_what_was_smuggled_in_could_not_run(page: Page, address: str) -> None:
    """The policy of the page refuses what its escaping would have to let through first."""
    page.open(address)
    page.eval("document.body.insertAdjacentHTML('beforeend', '<p id=in onclick=\"window.ran = 1\">x</p>')")
    page.eval("document.getElementById('in').click()")
    assert page.eval("window.ran === undefined")
    assert page.faults
    assert all("Content Security Policy" in f for f in page.faults)
    page.faults.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_reader_and_can_be_read(page: Page, address: str, scheme: str, tmp_path: Path) -> None:
    page.call(
        "Emulation.setEmulatedMedia", media="screen", features=[{"name": "prefers-color-scheme", "value": scheme}]
    )
    page.open(address)
    script = """(() => {
      const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map((v) => { v /= 255;
        return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
      const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
        if (c !== "rgba(0, 0, 0, 0)") return c; } return "rgb(255, 255, 255)"; };
      const ratio = (e) => { const a = light(getComputedStyle(e).color), b = light(ground(e));
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); };
      return [...document.querySelectorAll("p, td, th, span, dt, dd, caption, label, button, h1, h2, h3")]
        .filter((e) => e.textContent.trim() && ratio(e) < 4.5).map((e) => e.className + " " + ratio(e)); })()"""
    assert page.eval(script) == []
    dark = page.eval("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 28)"
    assert dark == (scheme == "dark")
    assert page.screenshot(tmp_path / f"{scheme}.png", 1400, 1600).startswith(b"\x89PNG")


def test_in_print_all_is_shown_and_controls_are_not(page: Page, address: str, tmp_path: Path) -> None:
    page.call("Emulation.setEmulatedMedia", media="print", features=[])
    try:
        page.open(address)
        assert len(page.eval(SHOWN)) == number()
        assert page.eval("document.querySelector('fieldset').offsetParent === null")
        assert page.eval("document.querySelector('button').offsetParent === null")
        assert page.eval("[...document.querySelectorAll('.remark')].every(r => r.scrollHeight <= r.clientHeight + 1)")
        assert page.pdf(tmp_path / "report.pdf").startswith(b"%PDF-")
    finally:
        page.call("Emulation.setEmulatedMedia", media="", features=[])


def test_many_results_filter_at_once(page: Page, tmp_path: Path) -> None:
    """100 hosts with 187 results each: more than a province's system has."""
    states = list(ResultState)
    many = tuple(
        replace(RESULTS[0], scope=f"host-{h}", control=f"AAA-{c:02}", state=states[c % len(states)])
        for h in range(100) for c in range(187)
    )  # fmt: skip
    file = tmp_path / "many.html"
    file.write_text(render("html", CheckRun(STARTED, STARTED, many)), encoding="utf-8")
    page.open(f"{file.as_uri()}#state=not-met")
    assert len(page.eval("[...document.querySelectorAll('tr[data-state]:not([hidden])')].map(r => 1)")) == sum(
        r.state is ResultState.NOT_MET for r in many
    )
