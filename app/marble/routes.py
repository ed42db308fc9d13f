"""Routes of the World API: worlds, operations, credits; each translates and asks the services that our own API asks, too."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request, Response
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute
from starlette.concurrency import run_in_threadpool

from app.auth import Anyone, Reader, Writer
from app.errors import Refusal
from app.limits import Started
from app.marble.answers import (
    CreditsResponse,
    DeleteWorldResponse,
    ExportWorldResponse,
    GenerateWorldResponse,
    GetOperationResponse,
    ListWorldsResponse,
    PanoDepthToRgbResponse,
    World,
)
from app.marble.errors import failures
from app.marble.models import names_of, tier_of
from app.marble.prompts import generate, paint
from app.marble.requests import ExportWorldRequest, ListWorldsRequest, PanoDepthToRgbRequest, WorldsGenerateRequest
from app.marble.showing import EXPORTS, operation_of, worlds_of
from app.operations import service as operations
from app.operations.routes import settled
from app.paging import page
from app.services import Provided
from app.strict import StrictRoute
from app.tables import ApiKey, State, WorldTag
from app.tables import World as Row
from app.worlds import service
from app.worlds.access import readable
from pipelines import __version__

MOUNT = "/marble"
EXPORT_WAIT_S = 25.0
UNLIMITED = 1e9

STATES = {
    "SUCCEEDED": (State.SUCCEEDED,),
    "PENDING": (State.QUEUED,),
    "RUNNING": (State.RUNNING, State.CANCELLING),
    "FAILED": (State.FAILED, State.CANCELLED),
}


class MarbleRoute(StrictRoute):
    """JSON is read strictly here, too: what is lenient are the schemas. Metrics know the route by its whole path."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, which first says where it is."""
        handle = super().get_route_handler()

        async def named(request: Request) -> Response:
            request.scope["worldloom.route"] = f"{MOUNT}{self.path}"
            return await handle(request)

        return named


router = APIRouter(prefix="/v1", route_class=MarbleRoute)

WorldId = Annotated[str, Path(description="The `world_id` of a world.", examples=["wld_0199a1b2c3d47e5f8a9b0c1d2e3f4a5c"])]
OperationId = Annotated[str, Path(description="The `operation_id` of an operation.", examples=["op_0199a1b2c3d47e5f8a9b0c1d2e3f4a5b"])]


@router.get("/", include_in_schema=False)
async def say_hello() -> dict[str, str]:
    """Clients ask here whether somebody is at home."""
    return {"status": "ok", "version": __version__}


@router.post(
    "/worlds:generate",
    operation_id="generate_world_marble_v1_worlds_generate_post",
    tags=["worlds"],
    summary="Generate World",
    responses=failures(400, 402, 404, 413, 415, 429, 507),
)
async def generate_world(
    body: WorldsGenerateRequest, services: Provided, caller: Writer, request: Request, started: Started
) -> GenerateWorldResponse:
    """Starts a world and answers at once with an operation: look at it until it is done."""
    operation = await generate(services, caller, body)
    return GenerateWorldResponse(**await run_in_threadpool(operation_of, services, request, operation))


@router.get(
    "/operations/{operation_id}",
    operation_id="get_operation_marble_v1_operations__operation_id__get",
    tags=["operations"],
    summary="Get Operation",
    responses=failures(404),
)
def get_operation(operation_id: OperationId, services: Provided, caller: Reader, request: Request) -> GetOperationResponse:
    """Once it is done, `response` is the whole world (or the exported file), or `error` says why there is none."""
    with services.database.reading() as session:
        operation = operations.find(session, caller, operation_id)
    return GetOperationResponse(**operation_of(services, request, operation))


@router.get(
    "/worlds/{world_id}",
    operation_id="get_world_marble_v1_worlds__world_id__get",
    tags=["worlds"],
    summary="Get World",
    responses=failures(404),
)
def get_world(world_id: WorldId, services: Provided, caller: Anyone, request: Request) -> World:
    """With a fresh link to each of its files. A public world is there for all who know its id."""
    with services.database.reading() as session:
        return worlds_of(services, request, session, [readable(session, caller, world_id)])[0]


@router.delete(
    "/worlds/{world_id}",
    operation_id="delete_world_marble_v1_worlds__world_id__delete",
    tags=["worlds"],
    summary="Delete World",
    responses=failures(404),
)
def delete_world(world_id: WorldId, services: Provided, caller: Writer) -> DeleteWorldResponse:
    """It is gone at once, with its files. While it is being made, that stops."""
    service.delete_world(services, caller, world_id)
    return DeleteWorldResponse(world_id=world_id, deleted=True)


@router.post(
    "/worlds:list",
    operation_id="list_worlds_marble_v1_worlds_list_post",
    tags=["worlds"],
    summary="List Worlds",
    responses=failures(400, 413, 415),
)
def list_worlds(
    services: Provided, caller: Reader, request: Request, body: Annotated[ListWorldsRequest | None, Body()] = None
) -> ListWorldsResponse:
    """Your worlds, the newest first; `next_page_token` leads to the next page."""
    asked = body or ListWorldsRequest.model_validate({})
    query = select(Row).where(Row.tenant_id == caller.tenant_id)
    if asked.status is not None:
        query = query.where(Row.state.in_(STATES[asked.status]))
    if asked.model is not None:
        tier_of(asked.model)  # raises Refusal for a name that nobody knows
        query = query.where(func.coalesce(Row.model, Row.recipe).in_(names_of(asked.model)))
    if asked.tags:
        query = query.where(Row.id.in_(select(WorldTag.world_id).where(WorldTag.tag.in_(asked.tags))))
    if asked.is_public is not None:
        query = query.where((Row.visibility == "public") == asked.is_public)
    if asked.created_after is not None:
        query = query.where(Row.created_at >= _in_utc(asked.created_after))
    if asked.created_before is not None:
        query = query.where(Row.created_at < _in_utc(asked.created_before))
    moment: InstrumentedAttribute[datetime] = Row.created_at if asked.sort_by == "created_at" else Row.updated_at
    purpose = f"marble/{caller.tenant_id}/{asked.sort_by}"
    with services.database.reading() as session:
        rows, following = page(
            session, query, (moment, Row.id), size=asked.page_size, cursor=asked.page_token, signer=services.signer, purpose=purpose
        )
        return ListWorldsResponse(worlds=worlds_of(services, request, session, rows), next_page_token=following)


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@router.post(
    "/worlds/{world_id}:export",
    operation_id="export_world_marble_v1_worlds__world_id__export_post",
    tags=["worlds"],
    summary="Export World",
    responses=failures(400, 402, 404, 409, 413, 415, 429, 507),
)
async def export_world(
    world_id: WorldId, body: ExportWorldRequest, services: Provided, caller: Writer, request: Request
) -> ExportWorldResponse:
    """Splats as PLY, or the mesh as GLB. It is done in the first answer unless the workers are busy; then look at the operation."""
    format = next((ours for ours, theirs in EXPORTS.items() if theirs == (body.asset_type, body.format)), None)
    if format is None:
        raise Refusal("bad_request", "splats are exported as ply and a mesh as glb: change asset_type or format")
    level = body.resolution if format == "ply" else "full_res"
    seen = await service.export(services, caller, world_id, format=format, level=level)
    operation = await settled(services, caller, seen.operation.id, EXPORT_WAIT_S)
    return ExportWorldResponse(**await run_in_threadpool(operation_of, services, request, operation))


@router.post(
    "/pano:depth_to_rgb",
    operation_id="pano_depth_to_rgb_marble_v1_pano_depth_to_rgb_post",
    tags=["panoramas"],
    summary="Pano Depth To Rgb",
    responses=failures(400, 402, 404, 413, 415, 429, 507),
)
async def pano_depth_to_rgb(
    body: PanoDepthToRgbRequest, services: Provided, caller: Writer, request: Request, started: Started
) -> PanoDepthToRgbResponse:
    """Starts a world whose panorama is the answer, where a recipe takes a layout; elsewhere the operation fails and says so.

    Distances are radial. EXR: metres, infinity where there is nothing. PNG: grey, as v = 1 - (ln d - ln z_min) / (ln z_max - ln z_min).
    """
    operation = await paint(services, caller, body)
    return PanoDepthToRgbResponse(**await run_in_threadpool(operation_of, services, request, operation))


@router.get("/credits", operation_id="get_credits_marble_v1_credits_get", summary="Get Credits", responses=failures(), tags=["credits"])
def get_credits(services: Provided, caller: Reader) -> CreditsResponse:
    """What your key may still spend; a very large number where nothing is counted."""
    with services.database.reading() as session:
        left = session.scalar(select(ApiKey.credits).where(ApiKey.id == caller.key_id)) if caller.key_id else None
    return CreditsResponse(remaining_credits=UNLIMITED if left is None else left)
