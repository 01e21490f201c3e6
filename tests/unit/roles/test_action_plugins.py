"""Our action plugins under real Ansible, on this machine: roles made for the test, and the limits of the real ones."""

from __future__ import annotations

import grp
import json
import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from hatang.catalogue import load
from hatang.inputs import load_site
from hatang.model.terms import Level

ROOT = Path(__file__).resolve().parents[3]
ROLES = ROOT / "roles"
WHO = f"owner: {pwd.getpwuid(os.getuid()).pw_name}, group: {grp.getgrgid(os.getgid()).gr_name}"


@pytest.fixture
def play(tmp_path: Path) -> Any:
    """A folder with a role `one`; run it, with what Ansible says."""
    for part in ("tasks", "templates", "files", "handlers"):
        (tmp_path / "one" / part).mkdir(parents=True)
    (tmp_path / "one" / "handlers" / "main.yml").write_text(
        "- {name: Tell, ansible.builtin.debug: {msg: handler ran}}\n"
    )

    def run(tasks: str, *options: str, **variables: Any) -> subprocess.CompletedProcess[str]:
        (tmp_path / "one" / "tasks" / "main.yml").write_text(tasks)
        playbook = [
            {"hosts": "all", "gather_facts": False, "tasks": [
                {"name": "Values", "require_values": None, "tags": ["always"]},
                {"name": "One", "ansible.builtin.import_role": {"name": "one"}},
            ]}
        ]  # fmt: skip
        (tmp_path / "play.yml").write_text(yaml.safe_dump(playbook))
        return ansible(tmp_path / "play.yml", *options, **variables)

    return run


def ansible(playbook: Path, *options: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "ansible-playbook"
    environment = {
        **os.environ, "ANSIBLE_CONFIG": str(ROLES / "ansible.cfg"), "ANSIBLE_HOME": str(playbook.parent / "home"),
        "ANSIBLE_ROLES_PATH": str(playbook.parent),
    }  # fmt: skip
    return subprocess.run(
        [program, "-i", "localhost,", "-c", "local", "-e", json.dumps(variables), *options, playbook],
        env=environment, text=True, capture_output=True, timeout=120, check=False,
    )  # fmt: skip


FILES = f"""
- name: Files
  place_files:
    files:
      - {{dest: "{{{{ to }}}}/filled", src: filled.j2, mode: "0644", {WHO}, controls: [AUT-05]}}
      - {{dest: "{{{{ to }}}}/plain", src: plain, mode: "0600", {WHO}, controls: [AUT-08]}}
      - {{dest: "{{{{ to }}}}/never", content: x, when: to | length == 0, mode: "0644", {WHO}}}
  notify: Tell
  tags: [AUT-05, AUT-08]
- name: The same by Ansible itself
  ansible.builtin.template: {{src: filled.j2, dest: "{{{{ to }}}}/theirs", mode: "0644"}}
"""


def test_templates_are_filled_and_files_are_not(play: Any, tmp_path: Path) -> None:
    templates = tmp_path / "one" / "templates"
    (templates / "filled.j2").write_text(
        "{% for n in [1, 2] %}\n{{ n }} {{ word }}\n{% endfor %}\n{% include 'part.j2' %}\n\\n end\n"
    )
    (templates / "part.j2").write_text("part of {{ inventory_hostname }}\n")
    (tmp_path / "one" / "files" / "plain").write_text("{{ word }} as it is\n")
    done = play(FILES, to=str(tmp_path), word="chữ")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "filled").read_text() == (tmp_path / "theirs").read_text()
    assert (tmp_path / "filled").read_text() == "1 chữ\n2 chữ\npart of localhost\\n end\n"
    assert (tmp_path / "plain").read_text() == "{{ word }} as it is\n" and not (tmp_path / "never").exists()
    assert "handler ran" in done.stdout
    again = play(FILES, to=str(tmp_path), word="chữ")
    assert "changed=0" in again.stdout and "handler ran" not in again.stdout
    (tmp_path / "filled").unlink()
    (tmp_path / "plain").unlink()
    other = play(FILES, "--tags", "AUT-08", to=str(tmp_path), word="chữ")
    assert "changed=1" in other.stdout and (tmp_path / "plain").exists() and not (tmp_path / "filled").exists()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ('[{dest: /x, src: a.j2, content: x, mode: "0644"}]', "/x: give src or content, not both"),
        ('[{dest: /x, mode: "0644"}]', "/x: give src or content"),
        ('[{dest: /x, src: nowhere.j2, mode: "0644"}]', "nowhere.j2"),
        ('[{dest: /x, src: bad.j2, mode: "0644"}]', "/x: template bad.j2 cannot be filled"),
        ('[{dest: /x, content: x, when: "yes please", mode: "0644"}]', "yntax error"),
        ("{dest: /x}", "files is a list of entries"),
        ("[/x]", "files is a list of entries"),
    ],
)
def test_wrong_entries_are_named(play: Any, tmp_path: Path, files: str, words: str) -> None:
    (tmp_path / "one" / "templates" / "bad.j2").write_text("{{ nobody_defined_this }}")
    done = play(f"- name: Files\n  place_files:\n    files: {files}\n")
    assert done.returncode == 2 and words in done.stdout + done.stderr


def test_all_refused_values_are_told_at_once_and_before_anything(play: Any, tmp_path: Path) -> None:
    (tmp_path / "one" / "tasks" / "validate.yml").write_text(
        "- {name: A, ansible.builtin.assert: {that: a | int > 1, fail_msg: 'a is {{ a }}, write 2'}, tags: [AUT-05]}\n"
        "- {name: B, ansible.builtin.assert: {that: [true, b | int > 1], fail_msg: b is low}, tags: [AUT-08]}\n"
    )
    (tmp_path / "one" / "templates" / "filled.j2").write_text("x")
    (tmp_path / "one" / "files" / "plain").write_text("x")
    done = play(FILES, to=str(tmp_path), a=1, b=1)
    assert done.returncode == 2 and "one: a is 1, write 2; one: b is low" in done.stdout
    assert not (tmp_path / "filled").exists()
    assert play(FILES, "--tags", "AUT-08", to=str(tmp_path), a=1, b=2).returncode == 0
    assert (tmp_path / "plain").exists() and not (tmp_path / "filled").exists()


def test_a_file_of_limits_holds_nothing_else(play: Any, tmp_path: Path) -> None:
    (tmp_path / "one" / "tasks" / "validate.yml").write_text("- {name: A, ansible.builtin.debug: {msg: x}}\n")
    done = play("- {name: Nothing, ansible.builtin.debug: {msg: x}}\n")
    assert done.returncode == 2 and "tasks here are ansible.builtin.assert with name and tags" in done.stdout


WRONG = {
    "account_lock_deny": 1, "account_lock_unlock_time_s": 1, "accounts_unused_days": 1, "accounts_key_days": 2,
    "backup_every_hours": 1000, "backup_keep_days": 1, "backup_repository": "a b",
    "firewall_directions": ["up"], "intrusion_failures": 1, "logging_retention_months": 0, "logging_port": 0,
    "malware_paths": ["/etc"], "monitoring_full_percent": 99, "passwords_min_length": 4,
    "resolver_servers": list("abcd"), "services_unused": ["ssh.service"],
    "sessions_timeout_min": 100, "software_allowed": ["a b"],
    "ssh_server_idle_timeout_s": 1, "time_sync_servers": list("abcdefghijk"), "updates_months": 13,
}  # fmt: skip


def test_every_role_refuses_what_is_out_of_its_range(tmp_path: Path) -> None:
    """The real limits, with the variables of level 3: those pass, and each wrong one is named with its role."""
    roles = sorted(p.parents[1].name for p in ROLES.glob("*/tasks/validate.yml") if p.parents[1].name != "copies_store")
    for role in roles:
        (tmp_path / role).symlink_to(ROLES / role)
    tasks: list[dict[str, Any]] = [{"name": "Values", "require_values": None}]
    tasks += [{"name": r, "ansible.builtin.import_role": {"name": r}, "tags": ["never"]} for r in roles]
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    site = load_site(ROOT / "inventories" / "example" / "site.yaml", tmp_path)
    level = load().role_variables(Level(3), (), site)
    good = ansible(tmp_path / "play.yml", **level, ansible_user="root")
    assert good.returncode == 0, good.stdout + good.stderr
    bad = ansible(tmp_path / "play.yml", **{**level, **WRONG}, ansible_user="root")
    assert bad.returncode == 2 and {r for r in roles if f"{r}: " not in bad.stdout} == set()
