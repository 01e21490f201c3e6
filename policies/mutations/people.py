"""People and roles in Keystone, changed by hand."""

from __future__ import annotations

import secrets
from typing import Any

from hatang.policies.mutations.place import Place, Undo

SEVERAL = {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["password", "totp"]]}


def _person(place: Place, name: str, group: str, options: dict[str, Any], domain: str = "") -> Undo:
    identity = place.cloud.identity
    user = identity.create_user(
        name=name, domain_id=domain or place.agency["domain_id"], password=secrets.token_urlsafe(24), options=options
    )
    identity.add_user_to_group(user, group)
    return lambda: identity.delete_user(user)


def administrator_with_a_password(place: Place) -> Undo:
    """A new administrator of the agency, made in a hurry."""
    return _person(place, "quan-tri-moi", place.agency["administrators_id"], {})


def administrator_with_a_second_way(place: Place) -> Undo:
    """An administrator who has two factors, and beside them a rule that is content with the password."""
    rules = [["password", "totp"], ["password"]]
    return _person(place, "quan-tri", place.agency["administrators_id"], {**SEVERAL, "multi_factor_auth_rules": rules})


def engineer_with_a_password(place: Place) -> Undo:
    """An engineer of the platform without a second factor."""
    identity = place.cloud.identity
    domain = identity.find_domain("hatang-platform").id
    group = next(g for g in identity.groups(domain_id=domain) if g.name == "platform-engineers")
    return _person(place, "ky-su", group.id, {}, domain)


def auditor_with_a_password(place: Place) -> Undo:
    """An auditor of the agency, who changes nothing, logs in with a password alone."""
    return _person(place, "kiem-toan", place.agency["auditors_id"], {})


def auditor_with_rules_alone(place: Place) -> Undo:
    """Rules are written, and the switch that makes Keystone look at them is off."""
    options = {**SEVERAL, "multi_factor_auth_enabled": False}
    return _person(place, "kiem-toan", place.agency["auditors_id"], options)


def reader_becomes_service(place: Place) -> Undo:
    """Whoever reads gets, without a word in any assignment, the role of the cloud's own services."""
    identity = place.cloud.identity
    reader, service = identity.find_role("reader").id, identity.find_role("service").id
    identity.put(f"/roles/{reader}/implies/{service}").raise_for_status()
    return lambda: identity.delete(f"/roles/{reader}/implies/{service}")
