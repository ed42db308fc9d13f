"""Routes of the World API for media assets: announce a file, upload it by a link, look at it."""

from __future__ import annotations

import shlex
from typing import Annotated

from fastapi import APIRouter, Path, Request

from app.assets import service
from app.assets.service import Upload
from app.auth import Reader, Writer
from app.marble.answers import MediaAsset, MediaAssetPrepareUploadResponse, UploadUrlInfo
from app.marble.errors import failures
from app.marble.requests import MediaAssetPrepareUploadRequest
from app.marble.routes import MarbleRoute
from app.services import Provided
from app.tables import MediaAsset as Row

router = APIRouter(prefix="/v1", tags=["media assets"], route_class=MarbleRoute)


@router.post(
    "/media-assets:prepare_upload",
    operation_id="prepare_media_asset_upload_marble_v1_media_assets_prepare_upload_post",
    summary="Prepare a media asset upload",
    responses=failures(400, 413, 415, 429, 507),
)
def prepare_media_asset_upload(
    body: MediaAssetPrepareUploadRequest, services: Provided, caller: Writer, request: Request
) -> MediaAssetPrepareUploadResponse:
    """Gives an id and an address: PUT the file there, without a key, then name the id in `worlds:generate`."""
    asset = service.prepare(services, caller, file_name=body.file_name, kind=body.kind, extension=body.extension, note=body.metadata)
    return MediaAssetPrepareUploadResponse(
        media_asset=_shown(asset), upload_info=_upload_info(body.file_name, service.upload_link(services, request, asset))
    )


@router.get(
    "/media-assets/{media_asset_id}",
    operation_id="get_media_asset_marble_v1_media_assets__media_asset_id__get",
    summary="Get Media Asset",
    responses=failures(404),
)
def get_media_asset(
    media_asset_id: Annotated[
        str, Path(description="From `media-assets:prepare_upload`.", examples=["med_0199a1b2c3d47e5f8a9b0c1d2e3f4a5b"])
    ],
    services: Provided,
    caller: Reader,
) -> MediaAsset:
    """What was announced; the file itself is not given out."""
    with services.database.reading() as session:
        return _shown(service.find(session, caller, media_asset_id))


def _shown(asset: Row) -> MediaAsset:
    return MediaAsset.model_validate(
        {
            "media_asset_id": asset.id,
            "id": asset.id,
            "file_name": asset.file_name,
            "kind": asset.kind,
            "created_at": asset.created_at,
            "extension": asset.extension,
            "metadata": asset.note,
            "updated_at": asset.updated_at,
        }
    )


def _upload_info(file_name: str, upload: Upload) -> UploadUrlInfo:
    words = ["curl", "--request", upload.method, "--url", upload.url, "--upload-file", file_name]
    for name, value in upload.headers.items():
        words += ["--header", f"{name}: {value}"]
    return UploadUrlInfo(
        upload_url=upload.url, upload_method=upload.method, required_headers=upload.headers, curl_example=shlex.join(words)
    )
