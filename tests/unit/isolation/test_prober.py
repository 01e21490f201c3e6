"""Packets of the prober are whole: a kernel, and connection tracking on the way, takes none with a wrong checksum."""

from __future__ import annotations

import importlib.util
import struct
import sys
from pathlib import Path
from types import ModuleType

import pytest

from hatang.isolation.station import PROBER


@pytest.fixture
def prober(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The prober as a module; its main ends at once, since it may not open packet sockets here."""
    source = Path(PROBER).read_text().replace("\nmain()\n", "\n")
    spec = importlib.util.spec_from_loader("prober_here", loader=None)
    assert spec
    made = importlib.util.module_from_spec(spec)
    exec(compile(source, "prober.py", "exec"), made.__dict__)  # the text that is sent, without its last line
    monkeypatch.setitem(sys.modules, "prober_here", made)
    return made


@pytest.mark.parametrize("protocol", ["tcp", "udp", "icmp"])
@pytest.mark.parametrize(("source", "target"), [("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2")])
def test_checksums_are_right(prober: ModuleType, protocol: str, source: str, target: str) -> None:
    made = prober.packet(protocol, source, target, 8080, b"12345678" + (7).to_bytes(4, "big"), 7)
    if ":" in target:
        body, kind = made[40:], made[6]
        assert struct.unpack("!H", made[4:6])[0] == len(body)
        pseudo = made[8:40] + struct.pack("!LL", len(body), kind)
    else:
        body, kind = made[20:], made[9]
        assert prober.checksum(made[:20]) == 0
        assert struct.unpack("!H", made[2:4])[0] == len(made)
        pseudo = b"" if protocol == "icmp" else made[12:20] + struct.pack("!HH", kind, len(body))
    assert prober.checksum(pseudo + body) == 0
    assert kind == {"tcp": 6, "udp": 17, "icmp": 58 if ":" in target else 1}[protocol]
    assert b"12345678" in body
