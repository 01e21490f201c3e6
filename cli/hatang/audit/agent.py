"""The host's end of a link: runs the commands that come in on standard input, one after the other.

It is sent to the host as text and run there by any Python from 3.8 on, so it imports little and nothing of hatang.
Nothing is written to the host's disk. It ends, and kills what it runs, as soon as its input ends.

A request is: length (4 bytes) | number (4) | timeout in ms (4) | length of the shell's path (2) | path | command;
without a path, the shell of the user who logged in.
A reply is:   SYNC (4) | length (4) | number (4) | state (1) | code (4) | length of stdout (4) | stdout | stderr.
"""

import os
import select
import time

HELLO = b"\0hatang agent 1\n"  # what comes before is not ours: a shell's start-up file that prints
SYNC = b"htng"
DONE, SIGNALLED, TIMED_OUT, TOO_MUCH, NOT_STARTED = range(5)
CHUNK = 1 << 16
SIGKILL, SIGPIPE, SIGXFSZ = 9, 13, 25  # of Linux; the module `signal` takes longer to load than all the rest


class Gone(Exception):
    """Nobody is at the other end any more."""


class Agent:
    """Takes requests from one file descriptor and writes replies to another.

    Args:
        limit: bytes of output after which a command is killed.
    """

    def __init__(self, source: int, sink: int, limit: int = 32 << 20) -> None:
        self.source, self.sink, self.limit = source, sink, limit
        self.inbox = bytearray()

    def serve(self) -> None:
        """Until the input ends."""
        self.write(HELLO)
        try:
            while True:
                size = int.from_bytes(self.inbox[:4], "big")
                if len(self.inbox) < 4 or len(self.inbox) < 4 + size:
                    self.receive()
                    continue
                request = bytes(self.inbox[4 : 4 + size])
                del self.inbox[: 4 + size]
                self.answer(request)
        except (Gone, BrokenPipeError):
            pass

    def answer(self, request: bytes) -> None:
        """Run one request and write its reply."""
        timeout_s = int.from_bytes(request[4:8], "big") / 1000
        end = 10 + int.from_bytes(request[8:10], "big")
        shell = request[10:end] or os.environb.get(b"SHELL") or b"/bin/sh"
        state, code, out, err = self.run(shell, request[end:], time.monotonic() + timeout_s)
        head = request[:4] + bytes([state]) + code.to_bytes(4, "big") + len(out).to_bytes(4, "big")
        self.write(SYNC + (len(head) + len(out) + len(err)).to_bytes(4, "big") + head + out + err)

    def run(self, shell: bytes, command: bytes, deadline: float) -> "tuple[int, int, bytes, bytes]":
        """State, exit code or signal, stdout, stderr of a command that reads nothing."""
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        try:
            pid = os.posix_spawn(
                shell, [shell, b"-c", command], os.environ,  # noqa: TID251 - the host's environment
                setsid=True, setsigdef=[SIGPIPE, SIGXFSZ],
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, out_end, 1), (os.POSIX_SPAWN_DUP2, err_end, 2),
                ],
            )  # fmt: skip
        except OSError as exc:
            os.close(out)
            os.close(err)
            return NOT_STARTED, 0, b"", str(exc).encode()
        finally:
            os.close(out_end)
            os.close(err_end)
        try:
            state, found = self.collect(out, err, deadline)
            status = None if state == DONE else 0
            while status is None and time.monotonic() < deadline:
                ended, status_now = os.waitpid(pid, os.WNOHANG)
                status = status_now if ended else None
                if not ended:
                    time.sleep(0.001)  # it closed its output; now it will end
            if state != DONE or status is None:
                kill(pid)
                return (TIMED_OUT if state == DONE else state), 0, b"", b""
        except Gone:
            kill(pid)
            raise
        finally:
            os.close(out)
            os.close(err)
        if os.WIFSIGNALED(status):
            return SIGNALLED, os.WTERMSIG(status), bytes(found[out]), bytes(found[err])
        return DONE, os.WEXITSTATUS(status), bytes(found[out]), bytes(found[err])

    def collect(self, out: int, err: int, deadline: float) -> "tuple[int, dict[int, bytearray]]":
        """State, and what came out of both pipes until they were closed; requests that come meanwhile are kept."""
        found = {out: bytearray(), err: bytearray()}
        waiting = select.poll()
        for fd in (out, err, self.source):
            waiting.register(fd, select.POLLIN)
        is_open = {out, err}
        while is_open:
            left = deadline - time.monotonic()
            if left <= 0:
                return TIMED_OUT, found
            for fd, _ in waiting.poll(int(left * 1000) + 1):
                if fd == self.source:
                    self.receive()
                    continue
                data = os.read(fd, CHUNK)
                found[fd] += data
                if not data:
                    waiting.unregister(fd)
                    is_open.discard(fd)
            if sum(map(len, found.values())) > self.limit:
                return TOO_MUCH, found
        return DONE, found

    def receive(self) -> None:
        """More of the input. Raises Gone at its end."""
        data = os.read(self.source, CHUNK)
        if not data:
            raise Gone
        self.inbox += data

    def write(self, data: bytes) -> None:
        """All of the data."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self.sink, rest) :]


def kill(pid: int) -> None:
    """End a command with all that it started."""
    try:
        os.killpg(pid, SIGKILL)
        os.waitpid(pid, 0)
    except OSError:  # it ended by itself, or became somebody whom we may not kill
        pass


if __name__ == "__main__":
    Agent(0, 1).serve()
