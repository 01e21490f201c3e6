"""The file of places that are no hosts: who stands there, and how to run something there as root."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from .netns import NETNS
from .plan import Node
from .programs import write_text


def write(file: Path, nodes: Mapping[str, Node]) -> None:
    """Write the file unless it is as it should be; JSON is YAML.

    Args:
        nodes: operator and outside, by the name of their namespace. Each leg of the operator is a bastion of its own.
    """
    rows: list[dict[str, object]] = []
    for namespace, node in nodes.items():
        command = ["nsenter", f"--net={NETNS}/{namespace}", "sh", "-c"]
        addresses = [[a.split("/")[0] for a in leg.addresses] for leg in node.legs]
        if node.id == "operator":
            rows += [{"kind": "bastion", "addresses": a, "command": command} for a in addresses if a]
        elif addresses:
            every = [a for group in addresses for a in group]
            rows.append({"kind": "outside", "addresses": every, "command": command, "adds_addresses": True})
    text = json.dumps(rows, indent=1) + "\n"
    if not file.exists() or file.read_text() != text:
        write_text(file, text)
