"""The second factor: what sshd demands of each account, and what its PAM stack does with a wrong code."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from hatang.policies.checks.expected import Ask, Expected
from hatang.policies.checks.pam_stack import READ, Line, Stacks

# Whoever may get a shell: name and uid. And the account by which this check came in, where it is not root.
PEOPLE = "getent passwd | awk -F: '$7 !~ /(nologin|false|sync)$/ {print $1}'"
OURS = 'printf %s "${SUDO_USER:-}"'
STRANGER = "hatang-nobody-of-this-name"  # an account that is made tomorrow
ASKED = (
    "for u in {names}; do for a in {places}; do printf '%s %s ' $u $a;"
    " sshd -T -C user=$u,host=$a,addr=$a | grep -iE '^(authenticationmethods|kbdinteractiveauthentication|usepam) '"
    " | sort | tr '\\n' ' '; echo; done; done"
)
PASSWORDS = "awk -F: '$2 ~ /^[$]/ {print $1}' /etc/shadow"


def wrong_code(line: Line) -> str:
    """What modules answer when all is right but the code."""
    if line.module == "pam_succeed_if":
        return "auth_err"
    return "auth_err" if line.module in ("pam_oath", "pam_deny") or "authfail" in line.args else "success"


@pytest.mark.control("AUT-09")
def test_second_factor(value: bool, expected: Expected, ask: Ask) -> None:
    """Every person needs a key and a one-time code; a wrong code lets nobody in; the secrets are root's alone."""
    exempt = {ask(OURS).strip(), *expected.variables.get("ssh_server_one_factor_accounts", ())} - {"", "root"}
    for name, place, options in demanded(ask, expected):
        if name in exempt:
            continue
        ways = [way.split(",") for way in options["authenticationmethods"].split()]
        one = [w for w in ways if "publickey" not in w or not any(m.startswith("keyboard-interactive") for m in w)]
        assert not one, f"{name} gets in from {place} by {','.join(one[0])} alone"
        assert options["kbdinteractiveauthentication"] == "yes", f"{name} is asked for no code"
        assert options["usepam"] == "yes", "sshd asks nobody for a code (UsePAM)"
    both = sorted(exempt & set(ask(PASSWORDS).split()))
    assert not both, f"exempt from the second factor, and with a password: {', '.join(both)}"
    walk = Stacks(ask(READ)).walk("sshd", "auth", wrong_code)
    module = walk.find("pam_oath")
    assert module, "sshd asks for no one-time code (pam_oath)"
    assert not walk.granted, "a wrong code is let in"
    file = module.arg("usersfile") or ""
    owner = ask(f"stat -c '%U %G %a' '{file}'").strip()
    assert owner == "root root 600", f"{file} with the secrets belongs to {owner}"


def demanded(ask: Ask, expected: Expected) -> list[tuple[str, str, dict[str, str]]]:
    """Account, place and options in effect, for everybody who may get a shell and for somebody new."""
    names = [*ask(PEOPLE).split(), STRANGER]
    networks = [ip_network(n) for n in expected.variables.get("firewall_management_sources", ())]
    places = ["127.0.0.1", *(str(n[1] if n.num_addresses > 1 else n[0]) for n in networks)]
    rows = [row.split() for row in ask(ASKED.format(names=" ".join(names), places=" ".join(places))).splitlines()]
    assert len(rows) == len(names) * len(places), "sshd did not say what it demands"
    return [(row[0], row[1], _options(row[2:])) for row in rows]


def _options(words: list[str]) -> dict[str, str]:
    """Options by name; authenticationmethods stands first and may have several words."""
    i, j = words.index("kbdinteractiveauthentication"), words.index("usepam")
    return {
        "authenticationmethods": " ".join(words[1:i]), "kbdinteractiveauthentication": words[i + 1],
        "usepam": words[j + 1],
    }  # fmt: skip
