"""Documentation alone: the work is done by the action plugin of the same name, and nothing of it on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: require_values
short_description: Holds the variables of all roles of a play against their limits
description:
  - Reads C(tasks/validate.yml) of every role of the play and fails with all values that are refused, before any role
    has run.
  - The file holds C(ansible.builtin.assert) tasks with C(that), C(fail_msg) and tags, and nothing else.
options: {}
author: hatang
"""
EXAMPLES = r"""
- name: Refuse values out of range
  require_values:
  tags: [always]
"""
RETURN = r"""
msg: {description: "role and remedy of each value that is refused", type: str, returned: failed}
"""
