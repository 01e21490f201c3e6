"""The provider's table of types against the installed SDK and against what the stacks declare."""

from __future__ import annotations

import re
from pathlib import Path

import pulumi_openstack

from tests.unit.stacks.recorded import record_all

ROOT = Path(__file__).resolve().parents[3]
SDK = Path(pulumi_openstack.__file__).parent
TABLE = (ROOT / "toolchain" / "provider" / "tokens.go").read_text()


def _table(name: str) -> dict[str, str]:
    body = TABLE.split(f"var {name} = ", 1)[1].split("\n}", 1)[0]
    return dict(re.findall(r'"(openstack_\w+)":\s+"([^"]+)"', body))


def _sdk_tokens() -> set[str]:
    """Tokens that the SDK registers resources under."""
    found = set()
    for file in SDK.rglob("*.py"):
        text = file.read_text()
        found |= set(re.findall(r"super\(\w+, __self__\)\.__init__\(\s*'openstack:([^']+)'", text))
    return found


def test_every_type_of_the_table_is_one_of_the_sdk() -> None:
    assert set(_table("resources").values()) <= _sdk_tokens()


def test_every_function_of_the_table_is_one_of_the_sdk() -> None:
    calls = {t for f in SDK.rglob("*.py") for t in re.findall(r"invoke\('openstack:([^']+)'", f.read_text())}
    assert set(_table("functions").values()) <= calls


def test_the_table_holds_every_type_that_the_stacks_declare_and_no_other() -> None:
    declared = {r.type.removeprefix("openstack:") for r in record_all() if r.type.startswith("openstack:")}
    assert declared == set(_table("resources").values())
