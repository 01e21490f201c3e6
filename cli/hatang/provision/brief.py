"""What a program would tell its engine beside the resources, and nobody reads: left out.

Both are of Pulumi's SDK, which has no setting for them. That they are away is tested
(`test_connections.py`, `test_system.py`).
"""

from __future__ import annotations


def leave_out() -> None:
    """From now on resources are registered without Python frames, and no debugging message is sent.

    The frames of whatever declared a resource were a third of a system's state, which the engine writes anew at every
    step, with paths of this machine in it. The messages, several for each property of each resource, waited for the
    engine's answer one by one; it throws them away unless it runs with `--debug`.
    """
    from pulumi import log
    from pulumi.runtime import resource
    from pulumi.runtime.proto import source_pb2

    resource._get_stack_trace = source_pb2.StackTrace
    log.debug = _unsaid


def _unsaid(*_words: object, **_more: object) -> None:
    pass
