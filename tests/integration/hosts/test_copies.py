"""Copies of a real host: data come back, a damaged repository is noticed and set aside, a killed run goes on; and the
scanner for malware, which answers before files are opened, keeps nobody out when it hangs."""

from __future__ import annotations

import pytest

from hatang.registry import HostRecord

from .lone import Lone, at_level_3

RESTIC = "RESTIC_PASSWORD_FILE=/etc/hatang-backup.key restic -q -r /var/backups/hatang"
IDLE = 'while [ "$(systemctl is-active hatang-backup.service)" = activating ]; do sleep 0.1; done'


@pytest.mark.turn("parts", "own")
def test_data_come_back_and_a_damaged_repository_is_set_aside(lone: Lone, host: HostRecord) -> None:
    at_level_3(lone)
    lone.inside(
        host, f"{IDLE}; mkdir -p /srv/ho-so; echo 'quyết định' > /srv/ho-so/1; hatang-backup run; rm -r /srv/ho-so"
    )
    lone.inside(host, f"{RESTIC} restore latest --target / --include /srv/ho-so")
    assert lone.inside(host, "cat /srv/ho-so/1").strip() == "quyết định"
    lone.inside(host, "hatang-backup test")
    assert " passed " in lone.inside(host, "tail -n 1 /var/lib/hatang-backup/restored")

    damage = (
        "for f in /var/backups/hatang/data/*/*; do dd if=/dev/urandom of=$f bs=1 seek=50 count=64 conv=notrunc; done"
    )
    lone.inside(host, f"({damage}) 2>/dev/null; hatang-backup test || true")
    assert " failed " in lone.inside(host, "tail -n 1 /var/lib/hatang-backup/restored")
    lone.inside(host, "hatang-backup run; hatang-backup due")
    assert " passed " in lone.inside(host, "tail -n 1 /var/lib/hatang-backup/restored")
    kept = lone.inside(host, "ls -d /var/backups/hatang*").split()
    assert len(kept) == 2, "what was damaged is kept for whoever may save something"
    lone.inside(host, "rm -r /var/backups/hatang.damaged-* /srv/ho-so")


@pytest.mark.turn("parts", "own")
def test_a_killed_copy_is_made_again(lone: Lone, host: HostRecord) -> None:
    at_level_3(lone)
    lone.inside(host, f"{IDLE}; head -c 30000000 /dev/urandom > /srv/lon")
    kill = "for i in $(seq 200); do pidof restic > /dev/null && break; sleep 0.02; done; sleep 0.3"
    kill += "; kill -9 $! $(pidof restic)"
    lone.inside(host, f"hatang-backup run & {kill}; true")
    lone.inside(host, "hatang-backup run; hatang-backup test; rm /srv/lon")
    assert " passed " in lone.inside(host, "tail -n 1 /var/lib/hatang-backup/restored")
    said = lone.inside(
        host, f"ls /var/backups/hatang/snapshots; {RESTIC} check 2>&1; ls /var/backups/hatang/locks | wc -l"
    )
    assert said.strip().splitlines()[-1] == "0", said


@pytest.mark.turn("parts", "own")
def test_what_could_not_be_read_for_a_moment_is_copied_the_next_time(lone: Lone, host: HostRecord) -> None:
    """As while a host is hardened, which writes settings anew: the copy that lacks something stays, and is known."""
    at_level_3(lone)
    there, gone = "ls /var/backups/hatang/snapshots", "/srv/khong-doc"
    until = f"while [ $({there} | wc -l) -eq $n ]; do sleep 0.1; done; umount {gone}"
    said = lone.inside(
        host, f"{IDLE}; n=$({there} | wc -l); touch {gone}; mount --bind /proc/1/mem {gone}; ({until}) &"
        f" hatang-backup run; wait; hatang-backup test; rm {gone}; tail -n 2 /var/lib/hatang-backup/register",
    )  # fmt: skip
    first, last = said.strip().splitlines()
    assert first.endswith(" files=some"), said
    assert not last.endswith(" files=some"), said
    assert " passed " in lone.inside(host, "tail -n 1 /var/lib/hatang-backup/restored")
    assert {first.split()[1], last.split()[1]} <= set(lone.inside(host, there).split())


ELSEWHERE = "sed -i 's|^REPOSITORY=.*|REPOSITORY=/var/backups/noi-khac|' /etc/hatang-backup.conf"
BACK = "sed -i 's|^REPOSITORY=.*|REPOSITORY=/var/backups/hatang|' /etc/hatang-backup.conf; hatang-backup apply"
MOMENTS = {
    "waiting": "(flock 9; sleep 1) 9> /run/hatang-backup.lock & sleep 0.3; {elsewhere}; {begin}; sleep 0.3; {back}",
    "copying": "{elsewhere}; {begin}; while ! pidof restic > /dev/null; do sleep 0.01; done; {back}",
}


@pytest.mark.turn("parts", "own")
@pytest.mark.parametrize("moment", MOMENTS)
def test_settings_that_come_while_a_copy_is_made_are_followed(lone: Lone, host: HostRecord, moment: str) -> None:
    """The timer may have begun one a moment before a role wrote where copies go."""
    at_level_3(lone)
    begin = "systemctl start --no-block hatang-backup.service"
    lone.inside(host, IDLE + "; " + MOMENTS[moment].format(elsewhere=ELSEWHERE, begin=begin, back=BACK))
    said = lone.inside(
        host, f"{IDLE}; systemctl is-failed hatang-backup.service; cat /var/lib/hatang-backup/where;"
        " hatang-backup test; rm -rf /var/backups/noi-khac; tail -n 1 /var/lib/hatang-backup/restored",
    )  # fmt: skip
    assert said.split()[:2] == ["inactive", "/var/backups/hatang"], said
    assert " passed " in said


def test_a_scanner_that_hangs_keeps_nobody_out(lone: Lone, host: HostRecord) -> None:
    at_level_3(lone)
    lone.inside(host, "systemctl kill --signal=STOP clamav-daemon clamav-clamonacc")
    try:
        assert lone.lets_in(host)
    finally:
        lone.inside(host, "systemctl kill --signal=CONT clamav-daemon clamav-clamonacc")
    assert lone.lets_in(host)
