"""A fast host: systemd-nspawn with systemd as pid 1 on pure cgroup v2, over a discardable overlay."""

from __future__ import annotations

import subprocess
from pathlib import Path

REBOOT = 133  # exit code of systemd-nspawn --keep-unit when the host asked for a reboot

# Runs in a private mount namespace, so every mount below dies with the host and none shows up on the machine.
# nspawn's exit code goes to a file: the agent that reads it may be another than the one that booted the host. Whoever
# kills this shell kills the host.
BOOT = r"""set -e
name=$1 dir=$2 lower=$3 netns=$4 group=$5
umount -R -l /sys/fs/cgroup 2>/dev/null || true          # hybrid or v1 outside: systemd 252 gets pure v2 inside
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo $$ > "/sys/fs/cgroup/$group/cgroup.procs"
rm -rf "$dir/work/work/incompat"                         # left by `volatile` when the host was killed
mount -t overlay hatang -o "lowerdir=$lower,upperdir=$dir/up,workdir=$dir/work,volatile" "$dir/root"
: > "$dir/netns"; mount --bind "/run/netns/$netns" "$dir/netns"
umount -R -l /run/netns                                  # a copy of the others' mounts would keep them alive
mkdir -p /run/systemd; mount -t tmpfs tmpfs /run/systemd # nspawn's own traces stay in here
export SYSTEMD_NSPAWN_TMPFS_TMP=0 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
code=0
setpriv --pdeathsig KILL systemd-nspawn --quiet --boot --register=no --keep-unit -D "$dir/root" \
  --machine="$name" --hostname="$name" \
  --network-namespace-path="$dir/netns" --resolv-conf=off --timezone=off --link-journal=no --console=read-only \
  --capability=CAP_AUDIT_CONTROL,CAP_SYSLOG,CAP_NET_ADMIN,CAP_NET_RAW,CAP_IPC_LOCK,CAP_SYS_NICE \
  --system-call-filter="@keyring bpf perf_event_open fanotify_init fanotify_mark" --kill-signal=SIGRTMIN+3 || code=$?
echo $code > "$dir/exit.new"; mv "$dir/exit.new" "$dir/exit"
"""


def spawn(name: str, folder: Path, lower: list[Path], netns: str, group: str) -> subprocess.Popen[bytes]:
    """Boot a host.

    Args:
        folder: the host's own; its disk is `up`, its console `console.log`, its exit code `exit`.
        lower: layers below its disk, topmost first; the last one is the image.
        netns: name of the network namespace that it lives in.
        group: its control group, made before.
    """
    for part in ("up", "work", "root"):
        (folder / part).mkdir(exist_ok=True)
    (folder / "exit").unlink(missing_ok=True)
    layers = ":".join(map(str, lower))
    words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", BOOT, "boot", name, str(folder), layers]
    with (folder / "console.log").open("ab") as log:
        return subprocess.Popen(
            [*words, netns, group], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
        )


def exit_code(folder: Path) -> int | None:
    """How the host's last run ended: 0 powered off from inside, REBOOT asked for a reboot, None killed, or runs."""
    try:
        return int((folder / "exit").read_text())
    except (OSError, ValueError):
        return None


def leader(pid: int) -> int | None:
    """The host's own pid 1, as the machine sees it: the child of the nspawn that `pid` runs."""
    for child in _children(pid):
        if _name(child) == "systemd-nspawn":
            return next(iter(_children(child)), None)
    return next(iter(_children(pid)), None) if _name(pid) == "systemd-nspawn" else None


def enter(pid: int) -> list[str]:
    """The prefix that runs a command inside the host as root, without SSH."""
    parts = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd"]
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return ["nsenter", "--target", str(pid), *parts, "env", "-i", path, "LANG=C.UTF-8", "HOME=/root"]


def _children(pid: int) -> list[int]:
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
