"""What a stack's program declares, resource by resource, without an engine and without a cloud.

The program runs against a monitor of ours instead of the engine's. Each resource gets a reference to itself as id, so
the inputs of others show where an id of the cloud has to stand.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime import mocks, rpc, run_in_stack, sync_await
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import configure

from hatang.provision.engine import Program, Stack

_SYNC: Any = sync_await  # which leaves it untyped
STACK_TYPE = "pulumi:pulumi:Stack"
REFERENCE = "adopt."


@dataclass(frozen=True)
class Declared:
    """One resource of a program.

    Attributes:
        custom: a provider makes it; else a component.
        provider: URN of the provider that it names; empty: the default one.
        needs: URNs that stand before it.
        by_property: the same, by input.
    """

    urn: str
    type: str
    name: str
    custom: bool
    inputs: dict[str, Any]
    parent: str
    provider: str
    version: str
    needs: tuple[str, ...]
    by_property: dict[str, tuple[str, ...]]
    secret: tuple[str, ...]

    @property
    def is_provider(self) -> bool:
        """Whether it is an explicit provider."""
        return self.type.startswith("pulumi:providers:")


def reference(urn: str) -> str:
    """What stands in inputs for the id of a resource."""
    return f"{REFERENCE}{uuid.uuid5(uuid.NAMESPACE_URL, urn)}"


def referred(value: Any) -> set[str]:
    """The references that a value holds."""
    if isinstance(value, str):
        return {value} if value.startswith(REFERENCE) else set()
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return {found for part in parts for found in referred(part)}


def resolved(value: Any, ids: Mapping[str, str]) -> Any:
    """The value with ids of the cloud, by reference, in place of references. What has none keeps its reference."""
    if isinstance(value, str):
        return ids.get(value, value)
    if isinstance(value, dict):
        return {k: resolved(v, ids) for k, v in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)  # the SDK carries every number as a float
    return [resolved(v, ids) for v in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class Declaration:
    """All resources of a program, none before what it needs, and what it exports."""

    resources: tuple[Declared, ...]
    outputs: dict[str, Any]


def declare(stack: Stack, program: Program) -> Declaration:
    """Everything that a program declares."""
    found: list[Declaration] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(_declare(stack, program))
        except BaseException as exc:  # raised again in the caller's thread
            failed.append(exc)

    # The SDK keeps what it is connected to in context variables and in the event loop of its thread.
    thread = threading.Thread(target=lambda: contextvars.Context().run(run))
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


def _declare(stack: Stack, program: Program) -> Declaration:
    monitor = _Monitor(stack)
    sdk: Any = mocks  # which leaves it untyped
    features = set(sdk.MockMonitor.GetDeploymentInfo(monitor, None).supportedFeatures)
    configure(
        sdk.MockSettings(
            monitor=monitor, monitor_features=features, engine=sdk.MockEngine(None), project=stack.project,
            stack=stack.name, dry_run=False, organization="organization",
        )
    )  # fmt: skip
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(run_in_stack(program))
    finally:
        loop.close()
    return Declaration(tuple(monitor.declared), monitor.outputs)


class _Unused(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        raise NotImplementedError

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError("a program that asks the cloud cannot be declared without one")


class _Monitor(mocks.MockMonitor):
    """Keeps each registration whole; the SDK's own keeps inputs only."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(_Unused())
        self.stack = stack
        self.declared: list[Declared] = []
        self.outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:
        """A resource of the program; the name is the SDK's."""
        _SYNC._ensure_event_loop()
        parent = "" if request.parent.split("::")[2:3] == [STACK_TYPE] else request.parent
        kind = f"{parent.split('::')[2]}${request.type}" if parent else request.type
        urn = f"urn:pulumi:{self.stack.name}::{self.stack.project}::{kind}::{request.name}"
        inputs = rpc.deserialize_properties(request.object)
        self.declared.append(
            Declared(
                urn, request.type, request.name, bool(request.custom), inputs, request.parent,
                request.provider.rpartition("::")[0], request.version, tuple(request.dependencies),
                {k: tuple(v.urns) for k, v in request.propertyDependencies.items()},
                tuple(request.additionalSecretOutputs),
            )
        )  # fmt: skip
        outputs = _SYNC._sync_await(rpc.serialize_properties(inputs, {}))
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=reference(urn) if request.custom else "", object=outputs
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:
        """Exports of the program, or of a component."""
        if request.urn.split("::")[2] == STACK_TYPE:
            self.outputs = rpc.deserialize_properties(request.outputs)
        return empty_pb2.Empty()
