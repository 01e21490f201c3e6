"""Trung tâm dữ liệu: one site = one OpenStack region, described in inventories/<site>/site.yaml."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import chain
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from hatang.model.base import Misfit, Model, Slug, Text
from hatang.model.external import ExternalNetwork, fits
from hatang.model.shared_service import BackupStore, DomainName, Mirror
from hatang.model.software import Software
from hatang.model.terms import Branch, Level

HTTP = r"^(https?://[\w.:\-/\[\]]+)?$"


class BranchPool(Model):
    """Addresses of one branch: one address scope, one subnet pool per IP version."""

    branch: Branch = Field(description="The branch.")
    prefix: IPv4Network = Field(description="IPv4 prefix of the branch; systems get blocks of it.")
    prefix_v6: IPv6Network = Field(description="IPv6 prefix of the branch; each zone gets a /64.")
    bastion: IPv4Network = Field(
        description="The bastion network of the branch, inside `prefix`; the only way to the hosts."
    )
    interconnect: IPv4Network | None = Field(
        None,
        description="Network on which routers of the branch's systems meet where an interconnect is approved, inside "
        "`prefix` and as large as `bastion`; none: no interconnects. Its IPv6 subnet is the first /64 of `prefix_v6`.",
    )

    @property
    def interconnect_v6(self) -> IPv6Network:
        """IPv6 subnet of the interconnect network: the allocator gives the first 16 to nobody."""
        return IPv6Network((int(self.prefix_v6.network_address), 64))

    def on_interconnect(self, bastion_address: IPv4Address) -> tuple[IPv4Address, IPv6Address] | None:
        """Where the router stands on the interconnect network that stands there on the bastion network.

        None: the branch has no such network, or it is too small.
        """
        place = int(bastion_address) - int(self.bastion.network_address)
        if self.interconnect is None or not 0 < place < self.interconnect.num_addresses - 1:
            return None
        return self.interconnect[place], self.interconnect_v6[place]


class Flavor(Model):
    """A server size."""

    name: Slug = Field(description="Name, e.g. small.")
    vcpus: int = Field(ge=1, le=256, description="Virtual CPUs.")
    ram_gib: int = Field(ge=1, le=4096, description="Memory, GiB.")
    disk_gib: int = Field(ge=1, le=65_536, description="Root disk, GiB.")


class VolumeType(Model):
    """A kind of block storage and the levels that it is for."""

    name: Slug = Field(description="Name, e.g. level-3.")
    levels: tuple[Level, ...] = Field(min_length=1, description="Levels that use it.")
    backend: str = Field(description="volume_backend_name of the Cinder back end.")
    encrypted: bool = Field(description="Whether the back end encrypts at rest.")


class Image(Model):
    """The server image."""

    name: Slug = Field(description="Name in Glance.")
    file: Path = Field(description="Image file; relative to the site file, `~` and `$HATANG_CACHE` allowed.")
    disk_format: Literal["raw", "qcow2"] = Field("qcow2", description="Format of the file.")
    login: Slug = Field(description="Login that the image gives the keypair to, with sudo.")


class Aggregate(Model):
    """A host aggregate: compute hosts kept for some levels."""

    name: Slug = Field(description="Name of the aggregate and its availability zone.")
    hosts: tuple[str, ...] = Field(description="Compute hosts.")
    levels: tuple[Level, ...] = Field(min_length=1, description="Levels whose servers may run there.")


class StaffGroup(Model):
    """A group of platform staff and its role in the platform domain."""

    name: Slug = Field(description="Name of the group.")
    role: Literal["manager", "member", "reader"] = Field(description="Role on the platform domain.")


class Services(Model):
    """Shared services that every host uses."""

    time_servers: tuple[IPv4Address | IPv6Address, ...] = Field(min_length=1, description="NTP servers.")
    dns_servers: tuple[IPv4Address | IPv6Address, ...] = Field(min_length=1, description="Trusted resolvers.")
    log_server: IPv4Address = Field(description="Central log store.")
    log_port: int = Field(6514, ge=1, le=65535, description="TCP port of the log store.")
    log_ca: str = Field("", description="Certificate (PEM) of who signs the log store's own; empty: logs go in clear.")
    blocked_names: tuple[DomainName, ...] = Field((), description="Harmful domain names that hosts do not resolve.")
    package_mirror: str = Field(
        "", pattern=HTTP, description="URL of the package mirror, where the site opens the way; else `mirror`."
    )
    signature_mirror: str = Field(
        "", pattern=HTTP, description="URL of the signatures for freshclam, where it opens the way; else `signatures`."
    )
    backup_repository: str = Field(
        "",
        description="Where copies go, where the site opens the way: folder or URL that restic knows; else "
        "`backup_store`; neither: on the host itself.",
    )
    mirror: Mirror | None = Field(None, description="Package mirror, above debian and debian-security; opened.")
    signatures: Mirror | None = Field(None, description="Mirror of malware signatures, for freshclam; opened.")
    backup_store: BackupStore | None = Field(None, description="Store of copies; opened.")

    @model_validator(mode="after")
    def _named_once(self) -> Services:
        for url, service in (
            ("package_mirror", "mirror"), ("signature_mirror", "signatures"), ("backup_repository", "backup_store"),
        ):  # fmt: skip
            if getattr(self, url) and getattr(self, service):
                raise Misfit(f"{service} says where it is; leave {url} out", url)
        return self

    @property
    def package_url(self) -> str:
        """What apt asks; empty: nothing is named."""
        return self.mirror.url if self.mirror else self.package_mirror

    @property
    def signature_url(self) -> str:
        """What freshclam asks; empty: nothing is named."""
        return self.signatures.url if self.signatures else self.signature_mirror

    @property
    def store_address(self) -> str:
        """Address of the store of copies; empty: none is named."""
        return str(self.backup_store.address) if self.backup_store else ""

    @property
    def store_port(self) -> int:
        """TCP port of the store; 22 where none is named."""
        return self.backup_store.port if self.backup_store else 22

    @property
    def store_account(self) -> str:
        """Account of hosts on the store; empty: none is named."""
        return self.backup_store.account if self.backup_store else ""

    @property
    def store_host_key(self) -> str:
        """Public key of the store; empty: none is named."""
        return self.backup_store.host_key if self.backup_store else ""

    @property
    def addresses(self) -> frozenset[IPv4Address | IPv6Address]:
        """Addresses at which shared services answer; of those that the site names by URL, the IPv4 ones."""
        urls = f"{self.package_mirror} {self.signature_mirror} {self.backup_repository}"
        return frozenset({*chain.from_iterable(self.by_word.values()), *_in_text(urls)})

    @property
    def by_word(self) -> dict[str, tuple[IPv4Address | IPv6Address, ...]]:
        """Addresses of services, by their word in the zone matrix."""
        ends = {word: tuple(a for a, _ in ends) for word, ends in self.ends.items()}
        return {"time": self.time_servers, "dns": self.dns_servers, **ends}

    @property
    def ends(self) -> dict[str, tuple[tuple[IPv4Address, int], ...]]:
        """Address and TCP port of services whose port is the site's, by their word in the zone matrix."""
        found: dict[str, tuple[tuple[IPv4Address, int], ...]] = {"log": ((self.log_server, self.log_port),)}
        found |= {
            word: tuple((a, at.port) for a in at.addresses)
            for word, at in (("mirror", self.mirror), ("signatures", self.signatures)) if at
        }  # fmt: skip
        if self.backup_store:
            found["store"] = ((self.backup_store.address, self.backup_store.port),)
        return found


class PlatformNetwork(Model):
    """A network of the platform itself, in no branch."""

    name: Literal["logging", "backup"] = Field(description="What it serves; also the platform's project that owns it.")
    cidr: IPv4Network = Field(description="IPv4 addresses there.")


class Removal(Model):
    """How systems go that are removed by request."""

    grace_days: int = Field(
        30, ge=0, le=365, description="Days between closing a system and deleting it, in which it can be kept."
    )
    quarantine_days: int = Field(
        90, ge=0, le=3650, description="Days in which nobody gets the addresses and names of a removed system."
    )


class Site(Model):
    """One data centre."""

    name: Slug = Field(description="Short name, also of its stack and folder.")
    title: Text = Field(description="Full title.")
    region: str = Field(description="OpenStack region.")
    specialised_unit: str = Field(
        min_length=3,
        description="Đơn vị chuyên trách về an ninh mạng: appraises requests, approves those of levels 1 and 2. Where "
        "it also operates a system, another unit appraises (Decree 331/2026, Art. 18).",
    )
    external_networks: tuple[ExternalNetwork, ...] = Field(min_length=1, description="Ways out.")
    branches: tuple[BranchPool, ...] = Field(min_length=1, description="Address plan, one entry per branch.")
    platform_networks: tuple[PlatformNetwork, ...] = Field(
        description="Networks of the platform's log store and backup."
    )
    system_prefix: int = Field(22, ge=16, le=26, description="Prefix length of the IPv4 block that one system gets.")
    zone_prefix: int = Field(26, ge=20, le=28, description="Prefix length of one zone's IPv4 subnet.")
    flavors: tuple[Flavor, ...] = Field(min_length=1, description="Server sizes.")
    volume_types: tuple[VolumeType, ...] = Field(min_length=1, description="Kinds of block storage.")
    image: Image = Field(description="Server image.")
    aggregates: tuple[Aggregate, ...] = Field(description="Host aggregates.")
    staff: tuple[StaffGroup, ...] = Field(min_length=1, description="Groups of platform staff.")
    services: Services = Field(description="Shared services.")
    software: tuple[Software, ...] = Field((), description="The list of software that hosts may have (CFG-10, CFG-11).")
    removal: Removal = Field(default_factory=lambda: Removal(), description="How removed systems go.")

    @model_validator(mode="after")
    def _consistent(self) -> Site:
        if self.zone_prefix - self.system_prefix < 4:
            raise Misfit("system_prefix must leave room for 16 zones: zone_prefix - system_prefix >= 4", "zone_prefix")
        seen: list[IPv4Network] = []
        for i, pool in enumerate(self.branches):
            if clash := [str(p) for p in seen if p.overlaps(pool.prefix)]:
                raise Misfit(
                    f"prefix {pool.prefix} of branch {pool.branch} overlaps {clash[0]}", "branches", i, "prefix"
                )
            if not pool.bastion.subnet_of(pool.prefix):
                raise Misfit(
                    f"bastion {pool.bastion} of branch {pool.branch} lies outside {pool.prefix}",
                    "branches",
                    i,
                    "bastion",
                )
            self._interconnect_fits(i, pool)
            seen.append(pool.prefix)
        if len({p.branch for p in self.branches}) < len(self.branches):
            raise Misfit("each branch may stand there once", "branches")
        for i, network in enumerate(self.external_networks):
            fits(network, i, self.services.addresses)
        store = self.services.backup_store
        for pool in self.branches:
            if store and store.address in pool.prefix:
                raise Misfit(
                    f"the store of copies {store.address} stands among the systems of branch {pool.branch}",
                    "services", "backup_store", "address",
                )  # fmt: skip
        return self

    @staticmethod
    def _interconnect_fits(i: int, pool: BranchPool) -> None:
        net = pool.interconnect
        if net is None:
            return
        place = ("branches", i, "interconnect")
        if not net.subnet_of(pool.prefix):
            raise Misfit(f"interconnect {net} of branch {pool.branch} lies outside {pool.prefix}", *place)
        if net.overlaps(pool.bastion):
            raise Misfit(f"interconnect {net} of branch {pool.branch} overlaps its bastion network", *place)
        if net.prefixlen > pool.bastion.prefixlen:
            raise Misfit(f"interconnect {net} of branch {pool.branch} is smaller than its bastion network", *place)

    def way_out(self, public: bool) -> ExternalNetwork | None:
        """The external network that the routers of such systems lead to; None: the site has none."""
        purpose = "internet" if public else "tslcd"
        return next((e for e in self.external_networks if e.purpose == purpose), None)

    @property
    def internet(self) -> ExternalNetwork | None:
        """The network on which systems are published; None: no system of the site can be public."""
        way_out = self.way_out(public=True)
        return way_out if way_out and way_out.published else None

    def pool(self, branch: Branch) -> BranchPool:
        """The address plan of a branch. Raises KeyError when the site has none."""
        return {p.branch: p for p in self.branches}[branch]

    def volume_type(self, level: Level) -> VolumeType:
        """The volume type of a level. Raises KeyError when the site has none."""
        return {lv: t for t in self.volume_types for lv in t.levels}[level]

    def aggregate(self, level: Level) -> Aggregate | None:
        """The aggregate of a level, or None when the site does not tell levels apart."""
        return {lv: a for a in self.aggregates for lv in a.levels}.get(level)


def _in_text(text: str) -> frozenset[IPv4Address]:
    found = re.findall(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])", text)
    return frozenset(IPv4Address(a) for a in found if all(int(p) < 256 and str(int(p)) == p for p in a.split(".")))
