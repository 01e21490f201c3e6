"""`make locks`: renew every lock file from its input, for Python 3.11 and newer, with hashes, without addresses."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from scripts.setup import places, product

CLOUD = places.ROOT / "sandbox" / "cloud"
INPUTS: dict[str, list[Path | str]] = {
    "product.txt": [places.ROOT / "pyproject.toml", "--group", "dev"],
    # What runs, without what only developers need: the offline bundle's packages.
    "runtime.txt": [places.ROOT / "pyproject.toml", "-c", places.LOCKS / "product.txt"],
    "build.txt": [places.LOCKS / "build.in", "-c", places.LOCKS / "product.txt"],
    "uv.txt": [places.LOCKS / "uv.in"],
    "openstack.txt": [CLOUD / "requirements.in", "-c", CLOUD / "constraints.txt"],
}
OPTIONS = ("--quiet", "--upgrade", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header")
ADDRESS = re.compile(r"\w+://|--(index|extra-index|find-links)")


def addresses(lock: Path) -> list[str]:
    """Lines of a lock that name an address; there must be none."""
    return [line for line in lock.read_text().splitlines() if ADDRESS.search(line)]


def main() -> int:
    """Renew all locks; 1 when one cannot be resolved or names an address."""
    uv = product.uv()
    assert uv is not None, "make setup brings it"
    for name, source in INPUTS.items():
        lock = places.LOCKS / name
        # The OpenStack lock is installed for one version of Python only; the others serve every version of ours.
        python = ["--python-version", "3.11", *([] if name == "openstack.txt" else ["--universal"])]
        print(f"locks/{name}", file=sys.stderr)
        done = subprocess.run([uv, "pip", "compile", *OPTIONS, *python, *source, "-o", lock], cwd=places.ROOT)
        if done.returncode or addresses(lock):
            print(f"locks/{name} is not good: {addresses(lock)[:1] or 'not resolved'}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
