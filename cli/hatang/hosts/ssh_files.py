"""The files by which ssh knows the hosts: `ssh_hosts`, a fragment of an ssh_config, and `known_hosts` beside it."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hatang import private
from hatang.errors import InputError
from hatang.hosts.host_keys import KnownHosts
from hatang.settings import Settings

HOSTS, KNOWN = "ssh_hosts", "known_hosts"  # names of the two in their folder
MARK = "# Made by `hatang host ssh-config`, which writes it anew: changes are lost.\n"
# One jump as ProxyJump takes it. Its parts begin with a letter or digit, so that ssh takes none of them for an option.
BASTION = re.compile(
    r"(?:\w[\w.-]*@)?(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?", re.ASCII
)  # fmt: skip
UNWRITABLE = re.compile(r'[\x00-\x1f\x7f"\\%$]')  # what ssh_config cannot hold in quotes, or reads as something else


@dataclass(frozen=True)
class Entry:
    """A host that ssh shall know.

    Attributes:
        server_id: of its server in Nova; empty: it has its address, and is not made yet.
        stands_still: its system is suspended, so nothing is asked of it.
    """

    name: str
    system: str
    address: str
    login: str
    server_id: str = ""
    stands_still: bool = False


def fragment(settings: Settings, entries: Sequence[Entry], bastion: str = "", known: Path | None = None) -> str:
    """The text of `ssh_hosts`.

    Args:
        bastion: where ssh jumps from; empty: what else is in the ssh_config says the way.
        known: the known_hosts that holds the hosts' keys; None: those that ssh looks into by itself.

    Raises:
        InputError: the bastion is no name of a host, or is one of these, or a path cannot stand in an ssh_config.
    """
    if bastion:
        _require_bastion(bastion, entries)
    blocks = [MARK]
    for e in entries:
        lines = [
            f"Host {e.name}", f"HostName {e.address}", f"HostKeyAlias {e.name}", f"User {e.login}",
            f"IdentityFile {_quoted(settings.state_dir / 'keys' / e.system)}", "IdentitiesOnly yes",
            "StrictHostKeyChecking yes",
        ]  # fmt: skip
        lines += [f"UserKnownHostsFile {_quoted(known)}"] if known else []
        lines += [f"ProxyJump {bastion}"] if bastion else []
        blocks.append("\n  ".join(lines) + "\n")
    return "".join(blocks)


def _require_bastion(bastion: str, entries: Sequence[Entry]) -> None:
    if not BASTION.fullmatch(bastion):
        raise InputError(
            f"{bastion!r} is no host to jump from", where="--bastion, HATANG_SSH_BASTION",
            do="give [USER@]HOST[:PORT], such as bastion or quan-tri@192.0.2.20",
        )  # fmt: skip
    host = bastion.rpartition("@")[2].partition(":")[0]
    if host in {e.name for e in entries}:
        raise InputError(
            f"{host} is a host that the bastion shall lead to", where="--bastion, HATANG_SSH_BASTION",
            do="give the bastion itself",
        )  # fmt: skip


def _quoted(path: Path) -> str:
    if UNWRITABLE.search(str(path)):
        raise InputError(
            'a path with one of " \\ % $ or a control character cannot stand in an ssh_config', where=repr(str(path)),
            do="choose another folder",
        )  # fmt: skip
    return f'"{path}"'


class Files:
    """Both files in a folder; use it inside `opened`.

    Attributes:
        known: what known_hosts holds.
    """

    def __init__(self, folder: Path) -> None:
        self.hosts_file, self.known_file = folder / HOSTS, folder / KNOWN
        self.known = KnownHosts.parse(_text(self.known_file), str(self.known_file))
        if (there := _text(self.hosts_file)) and not there.startswith(MARK):
            raise InputError(
                "this file was written by somebody else, so it is left alone", where=str(self.hosts_file),
                do="move it away, or name another folder",
            )  # fmt: skip

    def write(self, known: KnownHosts, hosts: str | None = None) -> None:
        """Put known_hosts (0644) in place, and ssh_hosts (0600) where it is given: each whole, or as it was."""
        private.replace(self.known_file, known.text, mode=0o644)
        if hosts is not None:
            private.replace(self.hosts_file, hosts)


@contextmanager
def opened(folder: Path) -> Iterator[Files]:
    """The files of a folder, as long as no other process writes there.

    Raises:
        InputError: the folder is not there or cannot be written, or one of the files is something else.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as exc:
        raise _unusable(folder, exc) from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # two runs at once would lose each other's keys
        yield Files(folder)
    except OSError as exc:
        raise _unusable(folder, exc) from exc
    finally:
        os.close(handle)


def _unusable(folder: Path, exc: OSError) -> InputError:
    return InputError(
        f"the files for ssh cannot be kept there: {exc.strerror or exc}", where=str(exc.filename or folder),
        do="make the folder, let this user write there, or name another one",
    )  # fmt: skip


def _text(file: Path) -> str:
    """What is in a file; empty where there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as exc:
        raise InputError(
            "this file is no text, so it is left alone", where=str(file), do="move it away, or name another folder"
        ) from exc
