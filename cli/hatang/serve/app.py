"""The application: endpoints, limits, problems and the published description put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from hatang import __version__
from hatang.catalogue import load
from hatang.model.request import RequestFile
from hatang.model.site import Site
from hatang.serve.access import Access, to_file
from hatang.serve.access_seal import AccessSeal, sealing
from hatang.serve.keystone import Validator
from hatang.serve.limits import Bodies
from hatang.serve.office import Office
from hatang.serve.problems import Problem, install
from hatang.serve.routes import agencies, controls, me, requests, systems
from hatang.settings import Settings

PER_S = 50.0  # requests of one person in a second
THREADS = 10  # no more than the registry's pool of connections has
ABOUT = "Requests, agencies, systems, controls and check results of one site, for persons whom its Keystone knows."


def bare() -> FastAPI:
    """The endpoints, without a registry behind them: enough for their description."""
    app = FastAPI(
        title="hatang", version=__version__, description=ABOUT, openapi_url="/v1/openapi.json", docs_url=None,
        redoc_url=None, lifespan=_lifespan, redirect_slashes=False,
    )  # fmt: skip
    for part in (me, requests, agencies, systems, controls):
        app.include_router(part.router)
    install(app)
    app.add_middleware(Bodies)
    app.add_middleware(Access)
    described: dict[str, Any] = {}

    def description() -> dict[str, Any]:
        if not described:
            described.update(_description(app))
        return described

    app.openapi = description  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app


def build(
    settings: Settings, site: Site, validator: Validator, per_s: float = PER_S, access_log: Path | None = None
) -> FastAPI:
    """The application of a site.

    Args:
        validator: tells whose a token is.
        per_s: requests of one person in a second.
        access_log: written there, and sealed in the journal; None: neither.

    Raises:
        RegistryError, RefusedError: the registry cannot be used.
    """
    app = bare()
    office = app.state.office = Office(settings, site, validator, per_s)
    if access_log is not None:
        to_file(access_log)
        app.state.access_seal = AccessSeal(settings, office.registry, access_log)
    load()  # the catalogue, before the first request waits for it
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    async with sealing(getattr(app.state, "access_seal", None)):
        yield


def _description(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
    schemas = found["components"]["schemas"]
    schemas["Problem"] = Problem.model_json_schema()
    asked = RequestFile.model_json_schema(ref_template="#/components/schemas/Asked{model}")
    schemas |= {f"Asked{name}": schema for name, schema in asked.pop("$defs").items()}
    schemas["RequestFile"] = asked
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own form of errors, which is not ours
        schemas.pop(unused, None)
    return found
