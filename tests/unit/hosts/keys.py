"""Real host keys for tests, and a console as cloud-init leaves it."""

from __future__ import annotations

import subprocess
from pathlib import Path


def made(folder: Path, kind: str = "ed25519") -> str:
    """A new public key, `TYPE KEY`."""
    file = folder / f"key-{len(list(folder.glob('key-*.pub')))}"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "root@may", "-f", file], check=True)
    return " ".join(file.with_name(f"{file.name}.pub").read_text().split()[:2])


def console(*keys: str, name: str = "may") -> str:
    """What a Debian with cloud-init 22.4 writes around its keys, on a serial line."""
    log = f"<14>Nov 27 00:00:21 {name} cloud-init: "
    marks = "#############################################################"
    lines = [
        f"Debian GNU/Linux 12 {name} ttyS0", "", f"{name} login: ",
        "[   20.113870] cloud-init[612]: Cloud-init v. 22.4.2 running 'modules:final' at Fri, 27 Nov 2026",
        log, f"{log}{marks}", f"{log}-----BEGIN SSH HOST KEY FINGERPRINTS-----",
        f"{log}256 SHA256:0Jm5y7Ql2C3fN8b1VwKk6pXo9tRzUaHdSgEiMvYcB4s root@{name} (ED25519)",
        f"{log}-----END SSH HOST KEY FINGERPRINTS-----", f"{log}{marks}",
        "-----BEGIN SSH HOST KEY KEYS-----", *(f"{key} root@{name}" for key in keys),
        "-----END SSH HOST KEY KEYS-----",
        "[   20.391220] cloud-init[612]: Cloud-init v. 22.4.2 finished at Fri, 27 Nov 2026. Up 20.38 seconds", "",
    ]  # fmt: skip
    return "\r\n".join(lines)
