"""The security group of one zone: exactly the rules that the zone matrix gives it, and none of Neutron's default ones.

Creates     1 security group, 1 rule per flow end and IP version.
Does not    decide what passes: the rules come from `rules_of`; allow anything that is not written there; make rules
            before `allow`: until then nothing passes.
Protected   nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_openstack import networking
from pydantic import BaseModel, ConfigDict, Field

from hatang.policies.rules.groups import Rule


class GroupArgs(BaseModel):
    """Plain values of one security group."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    group_name: str = Field(description="Name in Neutron, <system>-<zone>.")
    rules: tuple[Rule, ...] = Field(description="Rules of the matrix.")


class Group(pulumi.ComponentResource):
    """One security group with its rules."""

    def __init__(
        self, name: str, args: GroupArgs, *, project_id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("hatang:components:Group", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = networking.SecGroup(
            f"{name}-group",
            name=args.group_name,
            description="Rules of the zone matrix; managed by hatang.",
            tenant_id=project_id,
            delete_default_rules=True,
            opts=child,
        )
        self.name = name
        self.rules = args.rules
        self.project_id = project_id
        self.group_id: pulumi.Output[str] = group.id
        self.register_outputs({"group_id": group.id})

    def allow(self, after: Sequence[pulumi.Resource] = ()) -> None:
        """Make the rules when these are made: ports, for whose servers one waits longest, are not to wait for rules."""
        for rule in self.rules:
            declare(
                f"{self.name}-{rule.key}",
                rule,
                group_id=self.group_id,
                project_id=self.project_id,
                parent=self,
                after=after,
            )


def declare(
    name: str,
    rule: Rule,
    *,
    group_id: pulumi.Input[str],
    project_id: pulumi.Input[str],
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource] = (),
) -> None:
    """One rule in a group."""
    networking.SecGroupRule(
        name,
        security_group_id=group_id,
        tenant_id=project_id,
        direction=rule.direction,
        ethertype=rule.ethertype,
        protocol=rule.protocol or None,
        port_range_min=rule.port,
        port_range_max=rule.port,
        remote_ip_prefix=rule.remote,
        description=rule.why,
        # Neutron changes no rule that is there: a new text would cut what passes by it, and make it anew.
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["description"], depends_on=list(after)),
    )
