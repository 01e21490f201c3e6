"""Hệ thống thông tin: the unit that Decree 331/2026 classifies; one Keystone project."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from hatang.model.account import AccountKind, AccountSpec
from hatang.model.base import Misfit, Model, Slug, Text
from hatang.model.terms import Environment, Level, ZoneKind, applying


class Criterion(StrEnum):
    """Facts that decide the lowest permitted level (Decree 331/2026, Art. 11–15)."""

    PUBLIC_INFORMATION_ONLY = "public-information-only"  # Art. 11
    PRIVATE_INFORMATION = "private-information"  # Art. 12
    ADMINISTRATIVE_PROCEDURES = "administrative-procedures"  # Art. 13.2.b: at least level 3
    PROVINCIAL_INFRASTRUCTURE = "provincial-infrastructure"  # Art. 13.3: at least level 3
    NATIONAL_NON_STOP = "national-non-stop"  # Art. 14: at least level 4
    NATIONAL_CENTRAL_DATA = "national-central-data"  # Art. 15: level 5


LOWEST_LEVEL: dict[Criterion, tuple[Level, str]] = {
    Criterion.PUBLIC_INFORMATION_ONLY: (Level.L1, "331/2026/NĐ-CP Đ11"),
    Criterion.PRIVATE_INFORMATION: (Level.L2, "331/2026/NĐ-CP Đ12"),
    Criterion.ADMINISTRATIVE_PROCEDURES: (Level.L3, "331/2026/NĐ-CP Đ13.2.b"),
    Criterion.PROVINCIAL_INFRASTRUCTURE: (Level.L3, "331/2026/NĐ-CP Đ13.3"),
    Criterion.NATIONAL_NON_STOP: (Level.L4, "331/2026/NĐ-CP Đ14"),
    Criterion.NATIONAL_CENTRAL_DATA: (Level.L5, "331/2026/NĐ-CP Đ15"),
}


class HostSpec(Model):
    """One server asked for."""

    name: Slug = Field(description="Name within the system, e.g. web.")
    zone: ZoneKind = Field(description="Zone that the server stands in; the level must have it.")
    flavor: Slug = Field("small", description="Flavor of the site.")
    volume_gib: int = Field(0, ge=0, le=65_536, description="Data volume, GiB; 0: none.")


class KeptVolume(Model):
    """The data volume of a host that was removed, kept without a server."""

    host: Slug = Field(description="The host that had it; one of that name and size of volume gets it again.")
    volume_gib: int = Field(ge=1, le=65_536, description="Its size, GiB, as it is.")


class System(Model):
    """An information system as its agency asks for it."""

    name: Slug = Field(description="Short name, unique at the site; part of the names of cloud objects.")
    title: Text = Field(description="Full title.")
    owner: str = Field(min_length=3, description="Chủ quản: the body that owns the system (Decree 331/2026, Art. 4).")
    operator: str = Field(min_length=3, description="Đơn vị vận hành: the unit that operates it (Art. 5).")
    level: Level = Field(description="Security level 1–5.")
    criteria: tuple[Criterion, ...] = Field(min_length=1, description="Facts that decide the lowest permitted level.")
    document_storage: bool = Field(
        False, description="Stores electronic documents of Party or State bodies: QCVN 12:2026/BCA applies."
    )
    environment: Environment = Field(
        Environment.OPERATION,
        description="operation, test or development: what it is for. Each of them is a system of its own (DEV-04).",
    )
    public: bool = Field(
        False,
        description="Serves the Internet: each host in zone border gets a public address; HTTPS alone gets there.",
    )
    hosts: tuple[HostSpec, ...] = Field(min_length=1, max_length=64, description="Servers.")
    kept_volumes: tuple[KeptVolume, ...] = Field(
        (),
        max_length=64,
        description="Data volumes that stay though their hosts were removed; only a change states any.",
    )
    accounts: tuple[AccountSpec, ...] = Field(
        (), max_length=256, description="Accounts on its hosts, besides root and the one of hatang's own runs."
    )

    @model_validator(mode="after")
    def _consistent(self) -> System:
        for criterion in self.criteria:
            lowest, article = LOWEST_LEVEL[criterion]
            if self.level < lowest:
                raise Misfit(
                    f"level {int(self.level)} is too low: "
                    f"{criterion.value} demands at least level {int(lowest)} ({article})",
                    "level",
                )
        names = [h.name for h in self.hosts]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise Misfit(
                f"host names must differ: {', '.join(twice)} stands there twice", "hosts", names.index(twice[0]), "name"
            )
        kept = [v.host for v in self.kept_volumes]
        for i, name in enumerate(kept):
            if name in names or name in kept[:i]:
                raise Misfit(f"{name} has a volume twice", "kept_volumes", i, "host")
        logins = [a.name for a in self.accounts]
        if twice := sorted({n for n in logins if logins.count(n) > 1}):
            raise Misfit(
                f"accounts must differ: {', '.join(twice)} stands there twice",
                "accounts",
                logins.index(twice[0]),
                "name",
            )
        return self

    def account_variables(self, today: date) -> dict[str, Any]:
        """Variables of the roles that follow from the list of accounts."""
        known = [a.on_hosts(today) for a in self.accounts]
        programs = [a["name"] for a in known if a["kind"] == AccountKind.TECHNICAL and a["enabled"]]
        return {"accounts_declared": known, "ssh_server_one_factor_accounts": programs}

    def data_volumes(self) -> dict[str, int]:
        """GiB of each data volume, by the host that has it or had it."""
        return {h.name: h.volume_gib for h in self.hosts if h.volume_gib} | {
            v.host: v.volume_gib for v in self.kept_volumes
        }

    def server_name(self, host: str) -> str:
        """Name of a host's server in Nova; also its hostname."""
        return f"{self.name}-{host}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Legal sources that apply to this system; keys of a control's `sources` and their `applies_to`."""
        return applying(self.document_storage)
