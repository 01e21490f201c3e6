"""Masks many units on a host in one task, or gives them back."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: mask_units
short_description: Masks units that nobody needs, or gives them back
description:
  - Does for a list of units what C(ansible.builtin.systemd_service) does for one with C(masked) and C(state=stopped).
    There each unit costs a process of Ansible and lets systemd read all its units anew; here all of them together do.
  - A unit that the host does not have is passed over. One that is masked and still runs is stopped.
options:
  units: {description: names of units with their suffix, type: list, elements: str, required: true}
  masked: {description: "false takes the mask off, and starts nothing", type: bool, required: true}
author: hatang
"""
EXAMPLES = r"""
- name: CFG-09 | Stop and mask what mounts by itself
  mask_units:
    units: [autofs.service, udisks2.service]
    masked: true
  tags: [CFG-09]
"""
RETURN = r"""
changed_units: {description: units that were masked or given back, type: list, returned: always}
"""


def states(module: AnsibleModule, units: list[str]) -> list[dict[str, str]]:
    """What systemd knows of each unit: Id, LoadState, ActiveState."""
    asked = ["systemctl", "show", "--property=Id,LoadState,ActiveState", "--", *units]
    _code, out, _err = module.run_command(asked, check_rc=True)
    return [dict(line.split("=", 1) for line in block.splitlines()) for block in out.strip().split("\n\n")]


def to_change(state: dict[str, str], masked: bool) -> bool:
    """Whether a unit is other than it should be."""
    if masked:
        return state["LoadState"] == "loaded" or (state["LoadState"], state["ActiveState"]) == ("masked", "active")
    return state["LoadState"] == "masked"


def main() -> None:
    """Look at all, then change those that differ."""
    module = AnsibleModule(
        argument_spec={
            "units": {"type": "list", "elements": "str", "required": True},
            "masked": {"type": "bool", "required": True},
        },
        supports_check_mode=True,
    )
    units, masked = module.params["units"], module.params["masked"]
    found = states(module, units) if units else []
    names = list(dict.fromkeys(state["Id"] for state in found if to_change(state, masked)))
    if names and not module.check_mode:
        words = ["mask", "--now"] if masked else ["unmask"]
        module.run_command(["systemctl", *words, "--", *names], check_rc=True)
        if left := [s["Id"] for s in states(module, names) if to_change(s, masked)]:
            module.fail_json(msg=f"still {'not masked, or running' if masked else 'masked'}: {', '.join(left)}")
    module.exit_json(changed=bool(names), changed_units=names)


if __name__ == "__main__":
    main()
