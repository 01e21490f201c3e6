"""Names: who is asked for them, and which are asked of nobody."""

from __future__ import annotations

import re

import pytest

from hatang.policies.checks.expected import Ask, Expected

ASKED = "cat /etc/resolv.conf"
ORDER = "sed -n 's/^hosts:[[:space:]]*//p' /etc/nsswitch.conf"
NOWHERE = {"0.0.0.0", "::", "127.0.0.1", "::1"}


@pytest.mark.control("CFG-06")
def test_only_trusted_resolvers_are_asked(value: bool, expected: Expected, ask: Ask) -> None:
    """The resolvers are some of the site's, and nothing besides the host's own list answers instead of them."""
    found = re.findall(r"^\s*nameserver\s+(\S+)", ask(ASKED), re.M)
    assert found, "no resolver is named"
    trusted = [str(s) for s in expected.variables.get("resolver_servers", [])]
    strange = [s for s in found if trusted and s not in trusted]
    assert not strange, f"asked are {', '.join(strange)}, which the site does not name"
    others = set(re.sub(r"\[.*?\]", "", ask(ORDER)).split()) - {"files", "dns", "myhostname"}
    assert not others, f"names are also taken from {', '.join(sorted(others))}"


@pytest.mark.control("CFG-07")
def test_harmful_names_do_not_resolve(value: bool, expected: Expected, ask: Ask) -> None:
    """Each harmful name of the site's list leads nowhere, as any program on the host sees it."""
    names = [str(n) for n in expected.variables.get("resolver_blocked", [])]
    assert names, "the site names no harmful domain"
    sources = ask(ORDER).split()
    assert sources[:1] == ["files"], "the host's own list is not looked at first"
    for name in names:
        answers = ask(f"timeout 10 getent ahosts {name}", (0, 2, 124)).split("\n")
        led = {row.split()[0] for row in answers if row.strip()}
        assert led, f"{name} is asked of a resolver"
        assert led <= NOWHERE, f"{name} leads to {', '.join(sorted(led - NOWHERE))}"
