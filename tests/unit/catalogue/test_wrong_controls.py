"""Each kind of wrong entry is named with file, line and remedy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from scripts.generate.control_schema import page

from hatang.catalogue.linter import Tree, faults
from hatang.catalogue.loader import CONTROLS, load_control, show_control
from hatang.catalogue.sources import sources
from hatang.errors import InputError, UnknownNameError
from hatang.model.control import Control

MODEL = "LOG-10.yaml"
SCHEMA: dict[str, Any] = json.loads((CONTROLS / "control.schema.json").read_text())

# What is written instead of what, the line of the fault, and words of the message. Found by the model.
WRONG = {
    "level left out": ("{L1: null, L2: 1,", "{L1: null,", 13, "Field required"),
    "unknown level": ("L5: 12}", "L5: 12, L6: 12}", 13, "Extra inputs"),
    "unknown field": ("unit: months", "unit: months\nseverity: high", 7, "Extra inputs"),
    "no mark": ("    mark: B2\n", "", 10, "Field required"),
    "mark that does not exist": ("mark: B2", "mark: B3", 12, "'A', 'B2', 'B1' or 'own'"),
    "no clause": ('    clause: "4/5/6/7.8.2.1 a"\n', "", 10, "Field required"),
    "no unit": ("unit: months\n", "", 1, "Field required"),
    "unknown strength": ("strength: must", "strength: should", 7, "must-or-equivalent"),
    "unknown rule": ("combine: max", "combine: greatest", 8, "'max', 'min'"),
    "value of another kind": ("L3: 3", "L3: three", 13, "does not go with `combine: max`"),
    "true where a number is due": ("L3: 3", "L3: true", 13, "does not go with `combine: max`"),
    "title in one language": ("  en: \"Minimum log retention\"\n", "", 3, "Field required"),
    "no source": (None, "sources: {}\n", 9, "at least 1 item"),
    "unknown way of verifying": ("verified_by: [host]", "verified_by: [machine]", 19, "'host', 'cloud'"),
    "claims to be verified": ("verified_by:", "verified_against_original: true\nverified_by:", 19, "should be False"),
    "id of another shape": ("id: LOG-10", "id: log10", 2, "String should match pattern"),
    "id unlike the file's name": ("id: LOG-10", "id: LOG-11", 2, "differs from the file's name"),
    "variable without a value for absence": ("  absent: {logging_retention_months: 1}\n", "", 20, "needs a value"),
    "not YAML": ("title:", "title: [", 5, "not valid YAML"),
}  # fmt: skip
# Found by the linter, which knows the other folders.
CHECK, VARIABLE = "test_logging.py::test_retention", "logging_retention_months"
ALL, SILENT = "{L1: 12, L2: 12, L3: 12, L4: 12, L5: 12}", "{L1: null, L2: null, L3: null, L4: null, L5: null}"
ADRIFT = {
    "unknown source": ("  qcvn12_2026:", "  qcvn13_2026:", 14, "no source is called qcvn13_2026"),
    "mark that the source does not carry": ("mark: B2", "mark: A", 12, "mark A does not go with tcvn14423_2026"),
    "source that is silent": (ALL, SILENT, 18, "silent at every level"),
    "source of some systems, for all": ("    applies_to: document_storage\n", "", 14, "applies to document_storage"),
    "unit that is none": ("unit: months", "unit: yes/no", 6, "unit yes/no does not go with"),
    "check that does not exist": (CHECK, "test_logging.py::test_keeping", 24, "no check is called"),
    "check of another control": (CHECK, "test_logging.py::test_logs_are_forwarded", 24, "is marked with LOG-08"),
    "role that does not exist": ("role: logging", "role: journal", 21, "no role is called journal"),
    "variable that does not exist": (VARIABLE, "logging_retention_weeks", 22, "has no variable"),
    "variable taken from nowhere": (f"{VARIABLE}: value", f"{VARIABLE}: valeu", 22, "which is nothing"),
    "stack that does not exist": ("role: logging", "role: logging\n  stack: xyz", 22, "no stack is called xyz"),
}


def written(folder: Path, old: str | None, new: str) -> tuple[Path, str]:
    """The model with one change."""
    text = (CONTROLS / MODEL).read_text()
    if old is None:
        begin, end = text.index("sources:"), text.index("verified_by:")
        text = text[:begin] + new + text[end:]
    else:
        assert old in text
        text = text.replace(old, new)
    file = folder / MODEL
    file.write_text(text)
    return file, text


@pytest.mark.parametrize("name", WRONG)
def test_wrong_entry(name: str, tmp_path: Path) -> None:
    old, new, line, words = WRONG[name]
    file, _ = written(tmp_path, old, new)
    with pytest.raises(InputError) as caught:
        load_control(file)
    assert words in caught.value.what, caught.value.what
    assert caught.value.where.startswith(f"{file}:{line}"), caught.value.where
    assert caught.value.do


def test_part_that_is_left_open_must_be_told(tmp_path: Path) -> None:
    text = (CONTROLS / MODEL).read_text()
    (tmp_path / MODEL).write_text(text[: text.index("note:")])
    with pytest.raises(InputError, match="needs a note that says what is left"):
        load_control(tmp_path / MODEL)


@pytest.mark.parametrize("name", ADRIFT)
def test_entry_that_leads_nowhere(name: str, tmp_path: Path) -> None:
    old, new, line, words = ADRIFT[name]
    file, _ = written(tmp_path, old, new)
    found = [f for f in faults(Tree(controls=tmp_path)) if f.where.startswith(str(tmp_path))]
    assert [f for f in found if words in f.what and f.where.startswith(f"{file}:{line}") and f.do], [
        str(f) for f in found
    ]


def test_check_that_nobody_claims(tmp_path: Path) -> None:
    shutil.copy(CONTROLS / MODEL, tmp_path)
    found = [f.what for f in faults(Tree(controls=tmp_path))]
    assert "no control claims the check test_logs_are_forwarded" in found
    assert "no control sets logging_server, which role logging requires" in found
    assert "a task of role logging carries the tag LOG-08, which is no control" in found


def test_task_that_no_control_is_brought_about_by(tmp_path: Path) -> None:
    (tmp_path / "logging" / "meta").mkdir(parents=True)
    shutil.copy(Tree().roles / "logging" / "meta" / "argument_specs.yml", tmp_path / "logging" / "meta")
    found = [f.what for f in faults(Tree(roles=tmp_path))]
    assert "no task of role logging carries the tag LOG-10" in found


def test_catalogue_has_no_fault() -> None:
    assert [str(f) for f in faults()] == []


def test_schema_is_that_of_the_model() -> None:
    assert (CONTROLS / "control.schema.json").read_text() == page(), "renew with: make goldens"


@pytest.mark.parametrize("file", sorted(CONTROLS.glob("*.yaml")), ids=lambda f: f.stem)
def test_schema_takes_every_control(file: Path) -> None:
    jsonschema.validate(yaml.safe_load(file.read_text()), SCHEMA)
    assert file.read_text().startswith("# yaml-language-server: $schema=control.schema.json\n")


def test_schema_is_closed_and_describes_every_property() -> None:
    models = [SCHEMA, *SCHEMA["$defs"].values()]
    for model in (m for m in models if m.get("type") == "object"):
        assert model["additionalProperties"] is False, model["title"]
        assert all(p.get("description") for p in model["properties"].values()), model["title"]


def test_schema_refuses_a_level_left_out(tmp_path: Path) -> None:
    _, text = written(tmp_path, "{L1: null, L2: 1,", "{L1: null,")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), SCHEMA)


def test_nothing_claims_to_be_compared_with_an_original() -> None:
    assert not any(s.verified_against_original for s in sources().values())
    assert not any(c.verified_against_original for c in map(load_control, sorted(CONTROLS.glob("*.yaml"))))


def test_unknown_control_gets_a_hint() -> None:
    with pytest.raises(UnknownNameError, match="did you mean ACC-06"):
        show_control("ACC-O6")


def test_model_and_file_agree_on_the_name() -> None:
    assert {f.stem for f in CONTROLS.glob("*.yaml")} == {load_control(f).id for f in CONTROLS.glob("*.yaml")}
    assert Control.model_fields["id"].description
