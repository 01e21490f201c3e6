"""What the rules of the policy pack must know of the site and the system."""

from __future__ import annotations

from typing import Any

from hatang.catalogue.zones import zone_matrix
from hatang.model.site import Site
from hatang.model.terms import Level
from hatang.policies.rules.resources import Limits

DOMAIN_ROLES = ("manager", "reader")


def limits(site: Site, role_ids: dict[str, str], document_storage: bool = False) -> Limits:
    """Roles that may stand on a domain, volume type and zones of each level, bastions, types that encrypt."""
    return Limits(
        frozenset(role_ids[r] for r in DOMAIN_ROLES),
        {str(int(lv)): t.name for t in site.volume_types for lv in t.levels},
        {str(int(lv)): [z.value for z in zone_matrix().zones(lv, document_storage)] for lv in Level},
        tuple(str(b.bastion) for b in site.branches),
        tuple(t.name for t in site.volume_types if t.encrypted),
    )


def as_config(given: Limits) -> dict[str, Any]:
    """The same as configuration of the pack: every policy gets all of it."""
    from hatang.policies.rules.resources import RESOURCE_RULES

    values = {
        "domain_role_ids": sorted(given.domain_role_ids),
        "volume_types": dict(given.volume_types),
        "zones": {k: list(v) for k, v in given.zones.items()},
        "bastions": list(given.bastions),
        "encrypted_types": list(given.encrypted_types),
    }
    return dict.fromkeys([*(n for _, n, _ in RESOURCE_RULES), "whole-stack"], values)
