"""Documentation: what the OpenAPI description says besides the schemas: the problems of each call, how a key is sent, and what is where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from app.auth import WORLD_API_HEADER
from app.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

OPTIONAL_KEY: dict[str, Any] = {"security": [{}]}
"""`openapi_extra` of a call that takes a key, and does without one where the thing is public."""

TAGS = {
    "worlds": "Make worlds, find them, change them, take them along.",
    "operations": "Jobs: watch them, wait for them, stop them.",
    "files": "The bytes of worlds: immutable, with ranges and ETags.",
    "media assets": "Pictures, panoramas and videos to make worlds from.",
    "webhooks": "Be told when an operation has ended.",
    "keys": "API keys of your tenant; needs the scope `admin`.",
    "system": "What this machine can make, how it fares, and what you have used.",
}


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    pointer: str = Field(description="JSON Pointer into the body, or query/name, path/name, header/name.")
    message: str


class ProblemBody(BaseModel):
    """RFC 9457: what was wrong, and the cure."""

    type: str
    title: str
    status: int
    code: str = Field(description="Stable, for programs.")
    detail: str = Field(description="One sentence for people.")
    request_id: str = Field(description="Names the request in our logs.")
    errors: list[FieldProblem] | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "https://worldloom.dev/problems/invalid-request",
                    "title": "Invalid request",
                    "status": 422,
                    "code": "invalid_request",
                    "detail": "the request is wrong at /seed: input should be greater than or equal to 0",
                    "request_id": "req_0199a1b2c3d47e5f8a9b0c1d2e3f4a5b",
                    "errors": [{"pointer": "/seed", "message": "Input should be greater than or equal to 0"}],
                }
            ]
        }
    )


_MEANING = {
    400: "The request cannot be read",
    401: "A key is missing, or not good",
    402: "The key's credits do not suffice",
    403: "The key may not do this, or there is no room left",
    404: "There is no such thing, or it is not yours",
    408: "The body came too slowly",
    409: "Not now: it is not in the state for that",
    410: "It was there and is gone",
    413: "The body is too large",
    415: "The body is not JSON",
    416: "The file is not that long",
    421: "The service is not known by the name in the Host header",
    422: "The request is understood, and cannot be done",
    429: "Too much at once: wait for `Retry-After` seconds",
    500: "A fault of ours; the log has it under the request's id",
    503: "The database or the store does not answer; nothing is lost: wait for `Retry-After` seconds",
    507: "The disk is full",
}


_HEADER = {"type": "apiKey", "in": "header", "name": WORLD_API_HEADER, "description": "The same key as clients of the World API send it."}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers that are a call's own, for `responses=`; `complete` adds those that follow from what the call takes."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    return {status: {"description": _MEANING[status], "content": content} for status in statuses}


def complete(app: FastAPI, settings: Settings) -> None:
    """Let the description of `app` say what FastAPI has no words for."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(plain(), settings)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def operations_of(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of each call in an OpenAPI description."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def methods_at(app: FastAPI, path: str) -> list[str]:
    """The methods that an address knows, for `Allow`."""
    described = app.openapi()["paths"].items()
    return sorted({method.upper() for template, methods in described if _pattern(template).fullmatch(path) for method in methods})


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("[^/:]+".join(map(re.escape, re.split(r"\{\w+\}", template))))


def _completed(description: dict[str, Any], settings: Settings) -> dict[str, Any]:
    schemas = description["components"]["schemas"]
    template = "#/components/schemas/{model}"
    for model in (ProblemBody, FieldProblem):
        schema = model.model_json_schema(ref_template=template)
        schema.pop("$defs", None)
        schemas[model.__name__] = schema
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    description["components"]["securitySchemes"]["header"] = _HEADER
    used: set[str] = set()
    for _, _, operation in operations_of(description):
        used.update(operation.get("tags", ()))
        if "security" in operation:
            operation["security"].insert(operation["security"].index({"bearer": []}) + 1, {"header": []})
            if not settings.needs_keys and {} not in operation["security"]:
                operation["security"].append({})
        operation["responses"] = _answers(operation)
        for answer in operation["responses"].values():
            stream = answer.get("content", {}).get("text/event-stream")
            if stream is not None and "schema" in stream:
                stream["itemSchema"] = _event(stream.pop("schema"))
    description["tags"] = [{"name": name, "description": words} for name, words in TAGS.items() if name in used]
    description["servers"] = [{"url": settings.public_url or "/", "description": "This service"}]
    return description


def _answers(operation: dict[str, Any]) -> dict[str, Any]:
    """All answers of a call: its own, and the problems of all calls, of those that read a body, take parameters, or ask for a key."""
    common = {421, 500}
    if "requestBody" in operation:
        common |= {400, 408, 413, 415, 422}
    if "parameters" in operation:
        common |= {422}
    if "security" in operation:
        common |= {401, 403, 503}
    own = {status: answer for status, answer in operation["responses"].items() if not _is_fastapis(answer)}
    every = {**{str(status): answer for status, answer in problems(*common).items()}, **own}
    return dict(sorted(every.items()))


def _event(data: dict[str, Any]) -> dict[str, Any]:
    """The schema of one server-sent event, from that of the JSON that it carries."""
    text = {"type": "string"}
    properties = {
        "event": text,
        "id": text,
        "data": {**text, "contentMediaType": "application/json", "contentSchema": {"$ref": data["$ref"]}},
    }
    return {"type": "object", "required": ["event", "data"], "properties": properties}


def _is_fastapis(answer: dict[str, Any]) -> bool:
    """Whether an answer is the one that FastAPI supposes for requests that break the schema; ours is a problem."""
    return "HTTPValidationError" in str(answer.get("content", {}))
