"""Inputs of the stack `system`: plain values, resolved before the engine starts."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from hatang.stacks.components.groups import GroupArgs
from hatang.stacks.components.host import HostArgs, KeptVolumeArgs
from hatang.stacks.components.published import PublishedArgs
from hatang.stacks.components.quota import QuotaArgs
from hatang.stacks.components.ways import WaysArgs
from hatang.stacks.components.zone import ZoneArgs


class HostPlace(BaseModel):
    """A server and the zone that it stands in."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    zone: str = Field(description="Zone.")
    args: HostArgs = Field(description="The server.")


class SystemConfig(BaseModel):
    """Everything of one system."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(description="Name of the system and of its project.")
    title: str = Field(description="Full title.")
    level: int = Field(description="Security level 1–5.")
    environment: str = Field("operation", description="What it is for: operation, test, development.")
    domain_id: str = Field(description="Keystone domain of the agency.")
    administrators_id: str = Field(description="Group of the agency's administrators.")
    auditors_id: str = Field(description="Group of the agency's auditors.")
    automation_user_id: str = Field(
        description="User that hatang works as; member of the project to make servers in it."
    )
    role_ids: dict[str, str] = Field(description="Keystone role ids by name.")
    external_network_id: str = Field(description="Way out of the router; empty: none.")
    bastion_project_id: str = Field(description="Project of the platform that owns the bastion network.")
    bastion_network_id: str = Field(description="Bastion network of the branch.")
    bastion_subnet_id: str = Field(description="Its subnet.")
    bastion_address: IPv4Address = Field(description="Address of the system's router there.")
    public_key: str = Field(description="Public SSH key of the system's keypair.")
    quota: QuotaArgs = Field(description="Exact needs.")
    zones: dict[str, ZoneArgs] = Field(description="Zones by kind.")
    groups: dict[str, GroupArgs] = Field(description="Security group of each zone.")
    ways: WaysArgs | None = Field(None, description="To and from other systems, as approved; none: there are none.")
    held: bool = Field(
        False, description="Suspended: servers stand still, router and ports are closed, administrators only read."
    )
    hosts: dict[str, HostPlace] = Field(description="Servers by name within the system.")
    kept_volumes: dict[str, KeptVolumeArgs] = Field({}, description="Data volumes of hosts that were removed, by host.")

    published: dict[str, PublishedArgs] = Field({}, description="Public addresses, by the host that they lead to.")

    @model_serializer(mode="wrap")
    def _without_what_is_empty(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Inputs of a system that has none of these are what they were before there were such: plans stay approved."""
        found: dict[str, Any] = handler(self)
        return {k: v for k, v in found.items() if v or k not in ("kept_volumes", "published")}
