"""Links to a real host: what plain ssh says too, nothing left behind, and a host that dies is never a pass."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from hatang.audit.backend import AS_LOGIN, AS_ROOT, HatangBackend
from hatang.audit.link import Link, LinkLostError
from tests.integration.audit.checked import Checked

AGENTS = "pgrep -fc '[s]ys.stdin.buffer.read' || true"


@pytest.fixture
def backend(checked: Checked) -> Iterator[HatangBackend]:
    made = HatangBackend(checked.name, ssh_config=str(checked.lone.settings.ssh_config))
    yield made
    made.close()


def root(backend: HatangBackend) -> Link:
    link = backend._link(AS_ROOT)
    assert link.cause == ""
    return link


def test_sound_host_passes_over_both_ways(checked: Checked) -> None:
    ours = checked.check(by="hatang")
    assert ours == checked.check()
    assert set(ours.values()) == {"passed"}


def test_output_comes_through_sudo_and_ssh_unchanged(backend: HatangBackend) -> None:
    link = root(backend)
    answer = link.wait(link.send(r"head -c 5000000 /dev/zero; printf '\r\n\000\377' >&2; exit 255"))
    assert (answer.code, answer.out, answer.err) == (255, bytes(5_000_000), b"\r\n\0\xff")
    assert link.wait(link.send("id -u; cat")).out == b"0\n"


def test_who_asks_has_the_environment_that_plain_ssh_gives(checked: Checked, backend: HatangBackend) -> None:
    import testinfra

    plain = testinfra.get_host(f"ssh://{checked.name}", ssh_config=str(checked.lone.settings.ssh_config))
    ours = testinfra.host.Host(backend)
    backend.set_host(ours)
    for host in (plain, ours):
        assert host.check_output("id -un") == "debian"
    for command in ("umask; pwd; echo $HOME $USER $LOGNAME $PATH; id", "ulimit -a"):
        assert ours.check_output(command) == plain.check_output(command)
        with plain.sudo(), ours.sudo():
            assert ours.check_output(command) == plain.check_output(command)
        with plain.sudo("www-data"), ours.sudo("www-data"):
            assert ours.check_output(command) == plain.check_output(command)


def test_nothing_is_left_on_the_host(checked: Checked, backend: HatangBackend) -> None:
    for prefix in (AS_ROOT, AS_LOGIN):
        link = backend._link(prefix)
        link.send("sleep 4242")
    until(checked, "pgrep -fc '^sleep 4242' || true", "2")
    assert checked.root(AGENTS).strip() != "0"
    backend.close()
    until(checked, "pgrep -fc '^sleep 4242' || true", "0")
    until(checked, AGENTS, "0")


def test_host_that_ends_the_connection_midway(checked: Checked, backend: HatangBackend) -> None:
    link = root(backend)
    sent = [link.send("sleep 300"), link.send("true")]
    threading.Timer(0.5, checked.root, ["pkill -KILL -f '^sshd: debian'"]).start()
    for future in sent:
        with pytest.raises(LinkLostError, match=f"{checked.name}: connection lost"):
            link.wait(future)
    until(checked, AGENTS, "0")


def test_host_that_falls_silent_midway(checked: Checked, backend: HatangBackend) -> None:
    """No packet comes any more: ssh notices, and the check is told."""
    link = root(backend)
    future = link.send("sleep 300")
    time.sleep(0.5)
    checked.root("nft insert rule inet hatang input tcp dport 22 drop")
    try:
        begun = time.monotonic()
        with pytest.raises(LinkLostError, match="connection lost"):
            link.wait(future)
        assert time.monotonic() - begun < 60
    finally:
        checked.root("nft delete rule inet hatang input handle $(nft -a list chain inet hatang input"
                     " | sed -n 's/.*dport 22 drop # handle //p')")  # fmt: skip


def until(checked: Checked, script: str, wanted: str) -> None:
    """Wait until a script inside the host prints this."""
    end = time.monotonic() + 20
    while (said := checked.root(script).strip()) != wanted:
        assert time.monotonic() < end, f"{script}: {said}, not {wanted}"
        time.sleep(0.2)
