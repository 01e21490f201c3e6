"""Copies on the site's store: a host that is broken into cannot take them away, and another one gets them back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hatang.hosts import harden
from hatang.hosts.copies import KeptKeys, keep_keys, restore
from hatang.registry import HostRecord
from hatang.sandbox.hosts import control

from .lone import Lone

pytestmark = pytest.mark.turn("parts", "store")
COPIED = "/srv/ho-so"
RESTIC = 'RESTIC_PASSWORD_FILE=/etc/hatang-backup.key restic -q -r "$(cat /var/lib/hatang-backup/where)"'
IDLE = 'while [ "$(systemctl is-active hatang-backup.service)" = activating ]; do sleep 0.1; done'
STORED = "cd /srv/hatang-store; find . -type f ! -path '*/locks/*' -print0 | sort -z | xargs -0 sha256sum"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lone]:
    """Two hosts at level 3, and a store that knows both. Skipped, visibly, where real hosts cannot be."""
    if reason := control.why_not():
        pytest.skip(f"no hosts here: {reason}")
    made = Lone(tmp_path_factory.mktemp("pair"))
    try:
        made.add("le-mot")
        made.add("le-hai")
        made.add_store()
        harden(made.settings, made.site, made.hosts, made.variables(3), log=made.folder / "harden.log")
        made.admit()
        for host in made.hosts:
            assert keep_keys(made.settings, host)
            data = f"mkdir -p {COPIED}; hostname > {COPIED}/ten; head -c 200000 /dev/urandom > {COPIED}/so"
            made.inside(host, f"{IDLE}; {data}; systemctl start hatang-backup.service")
        yield made
    finally:
        made.down()


@pytest.fixture
def one(pair: Lone) -> HostRecord:
    """The host that is broken into."""
    return pair.hosts[0]


def stored(pair: Lone) -> dict[str, str]:
    """What lies on the store: path → hash."""
    assert pair.store is not None
    rows = pair.inside(pair.store.record, STORED).splitlines()
    return {path: digest for digest, path in (row.split("  ", 1) for row in rows)}


def test_copies_go_to_the_store_and_a_restore_is_tried_from_there(pair: Lone, one: HostRecord) -> None:
    said = pair.inside(one, f"cat /var/lib/hatang-backup/where; {RESTIC} --no-lock list snapshots")
    assert said.startswith("sftp:hatang-store:le-mot/")
    assert len(said.split()) >= 2, "there is a copy"
    assert pair.inside(one, "test -e /var/backups/hatang || echo none").strip() == "none", "and none on the host"
    assert " passed " in pair.inside(one, "tail -n 1 /var/lib/hatang-backup/restored")
    for host in pair.hosts:
        assert any(f"./{host.name}/" in path and "/snapshots/" in path for path in stored(pair))


def test_hardening_again_changes_nothing(pair: Lone) -> None:
    done = harden(pair.settings, pair.site, pair.hosts, pair.variables(3), log=pair.folder / "harden.log")
    assert sum(done.changed.values()) == 0, done.tasks


ATTEMPTS = (
    f"{RESTIC} forget --keep-last 1 --prune --group-by host",
    f"{RESTIC} key passwd --new-password-file /etc/hostname",
    "s=$(cat /var/lib/hatang-backup/where); s=${s#sftp:hatang-store:};"
    " for f in $(echo \"ls -1 $s/snapshots\" | sftp -q -b - hatang-store | grep -o '[0-9a-f]*$'); do"
    " printf -- '-rm %s\\n-put /etc/hostname %s\\n-rename %s %s-restic-temp-0\\n-chmod 777 %s\\n'"
    " $s/snapshots/$f $s/snapshots/$f $s/snapshots/$f $s/snapshots/$f $s/snapshots/$f; done"
    " | sftp -q -b - hatang-store",
    "printf -- '-rm le-mot/*/config\\n-rmdir le-mot\\n-rename le-mot le-cu\\n-put /etc/hostname le-mot/khoa\\n'"
    " | sftp -q -b - hatang-store",
    "printf -- '-ls le-hai\\n-get le-hai/*/config /run/lay\\n-put /etc/hostname le-hai/config\\n'"
    " | sftp -q -b - hatang-store",
    "ssh hatang-store 'rm -rf /srv/hatang-store/*'",
    "(sleep 1; exec 3<>/dev/tcp/127.0.0.1/12345 && head -n 1 <&3 > /run/lay) &"
    " timeout 5 ssh -N -L 12345:127.0.0.1:22 hatang-store; [ -s /run/lay ] || rm -f /run/lay",
    "timeout 10 scp -O hatang-store:/etc/hatang-store/keys /run/lay",  # its server would wait for ever
)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_who_rules_a_host_takes_nothing_from_the_store(pair: Lone, one: HostRecord, attempt: str) -> None:
    pair.inside(one, f"{RESTIC} backup /etc/hostname")  # so that there is something to forget
    before = stored(pair)
    pair.inside(one, f"timeout 90 bash -c {_quoted(attempt)} > /dev/null 2>&1; true")
    after = stored(pair)
    assert {path: after.get(path) for path in before} == before
    assert not [path for path in set(after) - set(before) if "/le-mot/" not in path], (
        "another's copies are as they were"
    )
    assert not pair.inside(one, "ls /run/lay 2>/dev/null || true")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def test_a_host_that_is_lost_comes_back_on_another_one(pair: Lone, one: HostRecord) -> None:
    other = pair.hosts[1]
    pair.inside(one, f"{IDLE}; hatang-backup run")
    sums = "find . -type f -print0 | sort -z | xargs -0 sha256sum"
    wanted = pair.inside(one, f"cd {COPIED} && {sums}")
    assert wanted.count("\n") == 2
    pair.inside(one, "rm -rf /srv/* /etc/hatang-backup.* /var/lib/hatang-backup")  # its keys too
    found = restore(pair.settings, one.name, other, "/srv/lay-lai")
    assert found.startswith("le-mot/20")
    assert pair.inside(other, f"cd /srv/lay-lai{COPIED} && {sums}") == wanted
    assert pair.inside(other, "ls -d /run/hatang-fetch-* 2>/dev/null || true") == "", "keys do not stay"
    log = pair.inside(other, "cat /var/log/auth.log /var/log/syslog")
    for keys in KeptKeys(pair.settings).of(one.name):
        assert keys.opens not in log and keys.opens not in (pair.folder / "harden.log").read_text()


def test_keys_are_kept_sealed(pair: Lone) -> None:
    kept = KeptKeys(pair.settings)
    for host in pair.hosts:
        keys = next(kept.of(host.name))
        secrets = (keys.opens, keys.logs_in.splitlines()[1])
        for file in (p for p in pair.folder.rglob("*") if p.is_file() and "copies" in p.parts):
            assert file.stat().st_mode & 0o077 == 0
            assert not [s for s in secrets if s in file.read_text()]
    assert set(kept.public()) == {h.name for h in pair.hosts}
    assert not keep_keys(pair.settings, pair.hosts[1]), "the same keys are kept once"
