"""Parts that every site needs: the engine and what goes with it, Ansible, the site's registry and cloud."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sqlite3
import sys
from pathlib import Path

from hatang.doctor.looks import Look, State, part
from hatang.provision.toolchain import REMEDY
from hatang.settings import Settings

ORIGINS = {
    "path": "released, on PATH",
    "installed": "released, fetched by make setup",
    "built": "built from Go modules by make setup",
}


@part("engine", "toolchain")
def engine(settings: Settings) -> Look:
    """The Pulumi engine, which plans and applies changes of the cloud."""
    from hatang.provision import toolchain

    found = toolchain.find(settings)
    says = toolchain.engine_version(found.pulumi)
    if says != toolchain.ENGINE_VERSION:
        return Look(State.MISSING, says, f"{found.pulumi}: {toolchain.ENGINE_VERSION} is needed")
    how = f"from the offline bundle, {found.origin}" if found.is_bundled else ORIGINS[found.origin]
    return Look(State.REAL, says, f"{how}: {found.pulumi}")


@part("provider", "toolchain")
def provider(settings: Settings) -> Look:
    """The engine's OpenStack provider; the version must be that of the Python package pulumi-openstack."""
    from hatang.provision import toolchain

    found = toolchain.find(settings)
    package = importlib.metadata.version("pulumi-openstack")
    if package != found.provider_version:
        return Look(State.MISSING, found.provider_version, f"pulumi-openstack is {package}")
    how = "our own bridge of the same Terraform provider" if found.origin == "built" else "the released plugin"
    return Look(State.REAL, found.provider_version, f"{how}: {found.plugin}")


@part("policy-analyzer", "toolchain")
def policy_analyzer(settings: Settings) -> Look:
    """Runs the policy pack inside the engine, so that no apply gets past it."""
    from hatang.provision import toolchain

    file = toolchain.find(settings).analyzer_dir / toolchain.ANALYZER
    if not file.is_file():
        return Look(State.MISSING, detail=f"{file} is not there")
    return Look(State.REAL, importlib.metadata.version("pulumi-policy"), str(file))


@part("ansible", "product")
def ansible(settings: Settings) -> Look:
    """Hardens the hosts."""
    program = Path(sys.executable).parent / "ansible-playbook"
    if not program.is_file():
        return Look(State.MISSING, detail=f"{program} is not there")
    return Look(State.REAL, importlib.metadata.version("ansible-core"), str(program))


@part("mitogen", "product", remedy=f"{REMEDY}, or HATANG_ANSIBLE_STRATEGY=linear")
def mitogen(settings: Settings) -> Look:
    """The quick way of Ansible into the hosts; `linear` is the plain one."""
    if not settings.ansible_strategy.startswith("mitogen"):
        return Look(State.REAL, detail=f"not used: strategy is {settings.ansible_strategy}")
    if importlib.util.find_spec("ansible_mitogen") is None:
        return Look(State.MISSING, detail="ansible_mitogen cannot be imported")
    return Look(State.REAL, importlib.metadata.version("mitogen"), f"strategy {settings.ansible_strategy}")


@part("testinfra", "product")
def testinfra(settings: Settings) -> Look:
    """Checks the hosts against the controls."""
    return Look(State.REAL, importlib.metadata.version("pytest-testinfra"))


@part("workflows", "product")
def workflows(settings: Settings) -> Look:
    """Durable workflows: a run that was killed goes on where it was."""
    from hatang.registry.database import shown

    return Look(State.REAL, importlib.metadata.version("dbos"), shown(settings.workflow))


@part("registry", "site", required=False, remedy="it is made by the first `hatang request submit`")
def registry(settings: Settings) -> Look:
    """Agencies, systems, addresses, requests and approvals of this site."""
    from hatang.registry.database import HEAD

    file = settings.registry_file
    if file is None:
        return _other_registry(settings.registry, HEAD)
    if not file.is_file():
        return Look(State.MISSING, detail=f"{file} is not there yet")
    with sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True) as database:
        try:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError as exc:
            return Look(State.MISSING, detail=f"{file}: {exc}")
    return _schema(row[0] if row else "", HEAD, str(file))


def _other_registry(url: str, head: str) -> Look:
    """A registry on a database server; its password stays out of the report."""
    from sqlalchemy.exc import DBAPIError

    from hatang.registry import database

    engine = database.connect(url)
    shown = database.shown(engine.url)
    try:
        found = database.version(engine)
    except DBAPIError as exc:
        return Look(State.MISSING, detail=f"{shown}: {database.unusable(engine.url, exc).what}")
    return _schema(found or "", head, shown)


def _schema(found: str, head: str, where: str) -> Look:
    if found != head:
        return Look(State.MISSING, found, f"{where}: schema {found or 'none'}, this hatang has {head}")
    return Look(State.REAL, f"schema {found}", where)


@part("cloud", "site", required=False, remedy="set HATANG_CLOUDS_FILE and HATANG_CLOUD, or run `hatang sandbox up`")
def cloud(settings: Settings) -> Look:
    """The OpenStack of this site: its clouds.yaml is readable and Keystone answers."""
    import urllib.request

    import yaml

    file = settings.clouds_file or settings.state_dir / "sandbox" / "cloud" / "clouds.yaml"
    if not file.is_file():
        return Look(State.MISSING, detail=f"{file} is not there")
    entry = (yaml.safe_load(file.read_text()) or {}).get("clouds", {}).get(settings.cloud)
    if entry is None:
        return Look(State.MISSING, detail=f"{file} has no entry {settings.cloud}")
    url = str(entry.get("auth", {}).get("auth_url", ""))
    if not url.startswith(("http://", "https://")):
        return Look(State.MISSING, detail=f"{file}: entry {settings.cloud} has no auth_url")
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - the scheme was looked at
        state = State.REAL if answer.status < 500 else State.MISSING
    return Look(state, detail=f"{url} answers; entry {settings.cloud} of {file}")


@part("ansible-runner", "product")
def ansible_runner(settings: Settings) -> Look:
    """Runs Ansible as a process of its own with its events in a log."""
    return Look(State.REAL, importlib.metadata.version("ansible-runner"))


@part("engine-python", "toolchain")
def engine_python(settings: Settings) -> Look:
    """The Python packages that describe the cloud to the engine; their versions are those of engine and provider."""
    versions = {n: importlib.metadata.version(n) for n in ("pulumi", "pulumi-openstack", "pulumi-policy")}
    return Look(State.REAL, versions["pulumi"], ", ".join(f"{n} {v}" for n, v in versions.items()))
