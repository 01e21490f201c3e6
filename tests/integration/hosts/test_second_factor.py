"""The second factor on a real host: a person needs key and code, hatang's own account its key, and guessing locks."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from hatang.hosts import ssh_argv
from hatang.registry import HostRecord

from .lone import Lone, at_level_3

PERSON = "an"


pytestmark = pytest.mark.turn("parts", "second-factor")


@pytest.fixture
def person(lone: Lone, host: HostRecord) -> str:
    """An account with the key of the system, enrolled anew; returns its secret, base32."""
    at_level_3(lone)
    said = lone.inside(
        host,
        f"""set -e
        id {PERSON} >/dev/null 2>&1 || useradd -m -s /bin/bash {PERSON}
        install -d -o {PERSON} /home/{PERSON}/.ssh
        install -o {PERSON} -m 600 ~debian/.ssh/authorized_keys /home/{PERSON}/.ssh/
        faillock --user {PERSON} --reset
        script -qec 'hatang-second-factor enrol {PERSON}' /dev/null""",
    )
    found = re.search(r"secret=([A-Z2-7]+)&", said)
    assert found, said
    return found[1]


def code(lone: Lone, host: HostRecord, secret: str) -> str:
    """The one-time code of this moment."""
    return lone.inside(host, f"oathtool --totp --base32 {secret}").strip()


def gets_in(lone: Lone, host: HostRecord, answer: str, folder: Path) -> bool:
    """Whether the person gets in with the key and this answer to what is asked."""
    asked = folder / "answer"
    asked.write_text(f"#!/bin/sh\necho '{answer}'\n")
    asked.chmod(0o700)
    argv = ssh_argv(lone.settings, host, ["true"], anew=True)
    argv[argv.index("-l") + 1] = PERSON
    argv = [w.replace("BatchMode=yes", "BatchMode=no") for w in argv]
    argv[1:1] = ["-o", f"User={PERSON}", "-o", "NumberOfPasswordPrompts=1"]
    env = {**os.environ, "SSH_ASKPASS": str(asked), "SSH_ASKPASS_REQUIRE": "force"}
    return subprocess.run(argv, env=env, capture_output=True, timeout=30, start_new_session=True).returncode == 0


def test_a_person_needs_key_and_code(lone: Lone, host: HostRecord, person: str, tmp_path: Path) -> None:
    assert not lone.lets_in(host, PERSON), "the key alone is not enough"
    right = code(lone, host, person)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    assert not gets_in(lone, host, wrong, tmp_path)
    assert gets_in(lone, host, right, tmp_path)
    assert not gets_in(lone, host, right, tmp_path), "a code serves once"
    assert lone.lets_in(host), "hatang's own account has its key alone"


def test_who_is_not_enrolled_stays_outside(lone: Lone, host: HostRecord, person: str, tmp_path: Path) -> None:
    lone.inside(host, f"hatang-second-factor remove {PERSON}")
    assert not gets_in(lone, host, code(lone, host, person), tmp_path)


def test_guessing_locks_the_account(lone: Lone, host: HostRecord, person: str, tmp_path: Path) -> None:
    for _ in range(5):
        assert not gets_in(lone, host, "000000", tmp_path)
    assert not gets_in(lone, host, code(lone, host, person), tmp_path), "a locked account takes no right code"
    lone.inside(host, f"faillock --user {PERSON} --reset")
    assert gets_in(lone, host, code(lone, host, person), tmp_path)


def test_the_secret_stands_in_its_file_alone(lone: Lone, host: HostRecord, person: str) -> None:
    entry = lone.inside(host, f"grep -w {PERSON} /etc/users.oath").split()
    assert lone.inside(host, "stat -c '%U %a' /etc/users.oath").split() == ["root", "600"]
    found = lone.inside(host, f"grep -rlE '{entry[3]}|{person}' /etc /var /home /root /run/systemd 2>/dev/null || true")
    assert found.split() == ["/etc/users.oath"]
