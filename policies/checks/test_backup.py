"""Copies of settings and data: how old the last is, that it is encrypted, known, and can be restored from."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from hatang.policies.checks.expected import Ask, Expected
from hatang.policies.checks.units import units

TIMER = "hatang-backup.timer"
KEY, STATE = "/etc/hatang-backup.key", "/var/lib/hatang-backup"
ON_HOST = "/var/backups/hatang"  # where the site names neither store nor repository
ON_STORE = "sftp:hatang-store:"  # and the host's name; its repositories lie below
PROGRAM = "/usr/local/sbin/hatang-backup"
NEEDED = ("/etc", "/srv")  # settings and data
PARTS = {"config", "data", "index", "keys", "locks", "snapshots"}  # of a repository of restic
SHORTEST_KEY = 40
DAYS_PER_MONTH = 31
# A copy or a trial that is under way is waited for. The mark was made with the last copy and is read out of the newest.
ASKED = (
    'for i in $(seq 400); do [ "$(systemctl is-active hatang-backup.service)" = activating ] || break; sleep 0.1; done;'
    f" export RESTIC_PASSWORD_FILE={KEY}; r=$(sed -n s/^REPOSITORY=//p /etc/hatang-backup.conf); echo where $r;"
    f" case $r in {ON_STORE}*) r=$(cat {STATE}/where); p=${{r#{ON_STORE}}}; echo last $r;"
    ' printf "%s\\n" "-ls -1 $p" "-ls -1 $p/keys" "-ls -1 $p/snapshots" | sftp -q -b - hatang-store 2>&1'
    ' | sed -n "/^sftp>/d; s|^.*$p/keys/|opens |p; s|^.*$p/snapshots/|copy |p; s|^.*$p/|part |p";; esac;'
    ' echo "now $(date +%s)"; sed -n "s/^PATHS=/paths /p" /etc/hatang-backup.conf;'
    f' echo "key $(stat -c "%U %a %s" {KEY} 2>&1)";'
    f' echo "mark $(timeout 40 restic -q --no-lock --no-cache -r $r dump latest {STATE}/mark 2>&1 | head -n 1)";'
    f' echo "kept $(head -n 1 {STATE}/mark 2>&1)"; echo "restored $(tail -n 1 {STATE}/restored 2>&1)";'
    " if [ -d $r ]; then ls $r | sed 's/^/part /'; ls $r/keys | sed 's/^/opens /'; ls $r/snapshots | sed 's/^/copy /';"
    f" elif [ $r = ${{r#{ON_STORE}}} ]; then restic -q --no-lock -r $r list keys | sed 's/^/opens /';"
    " restic -q --no-lock -r $r list snapshots | sed 's/^/copy /'; fi;"
    f" grep -v ' \\(removed\\|left\\)=' {STATE}/register | cut -d ' ' -f 2 | sed 's/^/listed /';"
    f' last=$(tail -n 1 {STATE}/register | cut -d " " -f 2);'
    " echo told $(cat /var/log/syslog.1 /var/log/syslog 2>/dev/null"
    ' | grep -c "hatang-backup.*copy ${last:-none} of"); true'
)
WHEN = f"systemctl show {TIMER} -p TimersMonotonic; systemctl show hatang-backup.service -p ExecStart"
SPAN_S = {"month": 2629800, "w": 604800, "d": 86400, "h": 3600, "min": 60, "s": 1}


@dataclass(frozen=True)
class Copies:
    """What a host says of its copies: lines of a word and a text."""

    said: str

    def all(self, word: str) -> list[str]:
        """Texts of all lines that begin with the word."""
        return re.findall(rf"^{word} (.*)$", self.said, re.M)

    def one(self, word: str) -> str:
        """Text of its only line; empty where there is none."""
        return next(iter(self.all(word)), "")

    def seconds(self, word: str) -> int | None:
        """Seconds since the time that the line names; None: it names none."""
        found = re.match(r"(\d{9,}) ", self.one(word) + " ")
        return int(self.one("now")) - int(found[1]) if found else None


def copies(ask: Ask, expected: Expected) -> Copies:
    """What the host says of the repository that the site names; asked once for all checks."""
    found = Copies(ask(ASKED))
    where, last = found.one("where"), found.one("last")
    if expected.variables.get("backup_store_address"):
        assert where.startswith(ON_STORE), f"copies go to {where or 'nowhere'}, not to the site's store"
        assert last.startswith(f"{where}/"), f"the last copy went to {last or 'nowhere'}, not to the site's store"
        return found
    wanted = str(expected.variables.get("backup_repository") or ON_HOST)
    assert where == wanted, f"copies go to {where or 'nowhere'}, not to {wanted}"
    return found


def every_s(shown: str) -> float:
    """Longest time between two runs of the timer, seconds, as systemctl shows it; 0: it does not run again."""
    found = re.search(r"OnUnitActiveUSec=([^;]*?) ;", shown)
    return sum(float(n) * SPAN_S[u] for n, u in re.findall(r"([\d.]+)(month|min|w|d|h|s)", found[1])) if found else 0


@pytest.mark.control("BKP-02")
def test_last_copy_is_not_too_old(value: bool, expected: Expected, ask: Ask) -> None:
    """Settings and data are on the list of what is copied, and the newest copy is no older than the frequency."""
    found = copies(ask, expected)
    listed = found.one("paths").strip('"').split()
    missing = [path for path in NEEDED if path not in listed]
    assert not missing, f"not copied: {', '.join(missing)}"
    age, most = found.seconds("mark"), int(expected.variables["backup_every_hours"])
    assert age is not None, f"there is no copy, or it cannot be read: {found.one('mark')[:200]}"
    assert age <= most * 3600, f"the newest copy is {age / 3600:.0f} hours old; {most} at most"


@pytest.mark.control("BKP-03")
def test_copies_are_made_by_themselves(value: bool, expected: Expected, ask: Ask) -> None:
    """The timer runs, also after a boot, often enough, and what it starts makes a copy."""
    assert units(ask)[TIMER].is_kept_running, "nothing makes copies by itself, or not after a boot"
    shown = ask(WHEN)
    hours = every_s(shown) / 3600
    most = int(expected.variables["backup_every_hours"])
    assert 0 < hours <= most, f"a copy is made every {hours:.0f} hours; {most} at most"
    assert f"argv[]={PROGRAM} run ;" in shown, "what the timer starts makes no copy"


@pytest.mark.control("BKP-05")
def test_copies_are_encrypted(value: bool, expected: Expected, ask: Ask) -> None:
    """Only a repository of restic lies there, one long key opens it, and root alone can read that key."""
    found = copies(ask, expected)
    owner, mode, size = (*found.one("key").split(), "", "", "")[:3]
    assert (owner, mode) == ("root", "600"), f"the key belongs to {owner} with mode {mode}, or is not there"
    assert int(size) >= SHORTEST_KEY, f"the key has {size} characters"
    strange = sorted(set(found.all("part")) - PARTS)
    assert not strange, f"beside the encrypted copies lies {', '.join(strange)}"
    opens = len(found.all("opens"))
    assert opens == 1, f"{opens} keys open the copies; it should be the one of the host"


@pytest.mark.control("BKP-08")
def test_restore_succeeds(value: int, expected: Expected, ask: Ask) -> None:
    """The last trial of restoring passed and is not too old; a file can be restored from the newest copy now."""
    found = copies(ask, expected)
    months = int(expected.variables["backup_restore_months"])
    last, age = found.one("restored"), found.seconds("restored")
    assert age is not None, "no restore was ever tried"
    assert re.match(r"\d+ passed [1-9]\d* files of copy [0-9a-f]{64}$", last), f"the last trial: {last[:200]}"
    assert age <= months * DAYS_PER_MONTH * 86400, f"the last trial was {age / 86400:.0f} days ago"
    assert found.one("mark") == found.one("kept"), f"not as it was when it was copied: {found.one('mark')[:200]}"


@pytest.mark.control("BKP-10")
def test_every_copy_is_known(value: bool, expected: Expected, ask: Ask) -> None:
    """Copies in the repository are those of the register, and the last one stands in the log."""
    found = copies(ask, expected)
    there, listed = set(found.all("copy")), set(found.all("listed"))
    assert there, "there is no copy"
    assert not there - listed, f"not in the register: {', '.join(sorted(c[:8] for c in there - listed))}"
    assert not listed - there, f"in the register, and gone: {', '.join(sorted(c[:8] for c in listed - there))}"
    assert int(found.one("told")) >= 1, "the log says nothing of the last copy"
