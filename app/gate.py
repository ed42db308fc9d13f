"""Gate: what every request passes: an id, the allowed hosts and origins, one line in the log, and the counts for metrics."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Refusal, Render, answer, noted, problem, unexpected
from app.identity import REQUEST, new_id
from app.settings import LOCAL_HOSTS, Settings
from app.telemetry import Metrics

SAFE = ("GET", "HEAD", "OPTIONS")
METHODS = (*SAFE, "POST", "PUT", "PATCH", "DELETE")
GRACE_S = 20.0  # that a body may take in any case
SLOWEST_BYTES_PER_S = 10_000  # at which larger ones must come
MOST_BODY_BYTES = 1 << 20
LARGER_BODIES: Mapping[str, int] = {
    "/v1/uploads/": sys.maxsize,  # counted there: the limit is a setting, and the announced length
    "/marble/v1/worlds:generate": 15 << 20,  # 10 MB of bytes as base64, and some words
    "/marble/v1/pano:depth_to_rgb": 15 << 20,
}
"""Beginnings of paths → bytes that a body may have there."""
LOCAL_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:@\[\]]+)(?::[0-9]*)?")  # a name and its port
_GIVEN_ID = re.compile(r"[0-9A-Za-z_.:-]{1,64}")

log = structlog.get_logger("worldloom.http")


class Gate:
    """ASGI middleware, the outermost of ours."""

    def __init__(self, app: ASGIApp, *, settings: Settings, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._hosts = allowed_hosts(settings)
        self._origins = settings.cors_origins
        self._local = settings.is_loopback
        self._keyless = not settings.needs_keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = scope["worldloom.request_id"] = given if _GIVEN_ID.fullmatch(given) else new_id(REQUEST)
        said = _Answer(scope, send)
        begun_s = time.perf_counter()
        try:
            refusal = self._refusal(scope, headers)
            if refusal is None:
                await self._app(scope, _Body(scope, receive, said).receive, said.send)
            else:
                await answer(refusal, request_id, _render(scope))(scope, receive, said.send)
        except Exception as error:
            if said.is_whole:  # an application within this one has answered and logged it already
                return
            refusal = noted(unexpected(error), error, request_id)
            if said.status:  # too late for another answer: the server breaks the line off
                raise
            await answer(refusal, request_id, _render(scope))(scope, receive, said.send)
        finally:
            self._count(scope, said.status or 500, time.perf_counter() - begun_s)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("worldloom.route") or getattr(scope.get("route"), "path_format", "") or "unknown"
        self._metrics.request(scope["method"] if scope["method"] in METHODS else "other", route, status, seconds)
        if not scope["path"].endswith(("/healthz", "/readyz", "/metrics")):
            log.info(
                "request",
                method=scope["method"],
                path=_plain(scope["path"]),
                status=status,
                ms=round(seconds * 1e3, 1),
                request_id=scope["worldloom.request_id"],
                tenant=scope.get("worldloom.tenant"),
            )

    def _refusal(self, scope: Scope, headers: Headers) -> Refusal | None:
        host = headers.get("host", "").lower()
        named = _HOST.fullmatch(host)
        if self._hosts is not None and (named is None or named[1] not in self._hosts):
            return Refusal("host_refused", "this service is not known by that name: add it to WORLDLOOM_ALLOWED_HOSTS if it should be")
        origin = headers.get("origin")
        # Without keys, a web page of somebody else must not use the service behind the visitor's back.
        if self._keyless and origin and scope["method"] not in SAFE and not self._is_ours(origin, host):
            return Refusal(
                "origin_refused", "that web page may not use this service: add its origin to WORLDLOOM_CORS_ORIGINS if it should"
            )
        return None

    def _is_ours(self, origin: str, host: str) -> bool:
        return (
            urlsplit(origin).netloc.lower() == host
            or origin in self._origins
            or (self._local and LOCAL_ORIGIN.fullmatch(origin) is not None)
        )


class _Answer:
    """What is said to the client: with the request's id, our security headers, and what the request has left in `worldloom.headers`."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self.status = 0
        self.is_whole = False

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self._scope["worldloom.request_id"]
            for name, value in self._scope.get("worldloom.headers", {}).items():
                headers[name] = value
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        elif message["type"] == "http.response.body":
            self.is_whole = not message.get("more_body", False)
        await self._send(message)


class _Body:
    """What the client sends. Whoever sends too slowly or too much is sent away: nobody keeps a place by a byte now and then."""

    def __init__(self, scope: Scope, receive: Receive, said: _Answer) -> None:
        self._receive, self._said = receive, said
        self._left_s = GRACE_S
        self._left_bytes = next((most for begin, most in LARGER_BODIES.items() if scope["path"].startswith(begin)), MOST_BODY_BYTES)
        announced = Headers(scope=scope).get("content-length", "")
        self._announced_bytes = int(announced) if announced.isascii() and announced.isdigit() else 0
        self._is_whole = False

    async def receive(self) -> Message:
        """The next message; only the time that we wait counts."""
        if self._is_whole:
            return await self._receive()
        if self._announced_bytes > self._left_bytes:
            return self._sent_away(413)
        begun_s = time.monotonic()
        try:
            async with asyncio.timeout(self._left_s):
                message = await self._receive()
        except TimeoutError:
            return self._sent_away(408)
        size = len(message.get("body", b""))
        self._left_s += size / SLOWEST_BYTES_PER_S - (time.monotonic() - begun_s)
        self._left_bytes -= size
        self._announced_bytes -= size
        self._is_whole = not message.get("more_body", False)
        return self._sent_away(413) if self._left_bytes < 0 else message

    def _sent_away(self, status: int) -> Message:
        if self._said.status:
            return {"type": "http.disconnect"}
        raise HTTPException(status, headers={"Connection": "close"}) from None


def allowed_hosts(settings: Settings) -> frozenset[str] | None:
    """Names in Host headers that are answered; None allows all. A keyless service must not be reached by a name that others made up."""
    if "*" in settings.allowed_hosts:
        return None
    names: Iterable[str] = [*LOCAL_HOSTS, settings.host.lower(), *(name.lower() for name in settings.allowed_hosts)]
    if settings.public_url:
        names = [*names, (urlsplit(settings.public_url).hostname or "").lower()]
    if settings.host in ("0.0.0.0", "::") and not settings.allowed_hosts and not settings.public_url and settings.needs_keys:
        return None  # any of this machine's names; keys protect it
    return frozenset(names)


def _render(scope: Scope) -> Render:
    from app.marble.errors import detail

    return detail if scope["path"].startswith("/marble/") else problem


def request_id_of(request: Request) -> str:
    """The id of a request, which its answer carries too."""
    return str(request.scope.get("worldloom.request_id", ""))


def _plain(path: str) -> str:
    """A path for the log: without signatures and control characters."""
    path = re.sub(r"/[0-9a-f]{6,12}-[\w-]{20,}(?=/|$)", "/…", path)
    return path.encode("unicode_escape").decode()[:200]
