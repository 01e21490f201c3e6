"""What a bundle is made of: pins, hashes, the oldest libc; and that its bytes depend on nothing else."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from scripts.bundle import content, pack, parts
from scripts.setup import places
from scripts.setup.runner import Runner, Step, StepFailed

PIN = re.compile(r"^([\w.-]+==[^ \\]+)(?: ;[^\\]*)? ?\\?$|^    --hash=(\S+)", re.MULTILINE)


def _pins(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    name = ""
    for match in PIN.finditer((places.LOCKS / lock).read_text()):
        name = match[1] or name
        found.setdefault(name, set()).update([match[2]] if match[2] else [])
    return found


def test_what_runs_is_pinned_as_where_it_is_developed() -> None:
    runtime, product = _pins("runtime.txt"), _pins("product.txt")
    assert len(runtime) > 50
    assert runtime == {name: product[name] for name in runtime}
    assert not any(name.startswith(("ruff==", "mypy==", "ansible-lint==")) for name in runtime)


@pytest.mark.parametrize(("tags", "needed"), [
    (["py3-none-any"], "2.0"),
    (["cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64"], "2.17"),
    (["cp311-abi3-manylinux_2_34_x86_64", "cp38-abi3-manylinux2014_x86_64", "py3-none-any"], "2.34"),
    (["cp311-cp311-manylinux1_x86_64.manylinux_2_28_x86_64.manylinux_2_5_x86_64"], "2.5"),
])  # fmt: skip
def test_the_oldest_libc_is_that_of_the_most_demanding_wheel(tags: list[str], needed: str) -> None:
    assert content.libc_needed([Path(f"a-1-{tag}.whl") for tag in tags]) == needed


def test_each_wheel_is_required_by_its_hash(tmp_path: Path) -> None:
    wheel = tmp_path / "Some_Thing-1.2-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    expected = f"some-thing==1.2 --hash=sha256:{hashlib.sha256(b'wheel').hexdigest()}\n"
    assert content.requirements([wheel]).decode() == expected


def test_a_file_is_packed_without_owner_and_time(tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        file = tmp_path / name
        file.write_text("text")
        file.chmod(0o600)
        with io.BytesIO() as stream, tarfile.open(fileobj=stream, mode="w") as archive:
            pack._add(archive, "x/share/file", file)
            pack._add(archive, "x/install", b"text")
            made.append(stream.getvalue())
    assert made[0] == made[1]
    with tarfile.open(fileobj=io.BytesIO(made[0])) as archive:
        assert [(m.name, m.mode, m.mtime, m.uid) for m in archive] == [
            ("x/share/file", 0o644, 0, 0), ("x/install", 0o755, 0, 0)
        ]  # fmt: skip


def test_only_the_newest_versions_of_a_part_are_kept(tmp_path: Path) -> None:
    for n in range(parts.KEPT + 2):
        (tmp_path / f"{n}").mkdir()
        os.utime(tmp_path / f"{n}", (n, n))
    (tmp_path / ".work").mkdir()
    parts.prune(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {".work", *(str(n + 2) for n in range(parts.KEPT))}


def test_a_failure_names_the_bundle(tmp_path: Path) -> None:
    def fail(log: object) -> None:
        raise StepFailed("no room")

    told: list[str] = []
    assert not Runner([Step("wheels", "", lambda: False, fail)], tmp_path, told.append, what="bundle").run()
    assert told[-1] == f"bundle failed at step wheels: no room; log: {tmp_path / 'bundle-wheels.log'}"


@pytest.mark.parametrize(("words", "code", "text"), [
    (["--help", "--lang", "vi"], 0, "Mã thoát"), (["--help", "--lang=en"], 0, "Exit codes"), ([], 2, "--prefix")
])  # fmt: skip
def test_the_installer_says_what_it_takes(words: list[str], code: int, text: str) -> None:
    done = subprocess.run([sys.executable, pack.INSTALLER, *words], capture_output=True, text=True)
    assert done.returncode == code
    assert text in done.stdout + done.stderr
