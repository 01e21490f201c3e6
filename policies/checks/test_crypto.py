"""Algorithms that the host's programs use towards others, as OpenSSL and the SSH client themselves say."""

from __future__ import annotations

import re

import pytest

from hatang.policies.checks.expected import Ask
from hatang.policies.checks.test_ssh_server import WEAK

# What a program gets that asks for nothing special: Python hands OpenSSL's own defaults through.
DEFAULTS = """python3 - <<'PY'
import ssl
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
print(int(c.minimum_version))
for x in c.get_ciphers():
    print(x["name"], x["kea"], x["auth"], x["symmetric"], x["digest"])
PY"""
TLS_1_2 = 0x0303
CLIENT = "ssh -G host.invalid"
# Published weaknesses: SHA-1 and MD5 as MAC, RC4, 3DES, no encryption, no forward secrecy, nobody authenticated.
WEAK_TLS = re.compile(r"sha1$|md5$| rc4| des-|3des|null|seed|idea|camellia| kx-rsa | auth-null")


@pytest.mark.control("DAT-05")
def test_programs_use_strong_algorithms(value: bool, ask: Ask) -> None:
    """OpenSSL's defaults and the SSH client offer no algorithm with a known weakness, and no TLS before 1.2."""
    oldest, *ciphers = ask(DEFAULTS).splitlines()
    weak = [row.split()[0] for row in ciphers if WEAK_TLS.search(row.lower())]
    assert not weak, f"TLS: {', '.join(weak)}"
    assert int(oldest) >= TLS_1_2, "TLS before 1.2 is taken"
    options = dict(row.split(" ", 1) for row in ask(CLIENT).splitlines() if " " in row)
    for kind in ("ciphers", "macs", "kexalgorithms", "hostkeyalgorithms"):
        bad = [a for a in options[kind].split(",") if WEAK.search(a)]
        assert not bad, f"SSH client, {kind}: {', '.join(bad)}"
