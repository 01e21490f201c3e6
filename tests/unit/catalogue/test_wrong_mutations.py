"""Mutations of controls: the files hold together, and each kind of wrong entry is named with file, line and remedy."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from scripts.generate.mutations_schema import page

from hatang.catalogue import yaml12
from hatang.catalogue.linter import faults
from hatang.catalogue.mutations import MUTATIONS, load_mutations, mutations
from hatang.catalogue.tree import Tree
from hatang.errors import InputError

BASE = "SAC-13"
TEXT = """\
# yaml-language-server: $schema=mutations.schema.json
control: SAC-13
mutations:
  - name: all-may-leave
    by: careless
    on: host
    run: |
      nft chain inet hatang output '{ policy accept ; }'
  - name: rule-before-all-others
    by: hostile
    on: host
    run: |
      nft insert rule inet hatang output counter accept
  - name: rule-for-everybody
    by: hostile
    on: cloud
    call: network.py::open_rule
    also: [HST-02, NET-12]
    why: "A rule that is not in the matrix is also a flow that is not."
"""
SCHEMA: dict[str, Any] = json.loads((MUTATIONS / "mutations.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@dataclass(frozen=True)
class Wrong:
    """What is written instead of what in TEXT, the line of the fault, words of the message."""

    old: str
    new: str
    line: int
    words: str

    def write(self, folder: Path) -> Path:
        """All files of mutations, one of them with the change."""
        shutil.copytree(MUTATIONS, folder, dirs_exist_ok=True)
        file = folder / f"{BASE}.yaml"
        assert self.old in TEXT, self.old
        file.write_text(TEXT.replace(self.old, self.new, 1), encoding="utf-8")
        return file


CALL = "    call: network.py::open_rule\n"
RUN = "    run: |\n      nft chain inet hatang output '{ policy accept ; }'\n"
ALSO = "also: [HST-02, NET-12]"
WHY = '    why: "A rule that is not in the matrix is also a flow that is not."\n'
BY_MODEL = {
    "no control": Wrong(f"control: {BASE}\n", "", 1, "Field required"),
    "control of another shape": Wrong(f"control: {BASE}", "control: sac13", 2, "String should match pattern"),
    "control unlike the file's name": Wrong(f"control: {BASE}", "control: SAC-12", 2, "differs from the file's name"),
    "unknown field": Wrong("    by: careless\n", "    by: careless\n    when: now\n", 6, "Extra inputs"),
    "no name": Wrong("  - name: all-may-leave\n    by", "  - by", 4, "Field required"),
    "name with blanks": Wrong("name: all-may-leave", "name: all may leave", 4, "String should match pattern"),
    "name twice": Wrong("name: rule-before-all-others", "name: all-may-leave", 9, "stands there twice"),
    "nobody does it": Wrong("    by: careless\n", "", 4, "Field required"),
    "somebody unknown does it": Wrong("by: careless", "by: clumsy", 5, "'careless' or 'hostile'"),
    "place that is none": Wrong("on: host", "on: moon", 6, "'host', 'cloud' or 'registry'"),
    "nothing done on the host": Wrong(RUN, "", 4, "stands under `run`"),
    "empty script": Wrong(RUN, '    run: " "\n', 7, "stands under `run`"),
    "function on the host": Wrong(RUN, RUN + CALL, 9, "`call` is for cloud and registry"),
    "script on the cloud": Wrong(CALL, "    run: openstack server list\n", 14, "named under `call`"),
    "script and function": Wrong(CALL, CALL + "    run: 'true'\n", 18, "`run` is for hosts"),
    "undo on the cloud": Wrong(CALL, CALL + "    undo: 'true'\n", 18, "`undo` is for hosts"),
    "kernel of the cloud": Wrong(CALL, CALL + "    needs: own-kernel\n", 18, "`needs` is for hosts"),
    "need that is none": Wrong(RUN, "    needs: luck\n" + RUN, 7, "'own-kernel'"),
    "function without a file": Wrong("network.py::open_rule", "open_rule", 17, "String should match pattern"),
    "function in another folder": Wrong(
        "network.py::open_rule", "../checks/units.py::months", 17, "String should match pattern"
    ),
    "also without why": Wrong(WHY, "", 18, "go together"),
    "why without also": Wrong(f"    {ALSO}\n", "", 18, "go together"),
    "also itself": Wrong(ALSO, f"also: [{BASE}]", 18, f"`also` names {BASE} itself"),
    "nobody hostile": Wrong("by: hostile", "by: careless", 3, "nobody hostile breaks it"),
    "not YAML": Wrong("mutations:", "mutations: [", 4, "not valid YAML"),
}
BY_LINTER = {
    "function that is not there": Wrong("network.py::open_rule", "network.py::opened", 17, "there is no network.py::"),
    "function of its own use": Wrong("network.py::open_rule", "network.py::rule", 17, "there is no network.py::rule"),
    "file that is not there": Wrong("network.py::open_rule", "net.py::open_rule", 17, "there is no net.py::open_rule"),
    "place where nothing is verified": Wrong("on: cloud", "on: registry", 16, "is not verified on registry"),
    "also a control without check": Wrong(ALSO, "also: [TSL-06]", 18, "TSL-06 is no control with a check"),
    "also no control": Wrong(ALSO, "also: [HST-02, HST-99]", 18, "HST-99 is no control with a check"),
}


def cloud_part_removed(text: str) -> str:
    """The file without its last mutation, the only one on the cloud."""
    return text[: text.index("  - name: rule-for-everybody")]


@pytest.mark.parametrize("kind", [*BY_MODEL, *BY_LINTER])
def test_wrong_entry(kind: str, tmp_path: Path) -> None:
    wrong = (BY_MODEL | BY_LINTER)[kind]
    file = wrong.write(tmp_path)
    if kind in BY_MODEL:
        with pytest.raises(InputError) as caught:
            load_mutations(file)
        assert wrong.words in caught.value.what, caught.value.what
    found = [f for f in faults(Tree(mutations=tmp_path)) if wrong.words in f.what]
    assert found, [str(f) for f in faults(Tree(mutations=tmp_path))]
    assert found[0].where.startswith(f"{file}:{wrong.line}"), found[0].where
    assert found[0].do


def test_control_with_a_check_and_no_mutation(tmp_path: Path) -> None:
    shutil.copytree(MUTATIONS, tmp_path, dirs_exist_ok=True)
    (tmp_path / f"{BASE}.yaml").unlink()
    (found,) = faults(Tree(mutations=tmp_path))
    assert found.what == f"{BASE} has checks, but no mutation shows that they notice anything"
    assert "(checks)" in found.where
    assert found.do == f"write {tmp_path / f'{BASE}.yaml'}"


def test_check_on_the_cloud_that_nothing_breaks(tmp_path: Path) -> None:
    shutil.copytree(MUTATIONS, tmp_path, dirs_exist_ok=True)
    file = tmp_path / f"{BASE}.yaml"
    file.write_text(cloud_part_removed(file.read_text()))
    (found,) = faults(Tree(mutations=tmp_path))
    assert found.what == f"{BASE} has a check on cloud, and nothing is broken there"


@pytest.mark.parametrize(
    ("control", "words"), [("SAC-99", "no control is called SAC-99"), ("SES-02", "SES-02 has no check")]
)
def test_mutations_that_no_check_can_notice(control: str, words: str, tmp_path: Path) -> None:
    shutil.copytree(MUTATIONS, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / f"{BASE}.yaml").read_text().replace(f"control: {BASE}", f"control: {control}")
    (tmp_path / f"{control}.yaml").write_text(text)
    found = faults(Tree(mutations=tmp_path))
    assert words in found[0].what
    assert found[0].where == f"{tmp_path / f'{control}.yaml'}:2 (control)"


def test_schema_is_that_of_the_model() -> None:
    assert (MUTATIONS / "mutations.schema.json").read_text() == page(), "renew with: make goldens"


@pytest.mark.parametrize("file", sorted(MUTATIONS.glob("*.yaml")), ids=lambda f: f.stem)
def test_schema_takes_every_file(file: Path) -> None:
    VALIDATOR.validate(yaml12.load(file.read_text()))
    assert file.read_text().startswith("# yaml-language-server: $schema=mutations.schema.json\n")


def test_schema_is_closed_and_describes_every_property() -> None:
    VALIDATOR.check_schema(SCHEMA)
    models = [SCHEMA, *SCHEMA["$defs"].values()]
    for model in (m for m in models if m.get("type") == "object"):
        assert model["additionalProperties"] is False, model["title"]
        assert all(p.get("description") for p in model["properties"].values()), model["title"]


def test_words_that_yaml_1_1_takes_for_truth() -> None:
    assert yaml12.load("{on: off, yes: no, a: true, b: False, c: null, d: 3}") == {
        "on": "off", "yes": "no", "a": True, "b": False, "c": None, "d": 3,
    }  # fmt: skip


def test_every_mutation_has_a_script_or_a_function() -> None:
    assert all(bool(m.run or m.run_on_store) != bool(m.call) for found in mutations().values() for m in found.mutations)
