"""Tài khoản: an account on the hosts of a system, as the list of accounts names it (control ACC-02)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from hatang.model.base import Misfit, Model

LoginName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]*$", max_length=31)]


class AccountKind(StrEnum):
    """The four kinds of accounts (control ACC-01)."""

    ADMINISTRATION = "administration"  # quản trị
    DAILY_WORK = "daily-work"  # tác nghiệp
    TECHNICAL = "technical"  # kỹ thuật: programs that log in
    SERVICE = "service"  # dịch vụ: services that run under it and never log in


class AccountSpec(Model):
    """One account, on all hosts of the system."""

    name: LoginName = Field(description="Login name.")
    kind: AccountKind = Field(description="administration, daily-work, technical or service.")
    manager: str = Field(min_length=3, description="Who uses it and answers for it; the approver of a shared one.")
    department: str = Field(min_length=2, description="Department of that person.")
    enabled: date = Field(description="Day from which it may be used.")
    disabled: date | None = Field(None, description="Day from which it may no longer be used; null: none is set.")
    shared: bool = Field(False, description="Several people use it, and that was approved.")

    @model_validator(mode="after")
    def _consistent(self) -> AccountSpec:
        if self.name == "root":
            raise Misfit("root is on every host and on no list", "name")
        if self.disabled and self.disabled <= self.enabled:
            raise Misfit(f"disabled {self.disabled} is not after enabled {self.enabled}", "disabled")
        return self

    def on_hosts(self, today: date) -> dict[str, Any]:
        """What a host and its checks know of it on a day: no name of a person leaves the registry."""
        is_on = self.enabled <= today and (self.disabled is None or today < self.disabled)
        return {"name": self.name, "kind": self.kind.value, "enabled": is_on, "shared": self.shared}
