"""People of the agency H99.11 with the roles that hatang's stacks give, and a clouds.yaml with a token for each."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from openstack.connection import Connection

DOMAIN, PROJECT = "h99-11", "lap-mot"
GROUPS = {"administrator": "administrators", "auditor": "auditors"}  # those that stack `agency` makes
# entry of clouds.yaml: who, for the domain or for the system's project
ENTRIES = {
    "administrator-domain": ("administrator", "domain"),
    "administrator-project": ("administrator", "project"),
    "member": ("member", "project"),
    "program": ("member", "application credential"),
    "auditor-domain": ("auditor", "domain"),
    "auditor-project": ("auditor", "project"),
}


@dataclass
class People:
    """Made once; `clear` takes them away."""

    cloud: Connection
    clouds: Path
    ids: dict[str, str] = field(default_factory=dict)
    program: str = ""  # the application credential

    def make(self) -> None:
        """Users in their groups, the member with a role of its own, as an agency's administrator gives it."""
        identity: Any = self.cloud.identity
        domain, project = identity.find_domain(DOMAIN).id, identity.find_project(PROJECT).id
        passwords = {who: secrets.token_urlsafe(24) for who in ("administrator", "auditor", "member")}
        for who, password in passwords.items():
            user = identity.create_user(name=f"nguoi-{who}", domain_id=domain, password=password)
            self.ids[who] = str(user.id)
            if who in GROUPS:
                group = next(g for g in identity.groups(domain_id=domain) if g.name == GROUPS[who])
                identity.add_user_to_group(user, group)
            else:
                identity.assign_project_role_to_user(project, user, identity.find_role("member"))
        self._write(passwords, project)

    def _write(self, passwords: dict[str, str], project: str) -> None:
        url = str(self.cloud.config.get_auth_args()["auth_url"])
        scopes = {"domain": {"domain_name": DOMAIN}, "project": {"project_id": project}}
        clouds: dict[str, Any] = {}
        for entry, (who, scope) in ENTRIES.items():
            if scope in scopes:
                user = {"username": f"nguoi-{who}", "password": passwords[who], "user_domain_name": DOMAIN}
                clouds[entry] = {"auth": {"auth_url": url, **user, **scopes[scope]}, "region_name": "RegionOne"}
        self.clouds.touch(mode=0o600)
        self.clouds.write_text(yaml.safe_dump({"clouds": clouds}))
        clouds["program"] = {
            "auth_type": "v3applicationcredential",
            "auth": {"auth_url": url, **self._program()},
            "region_name": "RegionOne",
        }
        self.clouds.write_text(yaml.safe_dump({"clouds": clouds}))

    def _program(self) -> dict[str, str]:
        from openstack.config import OpenStackConfig

        session: Any = (
            OpenStackConfig(config_files=[str(self.clouds)], load_envvars=False).get_one("member").get_session()
        )
        url = f"{session.get_endpoint(service_type='identity').removesuffix('/v3')}/v3"
        path = f"{url}/users/{self.ids['member']}/application_credentials"
        wanted = {"application_credential": {"name": "chuong-trinh", "roles": [{"name": "member"}]}}
        made = session.post(path, json=wanted).json()["application_credential"]
        self.program = f"/users/{self.ids['member']}/application_credentials/{made['id']}"
        return {"application_credential_id": made["id"], "application_credential_secret": made["secret"]}

    def clear(self) -> None:
        """All gone."""
        identity: Any = self.cloud.identity
        if self.program:
            identity.delete(self.program)  # with the user alone its rows would stay (docs/traps.md)
        for user in self.ids.values():
            identity.delete_user(user)
