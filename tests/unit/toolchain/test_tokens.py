"""The provider's table of types against the installed SDK and against what the stacks declare."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pulumi
import pulumi_openstack
import pytest

from tests.unit.stacks.recorded import record_all

ROOT = Path(__file__).resolve().parents[3]
SDK = Path(pulumi_openstack.__file__).parent
TABLE = (ROOT / "toolchain" / "provider" / "tokens.go").read_text()
MAIN = (ROOT / "toolchain" / "provider" / "main.go").read_text()


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
    calls = {
        t for f in SDK.rglob("*.py") for t in re.findall(r"invoke\('openstack:([^']+)'", f.read_text())
    }  # fmt: skip
    assert set(_table("functions").values()) <= calls


def test_the_table_holds_every_type_that_the_stacks_declare_and_no_other() -> None:
    declared = {r.type.removeprefix("openstack:") for r in record_all() if r.type.startswith("openstack:")}
    assert declared == set(_table("resources").values())


@pytest.mark.parametrize("token", sorted(_table("resources").values()))
def test_the_sdk_names_properties_as_the_bridge_does(token: str) -> None:
    """The bridge turns `a_list_prop` into `aListProp`, plural for lists where the SDK was generated so; ours must agree.

    The SDK holds the released provider's names; what differs from plain camelCase must stand in main.go.
    """
    module, kind = token.split("/")[0], token.rsplit(":", 1)[1]
    resource = getattr(getattr(pulumi_openstack, module), kind)
    assert issubclass(resource, pulumi.CustomResource)
    names = set(inspect.signature(resource._internal_init).parameters) - {"__self__", "resource_name", "opts", "__props__"}
    singular = {n for n in names if n.endswith("s") and re.search(rf'"{n[:-1]}":', MAIN)}
    for name in singular:
        camel = re.sub(r"_(\w)", lambda m: m[1].upper(), name)
        assert f'Name: "{camel}"' in MAIN
