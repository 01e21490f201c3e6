"""The cloud as the platform's automation sees it: a connection, and its credentials for the engine's environment."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import openstack
from keystoneauth1.exceptions.catalog import EndpointNotFound
from openstack.connection import Connection
from openstack.exceptions import ConfigException, SDKException

from hatang.errors import CloudError, SettingsError
from hatang.settings import Settings

PLACEMENT = {"OpenStack-API-Version": "placement 1.28"}
ROLES = ("manager", "member", "reader")


class Cloud:
    """Lazily connected; one per process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def connection(self) -> Connection:
        """openstacksdk's connection. Raises SettingsError when clouds.yaml has no such entry."""
        files = [str(self._settings.clouds_file)] if self._settings.clouds_file else None
        try:
            config = openstack.config.OpenStackConfig(config_files=files, load_envvars=files is None)
            region = config.get_one(self._settings.cloud)
        except ConfigException as exc:
            raise SettingsError(
                f"no usable entry {self._settings.cloud} in clouds.yaml: {exc}",
                where=str(self._settings.clouds_file or "clouds.yaml"),
                do="hatang sandbox up, or name yours with HATANG_CLOUDS_FILE and HATANG_CLOUD",
            ) from exc
        return Connection(config=region, use_direct_get=True)

    def environment(self) -> dict[str, str]:
        """`OS_*` variables for the engine: credentials reach it by its environment, never by arguments or state."""
        config = self.connection.config
        auth: dict[str, Any] = config.get_auth_args()
        names = {
            "auth_url": "OS_AUTH_URL", "username": "OS_USERNAME", "password": "OS_PASSWORD",
            "user_domain_name": "OS_USER_DOMAIN_NAME", "user_domain_id": "OS_USER_DOMAIN_ID",
            "project_name": "OS_PROJECT_NAME", "project_id": "OS_PROJECT_ID",
            "project_domain_name": "OS_PROJECT_DOMAIN_NAME", "project_domain_id": "OS_PROJECT_DOMAIN_ID",
            "application_credential_id": "OS_APPLICATION_CREDENTIAL_ID",
            "application_credential_secret": "OS_APPLICATION_CREDENTIAL_SECRET",
        }  # fmt: skip
        found = {variable: str(auth[key]) for key, variable in names.items() if auth.get(key)}
        found["OS_REGION_NAME"] = str(config.get_region_name() or "")
        if cacert := config.config.get("cacert"):
            found["OS_CACERT"] = str(cacert)
        return found

    @cached_property
    def role_ids(self) -> dict[str, str]:
        """Ids of the roles that hatang gives. Raises CloudError when one is missing."""
        found = {str(r.name): str(r.id) for r in guarded(lambda: list(self.connection.identity.roles()))}
        if missing := [r for r in ROLES if r not in found]:
            raise CloudError(
                f"the cloud has no role {', '.join(missing)}",
                where="Keystone",
                do="keystone-manage bootstrap creates them",
            )
        return {r: found[r] for r in ROLES}

    @cached_property
    def volume_types(self) -> list[str]:
        """Names of all volume types, also private ones and Cinder's own default."""
        storage: Any = self.connection.block_storage
        return sorted(str(t.name) for t in guarded(lambda: list(storage.types(is_public="None"))))

    @cached_property
    def user_id(self) -> str:
        """The user that hatang works as."""
        return str(guarded(lambda: self.connection.current_user_id))


def endpoint(connection: Connection, service: str) -> str:
    """Address of a service by Keystone's catalogue; empty: the region lacks it. Raises CloudError."""
    session: Any = connection.session
    config = connection.config

    def look() -> str:
        try:
            found = session.get_endpoint(
                service_type=service,
                interface=config.get_interface(service),
                region_name=config.get_region_name(service),
            )
        except EndpointNotFound:
            return ""
        return str(found or "")

    return str(guarded(look))


def placement(connection: Connection, path: str, **parameters: str) -> Any:
    """What Placement says there. openstacksdk has no calls for most of it."""
    answer = connection.placement.get(path, params=parameters, headers=PLACEMENT)
    answer.raise_for_status()
    return answer.json()


def guarded(call: Any) -> Any:
    """The call's result; what openstacksdk raises becomes a CloudError that says which service and what to do."""
    try:
        return call()
    except SDKException as exc:
        raise CloudError(
            f"the cloud refused or failed: {exc.message if hasattr(exc, 'message') else exc}",
            where=str(getattr(exc, "url", "") or "cloud API"),
            do="see whether its services run (hatang sandbox status), then run again",
        ) from exc
    except Exception as exc:
        if type(exc).__module__.startswith(("keystoneauth1", "requests", "urllib3")):
            raise CloudError(
                f"the cloud does not answer: {exc}",
                where="cloud API",
                do="see whether its services run (hatang sandbox status), then run again",
            ) from exc
        raise
