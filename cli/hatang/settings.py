"""Typed settings; the only place that reads the environment.

Order: command option, `HATANG_*` variable, `<state>/hatang.toml`, default.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, PositiveFloat, PositiveInt, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from hatang import private
from hatang.errors import SettingsError
from hatang.suggestions import did_you_mean

# gRPC, which the engine needs, makes a poller anew in every forked child. ansible-runner forks and closes the child's
# files: the poller then takes the child down before Ansible begins (docs/traps.md).
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
# ssh starts a ProxyCommand by this shell. Bash takes the socket of ProxyUseFdpass for a remote login and reads the
# user's ~/.bashrc, for every connection: what that does costs time, and where it waits for something, a minute.
os.environ["SHELL"] = "/bin/sh"

PREFIX = "HATANG_"
FILE_NAME = "hatang.toml"
SQLITE = "sqlite:///"


class Settings(BaseSettings):
    """Facts about this machine and the site it works on; every path is absolute after loading."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    state_dir: Path = Field(Path(".hatang/site"), description="Folder of registry, engine state, keys and logs.")
    site_file: Path | None = Field(None, description="The site's description, e.g. inventories/example/site.yaml.")
    registry_url: str = Field(
        "",
        repr=False,  # a password may stand in it
        description="URL of the registry: sqlite:///FILE, or postgresql://USER@HOST/DATABASE with the password in the "
        "file that PGPASSFILE names; empty: SQLite in the state folder.",
    )
    url: str = Field(
        "", description="Server of hatang that is asked instead of the local registry, https://HOST:PORT; who asks is "
        "whom OS_CLOUD names in clouds.yaml.",
    )  # fmt: skip
    ca_file: Path | None = Field(
        None, description="PEM file of the authority that the server's certificate comes from; empty: the system's."
    )
    workflow_url: str = Field(
        "",
        repr=False,
        description="URL of the workflow database; empty: where the registry is, or SQLite files in the state folder.",
    )
    cloud_runs: PositiveInt = Field(
        4, description="Runs that all workers together carry out at once on one cloud endpoint."
    )
    clouds_file: Path | None = Field(
        None, description="clouds.yaml of openstacksdk; empty: openstacksdk's own search order."
    )
    cloud: str = Field("hatang", description="Entry of clouds.yaml that the platform's automation uses.")
    federation_subjects: str = Field(
        "OIDC_CLAIM_sub,OIDC-sub",
        description="Variables by which Keystone's mappings may tell who somebody of an identity provider is, "
        "separated by commas: only what that person can never choose or change.",
    )  # fmt: skip
    engine_backend: str = Field("", description="Pulumi state back-end URL; empty: a folder below the state folder.")
    secrets_provider: str = Field("passphrase", description="Pulumi secrets provider of the stacks.")
    passphrase_file: Path | None = Field(
        None, description="File with the passphrase; empty: made in the state folder, mode 0600."
    )
    engine_parallel: PositiveInt = Field(8, description="Resource operations that the engine runs at once.")
    ssh_config: Path | None = Field(None, description="ssh_config that leads to the hosts through the bastion network.")
    ssh_folder: Path | None = Field(
        None,
        description="Folder that `hatang host ssh-config --write` fills; given here, each apply keeps it up to date.",
    )
    ssh_bastion: str = Field("", description="Bastion that ssh jumps from to the hosts, [USER@]HOST[:PORT].")
    places_file: Path | None = Field(
        None, description="File of the places that are no hosts, for `hatang isolation prove`: bastions, outside."
    )
    ansible_strategy: str = Field(
        "mitogen_linear", description="mitogen_linear, or linear where mitogen cannot be used."
    )
    ansible_forks: PositiveInt = Field(10, description="Hosts that Ansible works on at once.")
    api_timeout_s: PositiveInt = Field(60, description="Longest wait for one cloud call, seconds.")
    host_timeout_s: PositiveFloat = Field(300, description="Longest wait until a new host answers on SSH, seconds.")
    lang: str = Field("", description="Language of texts: vi or en; empty: from the locale.")
    cache_dir: Path | None = Field(None, description="Build results, images; empty: XDG cache folder + /hatang.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options and variables only; the state folder's file is merged by `load`."""
        return init_settings, env_settings

    @property
    def registry(self) -> str:
        """SQLAlchemy URL of the registry. Raises SettingsError: a server is to be asked instead."""
        if self.url:
            raise SettingsError(
                "this command works on the local registry, not through a server", where="--url, HATANG_URL",
                do="leave it unset, on the machine of the platform engineers",
            )  # fmt: skip
        return self.registry_url or f"sqlite:///{self.state_dir}/registry.db"

    @property
    def registry_file(self) -> Path | None:
        """The registry's file; None: it is on a database server."""
        return Path(self.registry.removeprefix(SQLITE)) if self.registry.startswith(SQLITE) else None

    @property
    def workflow_server(self) -> str:
        """URL of the workflow database that all systems share: given, or where the registry is; empty: SQLite files."""
        at_registry = self.registry_url if self.registry_url and not self.registry_url.startswith(SQLITE) else ""
        return self.workflow_url or at_registry

    @property
    def workflow(self) -> str:
        """SQLAlchemy URL of the workflow database."""
        return self.workflow_server or f"sqlite:///{self.state_dir}/workflow.db"

    @property
    def subjects(self) -> frozenset[str]:
        """Variables that name somebody of an identity provider for good."""
        return frozenset(name for part in self.federation_subjects.split(",") if (name := part.strip()))

    @property
    def backend(self) -> str:
        """Pulumi back-end URL."""
        return self.engine_backend or f"file://{self.state_dir}/engine"

    @property
    def log_dir(self) -> Path:
        """Folder of the log files of engine, Ansible and checks."""
        return self.state_dir / "log"

    @property
    def cache(self) -> Path:
        """Cache folder shared by all clones on this machine."""
        return self.cache_dir or cache_home() / "hatang"


def cache_home() -> Path:
    """The XDG cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def environment(**more: str) -> dict[str, str]:
    """This process's environment for a child process, with `more` added."""
    return {**os.environ, **more}


def load(**options: Any) -> Settings:
    """Settings from options (None: not given), variables, the state folder's file and defaults.

    Raises:
        SettingsError: a variable or key is misspelt, or a value is of the wrong kind.
    """
    given = {k: v for k, v in options.items() if v is not None}
    _refuse_misspelt(
        {k.removeprefix(PREFIX).lower() for k in os.environ if k.startswith(PREFIX)}, "the environment", PREFIX
    )
    state = Path(
        given.get("state_dir") or os.environ.get(f"{PREFIX}STATE_DIR") or Settings.model_fields["state_dir"].default
    )
    state = state.expanduser().absolute()
    file = state / FILE_NAME
    from_file: dict[str, Any] = {}
    if file.is_file():
        try:
            from_file = tomllib.loads(file.read_text())
        except tomllib.TOMLDecodeError as exc:
            raise SettingsError(f"not valid TOML: {exc}", where=str(file), do="correct the file") from exc
        _refuse_misspelt(set(from_file), str(file), "")
    in_environment = {k for k in Settings.model_fields if f"{PREFIX}{k.upper()}" in os.environ}
    merged = {k: v for k, v in from_file.items() if k not in in_environment} | given | {"state_dir": state}
    try:
        settings = Settings(**merged)
    except ValidationError as exc:
        first = exc.errors()[0]
        name = ".".join(str(p) for p in first["loc"])
        raise SettingsError(
            f"setting {name}: {first['msg']}",
            where=f"option, {PREFIX}{name.upper()} or {file}",
            do="see docs/reference/settings.md for what each setting takes",
        ) from exc
    paths = {k: v.expanduser().absolute() for k, v in settings if isinstance(v, Path)}
    return settings.model_copy(update=paths)


def _refuse_misspelt(names: set[str], where: str, prefix: str) -> None:
    def written(name: str) -> str:
        return f"{prefix}{name.upper()}" if prefix else name

    for name in sorted(names - set(Settings.model_fields)):
        raise SettingsError(
            f"no setting is called {written(name)}",
            where=where,
            do=did_you_mean(name, Settings.model_fields, "see docs/reference/settings.md", most=1, written=written),
        )


def write(state_dir: Path, **values: str) -> None:
    """Record settings in the state folder's file, keeping those that are there."""
    file = state_dir / FILE_NAME
    have: dict[str, Any] = tomllib.loads(file.read_text()) if file.is_file() else {}
    lines = [f"{k} = {_toml(v)}" for k, v in sorted({**have, **values}.items())]
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    private.replace(file, "\n".join(lines) + "\n")  # the URL of a database may hold a password


def _toml(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return '"' + re.sub(r'(["\\])', r"\\\1", str(value)) + '"'
