"""Strict JSON: bodies that mean one thing only. Double keys, NaN, endless nesting, huge numbers and broken Unicode are refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict

from app.errors import Refusal

DEEPEST = 32
LONGEST_NUMBER = 400


class StrictModel(BaseModel):
    """A body of ours: no unknown field, no number as text, nothing guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class StrictRoute(APIRoute):
    """A route that reads its JSON strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, given a request whose `json` is strict."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return strictly


class _StrictRequest(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse(await self.body())
        return self._json


class _Malformed(json.JSONDecodeError):
    """Told as «the body is not JSON» by FastAPI."""

    def __init__(self, why: str) -> None:
        super().__init__(why, "", 0)


def parse(data: bytes) -> Any:
    """The value of a JSON text; raises json.JSONDecodeError with the reason."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Malformed("it is not UTF-8") from error
    if _depth(text) > DEEPEST:
        raise _Malformed(f"it is nested deeper than {DEEPEST} levels")
    value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_whole, parse_float=_finite)
    if "\\u" in text.lower():
        _require_unicode(value)
    return value


def _depth(text: str) -> int:
    """How deep brackets are nested, counted without recursion; brackets within strings are passed over."""
    deepest = depth = 0
    inside = escaped = False
    for character in text if text.count("[") + text.count("{") > DEEPEST else ():
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside = False
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Malformed(f"the key {json.dumps(twice)[:60]} stands twice in one object")
    return found


def _no_constant(word: str) -> NoReturn:
    raise _Malformed(f"{word} is no JSON number")


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise _Malformed(f"a number has {len(digits):,} digits")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _Malformed(f"the number {digits[:30]} is too large")
    return value


def _require_unicode(value: Any) -> None:
    """Escapes may spell half a character (a lone surrogate), which no file and no database takes."""
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise _Malformed("a text holds half a character (a lone surrogate)") from error
    elif isinstance(value, dict):
        for name, one in value.items():
            _require_unicode(name)
            _require_unicode(one)
    elif isinstance(value, list):
        for one in value:
            _require_unicode(one)


async def json_only(request: Request) -> None:
    """Dependency: a body must say that it is JSON, which no web page can do to a foreign service without asking first."""
    if request.method in ("POST", "PUT", "PATCH"):
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
        if has_body and kind != "application/json" and not kind.endswith("+json"):
            raise Refusal("unsupported_media_type", "send the body as application/json: set the Content-Type header")
