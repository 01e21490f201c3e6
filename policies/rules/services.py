"""Services by their ports, as rules and checks know them: which administer a host, which carry everything in clear."""

from __future__ import annotations

# SAC-07: whoever reaches one of these administers the host.
ADMINISTRATION: dict[int, str] = {22: "SSH", 23: "Telnet", 3389: "RDP", 5900: "VNC", 5985: "WinRM", 5986: "WinRM"}
# NET-22: protocols for administration, transfer and replication that nobody encrypts; each has an encrypted sister.
CLEAR_TEXT: dict[int, str] = {
    21: "FTP", 23: "Telnet", 69: "TFTP", 110: "POP3", 143: "IMAP", 161: "SNMP", 389: "LDAP", 512: "rexec",
    513: "rlogin", 514: "syslog or rsh", 873: "rsync", 5900: "VNC", 5985: "WinRM over HTTP",
}  # fmt: skip


def reached(services: dict[int, str], protocol: str | None, low: int | None, high: int | None) -> list[str]:
    """Names of the services that a rule lets through.

    Args:
        protocol: of the rule; empty or None: every one.
        low: first port of the rule; None: all ports.
        high: last port of the rule; None: all ports.
    """
    if (protocol or "tcp").lower() not in ("tcp", "udp", "6", "17", "any"):
        return []
    return [f"{name} ({port})" for port, name in services.items() if (low or 0) <= port <= (high or 65535)]
