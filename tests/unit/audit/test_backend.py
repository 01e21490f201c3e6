"""The back-end under pytest, with programs named ssh and sudo that stay on this machine and note who was asked for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hatang import settings
from hatang.audit import foresight
from hatang.policies.checks import test_own_kernel

SSH = """#!/bin/sh
# Like ssh: the last word is a command for the login shell. Hosts named "away" do not answer, "weak" ones die at once.
for command; do :; done
for word; do [ "$word" = -- ] && next=1 && continue; [ -n "$next" ] && host=$word && break; done
echo "$host $command" | cut -d' ' -f1-6 >> "$LOG"
[ "$host" = away ] && echo "ssh: connect to host away port 22: No route to host" >&2 && exit 255
[ "$host" = weak ] && exec timeout 2 /bin/sh -c "$command"
SHELL=/bin/sh exec /bin/sh -c "$command"
"""
SUDO = """#!/bin/sh
AS=root
while :; do
  case "$1" in -n) shift ;; -u) AS=$2; shift 2 ;; --) shift; break ;; *) break ;; esac
done
export AS
exec "$@"
"""
CONFTEST = """
import pytest

@pytest.fixture(autouse=True)
def _properties(request, host):
    request.node.user_properties += [("control", request.node.originalname), ("scope", host.backend.host.name)]

@pytest.fixture
def ask(host):
    def answer(command):
        with host.sudo():
            return host.check_output(command)
    return answer
"""
TESTS = """
READ = "echo ${AS:-login}"

def test_root(ask): assert ask(READ) == "root"
def test_login(host): assert host.check_output(READ) == "login"
def test_other(host):
    with host.sudo("www"):
        assert host.check_output(READ) == "www"
    with host.sudo():
        assert host.check_output(READ) == "root"
def test_quoted(host): assert host.check_output("printf %%s %s", "a'b; echo c") == "a'b; echo c"
def test_module(host): assert host.exists("sh") and host.file("/").is_directory
def test_fails(ask): assert ask("echo 50") == "5", "locked after 50 failures"
def test_slow(ask): assert ask("sleep 3; echo yes") == "yes"
def test_last(ask): assert ask("echo end") == "end"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backend")
    for name, text in (("ssh", SSH), ("sudo", SUDO)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_some.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --assert=plain -p no:cacheprovider\n")
    return folder


def run(place: Path, hosts: str, *options: str) -> tuple[dict[tuple[str, str], dict[str, Any]], list[str]]:
    """Result lines by host and test, and the connections that were opened."""
    (place / "lines").unlink(missing_ok=True)
    (place / "log").write_text("")
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "hatang.audit.plugin", f"--hosts={hosts}", *options),
            *(f"--result-lines={place / 'lines'}", str(place)),
        ],
        capture_output=True, timeout=120, check=False,
        env=settings.environment(PATH=f"{place}:{os.environ['PATH']}", LOG=str(place / "log")),
    )  # fmt: skip
    rows = [json.loads(row) for row in (place / "lines").read_text().splitlines()]
    found = {(r.get("away") or r["scope"], r.get("control", "away")): r for r in rows}
    return found, (place / "log").read_text().splitlines()


def test_same_tests_say_the_same_and_who_asks_is_kept_apart(place: Path) -> None:
    ours, opened = run(place, "hatang://web")
    theirs, logins = run(place, "ssh://web")
    short = {key: (line["outcome"], line["detail"]) for key, line in ours.items()}
    assert short.pop(("web", "test_other"))[0] == short.pop(("web", "test_root"))[0] == "passed"
    assert short[("web", "test_fails")] == ("failed", "locked after 50 failures")
    for key, outcome in short.items():
        assert (theirs[key]["outcome"], theirs[key]["detail"]) == outcome
    assert {key for key, (outcome, _) in short.items() if outcome != "passed"} == {("web", "test_fails")}
    starts = sorted(line.split(" python3")[0] for line in opened)  # three users, one connection each
    assert starts == ["web exec", "web exec sudo -n --", "web exec sudo -n -u www"]
    assert len(logins) > 2 * len(opened)


def test_host_away_is_said_once_and_breaks_every_test(place: Path) -> None:
    lines, opened = run(place, "hatang://away,hatang://web", "-k", "root or last")
    assert lines[("away", "away")]["detail"] == "ssh: connect to host away port 22: No route to host"
    assert {lines[("away", t)]["outcome"] for t in ("test_root", "test_last")} == {"broken"}
    assert {lines[("web", t)]["outcome"] for t in ("test_root", "test_last")} == {"passed"}
    assert ("web", "away") not in lines
    assert len([x for x in opened if x.startswith("away")]) == 1


def test_host_that_dies_midway_passes_nothing_more(place: Path) -> None:
    lines, _ = run(place, "hatang://weak", "-k", "root or slow or last")
    assert lines[("weak", "test_root")]["outcome"] == "passed"
    for name in ("test_slow", "test_last"):
        assert lines[("weak", name)]["outcome"] == "broken"
        assert "weak: connection lost" in lines[("weak", name)]["detail"]
    assert ("weak", "away") not in lines


def test_collecting_opens_nothing(place: Path) -> None:
    (place / "lines").touch()
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "hatang.audit.plugin"),
            *("--hosts=hatang://web", "--collect-only", str(place)),
        ],
        capture_output=True, timeout=60, check=True,
        env=settings.environment(PATH=f"{place}:{os.environ['PATH']}", LOG=str(place / "opened")),
    )  # fmt: skip
    assert not (place / "opened").exists()


def test_only_text_of_the_checks_is_foreseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "asked_helper.py").write_text(
        'HELPED, WAITED = "helped", "waited"\nLAST = (WAITED,)\ndef helper(ask): return ask(WAITED) + ask(HELPED)\n'
    )
    (tmp_path / "asked_test.py").write_text(
        "from asked_helper import helper\n"
        'READ, local = "read", "lower"\n'
        "def test_one(ask, value):\n"
        '    ask("literal", (0, 1)); ask(READ); ask(f"{READ} and {READ}"); ask(local)\n'
        '    ask(value); ask(f"{READ} {value}"); ask(READ + value); ask(f"{READ!r}"); other(READ); ask(READ)\n'
        'def test_two(own_kernel, ask): ask("seldom")\n'
        'def test_three(ask): ask("not here")\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import asked_test  # type: ignore[import-not-found]

    asked = foresight.foreseen(asked_test, {"test_one", "test_two"})
    assert asked == ["waited", "helped", "literal", "read", "read and read"]
    assert foresight.foreseen(asked_test, {"test_three"}) == ["waited", "helped", "not here"]
    assert foresight.comes_last(asked_test)
    assert not foresight.comes_last(test_own_kernel)
    assert foresight.in_order({asked_test: {"test_three"}}) == ["helped", "not here", "waited"]


SKIPS = """
import pytest

def test_skipped(ask):
    pytest.skip("not demanded")
    ask("touch $LOG.asked")
"""
HOOK = """
def pytest_hatang_asks(item, host): return item.name != f"test_skipped[hatang://{host.backend.host.name}]"
"""


@pytest.mark.parametrize(("hook", "asked"), [("", True), (HOOK, False)], ids=["nobody-says-so", "it-will-be-skipped"])
def test_what_is_skipped_is_not_sent_ahead(hook: str, asked: bool, place: Path, tmp_path: Path) -> None:
    for name in ("ssh", "sudo", "pytest.ini"):
        shutil.copy(place / name, tmp_path)
    (tmp_path / "conftest.py").write_text(CONFTEST + hook)
    (tmp_path / "test_some.py").write_text(SKIPS + TESTS)
    lines, _ = run(tmp_path, "hatang://web", "-k", "skipped or last")
    assert [lines[("web", t)]["outcome"] for t in ("test_skipped", "test_last")] == ["skipped", "passed"]
    assert (tmp_path / "log.asked").exists() is asked


def test_what_only_a_kernel_of_its_own_can_tell_is_not_sent_ahead() -> None:
    """A trial of the kernel's audit waits five seconds in vain where the host has none."""
    assert not {
        test_own_kernel.READING,
        test_own_kernel.GUARDED,
        test_own_kernel.CONFINED,
        test_own_kernel.PROFILES,
    } & set(foresight.foreseen(test_own_kernel, dir(test_own_kernel)))
