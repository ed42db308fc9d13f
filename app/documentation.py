"""Documentation: what the OpenAPI description says besides the schemas: problems of each call, and how a key is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from fastapi import FastAPI


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


_MEANING = {
    400: "The request cannot be read",
    401: "A key is missing, or not good",
    402: "The key's credits do not suffice",
    403: "The key may not do this, or there is no room left",
    404: "There is no such thing, or it is not yours",
    409: "Not now: it is not in the state for that",
    410: "It was there and is gone",
    413: "The body is too large",
    415: "The body is not JSON",
    416: "The file is not that long",
    422: "The request is understood, and cannot be done",
    429: "Too much at once",
    503: "The database or the store does not answer; nothing is lost",
    507: "The disk is full",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a call, for `responses=`; every call may also meet 421 and 500."""
    return {status: {"model": ProblemBody, "description": _MEANING[status]} for status in statuses}


def complete(app: FastAPI) -> None:
    """Let the description say what FastAPI has no words for: problems have a media type of their own, and a key is welcome everywhere."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = plain()
            for operations in found["paths"].values():
                for operation in operations.values():
                    _name_problems(operation["responses"])
            found["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "An API key, `wl_…`."}}
            found["security"] = [{}, {"key": []}]
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _name_problems(responses: dict[str, dict[str, Any]]) -> None:
    """FastAPI writes every model as application/json (or as what the call answers with when all is well)."""
    for answer in responses.values():
        for schema in [kind.get("schema", {}) for kind in answer.get("content", {}).values()]:
            if schema.get("$ref") == "#/components/schemas/ProblemBody":
                answer["content"] = {"application/problem+json": {"schema": schema}}
