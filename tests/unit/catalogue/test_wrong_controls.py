"""Each kind of wrong entry is named with file, line and remedy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from scripts.generate.control_schema import page

from hatang.catalogue.linter import faults
from hatang.catalogue.loader import CONTROLS, load_control, show_control
from hatang.catalogue.sources import sources
from hatang.catalogue.tree import ROLES, STACKS, Tree
from hatang.errors import InputError, UnknownNameError
from hatang.model.control import Control
from tests.unit.catalogue.wrong_entries import BY_LINTER, BY_MODEL, IN_SOURCES, Wrong

MODEL = "LOG-10.yaml"
GOLDEN = Path(__file__).parent / "golden" / "wrong_entries.txt"
SCHEMA: dict[str, Any] = json.loads((CONTROLS / "control.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
WRONG = BY_MODEL | BY_LINTER


def fault(kind: str, wrong: Wrong, folder: Path) -> InputError:
    """The fault that a wrong entry gives, of all that it gives the one that it is about."""
    file = wrong.write(folder)
    if kind in BY_MODEL:
        with pytest.raises(InputError) as caught:
            load_control(file)
        found = [caught.value]
    else:
        found = [f for f in faults(Tree(controls=folder)) if f.where.startswith(f"{file}:")]
    chosen = [f for f in found if wrong.words in f.what]
    assert chosen, [str(f) for f in found]
    return chosen[0]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[InputError, Path]]:
    """The fault of a kind of wrong entry, and the folder that it was in; each is looked for once."""

    @cache
    def found(kind: str) -> tuple[InputError, Path]:
        folder = tmp_path_factory.mktemp("wrong")
        return fault(kind, WRONG[kind], folder), folder

    return found


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_entry(kind: str, told: Callable[[str], tuple[InputError, Path]]) -> None:
    found, folder = told(kind)
    assert found.where.startswith(f"{folder / WRONG[kind].base}.yaml:{WRONG[kind].line}"), found.where
    assert found.do


def test_messages_word_for_word(
    told: Callable[[str], tuple[InputError, Path]], request: pytest.FixtureRequest
) -> None:  # fmt: skip
    text = ""
    for kind in WRONG:
        found, folder = told(kind)
        text += f"## {kind}\n{found}\n\n".replace(f"{folder}/", "")
    text = text.replace(str(CONTROLS.parent), "policies").replace(str(ROLES), "roles").replace(str(STACKS), "stacks")
    if request.config.getoption("--update-goldens", default=False):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8"), "renew with: make goldens"


def test_part_that_is_left_open_must_be_told(tmp_path: Path) -> None:
    text = (CONTROLS / MODEL).read_text()
    (tmp_path / MODEL).write_text(text[: text.index("note:")])
    with pytest.raises(InputError, match="needs a note that says what is left"):
        load_control(tmp_path / MODEL)


@pytest.mark.parametrize("kind", IN_SOURCES)
def test_wrong_source(kind: str, tmp_path: Path) -> None:
    old, new, words = IN_SOURCES[kind]
    text = Tree().sources.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "sources.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    (found,) = faults(Tree(sources=file))
    assert words in found.what, found.what
    assert found.where.startswith(str(file))
    assert found.do
    if "replaced" not in kind:
        line = int(found.where.split(":")[1].split(" ")[0])
        begin = text[: text.index(old)].count("\n") + 1
        entry = max(n for n, row in enumerate(text.splitlines(), 1) if row[:1].isalpha() and n <= begin)
        assert line == (entry if "says nothing" in kind else begin)


def test_letters_that_belong_to_no_group(tmp_path: Path) -> None:
    text = (CONTROLS / MODEL).read_text().replace("id: LOG-10", "id: XYZ-10")
    (tmp_path / "XYZ-10.yaml").write_text(text)
    assert "XYZ-10 belongs to no group" in [f.what for f in faults(Tree(controls=tmp_path))]


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


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("- name: Do it\n  ansible.builtin.command: /bin/true\n", "carries no tag, so no control claims it"),
        ("- name: Do it\n  ansible.builtin.command: /bin/true\n  tags: [LOG-99]\n", "LOG-99, which is no control"),
        ("- name: Do it\n  ansible.builtin.command: /bin/true\n  tags: [VUL-01]\n", "no role brings VUL-01 about"),
        (
            "- name: Do all\n  tags: LOG-99\n  block:\n    - name: Do it\n      ansible.builtin.command: /bin/true\n",
            "LOG-99, which is no control",
        ),
    ],
)
def test_task_that_no_control_claims(task: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "stray" / "tasks" / "main.yml"
    file.parent.mkdir(parents=True)
    file.write_text(f"---\n{task}")
    found = [f for f in faults(Tree(roles=tmp_path)) if words in f.what]
    assert found[0].where == f"{file}:{4 + ('block' in task)}".replace(":4", ":2")
    assert found[0].do


def test_catalogue_has_no_fault() -> None:
    assert [str(f) for f in faults()] == []


def test_schema_is_that_of_the_model() -> None:
    assert (CONTROLS / "control.schema.json").read_text() == page(), "renew with: make goldens"


@pytest.mark.parametrize("file", sorted(CONTROLS.glob("*.yaml")), ids=lambda f: f.stem)
def test_schema_takes_every_control(file: Path) -> None:
    VALIDATOR.validate(yaml.safe_load(file.read_text()))
    assert file.read_text().startswith("# yaml-language-server: $schema=control.schema.json\n")


def test_schema_is_closed_and_describes_every_property() -> None:
    VALIDATOR.check_schema(SCHEMA)
    models = [SCHEMA, *SCHEMA["$defs"].values()]
    for model in (m for m in models if m.get("type") == "object"):
        assert model["additionalProperties"] is False, model["title"]
        assert all(p.get("description") for p in model["properties"].values()), model["title"]


def test_schema_refuses_a_level_left_out(tmp_path: Path) -> None:
    file = BY_MODEL["level left out"].write(tmp_path)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(yaml.safe_load(file.read_text()))


def test_nothing_claims_to_be_compared_with_an_original() -> None:
    assert not any(s.verified_against_original for s in sources().values())
    assert not any(c.verified_against_original for c in map(load_control, sorted(CONTROLS.glob("*.yaml"))))


def test_unknown_control_gets_a_hint() -> None:
    with pytest.raises(UnknownNameError, match="did you mean ACC-06"):
        show_control("ACC-O6")


def test_model_and_file_agree_on_the_name() -> None:
    assert {f.stem for f in CONTROLS.glob("*.yaml")} == {load_control(f).id for f in CONTROLS.glob("*.yaml")}
    assert Control.model_fields["id"].description
