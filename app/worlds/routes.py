"""Routes of worlds: make, list, look, change, delete, take along."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from sqlalchemy import func, or_, select

from app.auth import Anyone, Caller, Reader, Writer
from app.documentation import OPTIONAL_KEY, problems
from app.limits import Started
from app.making import PREVIEW
from app.operations.fairness import Seen
from app.operations.routes import RETRY_AFTER_S, Wait, look, seconds_of, settled, shown
from app.operations.schemas import OperationBody
from app.paging import Cursor, PageSize, page
from app.services import Provided, Services
from app.strict import PLAIN, StrictRoute
from app.tables import State, World, WorldFile, WorldTag
from app.worlds import service
from app.worlds.access import readable
from app.worlds.files import WorldId, link_of
from app.worlds.inputs import Media
from app.worlds.schemas import (
    CameraBody,
    DeletedBody,
    ExportBody,
    FileBody,
    GenerateBody,
    PatchBody,
    PathBody,
    RenderBody,
    Tag,
    TagBody,
    TagList,
    WorldBody,
    WorldList,
)

router = APIRouter(prefix="/v1", tags=["worlds"], route_class=StrictRoute)

ORDERS: Mapping[str, tuple[Any, bool]] = {
    "newest": (World.created_at, False),
    "oldest": (World.created_at, True),
    "name": (func.lower(World.name), True),
    "splats": (func.coalesce(World.facts["splat_count"].as_integer(), 0), False),
}
"""Name → (what worlds are sorted by, whether the least comes first)."""
MOST_TAGS = 1_000

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        description="A text of your own, new for each world: the same one again gives the same operation.",
    ),
]


def body_of(services: Services, request: Request, world: World, tags: list[str], files: dict[str, WorldFile]) -> WorldBody:
    """A world as clients of our own API see it."""
    here = f"/v1/worlds/{world.id}"
    shown_files = {
        name: FileBody(bytes=file.bytes, sha256=file.sha256, url=link_of(services, request, world.id, name))
        for name, file in files.items()
        if file.part != "levels"
    }
    thumbnail, preview = shown_files.get("thumbnail.webp"), shown_files.pop(PREVIEW, None)
    return WorldBody(
        id=world.id,
        name=world.name,
        tags=tags,
        visibility=world.visibility,  # type: ignore[arg-type]
        state=world.state.value,
        operation_id=world.operation_id,
        prompt=world.prompt,
        tier=world.tier,
        recipe=world.recipe,
        facts=world.facts,
        files=shown_files,
        thumbnail_url=thumbnail.url if thumbnail else None,
        preview_url=preview.url if preview else None,
        camera_path=PathBody.model_validate(world.camera_path) if world.camera_path else None,
        created_at=world.created_at,
        updated_at=world.updated_at,
        links={"self": here, "operation": f"/v1/operations/{world.operation_id}", "export": f"{here}:export", "render": f"{here}:render"},
    )


async def _accepted(
    services: Services, request: Request, response: Response, caller: Caller, *, submitted: Awaitable[Seen], wait: str | None
) -> OperationBody:
    """What was taken on: 202 with the operation, or 200 when it is done already, or within `wait`."""
    seen = await submitted
    body = shown(services, request, seen)
    if not body.done and (wait_s := seconds_of(wait)):
        await settled(services, caller, body.id, wait_s)
        body = await look(services, caller, body.id, request)
    response.status_code = 200 if body.done else 202
    response.headers["Location"] = f"/v1/operations/{body.id}"
    if not body.done:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return body


@router.post(
    "/worlds:generate",
    operation_id="generate_world",
    summary="Make a world",
    status_code=202,
    responses={
        200: {"model": OperationBody, "description": "Done within `wait`"},
        **problems(402, 429, 507),
    },
)
async def generate_world(
    body: GenerateBody,
    services: Provided,
    caller: Writer,
    request: Request,
    response: Response,
    started: Started,
    *,
    idempotency_key: IdempotencyKey = None,
    wait: Wait = None,
) -> OperationBody:
    """Answers at once with an operation: wait for it, listen to it, or give a webhook. Its world has an id already."""
    wish = service.Wish(
        text=body.text,
        seed=body.seed,
        tier=body.tier,
        splats=body.splats,
        spec=body.spec,
        media=Media(
            pictures=tuple((picture.media_asset_id, picture.azimuth_deg) for picture in body.pictures),
            video=body.video,
            panorama=body.panorama,
            distance=body.distance,
            layout=body.layout,
            eye_height_m=body.eye_height_m,
        ),
        name=body.name,
        tags=tuple(dict.fromkeys(body.tags)),
        visibility=body.visibility,
    )
    submitted = service.generate(services, caller, wish, idempotency_key=idempotency_key)
    return await _accepted(services, request, response, caller, submitted=submitted, wait=wait)


@router.get("/worlds", operation_id="list_worlds", summary="Your worlds, page by page", responses=problems(400))
def list_worlds(
    services: Provided,
    caller: Reader,
    request: Request,
    *,
    tag: Annotated[list[Tag] | None, Query(max_length=10, description="Only worlds with any of these tags.")] = None,
    state: Annotated[State | None, Query(description="Only those that stand here.")] = None,
    q: Annotated[str | None, Query(max_length=100, pattern=PLAIN, description="Only those whose name or prompt holds these words.")] = None,
    order: Annotated[
        Literal["newest", "oldest", "name", "splats"], Query(description="By age, by name, or those with the most splats first.")
    ] = "newest",
    page_size: PageSize = 20,
    cursor: Cursor = None,
) -> WorldList:
    """One page; `next_cursor` leads to the next, with the same `order`."""
    query = select(World).where(World.tenant_id == caller.tenant_id)
    if state is not None:
        query = query.where(World.state == state)
    if tag:
        query = query.where(World.id.in_(select(WorldTag.world_id).where(WorldTag.tag.in_(tag))))
    if q:
        words = World.prompt["text"].as_string()
        query = query.where(or_(World.name.icontains(q, autoescape=True), words.icontains(q, autoescape=True)))
    key, rising = ORDERS[order]
    purpose = f"worlds/{caller.tenant_id}" + ("" if order == "newest" else f"/{order}")
    with services.database.reading() as session:
        rows, following = page(
            session, query, (key, World.id), size=page_size, cursor=cursor, signer=services.signer, purpose=purpose, rising=rising
        )
        ids = [row.id for row in rows]
        tags, files = service.tags_of(session, ids), service.files_of(session, ids)
    return WorldList(worlds=[body_of(services, request, row, tags[row.id], files[row.id]) for row in rows], next_cursor=following)


@router.get("/tags", operation_id="list_tags", summary="The tags of your worlds")
def list_tags(services: Provided, caller: Reader) -> TagList:
    """Each with the number of worlds that have it, the most used first."""
    count = func.count()
    query = select(WorldTag.tag, count).join(World, World.id == WorldTag.world_id).where(World.tenant_id == caller.tenant_id)
    with services.database.reading() as session:
        rows = session.execute(query.group_by(WorldTag.tag).order_by(count.desc(), WorldTag.tag).limit(MOST_TAGS)).all()
    return TagList(tags=[TagBody(tag=tag, worlds=worlds) for tag, worlds in rows])


@router.get(
    "/worlds/{world_id:id}", operation_id="get_world", summary="Look at a world", responses=problems(404), openapi_extra=OPTIONAL_KEY
)
def get_world(world_id: WorldId, services: Provided, caller: Anyone, request: Request) -> WorldBody:
    """With a fresh link to each of its files. A public world needs no key."""
    with services.database.reading() as session:
        world = readable(session, caller, world_id)
        tags, files = service.tags_of(session, [world.id])[world.id], service.files_of(session, [world.id])[world.id]
    return body_of(services, request, world, tags, files)


@router.patch(
    "/worlds/{world_id:id}",
    operation_id="update_world",
    summary="Name it, tag it, show it",
    responses=problems(404),
)
def update_world(world_id: WorldId, body: PatchBody, services: Provided, caller: Writer, request: Request) -> WorldBody:
    """Fields that are left out stay as they are."""
    world = service.patch_world(services, caller, world_id, body.model_dump(exclude_unset=True))
    with services.database.reading() as session:
        tags, files = service.tags_of(session, [world.id])[world.id], service.files_of(session, [world.id])[world.id]
    return body_of(services, request, world, tags, files)


@router.delete("/worlds/{world_id:id}", operation_id="delete_world", summary="Delete a world", responses=problems(404))
def delete_world(world_id: WorldId, services: Provided, caller: Writer) -> DeletedBody:
    """It is gone at once, and so are the links to its files. While it is being made, that stops."""
    service.delete_world(services, caller, world_id)
    return DeletedBody(id=world_id)


@router.post(
    "/worlds/{world_id:id}:export",
    operation_id="export_world",
    summary="A world in another format, with other axes or units",
    status_code=202,
    responses={
        200: {"model": OperationBody, "description": "It was there already, or came within `wait`"},
        **problems(404, 409, 429),
    },
)
async def export_world(
    world_id: WorldId,
    body: ExportBody,
    services: Provided,
    caller: Writer,
    request: Request,
    response: Response,
    started: Started,
    *,
    wait: Wait = None,
) -> OperationBody:
    """The operation's `links.file` opens the file without a key."""
    submitted = service.export(services, caller, world_id, **body.model_dump())
    return await _accepted(services, request, response, caller, submitted=submitted, wait=wait)


@router.post(
    "/worlds/{world_id:id}:render",
    operation_id="render_world",
    summary="A picture or a film of a world",
    status_code=202,
    responses={
        200: {"model": OperationBody, "description": "It was there already, or came within `wait`"},
        **problems(404, 409, 429),
    },
)
async def render_world(
    world_id: WorldId,
    body: RenderBody,
    services: Provided,
    caller: Writer,
    request: Request,
    response: Response,
    started: Started,
    *,
    wait: Wait = None,
) -> OperationBody:
    """A PNG from a camera, or an MP4 along a path. The operation's `links.file` opens it without a key."""
    wanted = body.model_dump(exclude_none=False)
    submitted = service.render(services, caller, world_id, {**wanted, **plain_camera(body)})
    return await _accepted(services, request, response, caller, submitted=submitted, wait=wait)


def plain_camera(body: RenderBody) -> dict[str, object]:
    """Camera and path as the worker wants them: words, and keyframes without empty fields."""
    from pipelines.camera import look_at  # numpy

    plain: dict[str, object] = {}
    if isinstance(body.camera, CameraBody):
        x, y, z = body.camera.position
        yaw, pitch = body.camera.yaw or 0.0, body.camera.pitch
        if body.camera.look_at is not None:
            a, b, c = body.camera.look_at
            yaw, pitch = map(math.degrees, look_at((x, y, z), (a, b, c)))
        plain["camera"] = f"{x!r},{y!r},{z!r},{yaw!r},{pitch!r}"
    if isinstance(body.path, PathBody):
        plain["path"] = body.path.model_dump(exclude_none=True)
    return plain
