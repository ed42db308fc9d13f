"""create_app(settings): the service as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.assets.routes import router as assets
from app.documentation import complete
from app.errors import install
from app.gate import LOCAL_ORIGIN, Gate
from app.handbook import add_handbook
from app.keys.routes import router as keys
from app.marble.application import create_marble_app
from app.operations.routes import router as operations
from app.reading import add_readers
from app.services import Services
from app.settings import Settings
from app.studio import add_studio
from app.system.routes import router as system
from app.webhooks.routes import router as webhooks
from app.worlds.files import router as files
from app.worlds.routes import router as worlds
from pipelines import __version__

DESCRIPTION = """Words become worlds: Gaussian splats to walk through, meshes and physics for the engine.

Every job is an operation: wait for it (`?wait=25s`), listen to it (server-sent events), or give a webhook. Errors are RFC 9457 problems
with a stable `code`. Without keys on a loopback address; elsewhere with `Authorization: Bearer wl_…`. The World API v1 of World Labs is
spoken under `/marble/v1`, described in `/marble/openapi.json`."""


def create_app(settings: Settings) -> FastAPI:
    """The application; it reaches for database and store when it starts. Raises InputError for settings that would be unsafe."""
    settings.require_safe()
    services = Services.of(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(services.open)
        yield
        await services.hub.close()
        await readers.close()
        await run_in_threadpool(services.close)

    app = FastAPI(
        title="Worldloom",
        version=__version__,
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        telemetry={"logs": False},  # exception texts may quote prompts
        separate_input_output_schemas=False,
        docs_url=None,  # FastAPI's own pages load scripts from elsewhere: the handbook takes their place
        redoc_url=None,
    )
    app.state.services = services
    install(app)
    readers = add_readers(app)
    for router in (worlds, operations, assets, webhooks, files, keys, system):
        app.include_router(router)
    complete(app, settings)
    add_handbook(app)
    add_studio(app)
    app.mount("/marble", create_marble_app(services))
    app.add_middleware(_CrossOrigin, settings=settings)
    app.add_middleware(Gate, settings=settings, metrics=services.metrics)
    return app


class _CrossOrigin:
    """Which web pages may read answers: any may read files, whose links are secrets; the API only those that are named."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        exposed = ("Location", "Retry-After", "ETag", "X-Request-Id", "RateLimit", "RateLimit-Policy", "Content-Range")
        every: dict[str, Any] = {"allow_origins": ["*"], "allow_methods": ["GET", "HEAD"], "allow_headers": ["Range", "If-None-Match"]}
        named: dict[str, Any] = {
            "allow_origins": list(settings.cors_origins),
            "allow_methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            "allow_headers": ["Authorization", "WLT-Api-Key", "Content-Type", "Idempotency-Key", "Last-Event-ID"],
        }
        if settings.is_loopback:
            named["allow_origin_regex"] = LOCAL_ORIGIN.pattern
        make: Callable[..., ASGIApp] = CORSMiddleware
        self._files = make(app, **every, expose_headers=exposed)
        self._rest = make(app, **named, expose_headers=exposed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose by the path."""
        is_file = scope["type"] == "http" and scope["path"].startswith("/v1/files/")
        await (self._files if is_file else self._rest)(scope, receive, send)
