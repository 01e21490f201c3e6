"""The places where controls are broken: a host, a cloud, a registry. Each is made new and taken down again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path

from openstack.config import OpenStackConfig
from openstack.connection import Connection

from hatang import settings
from hatang.model.mutation import Mutation, Needs
from hatang.sandbox.hosts import control, qemu
from hatang.sandbox.lifecycle import Sandbox
from tests.integration.audit.checked import Checked
from tests.integration.hosts.lone import Lone
from tests.prove.cloud import CloudProof
from tests.prove.cloud_place import Site
from tests.prove.hosts import HostProof, of_the_kernel
from tests.prove.outcome import Outcome
from tests.prove.registry import RegistryProof

Prove = Callable[[str, Mutation], Outcome]
Say = Callable[[str], None]


class Place(StrEnum):
    """A kind of place, in the order in which they are opened."""

    HOST = "host"
    CLOUD = "cloud"
    REGISTRY = "registry"
    FAITHFUL_HOST = "faithful-host"  # with a kernel of its own, under qemu; the slowest


def of(mutation: Mutation) -> Place:
    """Where a mutation shows."""
    return Place.FAITHFUL_HOST if mutation.needs is Needs.OWN_KERNEL else Place(mutation.on.value)


def open_place(place: Place, folder: Path, port: int, stack: ExitStack, say: Say) -> Prove:
    """A place, ready; `stack` takes it down.

    Raises:
        SystemExit: it cannot be had on this machine.
    """
    makers = {
        Place.HOST: _host, Place.CLOUD: _cloud, Place.REGISTRY: _registry, Place.FAITHFUL_HOST: _faithful_host,
    }  # fmt: skip
    return makers[place](folder / place.value, port, stack, say)


def _host(folder: Path, port: int, stack: ExitStack, say: Say) -> Prove:
    return _hardened(folder, stack, say, own_kernel=False)


def _faithful_host(folder: Path, port: int, stack: ExitStack, say: Say) -> Prove:
    if reason := qemu.why_not():
        raise SystemExit(f"no faithful hosts here: {reason}")
    return _hardened(folder, stack, say, own_kernel=True)


def _hardened(folder: Path, stack: ExitStack, say: Say, *, own_kernel: bool) -> Prove:
    if reason := control.why_not():
        raise SystemExit(f"no hosts here: {reason}")
    lone = Lone(folder)
    stack.callback(lone.down)
    lone.add("le-web", own_kernel=own_kernel)
    lone.add_store()
    say("a host, hardened to level 4 before the first mutation")
    return HostProof(Checked(lone), of_the_kernel() if own_kernel else ()).prove


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
