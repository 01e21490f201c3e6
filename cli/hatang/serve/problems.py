"""Errors as the server sends them: problem documents (RFC 9457), without stack traces, paths or others' names."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hatang.errors import (
    HatangError,
    InputError,
    InputErrors,
    NameTakenError,
    RefusedError,
    StepError,
    UnknownNameError,
)

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "not understood", 401: "not authenticated", 403: "not allowed", 404: "not found", 405: "method not allowed",
    408: "too slow", 409: "refused", 413: "too large", 415: "wrong media type", 422: "wrong input",
    429: "too many requests", 500: "internal error", 503: "not available",
}  # fmt: skip
log = logging.getLogger("hatang.serve")


class Problem(BaseModel):
    """What went wrong, where, and what to do."""

    model_config = ConfigDict(extra="forbid")
    type: str = Field(description="urn:hatang:error:CODE, codes as in docs/reference/errors.md; else about:blank.")
    title: str = Field(description="The kind of problem.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened.")
    where: str = Field("", description="Field or thing.")
    do: str = Field("", description="The remedy.")
    errors: list[dict[str, Any]] = Field([], description="Of several faults at once, each: code, what, where, do.")


class Refusal(Exception):
    """An answer other than success, with its status."""

    def __init__(self, status: int, detail: str, do: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.do, self.headers = status, detail, do, headers or {}


def missing(kind: str) -> Refusal:
    """The same whether it does not exist or is another agency's."""
    return Refusal(404, f"there is no such {kind}", f"see what there is: GET /v1/{kind.replace('y', 'ie')}s")


def answer(
    status: int, detail: str, *, code: str = "", where: str = "", do: str = "",
    errors: list[dict[str, Any]] | None = None, headers: dict[str, str] | None = None,
) -> JSONResponse:  # fmt: skip
    """A problem document."""
    body = Problem(
        type=f"urn:hatang:error:{code}" if code else "about:blank", title=TITLES.get(status, "error"), status=status,
        detail=detail, where=where, do=do, errors=errors or [],
    )  # fmt: skip
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=MEDIA_TYPE)


def of_error(exc: HatangError) -> JSONResponse:
    """An error of ours as a problem. What may tell of the server's machine or of others is left out."""
    if isinstance(exc, NameTakenError):
        return answer(422, "this name is taken", code=exc.code, where=exc.where, do=exc.do)
    if isinstance(exc, InputErrors):
        rows = [{k: v for k, v in e.as_dict().items() if k != "exit_code"} for e in exc.errors]
        return answer(422, exc.what, code=exc.code, where=exc.where, do=exc.do, errors=rows)
    if isinstance(exc, UnknownNameError):  # its remedy names what there is
        return answer(422, "something that is named does not exist", code=exc.code)
    if isinstance(exc, InputError):
        return answer(422, exc.what, code=exc.code, where=exc.where, do=exc.do)
    if isinstance(exc, RefusedError):
        return answer(409, exc.what, code=exc.code, where=exc.where, do=exc.do)
    log.error("%s %s", exc.code, exc)
    told = "the server cannot answer now" if isinstance(exc, StepError) else "the server cannot do this"
    return answer(503, told, code=exc.code, do="try again in a minute", headers={"Retry-After": "60"})


def install(app: FastAPI) -> None:
    """Every way out of the application ends in a problem document."""

    async def refusal(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, Refusal)
        return answer(exc.status, exc.detail, do=exc.do, headers=exc.headers)

    async def expected(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HatangError)
        return of_error(exc)

    async def http(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HTTPException)
        return answer(exc.status_code, str(exc.detail), headers=dict(exc.headers or {}))

    async def invalid(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, RequestValidationError)
        rows = [{"where": ".".join(str(p) for p in e["loc"]), "what": e["msg"]} for e in exc.errors()[:20]]
        where = rows[0]["where"] if rows else ""
        return answer(422, rows[0]["what"] if rows else "wrong input", where=where, do="see /v1/openapi.json",
                      errors=rows)  # fmt: skip

    app.add_exception_handler(Refusal, refusal)
    app.add_exception_handler(HatangError, expected)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
