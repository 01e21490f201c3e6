"""Persons whom an identity provider sends: by which way they came, and whether that way leaves nobody a choice of who
they are. No I/O.

Keystone takes from a mapping who somebody is (`user.id`). Where it has none, the name takes its place; a name is often
the person's to choose, and who chooses a colleague's becomes the colleague, with all that the registry knows of them.
So a way counts when the id is what the identity provider gave for good, and that of one issuer alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# Methods by which Keystone knows its own users; all others are protocols of identity providers.
OWN = frozenset({
    "application_credential", "ec2credential", "external", "kerberos", "oauth1", "oauth2_credential", "password",
    "token", "totp",
})  # fmt: skip
PLACE = re.compile(r"\{(\d+)\}")


@dataclass(frozen=True)
class Way:
    """An identity provider and a protocol of it, by their ids in Keystone."""

    provider: str  # empty: Keystone took the person for a user of its own
    protocol: str


def way_of(token: dict[str, Any]) -> Way | None:
    """By which way the person of a token came; None: as a user of Keystone itself.

    Args:
        token: as Keystone tells of it, `token` of its answer.
    """
    if sent := token["user"].get("OS-FEDERATION"):
        return Way(str(sent["identity_provider"]["id"]), str(sent["protocol"]["id"]))
    foreign = sorted(set(token.get("methods", ())) - OWN)
    return Way("", foreign[0]) if foreign else None


def faults(provider: str, issuers: list[str], rules: list[dict[str, Any]], subjects: frozenset[str]) -> list[str]:
    """Why nobody who comes this way is believed to be who they seem; empty: nothing is against it.

    Args:
        provider: the identity provider's id.
        issuers: its remote ids.
        rules: of the mapping.
        subjects: variables that hold what the identity provider gave a person for good.
    """
    found = []
    if len(issuers) != 1:
        found.append(f"the identity provider {provider} has {len(issuers)} remote ids, not one: what tells persons "
                     "apart does so for one issuer only")  # fmt: skip
    users = [(rule, local["user"]) for rule in rules for local in rule["local"] if "user" in local]
    if any(user.get("type") == "local" for _rule, user in users):
        found.append(f"the mapping of {provider} makes persons into users of Keystone's own (user.type: local)")
    if not users or any(_source(rule, user) not in subjects for rule, user in users):
        found.append(f"the mapping of {provider} takes who somebody is (user.id) not from {_listed(subjects)} alone")
    return found


def _source(rule: dict[str, Any], user: dict[str, Any]) -> str:
    """The variable that `user.id` is; empty: none, several, or a text of its own.

    Keystone numbers those variables of a rule that have no condition `any_one_of` or `not_any_of`.
    """
    given = [r["type"] for r in rule["remote"] if "any_one_of" not in r and "not_any_of" not in r]
    place = PLACE.fullmatch(str(user.get("id", "")))
    return str(given[int(place[1])]) if place and int(place[1]) < len(given) else ""


def _listed(subjects: frozenset[str]) -> str:
    return " or ".join(sorted(subjects)) or "any variable that the setting federation_subjects names"
