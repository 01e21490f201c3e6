"""Keys of the copies that hosts send to the site's store: each host makes its own, and hatang keeps them too, sealed.

Two per host: one opens its copies, one logs in at the store. They lie in `<state>/copies/<host>`, encrypted with the
site's passphrase; those of before stay, since they open older copies. They travel on SSH's input and output alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hatang import private
from hatang.errors import HostError, UnknownNameError
from hatang.hosts.access import ssh_argv
from hatang.registry import HostRecord
from hatang.settings import Settings, environment

KEY, LOGIN, PROGRAM = "/etc/hatang-backup.key", "/etc/hatang-backup.ssh", "/usr/local/sbin/hatang-backup"
ASK = f"cat {KEY}; echo; cat {LOGIN}.pub {LOGIN}"
ASK_S, RESTORE_S = 60, 6 * 3600
GUIDE = "docs/how-to/copies.md"


@dataclass(frozen=True)
class CopyKeys:
    """Keys of one host: what opens its copies, and what logs in at the store (private and public half)."""

    opens: str
    logs_in: str
    public: str

    def __repr__(self) -> str:
        return f"CopyKeys({self.public})"  # whoever prints one shows no secret


class KeptKeys:
    """The keys that hatang keeps.

    Args:
        settings: of this site: where the state lies, and its passphrase.
    """

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.state_dir / "copies"
        self._settings = settings

    def keep(self, host: str, keys: CopyKeys) -> bool:
        """Seal them unless they are kept already; whether they are new."""
        place = self.folder / host
        if any(kept == keys for kept in self.of(host)):
            return False
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        salt, nonce = os.urandom(16), os.urandom(12)
        sealed = AESGCM(self._secret(salt)).encrypt(nonce, json.dumps(asdict(keys)).encode(), host.encode())
        row = {"public": keys.public, "sealed": base64.b64encode(salt + nonce + sealed).decode()}
        number = 1 + max((int(f.stem) for f in place.glob("[0-9]*.json")), default=0)
        private.replace(place / f"{number:04}.json", json.dumps(row) + "\n", durable=True)
        return True

    def of(self, host: str) -> Iterator[CopyKeys]:
        """Keys of a host, the newest first. Raises HostError: the passphrase does not open them."""
        for file in self._files(host):
            row = json.loads(file.read_text(encoding="utf-8"))
            raw = base64.b64decode(row["sealed"])
            try:
                found = AESGCM(self._secret(raw[:16])).decrypt(raw[16:28], raw[28:], host.encode())
            except InvalidTag as exc:
                raise HostError(
                    f"the keys of copies of {host} cannot be opened", where=str(file),
                    do="give the passphrase file that they were sealed with (HATANG_PASSPHRASE_FILE)",
                ) from exc  # fmt: skip
            yield CopyKeys(**json.loads(found))

    def public(self) -> dict[str, str]:
        """Public half of the newest key of each host, by host: what the store needs. Opens nothing."""
        hosts = sorted(p.name for p in self.folder.glob("*") if p.is_dir())
        newest = {h: next(iter(self._files(h)), None) for h in hosts}
        return {h: json.loads(f.read_text(encoding="utf-8"))["public"] for h, f in newest.items() if f}

    def _files(self, host: str) -> list[Path]:
        return sorted((self.folder / host).glob("[0-9]*.json"), reverse=True)

    def _secret(self, salt: bytes) -> bytes:
        words = private.passphrase_file(self._settings).read_text(encoding="utf-8").strip().encode()
        return hashlib.scrypt(words, salt=salt, n=2**14, r=8, p=1, dklen=32)


def keep_keys(settings: Settings, host: HostRecord) -> bool:
    """Take a host's keys over, once it was hardened with a store; whether they are new. Raises HostError."""
    done = subprocess.run(
        ssh_argv(settings, host, [f"sudo sh -c {shlex.quote(ASK)}"]),
        capture_output=True, text=True, timeout=ASK_S, stdin=subprocess.DEVNULL, env=environment(), check=False,
    )  # fmt: skip
    opens, _, rest = done.stdout.partition("\n")
    public, _, logs_in = rest.partition("\n")
    if done.returncode or not opens or "PRIVATE KEY" not in logs_in:
        said = done.stderr.strip().splitlines()[-1:] or ["it has none"]
        raise HostError(
            f"the keys of the copies of {host.name} cannot be taken over: {said[0][-200:]}", where=host.name,
            do="hatang host harden it again; copies that only the host can open are lost with it",
        )  # fmt: skip
    return KeptKeys(settings).keep(host.name, CopyKeys(opens, logs_in, " ".join(public.split()[:2])))


def restore(
    settings: Settings, name: str, onto: HostRecord, folder: str, repository: str = "newest", copy: str = "latest"
) -> str:
    """Restore a copy of one host onto another, from the site's store; returns which repository it came from.

    Args:
        name: host whose copy it is; it may be gone.
        folder: where the files go on the other host, absolute.
        repository: of that host on the store, such as 2026-11.
        copy: its id.

    Raises:
        UnknownNameError: no keys of this host are kept.
        HostError: nothing could be restored.
    """
    said = ""
    kept = list(KeptKeys(settings).of(name))
    words = shlex.join([PROGRAM, "fetch", name, folder, repository, copy])
    for keys in kept:  # older ones open older copies; it is always the newest that logs in
        done = subprocess.run(
            ssh_argv(settings, onto, [f"sudo {words}"]), input=f"{keys.opens}\n{kept[0].logs_in}",
            capture_output=True, text=True, timeout=RESTORE_S, env=environment(), check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return done.stdout.strip()
        said = said or (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    if not kept:
        raise UnknownNameError(
            f"no keys of copies of {name} are kept", where=str(KeptKeys(settings).folder),
            do=f"hosts that are hardened where the site names a store have some ({GUIDE})",
        )  # fmt: skip
    raise HostError(f"no copy of {name} could be restored onto {onto.name}: {said[-300:]}", where=onto.name,
        do=f"see that the store answers and knows the host's key: hatang host store-keys ({GUIDE})")  # fmt: skip
