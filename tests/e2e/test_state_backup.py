"""Who lost the state folder goes on from its backup: same systems, same journal, same cloud, same keys."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.chain import SYSTEM, Hatang


@pytest.mark.turn("story", "backup")
def test_the_cloud_is_known_again_from_a_restored_folder(
    hatang: Hatang, applied: dict[str, Any], tmp_path: Path
) -> None:
    backup, key, anchor = tmp_path / "backup", tmp_path / "key", tmp_path / "anchor.json"
    key.write_text("cụm mật khẩu của bản sao lưu\n")
    hatang("journal", "anchor", "--file", str(anchor))
    hatang("state", "save", str(backup), "--key-file", str(key))
    new = Hatang(tmp_path / "new", hatang.cloud)
    new("state", "restore", str(backup), "--key-file", str(key))
    shutil.copy(hatang.state / "passphrase", new.state / "passphrase")  # kept apart
    assert not (new.state / "sandbox").exists()
    new("journal", "verify", "--anchor", str(anchor))
    systems = ("system", "list", "--output", "json")
    assert new(*systems).json() == hatang(*systems).json()
    new("system", "plan", SYSTEM, "--exit-code")  # 0: nothing would change
    new("host", "ssh", applied["wait-for-hosts"]["hosts"][0], "--", "true")
    new("system", "list")  # writes the entry of the log-in
    new("journal", "verify", "--anchor", str(anchor))  # it goes on, with the same key
