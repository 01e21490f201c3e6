"""Software: what is installed or runs stands on the site's list."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest

from hatang.policies.checks.expected import Ask, Expected
from hatang.policies.checks.trials import WORD, heard
from hatang.policies.checks.units import units

INSTALLED = "dpkg-query -W -f '${db:Status-Status} ${Package}\\n'"
GONE = ("not-installed", "config-files")
LISTED = "grep -v '^#' /etc/hatang-software.list 2>/dev/null || true"
# Programs that run, and which of them a package brought; dpkg remembers the places of before /bin became a link.
RUNNING = (
    "runs=$(for e in /proc/[0-9]*/exe; do readlink $e; done 2>/dev/null | sed 's/ (deleted)$//' | sort -u);"
    " echo \"$runs\" | sed 's/^/runs /';"
    " echo \"$runs\" | sed 'p; s|^/usr||' | xargs dpkg-query -S 2>/dev/null | sed 's/^.*: /owned /'; true"
)
TASKS = "cat /etc/cron.d/hatang-software 2>/dev/null || true"
# The comparison is shown a list without bash, in a mount namespace of its own: it must tell.
TOLD = (
    f"{WORD}l=/etc/hatang-software.list; unshare --mount sh -c"
    " 'mount -t tmpfs trial /mnt && grep -vx bash '$l' > /mnt/l && mount --bind /mnt/l '$l' &&"
    " exec /usr/local/sbin/hatang-software compare '$w;"
    " true"
)


def allowed(expected: Expected) -> list[str]:
    """Packages and programs of the site's list."""
    found = [str(name) for name in expected.variables.get("software_allowed", [])]
    assert found, "the site's list of software is empty"
    return found


def unlisted(ask: Ask, expected: Expected) -> list[str]:
    """Packages that are on the host and not on the list."""
    rows = [row.split() for row in ask(INSTALLED).splitlines()]
    there = {name for status, name in rows if status not in GONE}
    assert there, "dpkg knows no package"
    return sorted(there - set(allowed(expected)))


def unowned(said: str) -> list[str]:
    """Programs that run and that no package brought."""
    owned = set(re.findall(r"^owned (.*)$", said, re.M))
    running = re.findall(r"^runs (.*)$", said, re.M)
    assert running, "no program is seen to run"
    return [p for p in running if not {p, p.removeprefix("/usr")} & owned]


@pytest.mark.control("CFG-10")
def test_installed_software_is_listed(value: bool, expected: Expected, ask: Ask) -> None:
    """Every installed package is on the site's list, and the list that lies on the host is that of the site."""
    strange = unlisted(ask, expected)
    assert not strange, f"not on the list: {', '.join(strange)}"
    here = set(ask(LISTED).split())
    differs = sorted(here ^ set(allowed(expected)))
    assert not differs, f"the list on the host differs from the site's in {', '.join(differs[:10])}"


@pytest.mark.control("CFG-11")
def test_only_allowed_software_is_there(value: bool, expected: Expected, ask: Ask) -> None:
    """No package and no running program is there that the list does not name, and the host would tell of one."""
    strange = unlisted(ask, expected)
    patterns = [name for name in allowed(expected) if name.startswith("/")]
    strange += [p for p in unowned(ask(RUNNING)) if not any(fnmatchcase(p, pattern) for pattern in patterns)]
    assert not strange, f"not allowed, but there: {', '.join(strange)}"
    assert units(ask)["cron.service"].is_kept_running, "the service of regular tasks does not run, or not after a boot"
    daily = r"^\d+ \d+ \* \* \* root /usr/local/sbin/hatang-software compare$"
    assert re.search(daily, ask(TASKS), re.M), "nobody compares"
    said = heard(ask, ask(TOLD))
    assert "not on the list of software: bash trial-" in said, "software that is not allowed would not be told"
