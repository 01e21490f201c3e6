"""Who somebody is here, from what Keystone says about their token: personas, confined to an agency or not. No I/O.

| scope of the token | role | persona |
|---|---|---|
| domain hatang-platform | manager | platform engineer, of the whole site |
| domain hatang-platform | reader | auditor, of the whole site |
| domain hatang-platform | hatang-specialised-unit, hatang-other-unit, hatang-owner | approver: that body |
| domain of an agency | manager | agency administrator |
| project of a system | member | agency member |
| domain of an agency, project of a system | reader | auditor of that agency, or of that system |

Keystone implies roles (a manager is also a member and a reader); the highest counts. On the domain of an agency nobody
is an approver: its manager gives roles there, and control ACC-11 wants no others than manager and reader.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from hatang.model.lifecycle import Role

PLATFORM_DOMAIN = "hatang-platform"
LONGEST = 150  # of a shown name, characters; leaves room in the registry for what tells two users of one name apart
BODIES = {
    "hatang-specialised-unit": Role.SPECIALISED,
    "hatang-other-unit": Role.OTHER_UNIT,
    "hatang-owner": Role.OWNER,
}


class Persona(StrEnum):
    """In what capacity somebody uses the server."""

    ENGINEER = "platform-engineer"
    ADMINISTRATOR = "agency-administrator"
    MEMBER = "agency-member"
    APPROVER = "approver"
    AUDITOR = "auditor"


@dataclass(frozen=True)
class Token:
    """What Keystone says about a token."""

    user_id: str
    user: str  # of persons whom an identity provider sends: as that one calls them today
    user_domain: str
    domain_id: str  # of the scope: the domain itself, or that of the project; empty: the token has no scope
    domain: str
    project_id: str  # empty: the token is for the domain
    roles: frozenset[str]
    expires_at: float  # Unix time, seconds
    provider: str = ""  # identity provider of Keystone that the person came by; empty: a user of Keystone itself
    doubt: str = ""  # why the way by which the person came is not believed

    @property
    def shown(self) -> str:
        """`user@domain`, and by which identity provider. Those two are the site's words, and stand whole at the end.

        The name may be one that the person chose. What cannot be seen in it is shown as `?`, what is too long ends
        with `…`; the registry takes no such name without the user's id beside it.
        """
        place = f"@{self.user_domain}" + (f" via {self.provider}" if self.provider else "")
        name = " ".join(unicodedata.normalize("NFC", self.user).split())
        name = "".join(c if c.isprintable() else "?" for c in name)
        room = max(LONGEST - len(place), 16)
        return (name if len(name) <= room else name[: room - 1] + "…") + place


@dataclass(frozen=True)
class Principal:
    """Somebody whose token is good and who is somebody here."""

    user_id: str
    shown: str  # as in Token
    personas: frozenset[Persona]
    bodies: frozenset[Role]  # of an approver
    agency: str | None  # code; None: sees the whole site
    system: str | None = None  # sees this system alone

    def sees(self, agency: str, system: str | None = None) -> bool:
        """Whether something of this agency, and of this system, is theirs to see."""
        return self.agency in (None, agency) and (self.system is None or self.system == system)


def principal(token: Token, agency: str | None, system: str | None) -> Principal | None:
    """Who that is; None: nobody here.

    Args:
        agency: code of the agency whose domain the scope of the token is or lies in; None: of none.
        system: name of the system whose project the scope is; None: of none.
    """
    if token.doubt or not token.domain_id:
        return None
    in_domain, roles = not token.project_id, token.roles
    platform = in_domain and token.domain == PLATFORM_DOMAIN
    if not platform and (agency is None or (token.project_id and system is None)):
        return None
    personas: set[Persona] = set()
    bodies = frozenset(body for name, body in BODIES.items() if platform and name in roles)
    if bodies:
        personas.add(Persona.APPROVER)
    if platform and "manager" in roles:
        personas.add(Persona.ENGINEER)
    elif not platform and in_domain and "manager" in roles:
        personas.add(Persona.ADMINISTRATOR)
    elif not in_domain and {"manager", "member"} & roles:
        personas.add(Persona.MEMBER)
    elif "reader" in roles:
        personas.add(Persona.AUDITOR)
    if not personas:
        return None
    return Principal(
        token.user_id, token.shown, frozenset(personas), bodies,
        None if platform else agency, None if platform or in_domain else system,
    )  # fmt: skip
