"""The operator's way in: an ssh_config that leads through the operator's namespace on the bastion networks."""

from __future__ import annotations

from pathlib import Path

from . import image
from .machines import Machines, write_known_hosts
from .netns import NETNS
from .programs import write_text


def control_folder(ident: str) -> Path:
    """Folder of SSH control sockets; short, since a socket's path has at most 104 characters."""
    return Path("/run") / f"hatang-{ident}"


def write(machines: Machines, keys: Path) -> None:
    """Write ssh_config and known_hosts for the hosts on record. `keys` holds private keys named after keypairs."""
    state = machines.state
    control = control_folder(machines.id)
    control.mkdir(mode=0o700, exist_ok=True)
    write_known_hosts(machines, state / "known_hosts")
    blocks = []
    for m in sorted(machines.known.values(), key=lambda m: m.name):
        if not any(nic.addresses for nic in m.nics):
            continue
        blocks.append(f"Host {m.name} {m.address}\n  HostName {m.address}\n  HostKeyAlias {m.name}\n")
        if m.key_name:
            blocks.append(f"  IdentityFile {keys / m.key_name}\n")
    blocks.append(f"""Host *
  User {image.USER}
  IdentitiesOnly yes
  UserKnownHostsFile {state}/known_hosts
  StrictHostKeyChecking yes
  LogLevel ERROR
  ConnectTimeout 30
  ServerAliveInterval 15
  ControlMaster auto
  ControlPersist 120
  ControlPath {control}/%C
  ProxyCommand nsenter --net={NETNS}/{machines.id}-op nc -F -w 30 %h %p
  ProxyUseFdpass yes
""")
    write_text(state / "ssh_config", "".join(blocks), 0o600)
