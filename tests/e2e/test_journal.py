"""What the chain did on real parts is in the journal, holds on another machine, and gives no secret away."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

from hatang import settings
from tests.e2e.chain import SYSTEM, Hatang


def _passwords(content: Any) -> set[str]:
    if not isinstance(content, dict):
        return set()
    own = {str(v) for k, v in content.items() if k in ("password", "secret") and v}
    return own.union(*map(_passwords, content.values()))


def test_the_chain_is_in_the_journal(hatang: Hatang, applied: dict[str, Any], tmp_path: Path) -> None:
    hatang("host", "ssh", applied["wait-for-hosts"]["hosts"][0], "--", "true")
    hatang("journal", "rotate")
    hatang("system", "list")
    assert hatang("journal", "verify", "--output", "json").json()["holds"]
    entries = hatang("journal", "list", "--output", "json").json()["entries"]
    acts = [e["act"] for e in entries]
    assert {
        "site.apply", "request.submit", "request.plan", "request.appraise", "request.approve", "request.begin",
        "system.apply", "server.seen", "host.harden", "host.hardened", "system.check", "system.state",
        "request.finish", "review.record", "host.login",
    } <= set(acts)  # fmt: skip
    assert acts.count("key") == 2
    approved = [d for e in entries if e["act"] == "request.approve" for d in e["digests"].values()]
    deployed = next(e for e in entries if e["act"] == "system.apply" and e["facts"]["system"] == SYSTEM)
    assert applied["plan"]["digest"] in approved
    assert applied["plan"]["digest"] in deployed["digests"].values()
    # Written step by step, not only at the end of the run: before the hosts were hardened.
    hardened = next(e for e in entries if e["act"] == "host.harden")
    assert deployed["written"] < hardened["at"]


def test_it_holds_elsewhere_and_gives_no_secret_away(hatang: Hatang, applied: dict[str, Any], tmp_path: Path) -> None:
    export, anchor, elsewhere = tmp_path / "nhat-ky.jsonl", tmp_path / "moc.json", tmp_path / "elsewhere"
    hatang("journal", "anchor", "--file", str(anchor))
    hatang("journal", "export", "--file", str(export))
    words = [hatang.argv[0], "--state", str(elsewhere), "--lang", "en", "journal", "verify", "--file", str(export)]
    done = subprocess.run([*words, "--anchor", str(anchor)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "entries hold" in done.stdout
    assert not elsewhere.exists()
    held = export.read_text() + anchor.read_text()
    for line in export.read_text().splitlines():
        held += base64.b64decode(json.loads(line)["envelope"]["payload"]).decode()
    own = settings.load(state_dir=hatang.state)
    assert own.clouds_file is not None
    hidden = _passwords(yaml.safe_load(own.clouds_file.read_text()))
    hidden.add((own.passphrase_file or hatang.state / "passphrase").read_text().strip())
    assert len(hidden) >= 2
    assert not [secret for secret in hidden if secret in held]
