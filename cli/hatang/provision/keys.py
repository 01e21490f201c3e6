"""SSH keys of systems: one pair per system, made here, whose private part never leaves the state folder."""

from __future__ import annotations

import subprocess

from hatang.settings import Settings


def public_key(settings: Settings, system: str) -> str:
    """The public SSH key of a system; the pair is made once, the private part stays in `<state>/keys`, mode 0600."""
    file = settings.state_dir / "keys" / system
    if not file.with_name(f"{system}.pub").is_file():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.unlink(missing_ok=True)
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"hatang {system}", "-f", str(file)],
            check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    return file.with_name(f"{system}.pub").read_text().strip()
