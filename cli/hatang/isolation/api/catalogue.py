"""The operations that are tried, and the decoys that they are tried on: data, one file per service in `operations/`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, StringConstraints

from hatang.model.base import Model, Text

FOLDER = Path(__file__).parent / "operations"
PLACE = re.compile(r"\$([a-z][a-z_]*)((?:\.[\w-]+)*)")  # $network, $answer.network.id
REVOKE = "revoke"  # the undoing of a token that was given
Call = Annotated[str, StringConstraints(pattern=r"^(GET|PUT|POST|PATCH|DELETE) /\S+$")]
Undo = Annotated[str, StringConstraints(pattern=r"^(revoke|DELETE (image:)?/\S+)$")]
Headers = dict[str, str]


class Decoy(Model):
    """An object of the project that is made for the time of the run, so that nothing in use is ever at stake."""

    kind: str = Field(pattern=r"^[a-z_]+$", description="Its id is then known as $decoy_<kind>.")
    by: Literal["inside", "user"] = Field("inside", description="hatang within the project, or the project's own user.")
    call: Call = Field(description="Method and path, below the service's address without a version.")
    body: Any = Field(None, description="JSON.")
    data: str = Field("", description="Plain bytes instead of JSON.")
    headers: Headers = Field({}, description="More headers.")
    id: str = Field("", description="Where the answer holds the id; of a URL its last part.")
    after: tuple[str, ...] = Field((), description="Kinds that are made before it, beside those that it names.")
    show: str = Field("", description="Path that shows it.")
    until: dict[str, str] = Field({}, description="What that must show before the decoy is ready.")


class Operation(Model):
    """One thing that must be refused: 403 or 404, and no name of what is not one's own anywhere in the answer."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="Unique name.")
    title: Text = Field(description="What is tried.")
    about: Literal["agency", "platform"] = Field("agency", description="Whose things.")
    call: Call = Field(description="Method and path.")
    body: Any = Field(None, description="JSON.")
    headers: Headers = Field({}, description="More headers.")
    lists: bool = Field(False, description="A list may be answered, as long as nothing foreign stands in it.")
    refused: tuple[int, ...] = Field((), description="Further codes by which this service refuses.")
    scopes: tuple[Literal["project", "domain"], ...] = Field(
        ("project", "domain"), description="Tokens for which it has a meaning."
    )
    undo: Undo | None = Field(None, description="What takes it back if it succeeds; none: it goes with the decoys.")

    @property
    def changes(self) -> bool:
        """Whether it would change something."""
        return not self.call.startswith("GET ")


class Service(Model):
    """All about one service."""

    service: str = Field(description="Type in Keystone's catalogue.")
    decoys: tuple[Decoy, ...] = Field((), description="In the order in which they are made.")
    operations: tuple[Operation, ...] = Field(min_length=1, description="In the order in which they are tried.")


@cache
def services() -> tuple[Service, ...]:
    """All services with their operations, by name of the file."""
    files = sorted(FOLDER.glob("*.yaml"))
    return tuple(Service.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files)


def needed(chosen: Iterable[Operation]) -> set[str]:
    """Kinds of decoys that these operations are tried on, and those that these decoys stand on."""
    decoys = {d.kind: d for s in services() for d in s.decoys}
    found: set[str] = set()
    waiting = {p.removeprefix("decoy_") for o in chosen for p in places((o.call, o.body, o.headers))}
    while waiting := (waiting & set(decoys)) - found:
        found |= waiting
        new = [decoys[kind] for kind in waiting]
        waiting = {p.removeprefix("decoy_") for d in new for p in (*places((d.call, d.body)), *d.after)}
    return found


def places(thing: Any) -> set[str]:
    """Names of the places in a call or a body, without `answer`."""
    if isinstance(thing, str):
        return {m[1] for m in PLACE.finditer(thing)} - {"answer"}
    inner = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, (list, tuple)) else ()
    return {name for x in inner for name in places(x)}


def filled(thing: Any, values: dict[str, str], answer: Any = None) -> Any:
    """The same with values in their places. Raises KeyError: a value is not known."""
    if isinstance(thing, str):
        return PLACE.sub(lambda m: _value(m[1], m[2], values, answer), thing)
    if isinstance(thing, dict):
        return {k: filled(v, values, answer) for k, v in thing.items()}
    return [filled(x, values, answer) for x in thing] if isinstance(thing, (list, tuple)) else thing


def found_at(path: str, answer: Any) -> str:
    """What an answer holds at a path such as `network.id`. Raises KeyError."""
    for step in path.split("."):
        if not isinstance(answer, dict) or step not in answer:
            raise KeyError(path)
        answer = answer[step]
    return str(answer)


def _value(name: str, rest: str, values: dict[str, str], answer: Any) -> str:
    return found_at(rest[1:], answer) if name == "answer" else values[name] + rest
