"""A stand-in for the site's log store, on the host itself: it keeps what it is sent."""

from __future__ import annotations

from hatang.registry import HostRecord

from .lone import Lone

STORE = "192.0.2.14"  # kept for documentation: nothing answers there until a test stands in for it
PORT = 6514
KEPT = "/run/stand-in-store"
LISTEN = f"""import socketserver
class Taken(socketserver.BaseRequestHandler):
    def handle(self):
        rest = b""  # whole lines alone: two connections, one of before a restart, must not cut one another's
        while data := self.request.recv(65536):
            whole, end, rest = (rest + data).rpartition(b"\\n")
            self.server.kept.write(whole + end)
socketserver.ThreadingTCPServer.allow_reuse_address = True
with socketserver.ThreadingTCPServer(("{STORE}", {PORT}), Taken) as server:
    server.kept = open("{KEPT}", "ab", 0)
    server.serve_forever()
"""
COMES = f"""
ip addr add {STORE}/32 dev lo
touch {KEPT}
cat > /run/stand-in.py <<'END'
{LISTEN}END
systemd-run --quiet --collect --unit=stand-in-store python3 /run/stand-in.py
for i in $(seq 100); do ss -Hltn | grep -q :{PORT} && break; sleep 0.1; done
systemctl restart rsyslog
"""
GOES = f"systemctl stop stand-in-store; ip addr del {STORE}/32 dev lo; rm -f /run/stand-in*"
# Lines that end in a word and a number: so many, and so many different ones.
_SAID = "grep -o '{word}-[0-9]*$' {file} | sort"
_COUNT = "for i in $(seq {tenths}); do [ $({said} -u | wc -l) -ge {lines} ] && break; sleep 0.1; done; {said} | wc -l"


def counted(lone: Lone, host: HostRecord, file: str, word: str, lines: int, seconds: int = 60) -> tuple[int, int]:
    """Once so many different lines have come, or none came any more: how many lines there are, and different ones."""
    said = _SAID.format(word=word, file=file)
    script = f"{_COUNT.format(tenths=10 * seconds, said=said, lines=lines)}; {said} -u | wc -l"
    all_, different = (int(n) for n in lone.inside(host, script).split())
    return all_, different
