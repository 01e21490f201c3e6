"""The endpoints, one file per kind of thing."""

from __future__ import annotations

from typing import Any

from hatang.serve.problems import MEDIA_TYPE, Problem

SAID = {
    401: "No good token.", 403: "The role does not allow it.", 404: "There is no such thing for the caller.",
    408: "The body came too slowly.", 409: "A rule or the state refuses it.", 413: "The body is too large.",
    415: "Another form than YAML or JSON.",
    422: "The input is wrong; nothing was changed.",
    429: "Too many requests; see Retry-After.", 503: "Keystone or the registry does not answer.",
}  # fmt: skip


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The other answers of an endpoint, for its description; those that each of them may give are added."""
    schema = {"content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}}
    return {s: {"description": SAID[s], **schema} for s in sorted({401, 403, 422, 429, 503, *statuses})}
