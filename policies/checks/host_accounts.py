"""Accounts of a host and their SSH keys, read once for all checks; no hash leaves the host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from hatang.policies.checks.expected import Ask, Expected

# Each line: account of passwd, then of shadow (first sign of the hash, last change, expiry), last login, and birth of
# its home or the day on which hatang-accounts first saw it, in days since 1970. Of hashes only whether two accounts
# have the same one.
READ = r"""
import os, struct
shadow = {r[0]: r for r in (l.rstrip("\n").split(":") for l in open("/etc/shadow"))}
hashes = [r[1] for r in shadow.values() if r[1][:1] == "$"]
for line in open("/etc/passwd"):
    name, _, uid, gid, _, home, shell = line.rstrip("\n").split(":")
    row = shadow.get(name) or [name, "*"] + [""] * 7
    last = 0
    try:
        with open("/var/log/lastlog", "rb") as file:
            file.seek(int(uid) * 292)
            last = struct.unpack("i", file.read(292)[:4])[0] // 86400
    except (OSError, struct.error):
        pass
    paths = [p for p in (home, "/var/lib/hatang/accounts-seen/" + name) if os.path.exists(p)]
    born = max([0] + [int(os.stat(p).st_ctime) // 86400 for p in paths])
    twin = hashes.count(row[1]) > 1
    print(name, uid, shell or "/bin/sh", row[1][:1] or "-", row[2] or 0, row[7] or -1, last, born, int(twin), sep=":")
"""
OURS = 'printf %s "${SUDO_USER:-}"'  # the account by which hatang, or the auditor, came in
TODAY = "date +%s"
GROUPS = "getent group"
FIRST_UID, NOBODY = 1000, 65534
NO_SHELL = ("nologin", "false", "sync")
KEYS = (
    'for n in $(cut -d: -f1 /etc/passwd); do h=$(getent passwd "$n" | cut -d: -f6);'
    " for f in .ssh/authorized_keys .ssh/authorized_keys2; do"
    ' [ -f "$h/$f" ] && sed "s|^|$n |" "$h/$f"; done; done; true'
)
STRAY_KEYS = "find /home /root -xdev -path '*/.ssh/authorized_keys*' -printf '%h/%f %u\\n' 2>/dev/null; true"
KEY = re.compile(
    r"^(?P<options>(?:[^\s\"]|\"(?:\\.|[^\"\\])*\")+\s+)??(?P<kind>(?:ssh|ecdsa|sk)-\S+)\s+(?P<key>[A-Za-z0-9+/=]+)\s*(?P<owner>.*)$"
)
END = re.compile(r'(?:^|,)expiry-time="(\d{8})')


@dataclass(frozen=True)
class Account:
    """An account of the host."""

    name: str
    uid: int
    shell: str
    has_password: bool
    made: int  # day since 1970 on which its password field last changed; 0: marked to be changed
    expires: int  # day since 1970; -1: never
    last_login: int  # day since 1970; 0: never
    home_made: int
    shares_password: bool

    @property
    def is_person_like(self) -> bool:
        """Whether it is root, or was made after the system was installed."""
        return self.uid == 0 or (self.uid >= FIRST_UID and self.uid != NOBODY)

    @property
    def has_shell(self) -> bool:
        """Whether a login gives a shell."""
        return self.shell.rsplit("/", 1)[-1] not in NO_SHELL

    def is_open(self, today: int) -> bool:
        """Whether it has not expired."""
        return self.expires < 0 or self.expires > today

    def unused(self, today: int) -> int:
        """Days since the last login; since it was made when there was none; 0 while no day is known."""
        known = self.last_login or max(self.made, self.home_made)
        return today - known if known else 0


@dataclass(frozen=True)
class Key:
    """A line of authorized_keys."""

    account: str
    key: str
    owner: str  # its comment
    end: date | None


def accounts(ask: Ask) -> list[Account]:
    """All accounts of /etc/passwd."""
    found = []
    for row in ask(f"python3 -I -S -c '{READ}'").splitlines():
        name, uid, shell, first, made, expires, last, born, twin = row.split(":")
        has = first not in ("!", "*", "-")
        found.append(Account(name, int(uid), shell, has, int(made), int(expires), int(last), int(born), twin == "1"))
    return found


def keys(ask: Ask) -> list[Key]:
    """All SSH keys that open accounts; a line that is no key counts as one without owner and end."""
    found = []
    for row in ask(KEYS).splitlines():
        account, _, line = row.partition(" ")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = KEY.match(line.strip())
        end = END.search(match["options"] or "") if match else None
        until = datetime.strptime(end[1], "%Y%m%d").date() if end else None
        found.append(Key(account, match["key"] if match else line, match["owner"].strip() if match else "", until))
    return found


def today(ask: Ask) -> int:
    """Days since 1970, by the host's clock."""
    return int(ask(TODAY)) // 86400


def ours(ask: Ask) -> str:
    """The account of hatang's own runs; empty when the check came in as root."""
    return ask(OURS).strip()


def members(ask: Ask, group: str) -> set[str]:
    """Members of a group; empty when there is none of that name."""
    rows = [row.split(":") for row in ask(GROUPS).splitlines()]
    return {name for row in rows if row[0] == group for name in row[3].split(",") if name}


def emergency(ask: Ask, expected: Expected) -> set[str]:
    """Members of the emergency group (AUT-15)."""
    return members(ask, str(expected.variables.get("accounts_emergency_group", "break-glass")))


def declared(ask: Ask, expected: Expected) -> dict[str, dict[str, object]]:
    """Accounts that may be there, by name: those of the system's file, root, and the one of hatang's own runs."""
    own = {"kind": "technical", "enabled": True, "shared": False}
    found: dict[str, dict[str, object]] = {"root": own | {"kind": "administration"}}
    if name := ours(ask):
        found[name] = own
    return found | {str(a["name"]): a for a in expected.variables.get("accounts_declared", ())}
