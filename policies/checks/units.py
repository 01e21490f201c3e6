"""What systemd says of all units that any check is about, asked at once: each question costs more than its answer.

`systemctl show` would say it too, but takes three times as long: systemd hands over all it knows of each unit.
"""

from __future__ import annotations

from dataclasses import dataclass

from hatang.policies.checks.expected import Ask

# Services that a server of a tenant does not need; a site that needs one asks for a waiver.
UNUSED = (
    "avahi-daemon.service", "avahi-daemon.socket", "bluetooth.service", "cups.service", "cups.socket", "cups.path",
    "cups-browsed.service", "rpcbind.service", "rpcbind.socket", "nfs-server.service", "smbd.service", "nmbd.service",
    "snmpd.service", "slapd.service", "isc-dhcp-server.service", "ModemManager.service", "xinetd.service",
    "inetutils-inetd.service", "openbsd-inetd.service", "ypserv.service", "gdm3.service", "lightdm.service",
)  # fmt: skip
MOUNTING = ("autofs.service", "udisks2.service", "usbmount.service")
NEEDED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "chrony.service", "clamav-clamonacc.service", "clamav-daemon.service",
    "clamav-freshclam.service", "cron.service", "fail2ban.service", "hatang-accounts.timer", "hatang-backup.timer",
    "nftables.service", "rsyslog.service",
)  # fmt: skip
ALL = (*NEEDED, *UNUSED, *MOUNTING)
RUNNING = "systemctl list-units --all --full --plain --no-legend " + " ".join(ALL)  # those that systemd has in memory
FILES = "systemctl list-unit-files --full --no-legend " + " ".join(ALL)  # those that have a file, or were masked


@dataclass(frozen=True)
class Unit:
    """State of a unit."""

    active: str = "inactive"
    file: str = ""  # enabled, disabled, static, masked …; empty: no file

    @property
    def is_awake(self) -> bool:
        """Whether it runs, or would start at boot or on demand."""
        return self.active not in ("inactive", "failed") or self.file.startswith("enabled")

    @property
    def is_kept_running(self) -> bool:
        """Whether it runs, and will after a boot."""
        return (self.active, self.file) == ("active", "enabled")


def units(ask: Ask) -> dict[str, Unit]:
    """All of them by name, also those that the host does not have."""
    running = {row[0]: row[2] for row in map(str.split, ask(RUNNING).splitlines()) if len(row) > 2}
    files = {row[0]: row[1] for row in map(str.split, ask(FILES, (0, 1)).splitlines()) if len(row) > 1}
    return {name: Unit(running.get(name, "inactive"), files.get(name, "")) for name in ALL}


def awake(ask: Ask, names: tuple[str, ...]) -> list[str]:
    """Those of the units that run, or would start at boot or on demand."""
    known = units(ask)
    return [name for name in names if known[name].is_awake]
