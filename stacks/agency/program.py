"""Stack `agency`: domain, groups, delegation of one body. One stack per agency. Exports: domain and group ids."""

from __future__ import annotations

import pulumi
from pulumi_openstack import identity

from hatang.stacks.agency.config import AgencyConfig
from hatang.stacks.components.delegation import Delegation, DelegationArgs


def build(config: AgencyConfig) -> None:
    """Declare every resource of one agency."""
    agency = config.agency
    domain = identity.Project(
        "domain",
        name=agency.slug,
        description=f"{agency.code} {agency.name.vi}",
        is_domain=True,
    )
    given = DelegationArgs(role_ids=config.role_ids, ended=config.ended)
    delegation = Delegation("delegation", given, domain_id=domain.id)
    pulumi.export("domain_id", domain.id)
    pulumi.export("administrators_id", delegation.group_ids["administrators"])
    pulumi.export("auditors_id", delegation.group_ids["auditors"])
    pulumi.export("ceiling", agency.ceiling.model_dump(mode="json"))
