"""The provider on this machine knows every property under the name that the SDK gives it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import grpc
import pulumi_openstack
import pytest
from google.protobuf import struct_pb2
from pulumi._types import input_type_py_to_pulumi_names
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from hatang import settings
from hatang.provision import toolchain
from tests.unit.stacks.recorded import record_all

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # the engine's word for a value that is not known yet
TOKENS = sorted({m.type for m in record_all() if m.type.startswith("openstack:")})


@pytest.fixture(scope="module")
def provider() -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The provider, running."""
    plugin = toolchain.find(settings.load()).plugin
    child = subprocess.Popen([str(plugin)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert child.stdout is not None
    try:
        with grpc.insecure_channel(f"127.0.0.1:{child.stdout.readline().strip()}") as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
    finally:
        child.kill()
        child.wait()


def strange(provider: provider_pb2_grpc.ResourceProviderStub, token: str, names: list[str]) -> set[str]:
    """Properties that the provider does not know, or has under another name: it answers with its own names."""
    values = struct_pb2.Struct()
    values.update(dict.fromkeys(names, UNKNOWN))
    asked = provider_pb2.CheckRequest(urn=f"urn:pulumi:s::p::{token}::x", news=values, olds=struct_pb2.Struct())
    answer = provider.Check(asked)
    unknown = {n for n in names for f in answer.failures if f"'x.{n}'" in f.reason and "unknown key" in f.reason}
    return unknown or set(names) - set(answer.inputs)


@pytest.mark.parametrize("token", TOKENS)
def test_every_property_of_the_sdk_is_one_of_the_provider(
    provider: provider_pb2_grpc.ResourceProviderStub, token: str
) -> None:
    module, kind = token.removeprefix("openstack:").split("/")[0], token.rsplit(":", 1)[1]
    arguments = getattr(getattr(pulumi_openstack, module), f"{kind}Args")
    names = list(input_type_py_to_pulumi_names(arguments).values())
    assert names
    assert strange(provider, token, names) == set()


@pytest.mark.parametrize("wrong", ["allocationPool", "nonsense"])
def test_a_name_that_is_wrong_is_noticed(provider: provider_pb2_grpc.ResourceProviderStub, wrong: str) -> None:
    assert strange(provider, "openstack:networking/subnet:Subnet", ["networkId", wrong]) == {wrong}
