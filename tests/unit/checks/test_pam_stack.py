"""The PAM walker follows jumps, includes and control words as PAM does, so that a check built on it can fail."""

from __future__ import annotations

import pytest

from hatang.policies.checks.pam_stack import Line, Stacks

DEBIAN = """\
/etc/pam.d/sshd:@include common-auth
/etc/pam.d/sshd:account required pam_nologin.so
/etc/pam.d/common-auth:auth requisite pam_faillock.so preauth
/etc/pam.d/common-auth:auth [success=2 default=ignore] pam_unix.so nullok
/etc/pam.d/common-auth:auth [default=die] pam_faillock.so authfail
/etc/pam.d/common-auth:auth requisite pam_deny.so
/etc/pam.d/common-auth:auth required pam_permit.so
"""


def wrong(line: Line) -> str:
    return "auth_err" if line.module == "pam_unix" or "authfail" in line.args else "success"


def right(line: Line) -> str:
    return "success"


def test_wrong_password_is_counted() -> None:
    walk = Stacks(DEBIAN).walk("sshd", "auth", wrong)
    assert [c.module for c in walk.called] == ["pam_faillock", "pam_unix", "pam_faillock"]
    assert walk.find("pam_faillock", "authfail")
    assert not walk.granted


def test_right_password_jumps_over_the_counting() -> None:
    walk = Stacks(DEBIAN).walk("sshd", "auth", right)
    assert [c.module for c in walk.called] == ["pam_faillock", "pam_unix", "pam_permit"]
    assert walk.granted


def test_wrong_jump_switches_the_counting_off() -> None:
    broken = DEBIAN.replace("[success=2 default=ignore] pam_unix", "[success=2 default=1] pam_unix")
    assert not Stacks(broken).walk("sshd", "auth", wrong).find("pam_faillock", "authfail")


def test_line_before_lets_everybody_in() -> None:
    open_door = DEBIAN.replace(
        "auth requisite pam_faillock",
        "auth sufficient pam_permit.so\n/etc/pam.d/common-auth:auth requisite pam_faillock",
    )
    walk = Stacks(open_door).walk("sshd", "auth", wrong)
    assert walk.granted
    assert not walk.find("pam_faillock", "preauth")


@pytest.mark.parametrize(
    ("control", "result", "goes_on", "granted"),
    [
        ("required", "auth_err", True, False),
        ("requisite", "auth_err", False, False),
        ("sufficient", "success", False, True),
        ("sufficient", "auth_err", True, True),
        ("optional", "auth_err", True, True),
    ],
)
def test_control_words(control: str, result: str, goes_on: bool, granted: bool) -> None:
    stack = Stacks(f"/etc/pam.d/x:auth {control} pam_first.so\n/etc/pam.d/x:auth required pam_second.so\n")
    walk = stack.walk("x", "auth", lambda line: result if line.module == "pam_first" else "success")
    assert (len(walk.called) == 2, walk.granted) == (goes_on, granted)


def test_arguments_and_phases() -> None:
    stack = Stacks(
        "/etc/pam.d/x:password requisite pam_pwhistory.so use_authtok remember=10\n/etc/pam.d/x:auth required a.so\n"
    )
    (found,) = stack.lines("x", "password")
    assert (found.module, found.arg("remember"), found.arg("retry")) == ("pam_pwhistory", "10", None)
