"""The operator's way in: an ssh_config that leads through the operator's namespace on the bastion networks."""

from __future__ import annotations

import re
import threading
from pathlib import Path

from . import image, sockets
from .machines import Machines
from .netns import NETNS
from .programs import write_text
from .records import Machine

KEY_NAME = re.compile(r"[A-Za-z0-9_@-][A-Za-z0-9_@.-]*")  # others cannot name a file of the key folder
_writing = threading.Lock()  # hosts come and go in many threads


def write(machines: Machines, keys: Path) -> None:
    """Write ssh_config and known_hosts for the hosts on record.

    Args:
        keys: folder of private keys, each named after its keypair. They are the operator's; the agent never reads them.
    """
    with _writing:
        control = sockets.folder(machines.id)
        control.mkdir(mode=0o700, exist_ok=True)
        hosts = [m for m in machines.all() if m.address]
        write_text(machines.state / "known_hosts", known_hosts([(m, machines.host_key(m)) for m in hosts]))
        write_text(machines.state / "ssh_config", config(machines.state, machines.id, hosts, keys), 0o600)


def known_hosts(hosts: list[tuple[Machine, str]]) -> str:
    """Host keys by name and address, as the agent made them."""
    return "".join(sorted(f"{m.name},{m.address} {key}\n" for m, key in hosts if key))


def config(state: Path, ident: str, hosts: list[Machine], keys: Path) -> str:
    """The text of ssh_config: one block per host, by name and by address, and what all have in common."""
    blocks = []
    for m in hosts:
        blocks.append(f"Host {m.name} {m.address}\n  HostName {m.address}\n  HostKeyAlias {m.name}\n")
        if KEY_NAME.fullmatch(m.key_name):
            blocks.append(f'  IdentityFile "{keys / m.key_name}"\n')
    blocks.append(f"""Host *
  User {image.USER}
  IdentitiesOnly yes
  UserKnownHostsFile "{state}/known_hosts"
  StrictHostKeyChecking yes
  LogLevel ERROR
  ConnectTimeout 30
  ServerAliveInterval 15
  ControlMaster auto
  ControlPersist 120
  ControlPath {sockets.folder(ident)}/%C
  ProxyCommand nsenter --net={NETNS}/{ident}-op nc -F -w 30 %h %p
  ProxyUseFdpass yes
""")
    return "".join(blocks)
