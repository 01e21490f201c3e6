"""Without a file the passphrase is asked on the terminal: twice for a new backup, and never shown."""

from __future__ import annotations

import os
import pty
import sys

from tests.unit.keeping.conftest import WORDS, Place


def asked(place: Place, verb: str, *answers: str) -> tuple[int, str]:
    """Answer each question; how it ended, and all that stood on the terminal."""
    argv = [sys.executable, "-m", "hatang", "--state", str(place.state), "--lang", "en", "state", verb]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [*argv, str(place.backup)])
    said, left = b"", list(answers)
    try:
        while some := os.read(terminal, 4096):
            said += some
            if left and some.rstrip().endswith(b":"):
                os.write(terminal, f"{left.pop(0)}\n".encode())
    except OSError:  # the other side is closed
        pass
    finally:
        os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()


def test_it_is_asked_twice_and_not_shown(place: Place) -> None:
    code, said = asked(place, "save", WORDS, "khác hẳn", WORDS, WORDS)
    assert code == 0, said
    assert WORDS not in said
    assert said.count("Passphrase of the backup:") == 2
    code, said = asked(place, "verify", WORDS)
    assert (code, said.count("Passphrase of the backup:"), WORDS in said) == (0, 1, False), said
    place.run("verify", place.backup, "--key-file", place.key)
