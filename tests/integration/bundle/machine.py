"""A machine without any network, clone or cache: namespaces in which they are not, with an empty home."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.setup import places

from hatang import settings

NOBODY = 65534
BARE = """set -e
ip link set lo up
mount -t tmpfs none "$1"
mount -t tmpfs none "$2"
shift 2
exec "$@"
"""
NAMES_VERSION = "import sys; print(*sys.version_info[:2], sep='.')"


def system_python() -> str:
    """The system's own interpreter, which anybody may run, where it has our version; else the one of the tests."""
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    found = shutil.which("python3", path="/usr/bin:/bin")
    if found and subprocess.run([found, "-c", NAMES_VERSION], capture_output=True, text=True).stdout.strip() == own:
        return found
    return str(Path(sys.executable).resolve())


class Machine:
    """Runs programs in a folder that everybody may read, as root or as somebody who may write nowhere but at home."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.python = system_python()
        self.home = base / "home"
        self.home.mkdir()
        self.user = NOBODY if self.python.startswith("/usr/") else 0
        os.chown(self.home, self.user, -1)

    def words(self, *argv: object, root: bool = False, **variables: object) -> list[str]:
        """The command line with everything around it."""
        who = [] if root else ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"]
        home = self.base / "root" if root else self.home
        env = ["env", "-i", "PATH=/usr/bin:/bin", f"HOME={home}", "LC_ALL=C.UTF-8"]
        env += [f"{name}={value}" for name, value in variables.items()]
        hidden = [str(places.ROOT), str(settings.load().cache)]
        around = ["unshare", "--net", "--mount", "sh", "-c", BARE, "sh", *hidden, *who, *env]
        return [*around, *map(str, argv)]

    def run(self, *argv: object, root: bool = False, **variables: object) -> subprocess.CompletedProcess[str]:
        """Run to the end."""
        words = self.words(*argv, root=root, **variables)
        return subprocess.run(words, cwd=self.base, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def install(self, bundle: Path, prefix: Path, *more: str, root: bool = True) -> subprocess.CompletedProcess[str]:
        """`./install --prefix PREFIX`, with the system's Python."""
        return self.run(self.python, bundle / "install", "--prefix", prefix, *more, root=root)


def unpack(file: Path, into: Path) -> Path:
    """The bundle's folder."""
    into.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-x", "--no-same-owner", "-f", file, "-C", into], check=True)
    return next(into.iterdir())


def changed(bundle: Path, to: Path, name: str = "", text: str | None = None, **facts: Any) -> Path:
    """A bundle like this one but for one file (None: it is gone) and facts of the manifest, with right sums."""
    subprocess.run(["cp", "-al", bundle, to], check=True)
    sums = {line[66:]: line[:64] for line in (bundle / "SHA256SUMS").read_text().splitlines()}
    files = {name: text} if name else {}
    if facts:
        files["bundle.json"] = json.dumps(json.loads((bundle / "bundle.json").read_text()) | facts)
    for file, content in files.items():
        (to / file).unlink()  # never through the hard link
        if content is None:
            del sums[file]
        else:
            (to / file).write_text(content)
            sums[file] = hashlib.sha256(content.encode()).hexdigest()
    (to / "SHA256SUMS").unlink()
    (to / "SHA256SUMS").write_text("".join(f"{sum_}  {file}\n" for file, sum_ in sums.items()))
    return to


def listing(folder: Path) -> list[str]:
    """Everything below a folder with its size, time and target."""
    if not folder.is_dir():
        return [f"{folder} {folder.lstat().st_mtime_ns}"] if folder.exists() else []
    found = sorted(folder.rglob("*"))
    return [f"{p} {p.lstat().st_mtime_ns} {p.readlink() if p.is_symlink() else ''}" for p in found]
