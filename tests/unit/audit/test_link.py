"""Commands over a link say what they would say alone, whatever they print; a link that breaks is never silent."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatang.audit import link as module
from hatang.audit.link import Answer, Link, LinkError, LinkLostError

LOCAL = ["sh", "-c"]


@pytest.fixture
def link() -> Iterator[Link]:
    """An agent on this machine, through the same pipes that ssh would give it."""
    made = Link("web", LOCAL)
    made.open()
    assert made.cause == ""
    yield made
    made.close()


def run(link: Link, command: str, timeout_s: float = 20.0) -> Answer:
    return link.wait(link.send(command, timeout_s=timeout_s))


@pytest.mark.parametrize(
    ("command", "code", "out", "err"),
    [
        ("true", 0, b"", b""),
        ("exit 7", 7, b"", b""),
        ("printf 'no newline'", 0, b"no newline", b""),
        (r"printf '\000a\377\n\r\n\000'", 0, b"\0a\xff\n\r\n\0", b""),
        ("echo one; echo two >&2; echo three; echo four >&2; exit 3", 3, b"one\nthree\n", b"two\nfour\n"),
        (r"printf 'htng\000\000\000\001'; printf '\000hatang agent 1\n'", 0, b"htng\0\0\0\1\0hatang agent 1\n", b""),
        ("echo \"it's\" '$HOME' \\; ünï", 0, "it's $HOME ; ünï\n".encode(), b""),
        ("cat; echo end", 0, b"end\n", b""),  # nothing to read, and nothing of ours is read
        ("read x; echo $?", 0, b"1\n", b""),
    ],
)
def test_what_a_command_says_comes_back(link: Link, command: str, code: int, out: bytes, err: bytes) -> None:
    assert run(link, command) == Answer(code, out, err)
    assert run(link, "echo after") == Answer(0, b"after\n", b"")


def test_much_output_on_both_streams(link: Link) -> None:
    answer = run(link, "head -c 5000000 /dev/zero | tr '\\0' a; head -c 5000000 /dev/zero | tr '\\0' b >&2")
    assert (answer.code, answer.out, answer.err) == (0, b"a" * 5_000_000, b"b" * 5_000_000)


def test_long_command(link: Link) -> None:
    text = "x" * 100_000
    assert run(link, f"echo {text} | wc -c").out == b"100001\n"


def test_commands_sent_ahead_run_in_turn_and_each_gets_its_own_answer(link: Link, tmp_path: Path) -> None:
    place = tmp_path / "running"
    command = f"test -e {place} && exit 9; touch {place}; sleep 0.02; rm {place}; echo %d"
    sent = [link.send(command % n) for n in range(20)]
    assert [link.wait(future) for future in reversed(sent)] == [Answer(0, b"%d\n" % n, b"") for n in range(19, -1, -1)]


def test_requests_beyond_what_a_pipe_holds(link: Link) -> None:
    command = f"head -c 200000 /dev/zero; : {'x' * 20_000}"
    sent = [link.send(command) for _ in range(20)]
    sent += link.send_ahead([f"{command} {n}" for n in range(20)]).values()
    assert {len(link.wait(future).out) for future in sent} == {200_000}


def test_who_waits_has_little_of_what_is_sent_ahead_in_front(link: Link) -> None:
    futures = link.send_ahead([f"sleep 0.05; echo {n}" for n in range(40)])
    ahead = list(futures.values())
    futures.clear()  # as the back-end takes out what it has used
    assert run(link, "echo now").out == b"now\n"
    done = sum(future.done() for future in ahead)
    assert done <= 2 * module.AT_ONCE
    assert [link.wait(future).out for future in ahead] == [b"%d\n" % n for n in range(40)]


def test_killed_command_is_no_answer(link: Link) -> None:
    with pytest.raises(LinkError, match="web: the command was killed by signal 9"):
        run(link, "kill -9 $$")
    assert run(link, "echo after").out == b"after\n"


def test_command_that_does_not_end_is_killed_with_its_children(link: Link, tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="did not end in time"):
        run(link, f"sleep 300 & echo $! > {tmp_path}/pid; wait", timeout_s=0.5)
    assert run(link, "echo after").out == b"after\n"
    assert gone(int((tmp_path / "pid").read_text()))


def test_command_that_closes_its_output_is_waited_for(link: Link) -> None:
    assert run(link, "exec >&- 2>&-; sleep 0.2; exit 5").code == 5
    with pytest.raises(LinkError, match="did not end in time"):
        run(link, "exec >&- 2>&-; sleep 300", timeout_s=0.3)


def test_endless_output_is_stopped(link: Link) -> None:
    with pytest.raises(LinkError, match="printed too much"):
        run(link, "yes")
    assert run(link, "echo after").out == b"after\n"


def test_missing_shell_is_no_answer(link: Link) -> None:
    with pytest.raises(LinkError, match="could not be started"):
        link.wait(link.send("true", shell="/does/not/exist"))


def test_environment_and_signals_are_as_in_a_fresh_shell(link: Link) -> None:
    assert run(link, "yes | head -n 1; echo ok").out == b"y\nok\n"  # ends by SIGPIPE, which Python ignores
    assert run(link, "echo $HOME").out.decode().strip() == os.environ["HOME"]
    assert b"hatang" not in run(link, "env").out.lower().replace(os.environ.get("PWD", "").lower().encode(), b"")


def test_host_that_dies_midway_fails_all_that_wait(link: Link) -> None:
    sent = [link.send("sleep 300"), link.send("true")]
    sent += link.send_ahead([f"echo {n}" for n in range(3 * module.AT_ONCE)]).values()
    assert link._process
    threading.Timer(0.2, link._process.kill).start()
    for future in sent:
        with pytest.raises(LinkLostError, match="web: connection lost"):
            link.wait(future)
    with pytest.raises(LinkLostError, match="connection lost"):
        run(link, "true")


def test_silent_host_is_given_up(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE_S", 0.2)
    assert link._process
    agent = int(run(link, "echo $PPID").out)
    os.kill(agent, signal.SIGSTOP)
    try:
        with pytest.raises(LinkLostError, match="nothing heard for"):
            link.wait(link.send("true", timeout_s=0.3), timeout_s=0.3)
    finally:
        os.kill(agent, signal.SIGKILL)


def test_closing_ends_what_runs(link: Link, tmp_path: Path) -> None:
    link.send(f"sleep 300 & echo $! > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; wait")
    until(lambda: (tmp_path / "pid").exists())
    link.close()
    assert gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("echo 'sudo: a password is required' >&2; exit 1", "sudo: a password is required"),
        ("exit 255", "ended with 255"),
        ("printf hello; exit 0", "ended with 0"),
        ("yes", "prints without end"),
        ("sleep 300", "no answer in 0.5 s"),
    ],
)
def test_link_that_cannot_be_opened_says_why(script: str, cause: str) -> None:
    link = Link("web", ["sh", "-c", script])
    link.open(timeout_s=0.5 if "sleep" in script else 20)
    assert not link.was_open
    with pytest.raises(LinkLostError, match=f"web: .*{cause}"):
        run(link, "true")
    link.close()


def test_program_that_is_not_there() -> None:
    link = Link("web", ["/does/not/exist"])
    link.open()
    with pytest.raises(LinkLostError, match="No such file"):
        run(link, "true")
    link.close()


def test_noise_at_login_is_passed_over_and_noise_later_breaks_the_link(tmp_path: Path) -> None:
    now = tmp_path / "now"
    link = Link("web", ["sh", "-c", f'echo welcome; (until [ -e {now} ]; do sleep 0.1; done; echo late) & eval "$0"'])
    link.open()
    assert run(link, "echo one").out == b"one\n"
    now.touch()
    with pytest.raises(LinkLostError, match="something other than the agent"):
        run(link, "sleep 5")
    link.close()


def test_agent_needs_nothing_of_hatang_and_keeps_its_text_out_of_arguments() -> None:
    words = module.bootstrap(module.AGENT.read_bytes())
    assert len(words) < 100
    assert "import hatang" not in module.AGENT.read_text() and "from hatang" not in module.AGENT.read_text()


def gone(pid: int) -> bool:
    """Whether a process ends soon."""

    def ended() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
        except OSError:
            return True

    return until(ended)


def until(condition: object, timeout_s: float = 10.0) -> bool:
    assert callable(condition)
    end = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(condition())
