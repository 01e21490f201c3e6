"""A program's connections to its engine are those of its own run, and carry what somebody reads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi import log
from pulumi.runtime import resource, settings
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from hatang.provision import brief
from hatang.provision.engine import connect_anew


class Listener(engine_pb2_grpc.EngineServicer):
    """An engine that hears what programs log."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def Log(self, request: Any, context: Any) -> Any:
        self.heard.append(request.message)
        return empty_pb2.Empty()


@contextmanager
def engine(port: int = 0, listener: Listener | None = None) -> Iterator[int]:
    """An engine on this port, or on any."""
    server = grpc.server(futures.ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 0)])
    engine_pb2_grpc.add_EngineServicer_to_server(listener or Listener(), server)
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait()


def program(port: int) -> Any:
    """What a program of the engine on this port logs with; connections last as long as somebody holds it."""
    return settings.Settings("project", "stack", engine=f"127.0.0.1:{port}").engine


def test_an_engine_on_the_port_of_one_that_is_gone_is_heard_at_once() -> None:
    connect_anew()
    said = engine_pb2.LogRequest(message="begun")
    with engine() as port:
        old = program(port)
        old.Log(said)
    with pytest.raises(grpc.RpcError):
        old.Log(said)
    with engine(port):
        program(port).Log(said)


def test_it_is_asked_for_once() -> None:
    from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

    connect_anew()
    connect_anew()
    assert [name for name, _ in _GRPC_CHANNEL_OPTIONS].count("grpc.use_local_subchannel_pool") == 1


def test_debugging_messages_are_not_sent_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for place, name in ((log, "debug"), (resource, "_get_stack_trace")):
        monkeypatch.setattr(place, name, getattr(place, name))  # as they were, after this test
    brief.leave_out()
    listener = Listener()
    with engine(listener=listener) as port:
        monkeypatch.setattr(log, "get_engine", lambda: program(port))
        log.debug("each property")
        log.warn("a person reads this")
    assert listener.heard == ["a person reads this"]
    assert not resource._get_stack_trace().frames
