"""The places where controls are broken: a host, a cloud, a registry. Each is made new and taken down again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from openstack.config import OpenStackConfig
from openstack.connection import Connection

from hatang import settings
from hatang.model.mutation import Mutation, Where
from hatang.sandbox.hosts import control
from hatang.sandbox.lifecycle import Sandbox
from tests.integration.audit.checked import Checked
from tests.integration.hosts.lone import Lone
from tests.prove.cloud import CloudProof
from tests.prove.cloud_place import Site
from tests.prove.hosts import HostProof
from tests.prove.outcome import Outcome
from tests.prove.registry import RegistryProof

Prove = Callable[[str, Mutation], Outcome]
Say = Callable[[str], None]


def open_place(where: Where, folder: Path, port: int, stack: ExitStack, say: Say) -> Prove:
    """A place, ready; `stack` takes it down.

    Raises:
        SystemExit: it cannot be had on this machine.
    """
    makers = {Where.HOST: _host, Where.CLOUD: _cloud, Where.REGISTRY: _registry}
    return makers[where](folder / where.value, port, stack, say)


def _host(folder: Path, port: int, stack: ExitStack, say: Say) -> Prove:
    if reason := control.why_not():
        raise SystemExit(f"no hosts here: {reason}")
    lone = Lone(folder)
    stack.callback(lone.down)
    lone.add("le-web")
    lone.add_store()
    checked = Checked(lone)
    say("hardening a host to level 4")
    checked.harden()
    return HostProof(checked).prove


def _cloud(folder: Path, port: int, stack: ExitStack, say: Say) -> Prove:
    folder.mkdir()
    sandbox = Sandbox(folder, settings.load().cache, port)
    stack.callback(sandbox.down, wipe=True)
    sandbox.up(say)
    settings.write(folder, clouds_file=str(sandbox.clouds_file), cloud="hatang")
    region = OpenStackConfig(config_files=[str(sandbox.clouds_file)], load_envvars=False).get_one("hatang")
    place = Site(folder, stack.enter_context(Connection(config=region)))
    return CloudProof(place).prove


def _registry(folder: Path, port: int, stack: ExitStack, say: Say) -> Prove:
    return RegistryProof(folder).prove
