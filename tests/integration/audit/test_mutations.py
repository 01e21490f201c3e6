"""Every host check, proven by breaking the host: the broken controls are named, no other is; the roles repair them.

Each round breaks all controls at once, each in a way that touches no other: first as a careless administrator would,
then as somebody would who wants it to look right.
"""

from __future__ import annotations

import pytest

from hatang.audit.join import OF_SYSTEMS
from hatang.catalogue import load
from tests.integration.audit.checked import Checked

BY_HAND = "/etc/ssh/sshd_config.d/00-by-hand.conf"
LISTEN = "systemd-run --quiet --unit=by-hand-{port} python3 -m http.server {port}"

CARELESS = {
    "ACC-04": f"echo PermitRootLogin yes >> {BY_HAND}",
    "AUT-01": "sed -i 's/^minclass.*/minclass = 1/' /etc/security/pwquality.conf",
    "AUT-03": "sed -i 's/^minlen.*/minlen = 13/' /etc/security/pwquality.conf",
    "AUT-07": "sed -i 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 365/' /etc/login.defs",
    "AUT-08": "sed -i 's/remember=10/remember=3/' /etc/pam.d/common-password",
    "AUT-11": "mkdir -p /etc/systemd/system/getty@tty1.service.d && printf '[Service]\\nExecStart=\\n"
    "ExecStart=-/sbin/agetty --autologin root %%I\\n' > /etc/systemd/system/getty@tty1.service.d/by-hand.conf",
    "AUT-12": "sed -i 's/yescrypt/md5/' /etc/pam.d/common-password",
    "AUT-13": "sed -i 's/^ *deny *=.*/deny = 50/' /etc/security/faillock.conf",
    "AUT-14": "sed -i 's/^ *unlock_time *=.*/unlock_time = 60/' /etc/security/faillock.conf",
    "AUT-15": "groupdel break-glass",
    "CFG-02": "systemctl unmask --quiet rpcbind.service rpcbind.socket && systemctl start rpcbind.service",
    "CFG-08": f"echo Ciphers +aes128-cbc >> {BY_HAND}",
    "CFG-09": "rm -f $(grep -rl usb.storage /etc/modprobe.d)",
    "LOG-07": "systemctl disable --quiet --now chrony",
    "LOG-08": "rm -f $(grep -rl omfwd /etc/rsyslog.d) && systemctl restart rsyslog",
    "LOG-10": "printf '[Journal]\\nMaxRetentionSec=7day\\n' > /etc/systemd/journald.conf.d/zz-by-hand.conf",
    "SAC-01": LISTEN.format(port=23),
    "SAC-03": "nft insert rule inet hatang input tcp dport 22 accept",
    "SAC-10": "systemctl disable --quiet nftables.service",
    "SAC-13": "nft chain inet hatang output '{ policy accept ; }'",
    "SES-01": "rm -f /etc/profile.d/*timeout*.sh",
    "SES-04": f"echo UnusedConnectionTimeout none >> {BY_HAND}",
}
SLY = {
    "ACC-04": "echo 'root:Vq8+tRz3%Nb6_mK2' | chpasswd",
    "AUT-01": "sed -i 's/pam_pwquality.so/pam_pwquality.so minclass=2/' /etc/pam.d/common-password",
    "AUT-03": "sed -i 's/pam_pwquality.so/pam_pwquality.so lcredit=6/' /etc/pam.d/common-password",
    "AUT-07": "useradd old && echo 'old:Vq8+tRz3%Nb6_mK2' | chpasswd && chage -M 9999 old",
    "AUT-08": "sed -i '/pam_pwhistory/ s/requisite/optional/' /etc/pam.d/common-password",
    "AUT-11": "useradd open && sed -i 's/^open:[^:]*/open:/' /etc/shadow",
    "AUT-12": "useradd weak && usermod -p '$1$abcdefgh$irWbblnpmw.5z7wgBnprh0' weak && chage -M 60 weak",
    "AUT-13": "sed -i '/authfail/d' /etc/pam.d/common-auth",
    "AUT-14": "sed -i 's/pam_faillock.so preauth/pam_faillock.so preauth unlock_time=1/' /etc/pam.d/common-auth",
    "AUT-15": "sed -i '/pam_succeed_if/d' /etc/pam.d/common-auth",
    "CFG-02": LISTEN.format(port=631),
    "CFG-08": f"echo MACs +hmac-sha1 >> {BY_HAND}",
    "CFG-09": "sed -i 's/^install/# install/' $(grep -rl usb.storage /etc/modprobe.d)",
    "LOG-07": "echo 'server 192.0.2.1 iburst' >> /etc/chrony/chrony.conf && systemctl restart chrony",
    "LOG-08": 'sed -i \'s/target="[0-9.]*"/target="192.0.2.1"/\' $(grep -rl omfwd /etc/rsyslog.d)',
    "LOG-10": "sed -i 's/rotate [0-9]*/rotate 2/' /etc/logrotate.d/rsyslog",
    "SAC-01": LISTEN.format(port=21),
    "SAC-03": "nft insert rule inet hatang input ip saddr 0.0.0.0/0 tcp dport '{ 20-30 }' accept",
    "SAC-10": "systemctl mask --quiet nftables.service",
    "SAC-13": "nft insert rule inet hatang output counter accept",
    "SES-01": "sed -i '/readonly/d' /etc/profile.d/*timeout*.sh",
    "SES-04": f"echo ChannelTimeout session=0 >> {BY_HAND}",
}
UNDO = "systemctl stop 'by-hand-*' 2>/dev/null; userdel old 2>/dev/null; userdel open 2>/dev/null; userdel weak 2>/dev/null; true"  # noqa: E501


def demanded() -> set[str]:
    """Controls that a host check proves."""
    return {
        c.id for c in load().controls.values() if any(not check.startswith(OF_SYSTEMS) for check in c.checks)
    }  # fmt: skip


def outcomes(found: dict[str, str]) -> dict[str, str]:
    """Outcomes without reasons: over plain ssh the login shell of each command adds its own complaints to stderr."""
    return {control: text.split(":")[0] for control, text in found.items()}


@pytest.mark.parametrize("mutations", [CARELESS, SLY], ids=["careless", "sly"])
def test_what_is_broken_is_named_and_repaired(checked: Checked, mutations: dict[str, str]) -> None:
    assert set(mutations) == demanded(), "every control is broken"
    assert checked.bad() == {}
    for script in mutations.values():
        checked.root(script)
    bad = checked.bad()
    assert outcomes(checked.check(by="hatang")) == outcomes(checked.check()), "a link and plain ssh say the same"
    missed = {c: mutations[c] for c in mutations if c not in bad}
    assert not missed, f"not noticed: {missed}"
    assert not [f"{k} {v}" for k, v in bad.items() if not v.startswith("failed: ")], "a check could not tell"
    checked.root(UNDO)
    checked.harden()
    assert checked.bad() == {}


ALONE = ("ACC-04", "AUT-13", "LOG-07")


@pytest.mark.parametrize("control", ALONE)
def test_one_broken_control_is_named_alone(checked: Checked, control: str) -> None:
    keep = "/etc/ssh /etc/pam.d /etc/security /etc/chrony /etc/group /etc/gshadow /etc/shadow"
    checked.root(f"tar -C / -cf /root/keep.tar {keep} && nft list ruleset > /root/keep.nft")
    try:
        checked.root(CARELESS[control])
        assert set(checked.bad()) == {control}
    finally:
        checked.root(
            f"rm -f {BY_HAND}; tar -C / -xf /root/keep.tar; (echo flush ruleset; cat /root/keep.nft) | nft -f -;"
            "systemctl enable --quiet --now chrony; systemctl restart chrony"
        )
    assert checked.bad() == {}


def test_no_check_changes_the_host(checked: Checked) -> None:
    sums = (
        "find /etc /usr/local /root /home -xdev -type f -print0 | sort -z | xargs -0 sha256sum;"
        " faillock; nft list ruleset"
    )
    before = checked.root(sums)
    checked.check()
    assert checked.root(sums) == before


def test_one_control_alone(checked: Checked) -> None:
    assert checked.check("--control", "AUT-03") == {"AUT-03": "passed"}
