"""The module `mask_units`, in this process, with a `systemctl` that says what it is told to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from tests.unit.roles.test_place_files import load

# What `systemctl show` says of each unit; `mask` and `unmask` change it, unless the unit is `stubborn`.
SYSTEMCTL = """#!/usr/bin/env python3
import json, pathlib, sys
here = pathlib.Path(__file__).parent
units = json.loads((here / "units").read_text())
verb, names = sys.argv[1], sys.argv[sys.argv.index("--") + 1:]
if verb == "show":
    told = [[n, *units.get(n, ["not-found", "inactive"])] for n in names]
    print("\\n".join(f"Id={n}\\nLoadState={load}\\nActiveState={active}\\n" for n, load, active in told))
else:
    with (here / "asked").open("a") as asked:
        asked.write(" ".join(sys.argv[1:]) + "\\n")
    for n in names:
        if n != "stubborn.service":
            units[n] = ["masked", "inactive"] if verb == "mask" else ["loaded", "inactive"]
    (here / "units").write_text(json.dumps(units))
"""


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call the module on a host with these units; what it says, and how often it asked for a change."""
    program = tmp_path / "systemctl"
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def call(units: dict[str, list[str]], masked: bool, check: bool = False) -> tuple[dict[str, Any], list[str]]:
        (tmp_path / "units").write_text(json.dumps(units))
        common = {"_ansible_check_mode": check, "_ansible_remote_tmp": str(tmp_path / "tmp")}
        words = {"units": [*units, "nowhere.service"], "masked": masked, **common}
        with patch_module_args(words), pytest.raises(SystemExit):
            load("mask_units").main()
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        asked = tmp_path / "asked"
        return said, asked.read_text().splitlines() if asked.exists() else []

    return call


UNITS = {
    "runs.service": ["loaded", "active"], "stands.service": ["loaded", "inactive"],
    "gone.service": ["masked", "inactive"], "gone-and-runs.service": ["masked", "active"],
}  # fmt: skip


def test_all_that_is_not_masked_is_masked_by_one_command(ask: Any) -> None:
    said, asked = ask(UNITS, masked=True)
    names = ["runs.service", "stands.service", "gone-and-runs.service"]
    assert (said["changed"], said["changed_units"]) == (True, names)
    assert asked == ["mask --now -- " + " ".join(names)]


def test_what_is_masked_is_given_back_and_nothing_is_started(ask: Any) -> None:
    said, asked = ask(UNITS, masked=False)
    assert said["changed_units"] == ["gone.service", "gone-and-runs.service"]
    assert asked == ["unmask -- gone.service gone-and-runs.service"]


@pytest.mark.parametrize("masked", [True, False])
def test_check_mode_tells_and_changes_nothing(ask: Any, masked: bool) -> None:
    said, asked = ask(UNITS, masked=masked, check=True)
    assert said["changed"]
    assert asked == []


@pytest.mark.parametrize(("state", "masked"), [("masked", True), ("loaded", False)])
def test_what_is_right_is_left_alone(ask: Any, state: str, masked: bool) -> None:
    said, asked = ask({"right.service": [state, "inactive"]}, masked=masked)
    assert (said["changed"], said["changed_units"], asked) == (False, [], [])


def test_what_stays_is_named(ask: Any) -> None:
    said, _asked = ask({"stubborn.service": ["loaded", "active"]}, masked=True)
    assert said["failed"]
    assert "stubborn.service" in said["msg"]
