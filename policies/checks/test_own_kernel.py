"""What the kernel really does, beside what is written: shown by hosts with a kernel of their own alone."""

from __future__ import annotations

import re

import pytest

from hatang.policies.checks.expected import Ask
from hatang.policies.checks.test_kernel import UNNEEDED

LOADED = "cat /proc/modules"
# As somebody without rights: the kernel's log and addresses are closed, where the stack lies is random, and a link that
# another left in a folder open to all leads nowhere. The folder is seen by these commands alone.
_NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups "
GUARDED = (
    f"{_NOBODY} dmesg >/dev/null 2>&1 && echo 'log: read by nobody';"
    f" {_NOBODY} grep -qv '^0*[0-9a-f]\\? ' /proc/kallsyms && echo 'addresses: told to nobody';"
    f" a=$({_NOBODY} grep stack /proc/self/maps) b=$({_NOBODY} grep stack /proc/self/maps);"
    ' [ "$a" = "$b" ] && echo "memory: the same in each run";'
    " unshare --mount sh -c 'mount -t tmpfs -o mode=1777 trial /mnt && ln -s /etc/hostname /mnt/link &&"
    f' chown -h 1 /mnt/link && {_NOBODY} cat /mnt/link >/dev/null 2>&1 && echo "links: of others are followed"\'; true'
)
AUDIT = "auditctl -s; systemctl is-active auditd; systemctl is-enabled auditd"
LOG = "/var/log/audit/audit.log"
_SEEN = f' for i in $(seq 50); do grep -sh "{{0}}" {LOG} && break; sleep 0.1; done; true'
# Started programs, and files opened by a program whose number is known; all by the checker's own login.
PROCESS = "w=trial-$(cat /proc/sys/kernel/random/uuid); /usr/bin/env true $w;" + _SEEN.format("type=EXECVE.*$w")
OPENED = "p=$(sh -c 'echo $$; exec head -c 1 {0} >&2' 2>/dev/null);" + _SEEN.format(" pid=$p .*{1}")
READING = OPENED.format("/var/log/auth.log", "hatang-log-read")
DATA = OPENED.format("/srv", "hatang-data")
# The kernel's own word: what aa-status makes of it is no JSON when a profile only complains (Debian 12).
PROFILES = "cat /sys/kernel/security/apparmor/profiles"
CONFINED = "ls -l /proc/[0-9]*/exe 2>/dev/null; grep -aH . /proc/[0-9]*/attr/current 2>/dev/null; true"
CHRONY = "systemctl is-active chrony"


@pytest.mark.control("CFG-05")
def test_unneeded_features_are_not_in_the_kernel(own_kernel: None, ask: Ask) -> None:
    """None of the rare protocols and file systems is loaded, whoever loaded it and how."""
    loaded = {row.split()[0] for row in ask(LOADED).splitlines() if row.strip()}
    assert not loaded & set(UNNEEDED), f"loaded: {', '.join(sorted(loaded & set(UNNEEDED)))}"


@pytest.mark.control("CFG-09")
def test_usb_storage_is_not_in_the_kernel(own_kernel: None, ask: Ask) -> None:
    """The driver of USB storage is not loaded."""
    assert not re.search(r"^usb_storage ", ask(LOADED), re.M), "usb-storage is loaded"


@pytest.mark.control("CFG-16")
def test_the_kernel_guards_itself(own_kernel: None, ask: Ask) -> None:
    """What the settings promise is so, whatever they say of themselves."""
    faults = ask(GUARDED).splitlines()
    assert not faults, "; ".join(faults)


@pytest.mark.control("LOG-02")
def test_the_kernel_notes_what_runs(value: tuple[str, ...], ask: Ask, request: pytest.FixtureRequest) -> None:
    """A program that is started for trial, and data that are opened, leave a line in the kernel's audit."""
    wanted = {kind: trial for kind, trial in (("process", PROCESS), ("data-access", DATA)) if kind in value}
    if not wanted:
        return  # at this level no kind that the kernel notes: any host shows that
    request.getfixturevalue("own_kernel")
    _kept_noting(ask)
    missing = [kind for kind, trial in wanted.items() if not ask(trial).strip()]
    assert not missing, f"not noted: {', '.join(missing)}"


@pytest.mark.control("LOG-15")
def test_reading_logs_leaves_a_trace(own_kernel: None, ask: Ask) -> None:
    """A log that is read for trial leaves a line that says who read it."""
    _kept_noting(ask)
    assert ask(READING).strip(), "a log was read, and nothing says so"


def _kept_noting(ask: Ask) -> None:
    said = ask(AUDIT, (0, 1, 3))
    assert re.search(r"^enabled [12]$", said, re.M), "the kernel's audit is off"
    assert said.split()[-2:] == ["active", "enabled"], "auditd does not run, or not after a boot"


@pytest.mark.control("MON-03")
def test_programs_are_held_to_their_profiles(own_kernel: None, ask: Ask) -> None:
    """AppArmor is on, each of its profiles forbids, and no running program that has one is free of it."""
    profiles = dict(re.findall(r"^(.+) \((\w+)\)$", ask(PROFILES), re.M))
    lax = sorted(name for name, mode in profiles.items() if mode not in ("enforce", "kill"))
    assert profiles and not lax, f"only complain: {', '.join(lax)}"
    running = ask(CONFINED)
    programs = dict(re.findall(r"/proc/(\d+)/exe -> (.+)$", running, re.M))
    held = dict(re.findall(r"^/proc/(\d+)/attr/current:(.+)$", running, re.M))
    of_profile = {pid: name for pid, name in programs.items() if name in profiles and pid in held}
    free = sorted({name for pid, name in of_profile.items() if not held[pid].endswith(" (enforce)")})
    assert not free, f"run free of their profiles: {', '.join(free)}"
    if ask(CHRONY, (0, 3)).strip() == "active":
        assert "/usr/sbin/chronyd" in of_profile.values(), "the time service is not held to its profile"
