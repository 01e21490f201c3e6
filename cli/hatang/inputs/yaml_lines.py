"""YAML files of users, read safely, with the line of every field, so that each error can name it.

Refused, with line and remedy: several documents, duplicate keys, tags, aliases (one file can grow to gigabytes by
them), deep nesting, large files, texts that are not UTF-8.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hatang.errors import InputError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20
PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{t}" for t in ("str", "int", "float", "bool", "null", "map", "seq"))
Key = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """The plain data of a file and the line (from 1) of each field."""

    file: Path
    data: dict[str, Any]
    lines: dict[Key, int]

    def where(self, key: Key) -> str:
        """`file:line (field.path)` of a field, or of its nearest parent that stands in the file."""
        shown = ".".join(str(k) for k in key)
        near = key
        while near not in self.lines:
            near = near[:-1]
        return f"{self.file}:{self.lines[near]}" + (f" ({shown})" if shown else "")


def read(path: Path) -> Document:
    """Read one YAML mapping.

    Raises:
        InputError: the file is not there, not readable as one plain YAML mapping, or too large or deep.
    """
    return parse(raw_bytes(path), path)


def parse(raw: bytes, path: Path) -> Document:
    """Read one YAML mapping that came from elsewhere than a file.

    Args:
        path: what errors call it.

    Raises:
        InputError: as `read`.
    """
    text = _text(raw, path)
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line = mark.line + 1 if mark else 1
        raise InputError(
            f"not valid YAML: {exc.problem or exc.context}",
            where=f"{path}:{line}",
            do="correct the line; indent with spaces, quote texts that hold ': ' or '#'",
        ) from exc
    except yaml.YAMLError as exc:
        raise InputError(
            "not valid YAML: a character that YAML does not allow", where=f"{path}:1", do="save the file as plain text"
        ) from exc
    except RecursionError:
        raise InputError(
            f"nested more than {MAX_DEPTH} levels deep", where=f"{path}:1",
            do="flatten the file; see inventories/example",
        ) from None  # fmt: skip
    if len(nodes) != 1 or nodes[0] is None:
        what = "the file is empty" if not nodes or nodes[0] is None else f"{len(nodes)} documents in one file"
        raise InputError(what, where=f"{path}:1", do="write exactly one document; see inventories/example")
    lines: dict[Key, int] = {}
    data = _plain(nodes[0], (), lines, path, set())
    if not isinstance(data, dict):
        raise InputError(
            f"the file holds a {_kind(data)}, not fields with values",
            where=f"{path}:1",
            do="begin with a field, such as `kind: new-system`; see inventories/example",
        )
    return Document(path, data, lines)


def raw_bytes(path: Path) -> bytes:
    """What a file holds. Raises InputError."""
    if path.is_dir():
        raise InputError(f"{path} is a folder", where=str(path), do="name a YAML file in it")
    try:
        return path.read_bytes()
    except OSError as exc:
        raise InputError(
            f"cannot read {path}: {exc.strerror}", where=str(path), do="check the name of the file"
        ) from exc


def _text(raw: bytes, path: Path) -> str:
    if len(raw) > MAX_BYTES:
        raise InputError(
            f"the file has {len(raw)} bytes; at most {MAX_BYTES} are read", where=str(path), do="shorten it"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw[: exc.start].count(b"\n") + 1
        raise InputError("the file is not text in UTF-8", where=f"{path}:{line}", do="save it as UTF-8 text") from exc


def _plain(node: yaml.Node, key: Key, lines: dict[Key, int], path: Path, seen: set[int]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(key, line)

    def refuse(what: str, do: str) -> InputError:
        shown = ".".join(str(k) for k in key)
        return InputError(what, where=f"{path}:{line}" + (f" ({shown})" if shown else ""), do=do)

    if len(key) > MAX_DEPTH:
        raise refuse(f"nested more than {MAX_DEPTH} levels deep", "flatten the file; see inventories/example")
    if id(node) in seen:
        raise refuse("aliases (*name) are not allowed", "write the values out")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, key, lines, path, seen)
    if node.tag not in PLAIN_TAGS and node.tag != "tag:yaml.org,2002:timestamp":
        raise refuse(f"the tag {node.tag} is not allowed", "write a plain text, number, list or mapping")
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*key, i), lines, path, seen) for i, child in enumerate(node.value)]
    if node.tag == "tag:yaml.org,2002:timestamp":
        return node.value  # dates stay texts; the model decides
    return yaml.SafeLoader.construct_object(_Constructor(), node)


def _mapping(node: yaml.MappingNode, key: Key, lines: dict[Key, int], path: Path, seen: set[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name_node, value in node.value:
        line = name_node.start_mark.line + 1
        if not isinstance(name_node, yaml.ScalarNode) or name_node.tag not in PLAIN_TAGS:
            raise InputError("a field name must be plain text", where=f"{path}:{line}", do="write `name: value`")
        name = str(name_node.value)
        if name in found:
            raise InputError(
                f"the field {name} stands there twice (first in line {lines[(*key, name)]})",
                where=f"{path}:{line} ({'.'.join(map(str, (*key, name)))})",
                do="keep one of them",
            )
        lines[(*key, name)] = line
        found[name] = _plain(value, (*key, name), lines, path, seen)
    return found


class _Constructor(yaml.SafeLoader):
    """Turns one scalar node into a value; reads no text."""

    def __init__(self) -> None:
        super().__init__("")


def _kind(data: object) -> str:
    return "list" if isinstance(data, list) else "single value"
