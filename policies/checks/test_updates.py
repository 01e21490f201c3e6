"""Patches: where they come from, that they come by themselves, and that what is installed is told."""

from __future__ import annotations

import re

import pytest

from hatang.policies.checks.expected import Ask, Expected
from hatang.policies.checks.trials import WORD, heard
from hatang.policies.checks.units import units

SOURCES = "apt-get update --print-uris"  # what an update would ask for; it asks for nothing
SETTINGS = "apt-config dump"
STAMPS = "/var/lib/dpkg/info/*.list /var/lib/apt/periodic/upgrade-stamp"
AGE_S = f"echo $(($(date +%s) - $(stat -c %Y {STAMPS} 2>/dev/null | sort -n | tail -n 1)))"
DAY_S, DAYS_PER_MONTH = 86400, 31
# dpkg, with nothing to do: its own file and the log of the host both get a line.
TOLD = (
    f"{WORD}n=$(wc -l < /var/log/dpkg.log); HATANG_WORD=$w dpkg --configure -a;"
    " tail -n +$((n + 1)) /var/log/dpkg.log; true"
)


@pytest.mark.control("VUL-03")
def test_patches_come_from_the_mirror(value: bool, expected: Expected, ask: Ask) -> None:
    """apt knows no source but the site's mirror, and gets security updates from there."""
    mirror = str(expected.variables.get("updates_mirror", ""))
    assert mirror, "the site names no mirror"
    sources = re.findall(r"^'([^']+)'", ask(SOURCES), re.M)
    assert sources, "apt knows no source at all"
    strange = sorted({uri for uri in sources if not uri.startswith(f"{mirror.rstrip('/')}/")})
    assert not strange, f"packages also come from {', '.join(strange)}"
    assert any("security" in uri for uri in sources), "no security updates"


@pytest.mark.control("VUL-05")
def test_patched_lately(value: int, ask: Ask) -> None:
    """Security updates are installed by themselves, without exceptions, and the last package is not too old."""
    known = units(ask)
    for timer in ("apt-daily.timer", "apt-daily-upgrade.timer"):
        assert known[timer].is_kept_running, f"{timer} does not run, or not after a boot"
    settings = re.findall(r'^(\S+) "(.*)";$', ask(SETTINGS), re.M)
    last = dict(settings)
    for name in ("APT::Periodic::Update-Package-Lists", "APT::Periodic::Unattended-Upgrade"):
        assert last.get(name, "0") not in ("0", ""), f"{name} is off"
    held = [v for k, v in settings if k.startswith("Unattended-Upgrade::Package-Blacklist") and v]
    assert not held, f"never patched: {', '.join(held)}"
    origins = [v for k, v in settings if k.startswith("Unattended-Upgrade::Origins-Pattern")]
    assert any("security" in v.lower() for v in origins), "security updates are not among what is installed"
    days = int(ask(AGE_S)) / DAY_S
    assert days <= value * DAYS_PER_MONTH, f"nothing was installed for {days:.0f} days"


@pytest.mark.control("CFG-13")
def test_installing_is_logged(value: bool, ask: Ask) -> None:
    """A run of dpkg that changes nothing, for trial, leaves a line in its own file and in the log of the host."""
    said = ask(TOLD)
    assert re.search(r"^[\d-]+ [\d:]+ startup packages configure", said, re.M), "dpkg keeps no log"
    assert "hatang-dpkg" in heard(ask, said), "a run of dpkg leaves no line in the log of the host"
