"""Answers of the World API: what its clients read; where the published description and clients differ, both find what they look for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from app.marble.requests import MediaKind, MeshVariant, Permission

Result = TypeVar("Result")


class ShownContent(BaseModel):
    """A picture or video as it was given; what was sent within the request is not sent back."""

    source: Literal["media_asset", "uri"]
    media_asset_id: str | None = None
    uri: str | None = None


class ShownTextPrompt(BaseModel):
    """Words."""

    type: Literal["text"] = "text"
    text_prompt: str


class ShownImagePrompt(BaseModel):
    """A picture."""

    type: Literal["image"] = "image"
    image_prompt: ShownContent
    is_pano: bool = False
    text_prompt: str | None = None


class ShownLocatedContent(ShownContent):
    """A picture and its direction: flat as the published description has it, and within `content` as clients look for it."""

    azimuth: float | None = None
    content: ShownContent


class ShownMultiImagePrompt(BaseModel):
    """Several pictures."""

    type: Literal["multi-image"] = "multi-image"
    multi_image_prompt: list[ShownLocatedContent]
    reconstruct_images: bool = False
    text_prompt: str | None = None


class ShownVideoPrompt(BaseModel):
    """A video."""

    type: Literal["video"] = "video"
    video_prompt: ShownContent
    text_prompt: str | None = None


ShownPrompt = Annotated[ShownTextPrompt | ShownImagePrompt | ShownMultiImagePrompt | ShownVideoPrompt, Field(discriminator="type")]


class ImageryAssets(BaseModel):
    """Pictures of a world."""

    pano_url: str | None = None


class MeshAssets(BaseModel):
    """Meshes of a world."""

    collider_mesh_url: str | None = Field(None, description="What one bumps into: closed, at most 200,000 triangles.")
    hq_mesh_url: str | None = Field(None, description="The meshes the splats were made from: a named node a thing, plain materials.")
    full_res_mesh_url: str | None = None


class WorldSemanticsMetadata(BaseModel):
    """From the coordinates in the SPZ files to metres above the floor: multiply, then subtract the offset from y (which points down)."""

    metric_scale_factor: float | None = None
    ground_plane_offset: float | None = Field(None, description="Metres; subtract it from y to put the floor at y = 0.")


class SplatAssets(BaseModel):
    """Splats of a world."""

    spz_urls: dict[str, str] | None = Field(None, description="full_res, 500k, 150k, 100k: SPZ 2, x right, y down, z forward.")
    semantics_metadata: WorldSemanticsMetadata | None = None


class WorldAssets(BaseModel):
    """Files of a world. Their addresses open without a key, for a week at least; look at the world again for fresh ones."""

    caption: str | None = None
    thumbnail_url: str | None = None
    imagery: ImageryAssets | None = None
    mesh: MeshAssets | None = None
    splats: SplatAssets | None = None


class World(BaseModel):
    """A world, from the moment it was asked for; `assets` are there once it is made."""

    world_id: str
    id: str = Field(description="The same as `world_id`.")
    display_name: str
    world_marble_url: str = Field(description="Where people look at it.")
    tags: list[str] | None = None
    model: str | None = None
    permission: Permission | None = None
    world_prompt: ShownPrompt | None = None
    assets: WorldAssets | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class PanoDepthToRgbResult(BaseModel):
    """A painted panorama."""

    pano_url: str | None = None


class ExportWorldResult(BaseModel):
    """A file that was made of a world; its address opens without a key."""

    asset_type: Literal["splats", "mesh"]
    format: Literal["ply", "glb"]
    url: str
    resolution: str | None = None
    mesh_variant: MeshVariant | None = None


class OperationError(BaseModel):
    """Why an operation failed. code: reads like the HTTP status of a like failure; 499 = cancelled."""

    code: int | None = None
    message: str | None = None


class OperationCostLineItem(BaseModel):
    """A part of the cost."""

    name: str
    credits: int


class OperationCost(BaseModel):
    """What a successful operation took."""

    total_credits: int
    line_items: list[OperationCostLineItem] = []


class Operation(BaseModel, Generic[Result]):
    """A job. Look again until `done`; then there is a response or an error."""

    operation_id: str
    done: bool
    created_at: datetime | None = None
    updated_at: datetime | None = None
    expires_at: datetime | None = Field(None, description="When it is forgotten; its world stays.")
    metadata: dict[str, Any] | None = Field(None, description="progress {status, description} and world_id.")
    response: Result | None = None
    error: OperationError | None = None
    cost: OperationCost | None = None


class GenerateWorldResponse(Operation[World]):
    """A world in the making."""


class ExportWorldResponse(Operation[ExportWorldResult]):
    """A file in the making."""


class PanoDepthToRgbResponse(Operation[PanoDepthToRgbResult]):
    """A panorama in the making."""


class GetOperationResponse(Operation[World | ExportWorldResult | PanoDepthToRgbResult]):
    """Any operation."""


class ListWorldsResponse(BaseModel):
    """A page of worlds, the newest first."""

    worlds: list[World]
    next_page_token: str | None = None


class DeleteWorldResponse(BaseModel):
    """What is gone."""

    world_id: str
    deleted: bool


class CreditsResponse(BaseModel):
    """What is left to spend; 1,000,000,000 where nothing is counted."""

    remaining_credits: float = Field(ge=0)


class MediaAsset(BaseModel):
    """A picture or video that was, or will be, uploaded."""

    media_asset_id: str
    id: str = Field(description="The same as `media_asset_id`.")
    file_name: str
    kind: MediaKind
    created_at: datetime
    extension: str | None = None
    metadata: dict[str, Any] | None = None
    updated_at: datetime | None = None


class UploadUrlInfo(BaseModel):
    """How to upload: a PUT of the bytes, without a key."""

    upload_url: str
    upload_method: str
    required_headers: dict[str, str] | None = None
    curl_example: str | None = None


class MediaAssetPrepareUploadResponse(BaseModel):
    """An asset, and where its bytes go."""

    media_asset: MediaAsset
    upload_info: UploadUrlInfo
