"""Readings of what hosts say of copies, malware and software."""

from __future__ import annotations

import pytest

from hatang.policies.checks.test_backup import Copies, every_s
from hatang.policies.checks.test_malware import folders
from hatang.policies.checks.test_software import unowned

BOOT = "TimersMonotonic={ OnBootUSec=10min ; next_elapse=0 }"
SAID = "now 1700003600\nmark 1700000000 0f5c7a52\nkept 1700000000 0f5c7a52\nrestored \ncopy ab\ncopy cd\n"


@pytest.mark.parametrize(
    ("text", "hours"), [("22h", 22), ("3month", 2191.5), ("1d 2h 30min", 26.5), ("55min 1s", 0.92)]
)
def test_the_longest_time_between_two_copies(text: str, hours: float) -> None:
    assert every_s(
        f"TimersMonotonic={{ OnUnitActiveUSec={text} ; next_elapse=1d 3h }}\n{BOOT}"
    ) / 3600 == pytest.approx(hours, abs=0.01)


def test_a_timer_that_runs_at_boot_alone_never_runs_again() -> None:
    assert every_s(BOOT) == 0


def test_age_and_copies() -> None:
    found = Copies(SAID)
    assert found.seconds("mark") == 3600
    assert found.seconds("restored") is None
    assert (found.all("copy"), found.one("mark") == found.one("kept")) == (["ab", "cd"], True)


def test_what_restic_complains_of_is_no_age() -> None:
    assert Copies("now 1700003600\nmark Fatal: wrong password or no key found\n").seconds("mark") is None


def test_folders_in_which_the_test_file_is_refused_and_told() -> None:
    said = "/srv refused\n/tmp opened\n/var/tmp refused\n/var/tmp told\n"
    assert (folders(said, "refused"), folders(said, "told")) == (["/srv", "/var/tmp"], ["/var/tmp"])


def test_programs_of_packages_are_known_by_both_their_names() -> None:
    said = (
        "runs /usr/bin/bash\nruns /usr/sbin/sshd\nruns /usr/local/bin/kworker\nowned /bin/bash\nowned /usr/sbin/sshd\n"
    )
    assert unowned(said) == ["/usr/local/bin/kworker"]


def test_a_host_on_which_nothing_runs_was_not_seen() -> None:
    with pytest.raises(AssertionError, match="no program is seen"):
        unowned("")
