"""Host keys on consoles and in known_hosts: what is taken, and what never is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hatang.errors import InputError
from hatang.hosts.host_keys import BEGIN, END, KnownHosts, agree, fingerprint, from_console
from tests.unit.hosts.keys import console, made


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """One key of each kind that cloud-init prints."""
    return [made(tmp_path_factory.mktemp("keys"), kind) for kind in ("ecdsa", "ed25519", "rsa")]


def test_all_keys_of_a_console_are_read(keys: list[str]) -> None:
    assert from_console(console(*keys)) == set(keys)


def test_the_newest_whole_block_counts(keys: list[str]) -> None:
    old, new, _rsa = keys
    assert from_console(console(old) + console(new)) == {new}
    assert from_console(console(old) + console(new).split(END)[0]) == {old}  # still being written


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda text: "",
        lambda text: text.replace(BEGIN, ""),
        lambda text: text.replace(BEGIN, f"<14>Nov 27 00:00:21 may nguoi-dung: {BEGIN}"),
        lambda text: text.replace("ssh-ed25519 ", "<14>Nov 27 00:00:21 may nguoi-dung: ssh-ed25519 "),
        lambda text: re.sub(r"(AAAA\S{40})\S+", r"\1", text),  # cut
        lambda text: re.sub(r"(AAAA\S{20})", r"\1[   20.2] random: crng init done", text),
        lambda text: re.sub(r"(AAAA\S{20})", "\\1\r\n[   20.2] random: crng init done\r\n", text),
        lambda text: text.replace("ssh-ed25519 ", "ssh-rsa "),  # another kind than the key says of itself
        lambda text: text.replace("ssh-ed25519 ", "ssh-ed25519-cert-v01@openssh.com "),
    ],
    ids=["empty", "no-begin", "logged-begin", "logged-key", "cut", "broken", "torn", "other-kind", "certificate"],
)
def test_what_is_not_wholly_a_key_is_none(keys: list[str], spoilt: object) -> None:
    assert callable(spoilt)
    assert from_console(spoilt(console(keys[1]))) == frozenset()


def test_a_torn_key_takes_no_other_with_it(keys: list[str]) -> None:
    text = console(*keys).replace(keys[0][:60], keys[0][:60] + "\r\n[   20.2] random: crng init done\r\n")
    assert from_console(text) == set(keys[1:])


def test_fingerprint_is_that_of_ssh_keygen(keys: list[str], tmp_path: Path) -> None:
    (tmp_path / "key").write_text(keys[0])
    said = subprocess.run(["ssh-keygen", "-l", "-f", tmp_path / "key"], capture_output=True, text=True, check=True)
    assert said.stdout.split()[1] == fingerprint(keys[0])


def test_more_or_fewer_keys_of_one_host_agree_and_others_do_not(keys: list[str]) -> None:
    a, b, c = keys
    assert agree({a}, {a, b})
    assert agree({a, b}, {b})
    assert agree((), {a})
    assert not agree({a}, {b})
    assert not agree({a, b}, {b, c})


def test_known_hosts_keeps_the_lines_of_others(keys: list[str]) -> None:
    a, b, c = keys
    text = f"# cổng vào\nbastion,192.0.2.20 {a} ghi chú\n\n@revoked * {c}\n@cert-authority *.example {b}\nweb,app {a}\n"
    there = KnownHosts.parse(text, "known_hosts")
    assert there.text == text
    assert [set(there.keys(name)) for name in ("web", "app", "db")] == [{a}, {a}, set()]
    changed = there.without("web").adding("web", {b, c}).text
    assert changed == text.replace("web,app ", "app ") + "".join(sorted(f"web {k}\n" for k in (b, c)))
    assert there.without("web").without("app").text == text.replace(f"web,app {a}\n", "")
    assert there.adding("web", {a}).text == text  # known already


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen")
def test_hashed_names_are_found_too(keys: list[str], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"web {keys[0]}\ndb {keys[1]}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)
    there = KnownHosts.parse(file.read_text(), str(file))
    assert "web" not in there.text
    assert there.keys("web") == {keys[0]}
    assert there.without("web").text == there.lines[1] + "\n"


@pytest.mark.parametrize(
    "line", ["web", "web ssh-ed25519", "web ssh-ed25519 %%%", "[defaults]", "web ssh-rsa AAAA", "@revoked web"]
)
def test_a_file_that_is_something_else_is_named_with_its_line(keys: list[str], line: str) -> None:
    with pytest.raises(InputError) as caught:
        KnownHosts.parse(f"web {keys[0]}\n{line}\n", "/etc/ở-đây")
    assert caught.value.where == "/etc/ở-đây:2"
