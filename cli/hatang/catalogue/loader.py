"""Loads controls from policies/; a fault is named with file, line, field and remedy."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from hatang.catalogue import yaml12
from hatang.catalogue.resolver import resolve
from hatang.catalogue.software import allowed
from hatang.errors import InputError, UnknownNameError
from hatang.model.control import Control, Resolved
from hatang.model.terms import UNSTATED, Level
from hatang.suggestions import did_you_mean

if TYPE_CHECKING:
    from hatang.model.site import Site

POLICIES = (Path(__file__).resolve().parents[1] / "policies").resolve()
CONTROLS = POLICIES / "controls"
M = TypeVar("M", bound=BaseModel)
HELP = {
    "Control": "see policies/controls/control.schema.json for what each field takes",
    "Mutations": "see policies/mutations/mutations.schema.json for what each field takes",
    "Source": "see hatang.catalogue.sources for what each field takes",
}


@dataclass(frozen=True)
class Catalogue:
    """All controls."""

    controls: dict[str, Control]

    def control(self, control_id: str) -> Control:
        """One control. Raises UnknownNameError."""
        if control_id not in self.controls:
            raise unknown(control_id, self.controls)
        return self.controls[control_id]

    def resolve(self, level: Level, applies: Collection[str] = ()) -> dict[str, Resolved]:
        """The value in force of every control at a level."""
        return {c.id: resolve(c, Level(level), applies) for c in self.controls.values()}

    def role_variables(
        self, level: Level, applies: Collection[str], site: Site, bastion: IPv4Network | None = None
    ) -> dict[str, Any]:
        """Variables of the roles for a host of this level: law from the controls, places from the site."""
        found: dict[str, Any] = {}
        for control in self.controls.values():
            if not control.implemented_by.variables:
                continue
            value = resolve(control, Level(level), applies).value
            for variable, origin in control.implemented_by.variables.items():
                if value is None:
                    chosen: Any = control.implemented_by.absent[variable]
                elif origin == "own" or (origin == "value" and value == UNSTATED):
                    chosen = control.own_value.value if control.own_value else None
                elif origin == "value":
                    chosen = value
                elif origin == "bastion":
                    chosen = [str(bastion)] if bastion else []
                elif origin == "software":
                    chosen = allowed(site)
                else:
                    chosen = _site_value(site, origin)
                found[variable] = list(chosen) if isinstance(chosen, tuple) else chosen
        return found


def _site_value(site: Site, origin: str) -> Any:
    value = getattr(site.services, origin.removeprefix("site."))
    if isinstance(value, tuple):
        return [str(v) for v in value]
    return value if isinstance(value, int) else str(value)


@cache
def load(folder: Path | None = None) -> Catalogue:
    """All controls of the folder (policies/controls).

    Raises:
        InputError: a file is wrong.
    """
    files = sorted((folder or CONTROLS).glob("*.yaml"))
    return Catalogue({c.id: c for c in (load_control(f) for f in files)})


def load_control(file: Path) -> Control:
    """One control file. Raises InputError."""
    return named_after_file(validated(Control, file), file, "id")


def named_after_file(found: M, file: Path, field: str) -> M:
    """A file's content, when it has the file's name in this field. Raises InputError."""
    name = getattr(found, field)
    if name != file.stem:
        line = line_of(file.read_text(encoding="utf-8"), (field,))
        raise InputError(
            f"the {field} {name} differs from the file's name", where=f"{file}:{line} ({field})",
            do=f"rename the file to {name}.yaml, or correct the id",
        )  # fmt: skip
    return found


def validated(model: type[M], file: Path, *keys: str) -> M:
    """A YAML file, or what stands under a key of it, as a model. Raises InputError with line, field and remedy."""
    text = file.read_text(encoding="utf-8")
    try:
        raw = yaml12.load(text)
        for key in keys:
            raw = raw[key]
        return model.model_validate(raw)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise InputError(f"not valid YAML: {exc.problem}", where=f"{file}:{line}", do="correct the line") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        place = (*keys, *first["loc"], *getattr((first.get("ctx") or {}).get("error"), "path", ()))
        field = ".".join(str(p) for p in place)
        raise InputError(
            f"{field or 'the file'}: {first['msg'].removeprefix('Value error, ')}",
            where=f"{file}:{line_of(text, place)}" + (f" ({field})" if field else ""),
            do=HELP[model.__name__],
        ) from exc


def show_control(control_id: str, folder: Path | None = None) -> Control:
    """One control, without reading the others. Raises UnknownNameError."""
    file = (folder or CONTROLS) / f"{control_id}.yaml"
    if not file.is_file():
        raise unknown(control_id, [p.stem for p in file.parent.glob("*.yaml")])
    return load_control(file)


def unknown(control_id: str, known: Collection[str]) -> UnknownNameError:
    """The error for a control that is not there."""
    do = did_you_mean(control_id, known, "hatang control list shows all")
    return UnknownNameError(f"no control is called {control_id}", where=str(CONTROLS), do=do)


def line_of(text: str, key: tuple[int | str, ...]) -> int:
    """Line of a field, or of its nearest parent that stands in the file."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line = 1
    for part in key:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if str(pair[0].value) == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = (node.value[part], node.value[part])
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line
