"""Federation on the run's Keystone: identity providers with mapping and protocol, and the groups that mappings name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keystoneauth1.session
import requests
from keystoneauth1.identity import v3

from hatang.sandbox.cloud import Settings, providers
from hatang.serve.personas import PLATFORM_DOMAIN

from .identity_provider import AUDIENCE, IdentityProvider, Realm
from .persons import Persons

if TYPE_CHECKING:
    from openstack.connection import Connection

CLIENT, SECRET = "hatang", "client-secret"  # of the command
# What the provider says of its people: which group that is here, of which domain, with which role.
GROUPS = {
    "h99-05-quan-tri": ("administrators", "h99-05", "manager"),
    "h99-05-thanh-vien": ("members", "h99-05", "member"),
    "nen-tang-ky-su": ("engineers", PLATFORM_DOMAIN, "manager"),
    "nen-tang-kiem-toan": ("auditors", PLATFORM_DOMAIN, "reader"),
    "don-vi-chuyen-trach": ("specialised-unit", PLATFORM_DOMAIN, "hatang-specialised-unit"),
    "chu-quan": ("owner", PLATFORM_DOMAIN, "hatang-owner"),
}
USER = {"id": "{0}", "name": "{1}"}


def rules(user: dict[str, Any] = USER) -> list[dict[str, Any]]:
    """The mapping of docs/how-to/federation.md, for the groups above."""
    return [
        {
            "local": [{"user": user}, {"group": {"name": name, "domain": {"name": domain}}}],
            "remote": [
                {"type": "OIDC_CLAIM_sub"},
                {"type": "OIDC_CLAIM_preferred_username"},
                {"type": "OIDC_CLAIM_groups", "any_one_of": [told]},
            ],
        }
        for told, (name, domain, _role) in GROUPS.items()
    ]  # fmt: skip


@dataclass
class Federation:
    """Makes what leads from a realm to Keystone, and takes it away again."""

    cloud: Connection
    persons: Persons
    sandbox: Settings
    provider: IdentityProvider
    made: list[str] = field(default_factory=list)

    def groups(self, project: str) -> None:
        """The groups that the mapping names, each with its role; `members` on this project."""
        identity: Any = self.cloud.identity
        for name, domain, role in GROUPS.values():
            group = identity.find_group(name, domain_id=self.persons.domains[domain])
            if group is None:
                group = identity.create_group(name=name, domain_id=self.persons.domains[domain])
                self.persons.made.append(group)
            if role == "member":
                identity.assign_project_role_to_group(project, group, identity.find_role(role))
            else:
                identity.assign_domain_role_to_group(self.persons.domains[domain], group, identity.find_role(role))

    def way(
        self, name: str, domain: str, mapping: list[dict[str, Any]] | None = None, *, curve: bool = False, **more: Any
    ) -> Realm:
        """A realm, and the whole way from it into Keystone.

        Args:
            name: of the realm, and of the identity provider in Keystone.
            domain: whose users its people are.
        """
        realm = self.provider.realm(name, curve=curve)
        realm.clients[CLIENT] = (SECRET, None)
        base = f"/OS-FEDERATION/identity_providers/{name}"
        about = {"enabled": True, "remote_ids": [realm.issuer], "domain_id": self.persons.domains[domain]} | more
        self._put(base, {"identity_provider": about})
        self._put(f"/OS-FEDERATION/mappings/{name}", {"mapping": {"rules": rules() if mapping is None else mapping}})
        self._put(f"{base}/protocols/openid", {"protocol": {"mapping_id": name}})
        self.believe(name)
        return realm

    def believe(self, name: str) -> None:
        """The sandbox takes the realm's keys from where it publishes them, as Apache does."""
        issuer = self.provider.realms[name].issuer
        found = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
        keys = requests.get(found["jwks_uri"], timeout=10).json()["keys"]
        providers.believe(self.sandbox, name, found["issuer"], AUDIENCE, keys)

    def end(self, name: str) -> None:
        """The protocol is taken away: nobody comes this way any more."""
        self._delete(f"/OS-FEDERATION/identity_providers/{name}/protocols/openid")

    def clear(self) -> None:
        """Everything that was made is gone again."""
        for path in reversed(self.made):
            self._delete(path)
        for name in self.provider.realms:
            providers.forget(self.sandbox, name)

    def _put(self, path: str, body: dict[str, Any]) -> None:
        identity: Any = self.cloud.identity
        done = identity.put(path, json=body)
        assert done.status_code == 201, done.text
        self.made.append(path)

    def _delete(self, path: str) -> None:
        identity: Any = self.cloud.identity
        assert identity.delete(path).status_code in (204, 404)

    # -- people -------------------------------------------------------------------------------------------------------

    def person(self, realm: str, login: str, *told: str, **more: Any) -> None:
        """Somebody of a realm, in the groups that the provider tells of. `sub` follows from the first login."""
        claims = {"sub": f"sub-{login}", "preferred_username": login, "groups": list(told)} | more
        self.provider.realms[realm].people[login] = (f"password of {login}", claims)

    def entry(self, realm: str, login: str, **scope: str) -> dict[str, Any]:
        """An entry of clouds.yaml for somebody of a realm."""
        return {
            "auth_type": "v3oidcpassword",
            "auth": {
                "auth_url": self.persons.url, "identity_provider": realm, "protocol": "openid",
                "discovery_endpoint": f"{self.provider.realms[realm].issuer}/.well-known/openid-configuration",
                "client_id": CLIENT, "client_secret": SECRET, "username": login,
                "password": self.provider.realms[realm].people[login][0], **scope,
            },
        }  # fmt: skip

    def session(self, realm: str, login: str, **scope: str) -> keystoneauth1.session.Session:
        """A session of somebody of a realm."""
        return keystoneauth1.session.Session(auth=v3.OidcPassword(**self.entry(realm, login, **scope)["auth"]))

    def token(self, realm: str, login: str, **scope: str) -> str:
        """A token of somebody of a realm; without scope it is for nothing."""
        return str(self.session(realm, login, **scope).get_token())
