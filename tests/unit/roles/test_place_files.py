"""The module `place_files`, in this process and on files of its own."""

from __future__ import annotations

import grp
import importlib.util
import json
import os
import pwd
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

ROOT = Path(__file__).resolve().parents[3]
WHO = {"owner": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}


def load(name: str = "place_files") -> Any:
    """A module of the roles, which no package holds."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "roles" / "library" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def place(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    """Call the module with entries; what it says."""

    def call(*entries: dict[str, Any], check: bool = False, diff: bool = False) -> dict[str, Any]:
        files = [{**WHO, "mode": "0644", **entry} for entry in entries]
        common = {
            "_ansible_check_mode": check, "_ansible_diff": diff, "_ansible_remote_tmp": str(tmp_path / "tmp"),
            "_ansible_no_log": False,  # the controller's word; it comes with every task
        }  # fmt: skip
        with patch_module_args({"files": files, **common}), pytest.raises(SystemExit):
            load().main()
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        return said

    return call


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_files_are_written_once(place: Any, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    entries = [{"dest": str(one), "content": "đất\n"}, {"dest": str(two), "content": "nước\n", "mode": "0600"}]
    first = place(*entries)
    assert (first["changed"], first["changed_files"]) == (True, [str(one), str(two)])
    assert (one.read_text(), mode(one), two.read_text(), mode(two)) == ("đất\n", 0o644, "nước\n", 0o600)
    again = place(*entries)
    assert (again["changed"], again["changed_files"]) == (False, [])


def test_only_what_differs_is_written(place: Any, tmp_path: Path) -> None:
    one, two, three = tmp_path / "one", tmp_path / "two", tmp_path / "three"
    entries = [{"dest": str(path), "content": "x\n"} for path in (one, two, three)]
    place(*entries)
    two.write_text("by hand\n")
    three.chmod(0o666)
    before = one.stat().st_ino
    assert place(*entries)["changed_files"] == [str(two), str(three)]
    assert (two.read_text(), mode(three), one.stat().st_ino) == ("x\n", 0o644, before)


def test_a_link_gives_way_to_the_file(place: Any, tmp_path: Path) -> None:
    """As with /etc/resolv.conf: what the link leads to belongs to somebody else."""
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_text("same\n")
    link.symlink_to(there)
    assert place({"dest": str(link), "content": "same\n"})["changed_files"] == [str(link)]
    assert not link.is_symlink() and link.read_text() == "same\n" and there.read_text() == "same\n"
    link.unlink()
    link.symlink_to(tmp_path / "nowhere")
    assert place({"dest": str(link), "content": "new\n"})["changed"]
    assert link.read_text() == "new\n" and not (tmp_path / "nowhere").exists()


def test_what_is_absent_goes_without_what_it_leads_to(place: Any, tmp_path: Path) -> None:
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_text("x")
    link.symlink_to(there)
    entry = {"dest": str(link), "state": "absent", "mode": None}
    assert place(entry)["changed"] and there.exists() and not link.is_symlink()
    assert not place(entry)["changed"]


def test_what_is_kept_keeps_its_content(place: Any, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    entry = {"dest": str(kept), "state": "kept", "mode": "0600"}
    assert place(entry)["changed"] and (kept.read_text(), mode(kept)) == ("", 0o600)
    kept.write_text("secret of a person\n")
    kept.chmod(0o644)
    assert place(entry)["changed"] and (kept.read_text(), mode(kept)) == ("secret of a person\n", 0o600)
    assert not place(entry)["changed"]


def test_a_folder_and_what_stands_in_it(place: Any, tmp_path: Path) -> None:
    folder, file = tmp_path / "a" / "b", tmp_path / "a" / "b" / "file"
    entries = [
        {"dest": str(folder), "state": "directory", "mode": "0750"},
        {"dest": str(file), "content": "x"},
    ]
    assert place(*entries)["changed_files"] == [str(folder), str(file)]
    assert (mode(folder), file.read_text()) == (0o750, "x")
    assert not place(*entries)["changed"]


def test_nothing_is_written_where_one_is_not_valid(place: Any, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    two.write_text("good\n")
    said = place(
        {"dest": str(one), "content": "x"},
        {"dest": str(two), "content": "bad\n", "validate": "grep -q good %s"},
    )
    assert said["failed"] and said["msg"] == f"{two} would not be valid" and said["rc"] == 1
    assert not one.exists() and two.read_text() == "good\n"


def test_what_is_valid_is_written(place: Any, tmp_path: Path) -> None:
    file = tmp_path / "a b"
    assert place({"dest": str(file), "content": "good\n", "validate": "grep -q good %s"})["changed"]
    assert file.read_text() == "good\n"


def test_check_mode_touches_nothing(place: Any, tmp_path: Path) -> None:
    old, folder = tmp_path / "old", tmp_path / "folder"
    old.write_text("before")
    said = place(
        {"dest": str(old), "content": "after"},
        {"dest": str(folder), "state": "directory", "mode": "0755"},
        {"dest": str(folder / "new"), "content": "x"},
        {"dest": str(tmp_path / "kept"), "state": "kept"},
        check=True,
    )
    assert said["changed_files"] == [str(old), str(folder), str(folder / "new"), str(tmp_path / "kept")]
    assert old.read_text() == "before" and not folder.exists() and not (tmp_path / "kept").exists()
    assert place({"dest": str(old), "state": "absent"}, check=True)["changed"] and old.exists()


def test_differences_show_no_closed_file(place: Any, tmp_path: Path) -> None:
    said = place(
        {"dest": str(tmp_path / "open"), "content": "seen\n"},
        {"dest": str(tmp_path / "closed"), "content": "hidden\n", "mode": "0640"},
        {"dest": str(tmp_path / "in words"), "content": "hidden\n", "mode": "u=rw,go="},
        diff=True,
    )
    assert [d["after"] for d in said["diff"]] == ["seen\n", *["(not shown, changed)\n"] * 2]
    assert "hidden" not in json.dumps(said["diff"])


def test_the_hosts_log_holds_no_content(place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible's modules write how they were called into it, unless they say otherwise."""
    told: list[Any] = []
    monkeypatch.setattr(
        "ansible.module_utils.basic.AnsibleModule.log", lambda *args, **more: told.append((args[1:], more))
    )
    place({"dest": str(tmp_path / "closed"), "content": "hidden\n", "mode": "0600"})
    assert "hidden" not in repr(told)
    assert str(tmp_path / "closed") in repr(told), "but which files it placed"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"dest": "relative/path", "content": ""}, "is no absolute path"),
        ({"dest": "{}/x", "content": "", "mode": None}, "has no mode"),
        ({"dest": "{}/folder", "content": ""}, "is to be a file, and a folder is there"),
        ({"dest": "{}/folder", "state": "absent"}, "is to be a file, and a folder is there"),
        ({"dest": "{}/file", "state": "directory"}, "is to be a folder, and something else is there"),
        ({"dest": "{}/none/x", "content": ""}, "cannot be written: there is no folder"),
        ({"dest": "{}/none/x", "state": "kept"}, "cannot be written: there is no folder"),
        ({"dest": "{}/x", "content": "", "validate": "true"}, "has a validate without %s"),
        ({"dest": "{}/x", "content": "", "state": "gone"}, "value of state must be one of"),
        ({"dest": "{}/x", "content": "", "owner": "nobody-of-that-name"}, "failed to look up user"),
        ({"content": ""}, "missing required arguments: dest"),
        ({"dest": "{}/x", "content": "", "force": True}, "Unsupported parameters"),
    ],
)
def test_wrong_entries_are_named(place: Any, tmp_path: Path, entry: dict[str, Any], words: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    given = {name: value.format(tmp_path) if name == "dest" else value for name, value in entry.items()}
    said = place(given)
    assert said["failed"] and words in said["msg"], said
