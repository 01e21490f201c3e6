"""The way of a run to its hosts: one ssh_config of its own, one connection per host, shared by all commands."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from hatang.registry import HostRecord
from hatang.settings import Settings, environment

CONNECT_TIMEOUT_S = 10
PROBE_TIMEOUT_S = 45


@contextmanager
def ssh_config(settings: Settings, hosts: Sequence[HostRecord]) -> Iterator[Path]:
    """An ssh_config that names every host and its key; its connections are closed afterwards.

    What the site's own ssh_config says about the way (bastion, known hosts) is kept.
    """
    # Not in the state folder: the path of a control socket must stay under 104 characters.
    with tempfile.TemporaryDirectory(prefix="hatang-check-") as folder:
        file = Path(folder) / "ssh_config"
        rows: list[str] = []
        for host in hosts:
            rows += [
                f"Host {host.name}",
                f"  User {host.login}",
                f'  IdentityFile "{settings.state_dir / "keys" / host.system}"',
            ]
            rows += [] if settings.ssh_config else [f"  HostName {host.address}"]
        rows += ["Host *", "  BatchMode yes", f"  ConnectTimeout {CONNECT_TIMEOUT_S}"]
        rows += [f'Include "{settings.ssh_config}"'] if settings.ssh_config else ["  StrictHostKeyChecking accept-new"]
        rows += ["Host *", "  ControlMaster auto", f"  ControlPath {folder}/%C", "  ControlPersist 60"]
        file.write_text("\n".join(rows) + "\n")
        try:
            yield file
        finally:
            for socket in Path(folder).glob("*"):
                if socket.is_socket():
                    argv = ["ssh", "-F", str(file), "-o", f"ControlPath={socket}", "-O", "exit", "host"]
                    subprocess.run(argv, capture_output=True, timeout=30, stdin=subprocess.DEVNULL, check=False)


def unreachable(config: Path, hosts: Sequence[HostRecord]) -> dict[str, str]:
    """Hosts that do not let us in as root, with the reason. Opens the shared connections as it goes."""
    if not hosts:
        return {}
    with ThreadPoolExecutor(min(16, len(hosts))) as pool:
        causes = list(pool.map(lambda h: _probe(config, h.name), hosts))
    return {h.name: cause for h, cause in zip(hosts, causes, strict=True) if cause}


def _probe(config: Path, host: str) -> str:
    # A file, not a pipe: a shared connection stays in the background with a bastion's ssh that holds the pipe open.
    with tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(
                ["ssh", "-F", str(config), host, "sudo -n true"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                timeout=PROBE_TIMEOUT_S, env=environment(), check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"no answer in {PROBE_TIMEOUT_S} s"
        errors.seek(0)
        text = errors.read().decode(errors="replace").strip().splitlines()
    return "" if done.returncode == 0 else (text[-1] if text else f"ssh ended with {done.returncode}")
