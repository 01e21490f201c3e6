"""A fast host: systemd-nspawn with systemd as pid 1 on pure cgroup v2, over a discardable overlay."""

from __future__ import annotations

import subprocess
from pathlib import Path

# Runs in a private mount namespace, so every mount below dies with the host and none shows up on the machine.
BOOT = r"""set -e
name=$1 dir=$2 lower=$3 netns=$4 group=$5
umount -R -l /sys/fs/cgroup 2>/dev/null || true          # hybrid or v1 outside: systemd 252 gets pure v2 inside
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo $$ > "/sys/fs/cgroup/$group/cgroup.procs"
rm -rf "$dir/work/work/incompat"                         # left by `volatile`; see reboot() in lab.py
mount -t overlay hatang -o "lowerdir=$lower,upperdir=$dir/up,workdir=$dir/work,volatile" "$dir/root"
: > "$dir/netns"; mount --bind "/run/netns/$netns" "$dir/netns"
umount -R -l /run/netns                                  # a copy of the others' mounts would keep them alive
mkdir -p /run/systemd; mount -t tmpfs tmpfs /run/systemd # nspawn's own traces stay in here
export SYSTEMD_NSPAWN_TMPFS_TMP=0 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
exec systemd-nspawn --quiet --boot --register=no --keep-unit --machine="$name" --hostname="$name" -D "$dir/root" \
  --network-namespace-path="$dir/netns" --resolv-conf=off --timezone=off --link-journal=no --console=read-only \
  --capability=CAP_AUDIT_CONTROL,CAP_SYSLOG,CAP_NET_ADMIN,CAP_NET_RAW,CAP_IPC_LOCK,CAP_SYS_NICE \
  --system-call-filter="@keyring bpf perf_event_open" --kill-signal=SIGRTMIN+3
"""


def spawn(name: str, folder: Path, lower: list[Path], netns: str, group: str) -> subprocess.Popen[bytes]:
    for part in ("up", "work", "root"):
        (folder / part).mkdir(exist_ok=True)
    with open(folder / "console.log", "ab") as log:
        return subprocess.Popen(
            [
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                BOOT,
                "boot",
                name,
                str(folder),
                ":".join(map(str, lower)),
                netns,
                group,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )


def leader(pid: int) -> int | None:
    """The host's own pid 1, as the machine sees it: the child of its nspawn."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return None
    return int(children[0]) if children else None


def enter(pid: int) -> list[str]:
    """The prefix that runs a command inside the host as root, without SSH."""
    return [
        "nsenter",
        "--target",
        str(pid),
        "--mount",
        "--uts",
        "--ipc",
        "--net",
        "--pid",
        "--cgroup",
        "--root",
        "--wd",
        "env",
        "-i",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG=C.UTF-8",
        "HOME=/root",
    ]
