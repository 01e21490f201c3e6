"""What the tree check finds, and that locks and packages are in order."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts import locks, tree
from scripts.setup import packages, places, product


@pytest.mark.parametrize("lock", ["product.txt", "openstack.txt", "build.txt", "uv.txt"])
def test_locks_pin_every_package_by_hash_and_name_no_address(lock: str) -> None:
    text = (places.LOCKS / lock).read_text()
    assert locks.addresses(places.LOCKS / lock) == []
    pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert pins
    assert all("==" in line and line.endswith("\\") for line in pins)


def test_locks_that_share_an_environment_agree() -> None:
    def pins(name: str) -> dict[str, str]:
        lines = (places.LOCKS / name).read_text().splitlines()
        return dict(line.split(";")[0].rstrip(" \\").split("==") for line in lines if "==" in line and line[0] != " ")

    product_pins, build_pins = pins("product.txt"), pins("build.txt")
    assert {n for n in product_pins.keys() & build_pins.keys() if product_pins[n] != build_pins[n]} == set()


def test_every_package_says_why_once() -> None:
    names = [p.name for p in packages.PACKAGES]
    assert len(names) == len(set(names))
    assert all(p.why for p in packages.PACKAGES)


def test_the_environment_depends_on_its_locks_not_on_settings_of_linters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "locks").mkdir()
    for name in ("product.txt", "build.txt"):
        (tmp_path / "locks" / name).write_text("a==1 \\\n")
    project = "[build-system]\nrequires = []\n[project]\nname = 'x'\n"
    (tmp_path / "pyproject.toml").write_text(project)
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(places, "LOCKS", tmp_path / "locks")
    first = product.key()
    (tmp_path / "pyproject.toml").write_text(project + "[tool.ruff]\nline-length = 1\n")
    assert product.key() == first
    (tmp_path / "locks" / "product.txt").write_text("a==2 \\\n")
    assert product.key() != first


def test_faults_of_the_tree_are_named_with_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "ROOT", tmp_path)
    files = {
        "locks/x.txt": "--extra-" + "index-url https:" + "//example.org/simple\n",
        "cli/long.py": "\n" * 401,
        "cli/function.py": "def f() -> None:\n" + "    print()\n" * 60,
        "docs/page.md": "see /" + "home/somebody/hatang\n",
        "README.md": "line\n" * 121,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = sorted(tree.faults([tmp_path / name for name in files]))
    assert [line.split(" ")[0] for line in found] == [
        "README.md:", "cli/function.py:1:", "cli/long.py:", "docs/page.md:1:", "locks/x.txt:1:", "locks/x.txt:1:",
    ]  # fmt: skip
