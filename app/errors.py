"""Errors → RFC 9457 problems; the only home of status codes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.database import is_away
from pipelines.errors import InputError, OutputError, UnavailableError, WorldloomError

if TYPE_CHECKING:  # workers refuse things too, and need no web framework for it
    from fastapi import FastAPI, Request, Response
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException

RETRY_S = 5
MOST_ERRORS = 20
TYPE_BASE = "https://worldloom.dev/problems/"

STATUS: Mapping[str, int] = {
    "malformed_json": 400,
    "bad_cursor": 400,
    "bad_request": 400,
    "key_missing": 401,
    "key_invalid": 401,
    "credits_exhausted": 402,
    "scope_missing": 403,
    "origin_refused": 403,
    "link_invalid": 403,
    "quota_exceeded": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "not_ready": 409,
    "conflict": 409,
    "gone": 410,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "range_not_satisfiable": 416,
    "host_refused": 421,
    "invalid_request": 422,
    "idempotency_key_reused": 422,
    "recipe_unavailable": 422,
    "media_rejected": 422,
    "rate_limited": 429,
    "too_many_jobs": 429,
    "internal": 500,
    "database_unavailable": 503,
    "store_unavailable": 503,
    "disk_full": 507,
}
"""Every code that a client may meet, and its HTTP status."""

_CODE_OF_STATUS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "body_too_large",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
}

WORDINGS: Mapping[str, str] = {
    "missing": "this is missing: give it",
    "too_long": "{actual_length} are too many: give at most {max_length}",
    "too_short": "{actual_length} are too few: give at least {min_length}",
    "union_tag_not_found": "{discriminator} is missing: say which kind this is",
    "union_tag_invalid": "{discriminator} must be one of {expected_tags}",
    "value_error": "{error}",
    "string_pattern_mismatch": "this must have the form {pattern}",
    "list_type": "this must be a list in brackets",
    "string_type": "this must be a text in quotes",
    "dict_type": "this must be an object in braces",
    "model_attributes_type": "this must be an object in braces",
    "model_type": "this must be an object in braces",
}
"""Ours for the kinds of errors that pydantic words for programmers."""

log = structlog.get_logger("worldloom.errors")


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field. pointer: JSON Pointer into the body, or `query/name`, `path/name`, `header/name`."""

    pointer: str
    message: str


class Refusal(WorldloomError):  # noqa: N818 - it is raised and answered, not a fault
    """A request that is refused: `code` from STATUS, and one sentence that says what was wrong and what to do.

    It never quotes a client's own words, which may hold anything. headers: what the answer says in its head.
    """

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        retry_after_s: float | None = None,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.status = STATUS[code]
        self.retry_after_s = retry_after_s
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


Render = Callable[[Refusal, str], dict[str, Any]]
"""(refusal, request id) → the body of the answer."""


def problem(refusal: Refusal, request_id: str) -> dict[str, Any]:
    """The body of an RFC 9457 problem."""
    body: dict[str, Any] = {
        "type": TYPE_BASE + refusal.code.replace("_", "-"),
        "title": refusal.code.replace("_", " ").capitalize(),
        "status": refusal.status,
        "code": refusal.code,
        "detail": str(refusal),
        "request_id": request_id,
    }
    if refusal.errors:
        body["errors"] = [{"pointer": error.pointer, "message": error.message} for error in refusal.errors]
    return body


def answer(refusal: Refusal, request_id: str, render: Render = problem) -> Response:
    """A refusal as an HTTP answer."""
    from fastapi.responses import JSONResponse

    headers = dict(refusal.headers)
    if refusal.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(refusal.retry_after_s)))
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="worldloom"'
    media_type = "application/problem+json" if render is problem else "application/json"
    return JSONResponse(render(refusal, request_id), refusal.status, headers, media_type=media_type)


def install(app: FastAPI, render: Render = problem) -> None:
    """Let `app` answer every error in the form of `render`."""
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException

    def handler(meaning: Callable[[Any], Refusal]) -> Callable[[Request, Exception], Response]:
        def handle(request: Request, error: Exception) -> Response:
            request_id = request.scope.get("worldloom.request_id", "")
            return answer(noted(meaning(error), error, request_id), request_id, render)

        return handle

    app.add_exception_handler(WorldloomError, handler(refusal_of))
    app.add_exception_handler(RequestValidationError, handler(_invalid))
    app.add_exception_handler(HTTPException, handler(_plain))
    app.add_exception_handler(405, _unknown_method(render))
    for kind in (OperationalError, InterfaceError, PoolTimeout, DBAPIError):
        app.add_exception_handler(kind, handler(_database))
    app.add_exception_handler(Exception, handler(unexpected))


def noted(refusal: Refusal, error: Exception, request_id: str) -> Refusal:
    """The refusal, once the log has it where it is our own fault."""
    if refusal.status >= 500:
        is_unexpected = refusal.code == "internal"
        log.error(
            "request failed",
            code=refusal.code,
            detail=str(refusal),
            error=type(error).__name__,
            request_id=request_id,
            exc_info=error if is_unexpected else None,
        )
    return refusal


def refusal_of(error: WorldloomError) -> Refusal:
    """What the library's errors mean to a client."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, InputError):
        return Refusal("invalid_request", str(error))
    if isinstance(error, UnavailableError):
        return Refusal("recipe_unavailable", str(error))
    if isinstance(error, OutputError):
        return Refusal("disk_full", str(error), retry_after_s=60)
    return unexpected(error)


def _invalid(error: RequestValidationError) -> Refusal:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return Refusal("malformed_json", f"the body is not JSON: {_lower(first['ctx']['error'])}")
    found = [FieldError(_pointer(one, error.body), _sentence(one)) for one in error.errors()[:MOST_ERRORS]]
    return Refusal("invalid_request", f"the request is wrong at {found[0].pointer or 'the body'}: {_lower(found[0].message)}", errors=found)


def _sentence(error: Mapping[str, Any]) -> str:
    """What is wrong with a field, in our words where there are any."""
    try:
        return WORDINGS[error["type"]].format_map(error.get("ctx", {}))
    except KeyError:
        return str(error["msg"])


def _pointer(error: Mapping[str, Any], body: Any) -> str:
    """("body", "tags", 3) → /tags/3; ("query", "page_size") → query/page_size. Names of others are cut and escaped.

    Steps that are not in the body are left out, unless that is the error: pydantic puts the members of unions among them.
    """
    place, *steps = error["loc"] or ("body",)
    if place != "body":
        return "/".join([place, *map(_step, steps)])
    kept = []
    for step in steps:
        if (isinstance(body, dict) and step in body) or (isinstance(body, list) and isinstance(step, int) and step < len(body)):
            body = body[step]
            kept.append(_step(step))
    if error["type"] == "missing" and steps and kept[-1:] != [_step(steps[-1])]:  # null counts as missing for some, and is in the body
        kept.append(_step(steps[-1]))
    return "".join(f"/{step}" for step in kept)


def _step(step: int | str) -> str:
    return str(step)[:60].replace("~", "~0").replace("/", "~1").encode("unicode_escape").decode()[:60]


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _plain(error: HTTPException) -> Refusal:
    code = _CODE_OF_STATUS.get(error.status_code, "bad_request" if error.status_code < 500 else "internal")
    sentence = {
        "not_found": "there is nothing at this address: see /docs for all of them",
        "body_too_large": "the body is larger than this address takes: send less",
        "request_timeout": "the body came too slowly: send it at once, or over a better line",
    }.get(code, _lower(str(error.detail)))
    return Refusal(code, sentence, headers=error.headers)


def _unknown_method(render: Render) -> Callable[[Request, Exception], Response]:
    def handle(request: Request, error: Exception) -> Response:
        from app.documentation import methods_at

        allowed = ", ".join(methods_at(request.app, request.url.path)) or (getattr(error, "headers", None) or {}).get("Allow", "GET")
        sentence = f"this address does not know this method: use {allowed}, see /docs"
        refusal = Refusal("method_not_allowed", sentence, headers={"Allow": allowed})
        return answer(refusal, request.scope.get("worldloom.request_id", ""), render)

    return handle


def _database(error: Exception) -> Refusal:
    """A database that is away is worth another try; any other fault of it is ours."""
    if is_away(error):
        return Refusal(
            "database_unavailable", "the database does not answer: nothing is lost, try again in a moment", retry_after_s=RETRY_S
        )
    return unexpected(error)


def unexpected(_: Exception) -> Refusal:
    """What a client hears of a fault of ours: that the log knows more."""
    return Refusal("internal", "something unexpected happened here: the log has it under this request_id")
