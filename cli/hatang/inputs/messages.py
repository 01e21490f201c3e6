"""Pydantic's findings as sentences for people: what is wrong, in which line, what to do."""

from __future__ import annotations

from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from hatang.errors import InputError, InputErrors
from hatang.inputs.yaml_lines import Document, Key
from hatang.suggestions import did_you_mean

M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], document: Document) -> M:
    """The file as a model.

    Raises:
        InputErrors: all faults of the file, each with file, line, field and remedy.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as exc:
        raise InputErrors([_fault(model, document, error) for error in _each_once(exc)]) from exc


def _each_once(exc: ValidationError) -> list[dict[str, Any]]:
    """What Pydantic found, each once: of a value of two kinds, and of a list that lacks what is wrong in it.

    Where two kinds are allowed it tells of either, and writes its own word for the kind into the place.
    """
    found: list[dict[str, Any]] = []
    for details in exc.errors():
        error: dict[str, Any] = dict(details)
        place = tuple(part for part in error["loc"] if not (isinstance(part, str) and "[" in part))
        of_two_kinds, error["loc"] = place != error["loc"], place
        other = next((e for e in found if of_two_kinds and e["loc"] == place), None)
        if other is None:
            found.append(error)
        elif {str(other["type"]), str(error["type"])} in IP_KINDS:
            other["type"] = str(other["type"]).replace("_v4_", "_any_").replace("_v6_", "_any_")
    return [e for e in found if e["type"] != "too_short" or not any(_is_below(o["loc"], e["loc"]) for o in found)]


def _is_below(place: Key, above: Key) -> bool:
    return len(place) > len(above) and place[: len(above)] == above


def _fault(model: type[BaseModel], document: Document, error: dict[str, Any]) -> InputError:
    key: Key = tuple(error["loc"])
    kind, context = error["type"], error.get("ctx") or {}
    key += tuple(getattr(context.get("error"), "path", ()))
    value = error.get("input")
    where = document.where(key)
    field = str(key[-1]) if key else ""
    if kind == "missing":
        return InputError(
            f"the field {field} is missing", where=document.where(key), do=f"add it: {_meaning(model, key)}"
        )
    if kind == "extra_forbidden":
        names = _names(model, key[:-1])
        do = did_you_mean(field, names, f"remove it; known here: {', '.join(names)}", most=1)
        return InputError(f"there is no field {field}", where=where, do=do)
    if kind in ("enum", "literal_error"):
        allowed = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        near = did_you_mean(str(value), allowed.split(", "), "", most=1)
        do = f"{near} allowed: {allowed}" if near else f"write one of: {allowed}"
        return InputError(f"{value!r} is not allowed here", where=where, do=do)
    if kind == "value_error":
        text = str(context.get("error") or error["msg"])
        return InputError(
            text, where=where, do=f"correct it: {_meaning(model, key)}" if key else "correct one of the two"
        )
    return InputError(
        f"{_shown(value)} does not fit: {_expected(kind, error)}", where=where, do=f"write: {_meaning(model, key)}"
    )


IP_KINDS = ({"ip_v4_address", "ip_v6_address"}, {"ip_v4_network", "ip_v6_network"})
# Pydantic's kinds of fault in plain words; the others read well enough as they are.
EXPECTED = {
    "int_parsing": "a whole number is expected",
    "int_type": "a whole number is expected",
    "int_from_float": "a whole number is expected",
    "string_type": "a text is expected; quote it if it looks like a number",
    "bool_parsing": "true or false is expected",
    "bool_type": "true or false is expected",
    "model_type": "fields with values are expected (name: value)",
    "tuple_type": "a list is expected",
    "string_pattern_mismatch": "lower-case letters, digits and single hyphens are expected, a letter first",
    "ip_v4_network": "an IPv4 network is expected, such as 10.64.0.0/14, with no bit set right of the prefix",
    "ip_v6_network": "an IPv6 network is expected, such as 2001:db8::/40, with no bit set right of the prefix",
    "ip_v4_address": "an IPv4 address is expected",
    "ip_v6_address": "an IPv6 address is expected",
    "ip_any_address": "an IPv4 or IPv6 address is expected",
    "ip_any_network": "an IPv4 or IPv6 address or network is expected, such as 198.18.0.7 or 10.64.0.0/14",
}


def _expected(kind: str, error: dict[str, Any]) -> str:
    if kind == "string_pattern_mismatch" and not str(error["ctx"]["pattern"]).startswith("^[a-z]"):
        return "it has another form"  # than that of names, which the text below tells
    if kind == "too_short":
        least = error["ctx"]["min_length"]
        return f"at least {least} {'entry is' if least == 1 else 'entries are'} expected"
    return EXPECTED.get(kind) or str(error["msg"]).lower()


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _model_at(model: type[BaseModel], key: Key) -> type[BaseModel] | None:
    """The model that the fields below `key` belong to."""
    here: type[BaseModel] | None = model
    for part in key:
        if isinstance(part, int):
            continue
        field = _field(here, part) if here else None
        here = _inner(field.annotation) if field else None
    return here


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        if found := _inner(argument):
            return found
    return None


def _names(model: type[BaseModel], key: Key) -> list[str]:
    here = _model_at(model, key)
    return [field.alias or name for name, field in here.model_fields.items()] if here else []


def _field(model: type[BaseModel], name: str) -> FieldInfo | None:
    """A field by the name that it has in files."""
    return next((f for n, f in model.model_fields.items() if (f.alias or n) == name), None)


def _meaning(model: type[BaseModel], key: Key) -> str:
    """The description of the field, from the model."""
    names = [k for k in key if isinstance(k, str)]
    if not names:
        return "see inventories/example"
    here = _model_at(model, tuple(names[:-1]))
    field = _field(here, names[-1]) if here else None
    return (field.description if field and field.description else "see inventories/example").rstrip(".")
