"""Hardening of a real host: what is in effect afterwards, again without change, by hand broken, down a level."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from hatang.hosts import wait_for_hosts
from hatang.registry import HostRecord
from hatang.registry.processes import descendants

from .lone import NETWORK, Lone, at_level_3, run

SSHD = "sshd -T -C user=root,host=localhost,addr=127.0.0.1"

FILES = "find /etc /usr/local /usr/share/pam-configs -xdev -type f -print0 | sort -z | xargs -0 sha256sum; ls /var/lib"


def in_effect(lone: Lone, host: HostRecord) -> dict[str, str]:
    """A few values that the host itself names."""
    return {
        "root": lone.inside(host, f"{SSHD} | grep -i ^permitrootlogin").split()[1],
        "history": lone.inside(host, "grep -c pam_pwhistory /etc/pam.d/common-password || true").strip(),
        "deny": lone.inside(host, "sed -n 's/^deny = //p' /etc/security/faillock.conf").strip(),
        "forward": lone.inside(host, "grep -l omfwd /etc/rsyslog.d/* | wc -l").strip(),
        "egress": "drop" if "policy drop" in lone.inside(host, "nft list chain inet hatang output") else "accept",
        "rpcbind": lone.inside(host, "systemctl is-enabled rpcbind.service || true").strip(),
    }


AT_3 = {"root": "no", "history": "1", "deny": "5", "forward": "1", "egress": "drop", "rpcbind": "masked"}
AT_1 = {"root": "no", "history": "0", "deny": "10", "forward": "0", "egress": "accept", "rpcbind": "enabled"}


def test_check_mode_tells_what_would_change_and_changes_nothing(lone: Lone, fresh: HostRecord) -> None:
    wait_for_hosts(lone.settings, [fresh])
    before = lone.inside(fresh, FILES)
    result = run(lone, check=True)
    assert any("SAC-10" in t for t in result.tasks[fresh.name])
    assert before == lone.inside(fresh, FILES)


def test_fresh_host_is_hardened_and_a_second_run_changes_nothing(lone: Lone, fresh: HostRecord) -> None:
    first = run(lone)
    assert first.ok
    assert first.changed[fresh.name] > 10
    assert in_effect(lone, fresh) == AT_3
    again = run(lone)
    assert (again.changed, again.tasks) == ({fresh.name: 0}, {})
    assert lone.lets_in(fresh)
    left = lone.inside(fresh, "ls /var/lib/hatang; systemctl list-timers --all | grep hatang-guard || true").split()
    assert left == ["firewall.sum", "pam.sum"], "the guard has gone off duty"
    told = lone.inside(fresh, "journalctl --quiet --all --output json | grep -E 'place_files|Written by hatang'")
    assert "Invoked for /etc/ssh/sshd_config.d/00-hatang.conf" in told
    assert "Written by hatang" not in told, "the log says which files were placed, not what stands in them"


@pytest.mark.turn("hardened", "by-hand")
def test_what_was_changed_by_hand_is_repaired(lone: Lone, host: HostRecord) -> None:
    at_level_3(lone)
    lone.inside(
        host,
        """set -e
        echo 'PermitRootLogin yes' > /etc/ssh/sshd_config.d/00-by-hand.conf
        sed -i '1i PermitEmptyPasswords yes' /etc/ssh/sshd_config
        sed -i 's/yescrypt/md5/' /etc/pam.d/common-password
        sed -i 's/preauth/preauth deny=99/' /etc/pam.d/common-auth
        nft insert rule inet hatang input accept
        systemctl disable --now chrony
        systemctl unmask rpcbind.service rpcbind.socket; systemctl start rpcbind.service
        sed -i 's/^minlen.*/minlen = 4/' /etc/security/pwquality.conf
        useradd --no-create-home trong; sed -i 's/^trong:[^:]*/trong:/' /etc/shadow""",
    )
    repaired = run(lone)
    told = "\n".join(repaired.tasks[host.name])
    assert "rpcbind.service" in told, "a run names the units that it masked"
    assert "/etc/security/pwquality.conf" in told, "and the files that it wrote"
    assert in_effect(lone, host) == AT_3
    assert "deny=" not in lone.inside(host, "cat /etc/pam.d/common-auth")
    assert "md5" not in lone.inside(host, "cat /etc/pam.d/common-password")
    assert lone.inside(host, f"{SSHD} | grep -i emptypass").split()[1] == "no"
    first = lone.inside(host, "nft list chain inet hatang input").splitlines()
    assert first[3].strip() != "accept", "the rule that opened everything is gone"
    assert lone.inside(host, "systemctl is-active chrony").strip() == "active"
    assert "minlen = 14" in lone.inside(host, "cat /etc/security/pwquality.conf")
    assert lone.inside(host, "grep ^trong: /etc/shadow").startswith("trong:!")
    assert run(lone).changed == {host.name: 0}


def processes(lone: Lone) -> dict[int, str]:
    """Command lines of Ansible's processes of runs on these hosts, by process id."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found[int(file.parent.name)] = file.read_bytes().decode().replace("\0", " ")
    return {pid: line for pid, line in found.items() if f"{lone.settings.state_dir}/runs/" in line}


def stop_a_task(lone: Lone) -> None:
    """The process of one task stands still: it has a session of its own and goes when it is done, if nobody ends it."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        runs = processes(lone)
        for pid in runs.keys() & {child for ansible in runs for child in descendants(ansible)}:
            with suppress(OSError):
                if os.getsid(pid) == pid:
                    os.kill(pid, signal.SIGSTOP)
                    return
    raise AssertionError("no task was under way")


class _Ended(Exception):
    """What the signal did before."""


@pytest.mark.turn("way-back", "signal")
def test_a_signal_ends_the_run_then_does_what_it_did_before(lone: Lone, host: HostRecord) -> None:
    def end(*_: object) -> None:
        raise _Ended

    def at_the_kernel(text: str) -> None:
        if text == "hardening: kernel":
            stop_a_task(lone)
            os.kill(os.getpid(), signal.SIGTERM)

    log = lone.folder / "harden.log"
    so_far = log.stat().st_size if log.exists() else 0
    before = signal.signal(signal.SIGTERM, end)
    try:
        with pytest.raises(_Ended):
            run(lone, progress=at_the_kernel)
        assert signal.getsignal(signal.SIGTERM) is end, "a second one is not swallowed"
    finally:
        signal.signal(signal.SIGTERM, before)
    told = log.read_bytes()[so_far:].decode()
    assert "TASK [kernel" in told and "PLAY RECAP" not in told
    assert processes(lone) == {}, "a task's process does not outlive Ansible"
    assert lone.lets_in(host)
    assert run(lone).ok


@pytest.mark.turn("hardened", "levels")
def test_going_down_a_level_takes_effect_and_up_again(lone: Lone, host: HostRecord) -> None:
    at_level_3(lone)
    run(lone, level=1)
    assert in_effect(lone, host) == AT_1
    assert run(lone, level=1, check=True).changed == {host.name: 0}
    run(lone)
    assert in_effect(lone, host) == AT_3


def test_a_tag_changes_its_control_alone(lone: Lone, host: HostRecord) -> None:
    at_level_3(lone)
    lone.level = 0
    lone.inside(host, "systemctl stop chrony; sed -i 's/^minlen.*/minlen = 4/' /etc/security/pwquality.conf")
    result = run(lone, tags=("LOG-07",))
    assert result.tasks == {host.name: ["LOG-07 | Run the time service now and after each boot"]}
    assert "minlen = 4" in lone.inside(host, "cat /etc/security/pwquality.conf")


def test_account_locks_but_keys_and_the_emergency_group_get_in(lone: Lone, host: HostRecord) -> None:
    at_level_3(lone)
    password = "Kx7+vQz2%Wb9_pT4"
    lone.inside(
        host,
        f"""set -e
        for name in an kinh; do
          useradd -m -s /bin/bash $name; echo "$name:{password}" | chpasswd
          chage -d "$(date +%F)" $name
          install -d -o $name /home/$name/.ssh
          install -o $name -m 600 ~debian/.ssh/authorized_keys /home/$name/.ssh/
        done
        usermod -aG break-glass kinh""",
    )
    script = Path(__file__).with_name("su.py").read_text()
    both = "python3 /run/su.py an & python3 /run/su.py kinh & wait"
    said = lone.inside(host, f"cat > /run/su.py <<'P'\n{script}\nP\n{both}")
    assert sorted(said.splitlines()) == ["an True False", "kinh True True"]
    account = "sshd -T -C user=an,host=x,addr=10.99.7.1"
    assert "keyboard-interactive" in lone.inside(host, f"{account} | grep -i ^authenticationmethods"), "AUT-09"
    assert lone.lets_in(host), "the account of hatang's own runs logs in by key, which is not counted"
    assert "too short" in lone.inside(host, "echo an:Kx7+vQz2 | chpasswd 2>&1 || true").replace(
        "shorter than", "too short"
    )


def test_only_the_management_network_is_let_in(lone: Lone, host: HostRecord) -> None:
    if lone.level not in (2, 3):
        run(lone, tags=("SAC-03", "SAC-10", "SAC-13"))
    rules = lone.inside(host, "nft list chain inet hatang input")
    assert f"ip saddr {NETWORK} tcp dport 22 accept" in rules
    assert "policy drop" in rules
