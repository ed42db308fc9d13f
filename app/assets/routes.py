"""Routes of media assets: announce, upload, complete, look, delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import select

from app.assets import service
from app.assets.schemas import Kind, MediaAssetBody, MediaAssetList, MediaState, PrepareBody, PreparedBody, ReceivedBody, UploadBody
from app.assets.uploads import receive
from app.auth import Reader, Writer
from app.documentation import problems
from app.paging import Cursor, PageSize, page
from app.services import Provided
from app.strict import StrictRoute
from app.tables import MediaAsset
from app.worlds.schemas import DeletedBody

router = APIRouter(tags=["media assets"])
_assets = APIRouter(prefix="/v1", route_class=StrictRoute)
_uploads = APIRouter(prefix="/v1")

AssetId = Annotated[str, Path(description="The `id` of a media asset.", max_length=60, examples=["med_0199a1b2c3d47e5f8a9b0c1d2e3f4a5e"])]
Ticket = Annotated[str, Path(max_length=100, description="What makes the link open.", examples=["69a1b2c0-3fTq0cVw5o1vYx0aB7sQ9e2d"])]
ANY_BYTES = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}


def body_of(asset: MediaAsset) -> MediaAssetBody:
    """An asset as clients of our own API see it."""
    here = f"/v1/media-assets/{asset.id}"
    links = {"self": here} | ({"complete": f"{here}:complete"} if asset.state == service.PREPARED else {})
    names = MediaAssetBody.model_fields.keys() - {"links"}
    return MediaAssetBody.model_validate({**{name: getattr(asset, name) for name in names}, "links": links})


@_assets.post(
    "/media-assets:prepare",
    operation_id="prepare_media_asset",
    summary="Announce a picture or video",
    status_code=201,
    responses=problems(400, 401, 403, 413, 415, 422, 429, 503, 507),
)
def prepare_media_asset(body: PrepareBody, services: Provided, caller: Writer, request: Request) -> PreparedBody:
    """Gives an id, and a link: PUT the file there, then call `:complete`."""
    asset = service.prepare(
        services,
        caller,
        file_name=body.file_name,
        kind=body.kind,
        extension=body.extension,
        note=body.note,
        size=body.bytes,
        sha256=body.sha256,
    )
    link = service.upload_link(services, request, asset)
    upload = UploadBody(url=link.url, method="PUT", headers=link.headers, lasts_s=services.settings.upload_s)
    return PreparedBody(**body_of(asset).model_dump(), upload=upload)


@_uploads.put(
    "/uploads/{asset_id:id}/{ticket}",
    operation_id="upload_media",
    summary="Send the file, by the link from an answer",
    responses=problems(400, 403, 404, 409, 413, 422, 503, 507),
    openapi_extra=ANY_BYTES,
)
async def upload_media(asset_id: AssetId, ticket: Ticket, services: Provided, request: Request) -> ReceivedBody:
    """Needs no key: the link is one. Until `:complete`, sending again replaces what was sent."""
    announced = request.headers.get("content-length", "")
    length = int(announced) if announced.isascii() and announced.isdigit() else None
    return ReceivedBody(id=asset_id, bytes=await receive(services, asset_id, ticket, request.stream(), length=length))


@_assets.post(
    "/media-assets/{asset_id:id}:complete",
    operation_id="complete_media_asset",
    summary="Have an upload inspected",
    responses=problems(401, 403, 404, 409, 422, 503, 507),
)
async def complete_media_asset(asset_id: AssetId, services: Provided, caller: Writer) -> MediaAssetBody:
    """Answers when that is done, usually within a second: READY with its facts, or the problem `media_rejected` with the reason.

    Pictures are turned upright, brought to 8-bit sRGB, and written anew without anything else that was in the file; videos stay as they
    are.
    """
    return body_of(await service.complete(services, caller, asset_id))


@_assets.get(
    "/media-assets",
    operation_id="list_media_assets",
    summary="Your media assets, the newest first",
    responses=problems(400, 401, 403, 422, 503),
)
def list_media_assets(
    services: Provided,
    caller: Reader,
    *,
    kind: Annotated[Kind | None, Query(description="Only these.")] = None,
    state: Annotated[MediaState | None, Query(description="Only those that stand here.")] = None,
    page_size: PageSize = 20,
    cursor: Cursor = None,
) -> MediaAssetList:
    """One page; `next_cursor` leads to the next."""
    query = select(MediaAsset).where(MediaAsset.tenant_id == caller.tenant_id)
    if kind is not None:
        query = query.where(MediaAsset.kind == kind)
    if state is not None:
        query = query.where(MediaAsset.state == state)
    with services.database.reading() as session:
        by, purpose = (MediaAsset.created_at, MediaAsset.id), f"media-assets/{caller.tenant_id}"
        rows, following = page(session, query, by, size=page_size, cursor=cursor, signer=services.signer, purpose=purpose)
    return MediaAssetList(media_assets=[body_of(row) for row in rows], next_cursor=following)


@_assets.get(
    "/media-assets/{asset_id:id}",
    operation_id="get_media_asset",
    summary="Look at a media asset",
    responses=problems(401, 403, 404, 422, 503),
)
def get_media_asset(asset_id: AssetId, services: Provided, caller: Reader) -> MediaAssetBody:
    """Its state, and what is known of it."""
    with services.database.reading() as session:
        return body_of(service.find(session, caller, asset_id))


@_assets.delete(
    "/media-assets/{asset_id:id}",
    operation_id="delete_media_asset",
    summary="Delete a media asset",
    responses=problems(401, 403, 404, 422, 503),
)
def delete_media_asset(asset_id: AssetId, services: Provided, caller: Writer) -> DeletedBody:
    """It is gone at once. Worlds that were made of it stay."""
    service.delete(services, caller, asset_id)
    return DeletedBody(id=asset_id)


router.include_router(_assets)
router.include_router(_uploads)
