"""The log store is away: the host's own log files go on, what waits lies on disk, and all of it arrives in the end."""

from __future__ import annotations

from hatang.registry import HostRecord

from .lone import Lone, run

STORE = "192.0.2.14"  # kept for documentation: nothing answers there until the test stands in for it
PORT = 6514
LINES = 12_000
PART = 390  # journald hands at most 512 lines on at a time; what comes faster stands in the journal alone
# Slowly first, so that the sender holds a batch; then as fast as journald hands lines on.
TALK = f"""
for i in $(seq 300); do logger -p auth.info "away-$i"; done
said=300
while [ $said -lt {LINES} ]; do
  seq $((said + 1)) $((said + {PART})) | sed 's/^/away-/' | logger -p auth.info
  said=$((said + {PART}))
  for i in $(seq 200); do [ $(grep -c ' away-' /var/log/auth.log) -ge $said ] && break; sleep 0.1; done
  [ $(grep -c ' away-' /var/log/auth.log) -ge $said ] || break
done
grep -c ' away-' /var/log/auth.log
"""
LISTEN = f"""import shutil, socketserver
class Taken(socketserver.StreamRequestHandler):
    def handle(self):
        shutil.copyfileobj(self.rfile, self.server.kept)
with socketserver.ThreadingTCPServer(("{STORE}", {PORT}), Taken) as server:
    server.kept = open("/run/stand-in-store", "ab", 0)
    server.serve_forever()
"""
QUEUE = "ls /var/spool/rsyslog | grep -c '^hatang-forward' || true"
STORE_COMES = f"""
ip addr add {STORE}/32 dev lo
touch /run/stand-in-store
cat > /run/stand-in.py <<'END'
{LISTEN}END
systemd-run --quiet --collect --unit=stand-in-store python3 /run/stand-in.py
for i in $(seq 100); do ss -Hltn | grep -q :{PORT} && break; sleep 0.1; done
systemctl restart rsyslog
arrived() {{ grep -o 'away-[0-9]*$' /run/stand-in-store | sort -u | wc -l; }}
for i in $(seq 600); do [ $(arrived) -ge {LINES} ] && break; sleep 0.1; done
arrived
"""
STORE_GOES = f"systemctl stop stand-in-store; ip addr del {STORE}/32 dev lo; rm -f /run/stand-in*"


def test_local_logs_go_on_while_the_store_is_away_and_all_arrives_later(lone: Lone, host: HostRecord) -> None:
    run(lone, variables=lone.variables(3, logging_server=STORE, logging_port=PORT, logging_ca=""))
    assert int(lone.inside(host, TALK)) == LINES, "no line waits for the store"
    assert int(lone.inside(host, QUEUE)) > 0, "what waits is on disk"
    try:
        assert int(lone.inside(host, STORE_COMES)) == LINES, "nothing is lost"
    finally:
        lone.inside(host, STORE_GOES, check=False)
