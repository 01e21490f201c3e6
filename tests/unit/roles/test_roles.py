"""Roles, catalogue and tasks are joined by ids and names, in both directions; an orphan fails the build."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hatang.catalogue import load

ROOT = Path(__file__).resolve().parents[3]
ROLES = sorted(p.parents[1] for p in (ROOT / "roles").glob("*/meta/argument_specs.yml"))
SERVING = ("lockout_guard", "pam_stack", "copies_store")  # serve other roles or hosts; no control names them
IDS = re.compile(r"^((?:[A-Z]{3}-[0-9]{2}(?:, )?)+) \| ")
each_role = pytest.mark.parametrize("role", ROLES, ids=lambda r: r.name)


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text()) if file.exists() else None


def options(role: Path) -> dict[str, Any]:
    return {
        name: spec
        for entry in read(role / "meta" / "argument_specs.yml")["argument_specs"].values()
        for name, spec in (entry["options"] or {}).items()
    }


def tasks(role: Path) -> list[dict[str, Any]]:
    return [t for f in sorted((role / "tasks").glob("*.yml")) for t in (read(f) or [])]


def law() -> dict[str, str]:
    """Variables that controls set, and the role that each names."""
    return {v: c.implemented_by.role for c in load().controls.values() for v in c.implemented_by.variables}


def test_there_are_roles() -> None:
    assert len(ROLES) >= 8


@each_role
def test_variables_begin_with_the_name_of_their_role(role: Path) -> None:
    names = {*options(role), *(read(role / "defaults" / "main.yml") or {})}
    names |= {n for f in (role / "vars").glob("*.yml") for n in read(f)}
    names |= {t["register"] for t in tasks(role) if "register" in t}
    assert [n for n in sorted(names) if not n.startswith(f"{role.name}_")] == []


@each_role
def test_defaults_are_those_of_argument_specs(role: Path) -> None:
    said = {n: s["default"] for n, s in options(role).items() if not s.get("required")}
    assert (read(role / "defaults" / "main.yml") or {}) == said


@each_role
def test_required_variables_are_those_that_the_law_sets(role: Path) -> None:
    required = {n for n, s in options(role).items() if s.get("required")}
    if role.name in SERVING:
        assert not required & set(law())
    else:
        assert required == {v for v, r in law().items() if r == role.name}


def test_every_variable_of_the_catalogue_has_its_role() -> None:
    known = {name: role.name for role in ROLES for name in options(role)}
    assert {v: known.get(v) for v in law()} == law()


@each_role
def test_tags_are_the_controls_in_the_name(role: Path) -> None:
    for task in tasks(role):
        tags = set(task.get("tags", []))
        if match := IDS.match(task["name"]):
            assert set(match[1].split(", ")) <= tags, task["name"]
        assert tags or "ansible.builtin.import_tasks" in task, (
            f"{task['name']} would not run when its control alone is asked for"
        )


@each_role
def test_files_name_controls_of_their_task(role: Path) -> None:
    """With --tags a file whose controls the task does not carry would never be placed."""
    for task in tasks(role):
        entries = (task.get("place_files") or {}).get("files", [])
        named = {c for e in entries for c in e.get("controls", ())}
        assert named <= set(task.get("tags", [])), task["name"]
        if entries and all("controls" in e for e in entries):
            assert named == set(task["tags"]), task["name"]


@each_role
def test_tags_name_controls_that_the_role_serves(role: Path) -> None:
    tags = {tag for task in tasks(role) for tag in task.get("tags", [])} - {"always"}
    controls = load().controls
    assert tags <= set(controls)
    if role.name not in SERVING:
        assert tags == {c.id for c in controls.values() if c.implemented_by.role == role.name}


@each_role
def test_what_is_notified_exists(role: Path) -> None:
    handlers = [h for r in ROLES for h in read(r / "handlers" / "main.yml") or []]
    topics = [t if isinstance(t, list) else [t] for h in handlers if (t := h.get("listen"))]
    known = {h["name"] for h in handlers} | {name for given in topics for name in given}
    assert {t["notify"] for t in tasks(role) if "notify" in t} <= known


@each_role
def test_services_restart_in_handlers_only(role: Path) -> None:
    bad = [
        t["name"]
        for t in tasks(role)
        if (t.get("ansible.builtin.systemd_service") or {}).get("state") in ("restarted", "reloaded")
    ]
    assert bad == []


@each_role
def test_nothing_hides_a_failure(role: Path) -> None:
    assert [t["name"] for t in tasks(role) if t.get("failed_when") is False or t.get("ignore_errors")] == []


@each_role
def test_reads_do_not_count_as_changes(role: Path) -> None:
    for task in tasks(role):
        if "register" in task and task.get("check_mode") is False and "ansible.builtin.find" not in task:
            assert "changed_when" in task, task["name"]


def test_playbooks_run_every_role() -> None:
    text = (ROOT / "roles" / "harden.yml").read_text() + (ROOT / "roles" / "store.yml").read_text()
    used = set(re.findall(r"name: (\w+)[,}]", text)) | {"pam_stack"}  # by dependency
    assert used == {r.name for r in ROLES}


def test_what_changed_takes_effect_before_a_new_login_proves_it_also_for_single_controls() -> None:
    """Without the tag `always` a run with --tags would load new firewall rules after the proof that one gets in."""
    tasks_ = read(ROOT / "roles" / "harden.yml")[0]["tasks"]
    names = [t["name"] for t in tasks_]
    flush = next(i for i, t in enumerate(tasks_) if t.get("ansible.builtin.meta") == "flush_handlers")
    assert tasks_[flush]["tags"] == ["always"]
    assert names.index("Firewall") < flush < names.index("Confirm that a new login works")
