"""A longer line between an ssh client and what its ProxyCommand leads to: `line.py MS PROGRAM …`.

Everything comes MS/2 milliseconds late, in either direction, in order and without a bound on how much is under way.
Benchmarks run on loopback, where a round trip costs nothing; hosts of a region are a bastion and a network away.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

CHUNK = 1 << 16


def carry(source: int, sink: int, late_s: float) -> threading.Thread:
    """Start carrying bytes from one descriptor to another, each `late_s` seconds late; the end comes late too."""
    under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

    def read() -> None:
        data = b"-"
        while data:
            data = os.read(source, CHUNK)
            under_way.put((time.monotonic() + late_s, data))

    def write() -> None:
        while True:
            due, data = under_way.get()
            time.sleep(max(0.0, due - time.monotonic()))
            if not data:
                os.close(sink)
                return
            while data:
                data = data[os.write(sink, data) :]

    threading.Thread(target=read, daemon=True).start()
    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    return writer


def longer(ssh_config: Path, folder: Path, rtt_ms: float) -> Path:
    """A copy of an ssh_config whose every connection goes over a longer line.

    Args:
        folder: for the copy, and for sockets of connections that stay open; its path must be short.
        rtt_ms: milliseconds that a round trip takes more.
    """
    rows = []
    for row in ssh_config.read_text().splitlines():
        word, _, rest = row.strip().partition(" ")
        if word == "ProxyCommand":
            program = rest.replace("nc -F", "nc")  # a descriptor cannot be handed on here: bytes go through
            row = f"  ProxyCommand {sys.executable} {Path(__file__).resolve()} {rtt_ms:g} {program}"
        elif word == "ControlPath":
            row = f"  ControlPath {folder}/%C"
        if word != "ProxyUseFdpass":
            rows.append(row)
    made = folder / "ssh_config"
    made.write_text("\n".join(rows) + "\n")
    return made


def main(rtt_ms: float, argv: list[str]) -> int:
    """Carry until the program ends."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdin and program.stdout
        carry(0, program.stdin.fileno(), rtt_ms / 2000)
        carry(program.stdout.fileno(), 1, rtt_ms / 2000).join()
        program.terminate()
        os._exit(0)  # the other direction may still wait for a word of the client


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
