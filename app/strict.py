"""Strict JSON: bodies that mean one thing only. Double keys, NaN, endless nesting, huge numbers and broken Unicode are refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from starlette.convertors import Convertor, register_url_convertor

from app.errors import Refusal

MOST_VALUES = 200_000  # a large body is a picture within a request, in one text; as a million small lists it would take seconds

PLAIN = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""A pattern: text without control characters, which would spoil lists and logs, and which PostgreSQL does not take."""


class _IdConvertor(Convertor[str]):
    """`{world_id:id}` in the path of a route: without a colon, behind which stands what is to be done with the thing."""

    regex = "[^/:]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("id", _IdConvertor())


class StrictModel(BaseModel):
    """A body of ours: no unknown field, no number as text, nothing guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class StrictRoute(APIRoute):
    """A route that takes its body only as JSON that is called so, and reads it strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, given a request whose `json` is strict."""
        handle, has_body = super().get_route_handler(), self.body_field is not None

        async def strictly(request: Request) -> Response:
            if has_body:
                _require_json(request)
            return await handle(_StrictRequest(request.scope, request.receive))

        return strictly


def _require_json(request: Request) -> None:
    """A body must say that it is JSON, which no web page can do to a foreign service without asking first."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_empty = request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
    if not is_empty and kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Refusal("unsupported_media_type", "send the body as application/json: set the Content-Type header")


class _StrictRequest(Request):
    async def json(self) -> Any:
        return parse(await self.body())


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
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise _Malformed(f"it holds more than {MOST_VALUES:,} values")
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError:
        raise
    except RecursionError as error:
        raise _Malformed("it is nested too deeply") from error
    except ValueError as error:  # Python reads no whole numbers of thousands of digits, which would take it long
        raise _Malformed("a number has too many digits") from error
    if "\\u" in text:
        _require_unicode(value)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Malformed("a key stands twice in one object")
    return found


def _no_constant(word: str) -> NoReturn:
    raise _Malformed(f"{word} is no JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _Malformed("a number is too large")
    return value


def _require_unicode(value: Any) -> None:
    """Escapes may spell half a character (a lone surrogate), which no file and no database takes."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str):
            try:
                one.encode("utf-8")
            except UnicodeEncodeError as error:
                raise _Malformed("a text holds half a character (a lone surrogate)") from error
