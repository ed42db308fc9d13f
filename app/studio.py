"""Studio: the page in which people make, enter and share worlds; built from static/, served with its headers."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from app.errors import Refusal
from app.handbook import plain_policy
from app.sending import YEAR_S, SentFile
from app.services import Provided, Services

HERE = Path(__file__).resolve().parent
PLACES = (HERE / "dist", HERE.parent / "static" / "dist")
"""Where the built page is: inside an installed package, or beside it in a clone of the repository."""

LONGEST_NAME = 200
_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*")  # no step begins with a dot, so none leads out of the folder
_TYPES = {".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".webmanifest": "application/manifest+json"}
_PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
_NOT_BUILT_STYLE = """html { color-scheme: light dark; }
body { font: 16px/1.6 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto; padding: 0 1.5rem; }
code { font-family: ui-monospace, monospace; }"""
_NOT_BUILT = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Worldloom</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_NOT_BUILT_STYLE}</style></head><body>
<h1>The studio is not built yet</h1>
<p>Run <code>make studio</code> in the folder of Worldloom and load this page again; <code>make serve</code> does it by itself.</p>
<p>The service itself works: its calls are described at <a href="/docs">/docs</a>.</p></body></html>"""


class _FileName(Convertor[str]):
    """A name with an ending, so that no other address is taken for a file of the page."""

    regex = r"[\w-]+\.[\w.-]+"

    def convert(self, value: str) -> str:
        """From the address."""
        return value

    def to_string(self, value: str) -> str:
        """Into an address."""
        return value


register_url_convertor("file", _FileName())


def add_studio(app: FastAPI) -> None:
    """Let `app` serve the page: at /, for one world at /w/{id}, and for frames on other pages at /embed/{id}."""

    def page(services: Provided, request: Request) -> Response:
        return _page(services, request, framed_by=("none",))

    def embedded(services: Provided, request: Request) -> Response:
        return _page(services, request, framed_by=services.settings.embed_origins)

    for path in ("/", "/w/{world_id}"):  # the page itself says when there is no such world
        _add(app, path, page)
    _add(app, "/embed/{world_id}", embedded)
    _add(app, "/assets/{name:path}", _asset)
    _add(app, "/{name:file}", _file)
    nowhere = app.router.default

    async def lost(scope: Scope, receive: Receive, send: Send) -> None:
        """An address of nothing: people get the page, which says so in its own way; programs get the problem."""
        dist = dist_folder()
        if dist is None or not _is_visit(scope):
            await nowhere(scope, receive, send)
            return
        headers = {"content-security-policy": policy(app.state.services.store.origin, ("none",)), "cache-control": "no-store"}
        page_of_nothing = HTMLResponse((dist / "index.html").read_bytes(), 404, headers)
        await page_of_nothing(scope, receive, send)

    app.router.default = lost


def _is_visit(scope: Scope) -> bool:
    """Whether a browser goes to an address that is none of the API's."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"].startswith(("/v1/", "/marble/")):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def _add(app: FastAPI, path: str, answer: Callable[..., Response]) -> None:
    app.add_api_route(path, answer, methods=["GET", "HEAD"], include_in_schema=False, response_class=Response, response_model=None)


def _page(services: Services, request: Request, *, framed_by: tuple[str, ...]) -> Response:
    """The same page for all its addresses; which one it was, it finds out itself."""
    dist = dist_folder()
    if dist is None:
        headers = {"content-security-policy": plain_policy(_NOT_BUILT_STYLE), "cache-control": "no-store"}
        return HTMLResponse(_NOT_BUILT, 503, headers)
    headers = {
        "content-security-policy": policy(services.store.origin, framed_by),
        "permissions-policy": _PERMISSIONS,
        "cache-control": "no-cache",
    }
    return _sent(request, dist / "index.html", headers)


def _asset(name: str, request: Request) -> Response:
    """What the page consists of: the names hold a hash of the content."""
    return _found(request, f"assets/{name}", {"cache-control": f"public, max-age={YEAR_S}, immutable"})


def _file(name: str, request: Request) -> Response:
    """What has its place at the root, such as icons."""
    return _found(request, name, {"cache-control": "no-cache"})


def _found(request: Request, name: str, headers: dict[str, str]) -> Response:
    dist = dist_folder()
    path = dist / name if dist is not None and len(name) <= LONGEST_NAME and _NAME.fullmatch(name) else None
    if path is None or path.suffix in (".html", ".gz") or not path.is_file():  # the page comes with its headers, at its own addresses
        raise Refusal("not_found", "there is nothing at this address: see /docs for all of them")
    return _sent(request, path, headers)


def _sent(request: Request, path: Path, headers: dict[str, str]) -> Response:
    """A file of the page, packed where the build has packed it and the client takes it so."""
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = path.with_name(f"{path.name}.gz")
    headers = {**headers, "vary": "Accept-Encoding"}
    if packed.is_file() and takes_gzip(request.headers.get("accept-encoding", "")):
        path, headers["content-encoding"] = packed, "gzip"
    found = path.stat()
    return SentFile(path, etag=f'"{found.st_mtime_ns:x}-{found.st_size:x}"', media_type=media_type, headers=headers)


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header allows gzip: by name, or by `*`, and not with weight 0."""
    weights = {}
    for word in accepted.lower().split(","):
        name, _, weight = word.partition(";")
        weights[name.strip()] = not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight)
    return weights.get("gzip", weights.get("*", False))


def dist_folder() -> Path | None:
    """The built page; None when nobody has built it. Asked anew each time: it may be built while the service runs."""
    return next((place for place in PLACES if (place / "index.html").is_file()), None)


@cache
def policy(store_origin: str | None, framed_by: tuple[str, ...]) -> str:
    """The page's Content-Security-Policy: everything from here, files of worlds also from where the store keeps them."""
    store = f" {store_origin}" if store_origin else ""
    ancestors = " ".join("'none'" if origin == "none" else origin for origin in framed_by)
    rules = {
        "default-src": "'none'",
        "script-src": "'self' 'wasm-unsafe-eval'",
        "style-src": "'self'",
        "worker-src": "'self' blob:",
        "connect-src": f"'self' blob:{store}",
        "img-src": f"'self' blob: data:{store}",
        "media-src": f"'self' blob:{store}",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": ancestors,
        "require-trusted-types-for": "'script'",
        "trusted-types": "default svelte-trusted-html",  # static/src/trusted.ts, and Svelte's for its own templates
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())
