"""A faithful host: Debian's own kernel under qemu, over a discardable layer on one disk (disk.py).

Its ports are taps on the bridges of its networks, with the MACs that Neutron chose. The machine ends when the host
powers itself off; a reboot happens inside. It is the only one in its control group: killing that kills it.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import cgroup, netns
from .disk import DISK, INITRD, KERNEL
from .links import link_name
from .programs import HostsError, run
from .records import Machine

PROGRAM = "qemu-system-x86_64"
MEMORY_MIB, CPUS = 1536, 2
KERNEL_LINE = "root=/dev/vda rw console=ttyS0"  # nothing that Debian's own boot loader would not say
TRIAL_S = 10.0  # a processor that really runs guests shows the kernel's first line within one
SOFTWARE = ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"]
HARDWARE = ["-accel", "kvm", "-cpu", "host"]

# qemu's exit code goes to a file, as in nspawn.py: the agent that reads it may be another than the one that booted it.
BOOT = r"""set -e
dir=$1; echo $$ > "$2/cgroup.procs"; shift 2
code=0
setpriv --pdeathsig KILL "$@" || code=$?
echo $code > "$dir/exit.new"; mv "$dir/exit.new" "$dir/exit"
"""


def spawn(machine: Machine, folder: Path, made: Path, place: tuple[str, str], guest: Path) -> subprocess.Popen[bytes]:
    """Boot a host; it answers later.

    Args:
        folder: the host's own: its disk is `disk.qcow2`, its console `console.log`, its exit code `exit`; the
            second disk lies there as `identity.tar`.
        made: folder of the disk that it starts from.
        place: network namespace where its taps are, and its control group.
        guest: socket of the guest agent.
    """
    namespace, group = place
    layer = folder / "disk.qcow2"
    if not layer.exists():
        new = folder / "disk.new"
        run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", made / DISK, new)
        new.rename(layer)
    (folder / "exit").unlink(missing_ok=True)
    guest.parent.mkdir(mode=0o700, exist_ok=True)
    guest.unlink(missing_ok=True)
    words = argv(machine, folder, made, guest, accelerator(made))
    boot = ["sh", "-c", BOOT, "boot", str(folder), str(cgroup.root() / group), *words]
    with (folder / "console.log").open("ab") as log, netns.inside(namespace):
        return subprocess.Popen(boot, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/")


def argv(machine: Machine, folder: Path, made: Path, guest: Path, processor: list[str]) -> list[str]:
    """qemu's command line. No file name in it has a comma, which qemu would take for the end of it.

    Raises:
        HostsError: the state folder has a comma in its name.
    """
    if "," in f"{folder}{made}":
        raise HostsError(f"qemu cannot open a file below a folder with a comma in its name: {folder}")
    words = [
        *_machine(processor, made),
        *("-drive", f"file={folder}/disk.qcow2,format=qcow2,if=virtio,cache=unsafe"),
        *("-drive", f"file={folder}/identity.tar,format=raw,if=virtio,readonly=on"),
        *("-device", "virtio-rng-pci", "-rtc", "base=utc"),
        *("-chardev", f"file,id=console,path={folder}/console.log,append=on", "-serial", "chardev:console"),
        *("-device", "virtio-serial", "-chardev", f"socket,id=guest,path={guest},server=on,wait=off"),
        *("-device", "virtserialport,chardev=guest,name=org.qemu.guest_agent.0"),
    ]
    for i, nic in enumerate(machine.nics):
        words += ["-netdev", f"tap,id=n{i},ifname={link_name('p', nic.port)},script=no,downscript=no"]
        words += ["-device", f"virtio-net-pci,netdev=n{i},mac={nic.mac}"]
    return words


def accelerator(made: Path) -> list[str]:
    """The processor for guests: the machine's own where a kernel really boots on it, else one in software.

    That /dev/kvm opens and makes machines says nothing: within some clouds such a machine never runs its first line.
    So it is tried once in the life of the machine, with the kernel of the disk, and noted beside the disk.
    """
    noted = made / f"kvm-{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}"
    if not noted.exists():
        for old in made.glob("kvm-*"):
            old.unlink(missing_ok=True)
        noted.write_text("yes" if hardware_boots(made) else "no")
    return HARDWARE if noted.read_text() == "yes" else SOFTWARE


def hardware_boots(made: Path, wait_s: float = TRIAL_S) -> bool:
    """Whether the disk's kernel says its first line on the machine's own processor within so many seconds."""
    if not Path("/dev/kvm").exists():
        return False
    with tempfile.TemporaryDirectory() as place:
        console = Path(place) / "console"
        trial = [*_machine(HARDWARE, made), "-chardev", f"file,id=console,path={console}", "-serial", "chardev:console"]
        qemu = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *trial], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        try:
            end = time.monotonic() + wait_s
            while qemu.poll() is None and time.monotonic() < end:
                with contextlib.suppress(OSError):
                    if b"Linux version" in console.read_bytes():
                        return True
                time.sleep(0.1)
            return False
        finally:
            qemu.kill()
            qemu.wait()


def why_not() -> str:
    """Why faithful hosts cannot be on this machine; empty where they can."""
    lacking = [p for p in (PROGRAM, "qemu-img", "mke2fs") if not shutil.which(p)]
    return f"missing: {', '.join(lacking)} (apt install qemu-system-x86 qemu-utils e2fsprogs)" if lacking else ""


def _machine(processor: list[str], made: Path) -> list[str]:
    return [
        PROGRAM, "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35", *processor,
        "-smp", str(CPUS), "-m", str(MEMORY_MIB), "-kernel", f"{made}/{KERNEL}", "-initrd", f"{made}/{INITRD}",
        "-append", KERNEL_LINE,
    ]  # fmt: skip
