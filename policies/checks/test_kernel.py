"""The kernel: settings in force now and after a boot, and modules that it may not load."""

from __future__ import annotations

import re

import pytest

from hatang.policies.checks.expected import Ask

# Setting → values that protect. One that a kernel lacks is passed over: the law says "where the system has it".
GUARDS = {
    "kernel.randomize_va_space": (2,), "kernel.kptr_restrict": (1, 2), "kernel.dmesg_restrict": (1,),
    "kernel.yama.ptrace_scope": (1, 2, 3), "kernel.unprivileged_bpf_disabled": (1, 2),
    "kernel.perf_event_paranoid": (2, 3, 4), "kernel.sysrq": (0,), "fs.protected_symlinks": (1,),
    "fs.protected_hardlinks": (1,), "fs.protected_fifos": (1, 2), "fs.protected_regular": (1, 2),
    "fs.suid_dumpable": (0,), "net.ipv4.tcp_syncookies": (1,), "net.ipv4.conf.all.accept_redirects": (0,),
    "net.ipv4.conf.all.accept_source_route": (0,), "net.ipv6.conf.all.accept_redirects": (0,),
}  # fmt: skip
NOW = "sysctl -e " + " ".join(GUARDS) + " 2>/dev/null"
AT_BOOT = "systemd-analyze cat-config sysctl.d 2>/dev/null"
UNNEEDED = (
    "dccp", "sctp", "rds", "tipc", "ax25", "netrom", "appletalk", "can", "cramfs", "freevxfs", "hfs", "hfsplus",
    "jffs2", "udf", "firewire_core", "thunderbolt", "bluetooth",
)  # fmt: skip
RULES = "modprobe --showconfig"


def settings(text: str) -> dict[str, str]:
    """Settings of sysctl.d(5); the last one wins, as in systemd-sysctl."""
    rows = re.findall(r"^\s*-?\s*([\w./-]+?)\s*=\s*(.*?)\s*$", text, re.M)
    return {name.replace("/", "."): value for name, value in rows}


@pytest.mark.control("CFG-16")
def test_exploits_are_made_hard(value: bool, ask: Ask) -> None:
    """Addresses are random, and what helps an attacker to higher rights is closed: now, and after the next boot."""
    for when, found in (("now", settings(ask(NOW))), ("after a boot", settings(ask(AT_BOOT)))):
        for name, good in GUARDS.items():
            if name in found or when == "after a boot":
                assert name in found, f"nothing sets {name} at boot"
                assert found[name] in map(str, good), f"{name} is {found[name]} {when}, not {good[0]}"


@pytest.mark.control("CFG-05")
def test_unneeded_features_are_blocked(value: bool, ask: Ask) -> None:
    """Rare protocols and file systems cannot be loaded by anybody's request."""
    ways: dict[str, list[str]] = {}
    for name, command in re.findall(r"^install (\S+) (.*)$", ask(RULES), re.M):
        ways.setdefault(name.replace("-", "_"), []).append(command.strip())
    for module in UNNEEDED:
        assert module in ways, f"the kernel may load {module}"
        bad = [c for c in ways[module] if not re.fullmatch(r"/(usr/)?bin/(false|true)", c)]
        assert not bad, f"{module} is loaded by `{bad[0]}`"
