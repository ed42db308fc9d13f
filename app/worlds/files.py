"""Files of worlds: links that open without a key, and the bytes behind them, from the local disk or from S3."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath
from fastapi.responses import RedirectResponse

from app.auth import Anyone
from app.documentation import OPTIONAL_KEY, problems
from app.errors import Refusal
from app.identity import WORLD, is_id
from app.making import INPUT
from app.sending import YEAR_S, SentFile
from app.services import Provided, Services
from app.store import key_of
from app.strict import PLAIN
from app.tables import World, WorldFile
from app.worlds.access import readable

FILE_HEADERS: Mapping[str, str] = {
    "cache-control": f"private, max-age={YEAR_S}, immutable",  # it never changes under its address
    "cross-origin-resource-policy": "cross-origin",
    "content-security-policy": "default-src 'none'; sandbox",
}
MEDIA_TYPES: Mapping[str, str] = {
    ".json": "application/json",
    ".ply": "application/octet-stream",
    ".spz": "application/octet-stream",
    ".sog": "application/octet-stream",
    ".glb": "model/gltf-binary",
    ".png": "image/png",
    ".webp": "image/webp",
    ".exr": "image/x-exr",
    ".mp4": "video/mp4",
    ".zip": "application/zip",
    ".gz": "application/gzip",
}

router = APIRouter(tags=["files"])

WorldId = Annotated[str, InPath(description="The `id` of a world.", max_length=60, examples=["wld_0199a1b2c3d47e5f8a9b0c1d2e3f4a5c"])]
FileName = Annotated[str, InPath(max_length=160, pattern=PLAIN, description="A name in the `files` of a world.", examples=["splats.spz"])]
BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
# Generated clients take the first kind that they know: bytes, whatever is in them.
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_KINDS = {"application/octet-stream": _BYTES} | dict.fromkeys(MEDIA_TYPES.values(), _BYTES) | {"application/json": {"schema": {}}}
FILE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": _KINDS, "description": "The file"},
    206: {"content": {**_KINDS, "multipart/byteranges": _BYTES}, "description": "The part of it, or the parts, that `Range` asked for"},
    304: {"description": "It has not changed since `If-None-Match`"},
    307: {"description": "The file lies elsewhere: follow `Location`"},
}


def base_of(services: Services, request: Request) -> str:
    """The address at which clients reach this service, without a slash at the end."""
    return (services.settings.public_url or str(request.base_url)).rstrip("/").removesuffix("/marble")


def link_of(services: Services, request: Request, world_id: str, name: str) -> str:
    """A link to a file that opens without a key for `link_s` seconds at least."""
    return base_of(services, request) + services.signer.file_address(world_id, name, lasts_s=services.settings.link_s)


def _served(services: Services, file: WorldFile | None) -> Response:
    if file is None or file.part == INPUT:
        raise Refusal("not_found", "the world has no file of that name: see its `files`")
    key = key_of(file.tenant_id, file.sha256)
    path = services.store.local(key)
    if path is None:
        return RedirectResponse(services.store.link(key, lasts_s=services.settings.link_s), 307, {"cache-control": "no-store"})
    if not path.is_file():
        raise Refusal("gone", "the file is missing in the store: make the world again")
    return SentFile(
        path,
        name=file.name,
        etag=f'"{file.sha256}"',
        media_type=MEDIA_TYPES.get(Path(file.name).suffix, "application/octet-stream"),
        headers=FILE_HEADERS,
    )


@router.head("/v1/files/{world_id:id}/{ticket}/{name}", include_in_schema=False)
@router.get(
    "/v1/files/{world_id:id}/{ticket}/{name}",
    operation_id="open_link",
    summary="A file, by a link from an answer",
    response_class=Response,
    responses={**FILE_ANSWERS, **problems(403, 404, 410, 416, 503)},
)
def open_link(
    world_id: WorldId,
    ticket: Annotated[str, InPath(max_length=100, description="What makes the link open.", examples=["69a1b2c0-3fTq0cVw5o1vYx0aB7sQ9e2d"])],
    name: FileName,
    services: Provided,
) -> Response:
    """Needs no key: the link is one. It ends in the file's own name, and any web page may read it."""
    if not is_id(world_id, WORLD) or not services.signer.admits("file", f"{world_id}/{name}", ticket):
        raise Refusal("link_invalid", "this link is not genuine, or it has run out: look at the world again for a fresh one")
    with services.database.reading() as session:
        file = session.get(WorldFile, (world_id, name))
    return _served(services, file)


@router.head("/v1/worlds/{world_id:id}/files/{name}", include_in_schema=False)
@router.get(
    "/v1/worlds/{world_id:id}/files/{name}",
    operation_id="get_world_file",
    summary="A file of a world, by its name",
    response_class=Response,
    responses={**FILE_ANSWERS, **problems(404, 410, 416)},
    openapi_extra=OPTIONAL_KEY,
)
def get_world_file(world_id: WorldId, name: FileName, services: Provided, caller: Anyone) -> Response:
    """For programs that have a key, and for public worlds."""
    with services.database.reading() as session:
        world: World = readable(session, caller, world_id)
        file = session.get(WorldFile, (world.id, name))
    return _served(services, file)
