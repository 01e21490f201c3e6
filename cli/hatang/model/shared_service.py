"""Services of the platform that hosts call: where each answers, so that exactly this may leave a closed zone."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from hatang.model.base import Model, Slug

DomainName = Annotated[str, StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$")]


class Mirror(Model):
    """A mirror that answers to HTTP: of packages, or of malware signatures."""

    addresses: tuple[IPv4Address, ...] = Field(min_length=1, description="Where it answers; hosts may reach these.")
    port: int = Field(80, ge=1, le=65535, description="TCP port.")
    scheme: Literal["http", "https"] = Field("http", description="http, or https.")
    name: DomainName | None = Field(None, description="Its name, such as a certificate has; none: the first address.")
    path: str = Field("", pattern=r"^(/[\w.-]+)*$", description="Folder on it, such as /mirror; empty: its root.")

    @property
    def url(self) -> str:
        """What hosts ask; a port that the scheme implies is left out."""
        port = "" if self.port == {"http": 80, "https": 443}[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.name or self.addresses[0]}{port}{self.path}"


class BackupStore(Model):
    """The store of copies: SFTP, one account, one folder for each host, to which hosts add and from which they read."""

    address: IPv4Address = Field(description="Where it answers, outside all systems; hosts may reach it.")
    port: int = Field(22, ge=1, le=65535, description="TCP port of its SSH server.")
    account: Slug = Field("hatang-store", description="Account of all hosts there; each has a key of its own.")
    host_key: str = Field(
        pattern=r"^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*$",
        description="Public key of its SSH server, kind and key: the line of /etc/ssh/ssh_host_ed25519_key.pub there.",
    )
