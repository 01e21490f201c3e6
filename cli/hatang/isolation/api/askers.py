"""Those whose tokens are tried: entries of a clouds.yaml that the caller names, with a password or an application
credential."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hatang.errors import InputError
from hatang.isolation.api.calls import Caller
from hatang.provision.cloud import guarded

ADMIN = "admin"


@dataclass(frozen=True)
class Asker:
    """One token: who has it, for what, with which roles."""

    name: str  # of the entry
    caller: Caller
    scope: Literal["project", "domain"]
    roles: tuple[str, ...]
    values: dict[str, str]  # my_user, my_domain: whose domain the scope is or lies in

    @property
    def shown(self) -> str:
        """Entry, scope and highest role."""
        highest = next((r for r in ("manager", "member", "reader") if r in self.roles), ", ".join(self.roles))
        return f"{self.name} ({self.scope}, {highest})"


def askers(names: Sequence[str], file: Path | None, bases: dict[str, str], foreign: Sequence[str]) -> list[Asker]:
    """The tokens of these entries.

    Args:
        file: clouds.yaml; None: openstacksdk's own search order.
        foreign: ids of the domains that are to be tried: of the agency, and the platform's.

    Raises:
        InputError: no such entry, it does not log in, or its token is the platform's or the tried agency's own.
    """
    return [_asker(name, file, bases, foreign) for name in dict.fromkeys(names)]


def _asker(name: str, file: Path | None, bases: dict[str, str], foreign: Sequence[str]) -> Asker:
    import openstack
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import ConfigException

    where = f"--as {name}"
    try:
        files = [str(file)] if file else None
        config = openstack.config.OpenStackConfig(config_files=files, load_envvars=False).get_one(name)
        session: Any = config.get_session()
        access: Any = session.auth.get_access(session)
    except ConfigException as exc:
        raise InputError(
            f"no usable entry {name} in clouds.yaml: {exc}", where=where, do="add it, or name its file by --clouds-file"
        ) from exc
    except ClientException as exc:
        raise InputError(f"{name} does not get a token: {exc}", where=where, do="correct its entry") from exc
    domain = access.project_domain_id if access.project_id else access.domain_id
    if not domain:
        raise InputError(
            "this token is for no project and no domain", where=where, do="name a project or a domain in its entry"
        )
    if domain in foreign or ADMIN in access.role_names:
        raise InputError(
            "this token is the platform's or the tried agency's own: it proves nothing when it gets in", where=where,
            do="name tokens of people of another agency, or another --target",
        )  # fmt: skip
    return Asker(
        name, Caller(session, bases), "project" if access.project_id else "domain", tuple(sorted(access.role_names)),
        {"my_user": str(access.user_id), "my_domain": str(domain), "token": str(guarded(session.get_token))},
    )  # fmt: skip
