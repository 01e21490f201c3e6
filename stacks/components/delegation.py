"""What an agency may do itself: groups in its domain and their roles, confined to that domain (ACC-11).

Creates     2 groups, 2 role assignments; of a body that ended, the groups alone.
Does not    give anybody `admin`: Keystone does not confine it to a domain; make people.
Protected   nothing.
"""

from __future__ import annotations

import pulumi
from pulumi_openstack import identity
from pydantic import BaseModel, ConfigDict, Field

GROUPS = {"administrators": "manager", "auditors": "reader"}


class DelegationArgs(BaseModel):
    """Plain values of a delegation."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    ended: bool = Field(False, description="No roles: the body is no more, and others own the projects in its domain.")
    role_ids: dict[str, str] = Field(description="Keystone role ids by name.")


class Delegation(pulumi.ComponentResource):
    """Groups of an agency and their roles on its domain."""

    def __init__(
        self,
        name: str,
        args: DelegationArgs,
        *,
        domain_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hatang:components:Delegation", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.group_ids: dict[str, pulumi.Output[str]] = {}
        for group_name, role in GROUPS.items():
            group = identity.GroupV3(f"{name}-{group_name}", name=group_name, domain_id=domain_id, opts=child)
            if not args.ended:
                identity.RoleAssignment(
                    f"{name}-{group_name}-{role}",
                    domain_id=domain_id,
                    group_id=group.id,
                    role_id=args.role_ids[role],
                    opts=child,
                )
            self.group_ids[group_name] = group.id
        self.register_outputs(self.group_ids)
