"""Logs: each kind arrives, nothing is left out on the way to the store, in cipher, and few may read them."""

from __future__ import annotations

import re
from fnmatch import fnmatch

import pytest

from hatang.policies.checks.expected import Ask, Expected
from hatang.policies.checks.test_logging import JOURNAL, RULES
from hatang.policies.checks.trials import WORD, heard

# One line of each kind, with a word of its own, and where it belongs; a unit that runs `true` is the process.
KINDS = (
    f"{WORD}logger -t access-trial -p authpriv.info $w; logger -t alert-trial -p daemon.alert $w;"
    " logger -t application-trial -p local0.info $w; systemd-run --quiet --unit=$w --wait true; true"
)
FOUND = {
    "access": r"^/var/log/auth\.log:.*access-trial", "alert": r"^/var/log/syslog:.*alert-trial",
    "application": r"^/var/log/syslog:.*application-trial", "process": r"^/var/log/syslog:.*Started trial-",
}  # fmt: skip
AUDITED = 'if $!_TRANSPORT == "audit" then stop'  # auditd writes these into a file, which is read as one
TRUE = ("1", "yes", "y", "true", "t", "on")
FILES = "find /var/log -type f -name '*.log'"
# What lies in a folder that others cannot enter is closed, whatever its own rights.
READABLE = (
    "find /var/log -type d ! -perm /o=x -prune -o -type f -perm /o=rwx"
    " ! -name wtmp ! -name lastlog ! -name faillog -print"
)
READERS = "getent group adm systemd-journal"
SILENT = r"grep -rhsE '^[[:space:]]*Defaults.*!(syslog|log_allowed|log_denied)' /etc/sudoers /etc/sudoers.d || true"
TRACES = r"grep -cE 'sudo(\[[0-9]+\])?:.*COMMAND=' /var/log/auth.log || true"
CERTIFICATE = "openssl x509 -checkend 0 -noout -in /etc/rsyslog-ca.pem 2>&1 || true"


def read_from_journal(rules: str) -> dict[str, str] | None:
    """Options of the module that reads the journal; None: it is not read."""
    for module in re.findall(r"^\s*module\(([^()]*)\)", rules, re.M | re.I):
        options = {k.lower(): v for k, v in re.findall(r'([\w.]+)\s*=\s*"([^"]*)"', module)}
        if options.get("load") == "imjournal":
            return options
    return None


def journal_settings(text: str) -> dict[str, str]:
    """What journald goes by: the last line of each counts, under its present name."""
    found = dict(re.findall(r"^\s*(\w+)\s*=\s*(.*?)\s*$", re.sub(r"\b(RateLimitInterval)\b", r"\1Sec", text), re.M))
    return {"RateLimitIntervalSec": "30s", **found}


@pytest.mark.control("LOG-02")
def test_each_kind_is_written(value: tuple[str, ...], ask: Ask) -> None:
    """A line for trial of each kind that syslog carries stands in the file where its kind belongs."""
    lines = heard(ask, ask(KINDS))
    missing = [k for k in value if k in FOUND and not re.search(FOUND[k], lines, re.M)]
    assert not missing, f"not written: {', '.join(missing)}"


@pytest.mark.control("LOG-13")
def test_nothing_is_left_out(value: bool, ask: Ask) -> None:
    """What programs write into files of their own is taken in, and no rule throws messages away."""
    rules = "\n".join(r for r in ask(RULES).splitlines() if not r.lstrip().startswith("#") and r.strip() != AUDITED)
    thrown = re.findall(r"^(?!.*action\().*?[\s{]((?:stop|~|discard)\s*}?)\s*$", rules, re.M)
    assert not thrown, "a rule throws messages away before they are sent"
    reading = read_from_journal(rules)
    assert reading is not None, "the log service does not read the journal"
    assert reading.get("statefile"), "the log service forgets at each start what it has read of the journal"
    assert reading.get("ratelimit.interval", "600") == "0", "of many messages at once the log service drops some"
    journal = journal_settings(ask(JOURNAL))
    assert journal.get("MaxLevelStore", "debug") in ("debug", "7"), "the journal keeps some messages out"
    limited = journal.get("RateLimitBurst") != "0" and not re.fullmatch(r"0+ *[a-z]*", journal["RateLimitIntervalSec"])
    assert not limited, "of many messages at once the journal drops some"
    kernel = journal.get("ReadKMsg", "yes").lower() in TRUE or 'load="imklog"' in rules
    assert kernel, "what the kernel says is kept nowhere"
    own = set(re.findall(r"\s-?(/var/log/\S+)\s*$", rules, re.M))
    taken = re.findall(r'type\s*=\s*"imfile"\s+File\s*=\s*"([^"]+)"', rules, re.I)
    left = [f for f in ask(FILES).split() if f not in own and not any(fnmatch(f, p) for p in taken)]
    assert not left, f"never sent: {', '.join(left)}"


@pytest.mark.control("LOG-15")
def test_few_read_logs(value: bool, ask: Ask) -> None:
    """Others read no log, nobody is in the groups that may, and what is done with root's rights leaves a line."""
    open_ = ask(READABLE).split()
    assert not open_, f"everybody may use {', '.join(open_[:5])}"
    members = [f"{n} ({g})" for g, _, _, ns in (r.split(":") for r in ask(READERS).split()) for n in ns.split(",") if n]
    assert not members, f"may read logs without leaving a trace: {', '.join(members)}"
    assert not ask(SILENT).strip(), "sudo is told to be silent"
    assert int(ask(TRACES).strip() or 0) > 0, "sudo left no line in the log"


@pytest.mark.control("LOG-18")
def test_logs_travel_encrypted(value: bool, expected: Expected, ask: Ask) -> None:
    """Every way out of the log service is TLS, and only to a server that the site's certificate vouches for."""
    assert expected.variables.get("logging_ca", "-"), "the site names no certificate, so logs go in clear"
    rules = ask(RULES)
    ways = [a for a in re.findall(r"action\(([^()]*)\)", rules, re.S) if re.search(r'type\s*=\s*"omfwd"', a, re.I)]
    assert ways, "messages are sent nowhere"
    for way in ways:
        options = {k.lower(): v for k, v in re.findall(r'(\w+)\s*=\s*"([^"]*)"', way)}
        assert options.get("streamdriver") in ("gtls", "ossl"), f"to {options.get('target')} in clear"
        assert options.get("streamdrivermode") == "1", f"to {options.get('target')} in clear"
        assert options.get("streamdriverauthmode", "anon").startswith("x509/"), "to whoever answers"
    plain = re.findall(r"^\s*[^#\s]\S*\s+@@?\S+", rules, re.M)
    assert not plain, f"in clear: {plain[0].strip()}"
    assert "will not expire" in ask(CERTIFICATE), "there is no valid certificate to know the store by"
