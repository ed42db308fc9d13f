"""Requests of the World API, read leniently: unknown fields are passed over, and null means left out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from app.marble.models import DEFAULT_MODEL
from app.worlds.schemas import Tag
from pipelines.prompt import MAX_SEED, MAX_TEXT_CHARACTERS

MOST_IMAGES = 8
MOST_EXACT_IMAGES = 4  # without reconstruction

Status = Literal["SUCCEEDED", "PENDING", "FAILED", "RUNNING"]
Resolution = Literal["full_res", "500k", "150k", "100k"]
MeshVariant = Literal["textured", "vertex_colored"]
MediaKind = Literal["image", "video"]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED, description="Same words, same seed: the same world. Without it, one is drawn.")]
Title = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Reader = Annotated[str, StringConstraints(max_length=200)]
Words = Annotated[
    str,
    StringConstraints(max_length=MAX_TEXT_CHARACTERS, pattern=r"^[^\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f]*$"),
    AfterValidator(lambda text: " ".join(text.split())),
]
Extension = Annotated[
    str, StringConstraints(pattern=r"^\.?[0-9A-Za-z]{1,15}$"), AfterValidator(lambda text: text.removeprefix(".").lower())
]
Model = Annotated[
    str,
    Field(
        max_length=80,
        description="A name of the World API, old or new: drafts are made by the tier `nano`, all others by the best tier that this "
        "machine runs. A recipe or tier of `GET /v1/recipes` may be named as well.",
        examples=["marble-1.1", "marble-1.0-draft", "Marble 0.1-mini", "worldloom-nano"],
    ),
]


class Lenient(BaseModel):
    """What the World API's clients send."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, data: Any) -> Any:
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data


class MediaAssetReference(Lenient):
    """A picture or video that was uploaded."""

    source: Literal["media_asset"] = "media_asset"
    media_asset_id: str = Field(max_length=200, description="From `media-assets:prepare_upload`.")


class UriReference(Lenient):
    """A picture or video at a public address, at most 20 MB; fetched where the settings permit it (WORLDLOOM_FETCH_FROM)."""

    source: Literal["uri"] = "uri"
    uri: str = Field(max_length=4_000)


class DataBase64Reference(Lenient):
    """A picture or video within the request, at most 10 MB."""

    source: Literal["data_base64"] = "data_base64"
    data_base64: str
    extension: Extension | None = Field(None, description="Without a dot: jpg, png, webp.")


Content = Annotated[MediaAssetReference | UriReference | DataBase64Reference, Field(discriminator="source")]


class _Guided(Lenient):
    """What all prompts have. Words are taken as they are: nothing rewrites them before they are read."""

    text_prompt: Words | None = Field(None, description="What the world is like, in English.")
    disable_recaption: bool | None = Field(None, description="Accepted; words are never rewritten here.")

    @model_validator(mode="after")
    def _has_words_to_take_as_they_are(self) -> Self:
        if self.disable_recaption and not self.text_prompt:
            raise ValueError("text_prompt is needed when disable_recaption is true")
        return self


class WorldTextPrompt(_Guided):
    """A world from words."""

    type: Literal["text"] = "text"

    @model_validator(mode="after")
    def _has_words(self) -> Self:
        if not self.text_prompt:
            raise ValueError("text_prompt is needed for a world from words")
        return self


class ImagePrompt(_Guided):
    """A world from a picture."""

    type: Literal["image"] = "image"
    image_prompt: Content
    is_pano: Literal["auto"] | bool = Field(
        "auto", description="auto: a picture of twice its height whose left and right edges fit together is a panorama."
    )

    @model_validator(mode="before")
    @classmethod
    def _is_pano_may_stand_within(cls, data: Any) -> Any:
        inner = data.get("image_prompt") if isinstance(data, dict) else None
        if isinstance(inner, dict) and inner.get("is_pano") is not None and data.get("is_pano") is None:
            return {**data, "is_pano": inner["is_pano"]}
        return data


class SphericallyLocatedContent(Lenient):
    """A picture, and the direction it was taken in."""

    azimuth: float | None = Field(None, ge=-3600, le=3600, description="Degrees, clockwise from straight ahead.")
    content: Content


class MultiImagePrompt(_Guided):
    """A world from several pictures of one place."""

    type: Literal["multi-image"] = "multi-image"
    multi_image_prompt: list[SphericallyLocatedContent] = Field(min_length=1, max_length=MOST_IMAGES)
    reconstruct_images: bool = Field(False, description="With it up to 8 pictures, otherwise 4.")

    @model_validator(mode="after")
    def _are_not_too_many(self) -> Self:
        if len(self.multi_image_prompt) > MOST_EXACT_IMAGES and not self.reconstruct_images:
            raise ValueError(
                f"{len(self.multi_image_prompt)} pictures are more than {MOST_EXACT_IMAGES}: set reconstruct_images, or leave some out"
            )
        return self


class VideoPrompt(_Guided):
    """A world from a video."""

    type: Literal["video"] = "video"
    video_prompt: Content


PicturePrompt = ImagePrompt | MultiImagePrompt | VideoPrompt


class Permission(Lenient):
    """Who may see the world. Only `public` has an effect: the rest is kept and given back, and a private world is your tenant's alone."""

    public: bool = False
    allow_id_access: bool = False
    allowed_readers: list[Reader] = Field(default=[], max_length=100)
    allowed_writers: list[Reader] = Field(default=[], max_length=100)


class WorldsGenerateRequest(Lenient):
    """A world to make."""

    world_prompt: WorldTextPrompt | ImagePrompt | MultiImagePrompt | VideoPrompt = Field(discriminator="type")
    display_name: Title | None = None
    tags: list[Tag] | None = Field(None, max_length=10)
    model: Model = DEFAULT_MODEL
    seed: Seed | None = None
    permission: Permission = Permission()

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "world_prompt": {"type": "text", "text_prompt": "a misty pine forest with a log cabin beside a lake at dawn"},
                    "display_name": "Lake at dawn",
                    "tags": ["forest", "water"],
                    "model": "marble-1.0-draft",
                    "seed": 7,
                    "permission": {"public": False},
                },
                {"world_prompt": {"type": "text", "text_prompt": "a small harbour with fishing boats"}, "model": "marble-1.1"},
                {
                    "world_prompt": {
                        "type": "image",
                        "image_prompt": {"source": "media_asset", "media_asset_id": "med_0199a1b2c3d47e5f8a9b0c1d2e3f4a5b"},
                        "is_pano": "auto",
                    }
                },
            ]
        }
    )

    @field_validator("tags", mode="before")
    @classmethod
    def _blank_tags_say_nothing(cls, value: Any) -> Any:
        return [tag for tag in value if tag is not None and str(tag).strip()] if isinstance(value, list) else value


class ListWorldsRequest(Lenient):
    """Which worlds to list."""

    page_size: int = Field(20, ge=1, le=100)
    page_token: str | None = Field(None, max_length=400, description="`next_page_token` of the page before.")
    status: Status | None = None
    model: Model | None = None
    tags: list[Title] | None = Field(None, max_length=100, description="Worlds with any of these.")
    is_public: bool | None = None
    created_after: datetime | None = Field(None, description="At this moment or later.")
    created_before: datetime | None = Field(None, description="Before this moment.")
    sort_by: Literal["created_at", "updated_at"] = "created_at"

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"page_size": 20, "status": "SUCCEEDED", "sort_by": "created_at"},
                {"tags": ["forest", "water"], "created_after": "2026-01-01T00:00:00Z", "page_size": 100},
            ]
        }
    )


class ExportWorldRequest(Lenient):
    """A file to make of a world: splats as ply, or the mesh as glb."""

    asset_type: Literal["splats", "mesh"]
    format: Literal["ply", "glb"]
    resolution: Resolution = Field("full_res", description="How many splats; a small world gives all it has.")
    mesh_variant: MeshVariant = Field("textured", description="There is one mesh for both: plain materials and vertex colours.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"asset_type": "splats", "format": "ply", "resolution": "500k"}, {"asset_type": "mesh", "format": "glb"}]
        }
    )


class MediaAssetPrepareUploadRequest(Lenient):
    """A file that will be uploaded."""

    file_name: Title = Field(min_length=1)
    kind: MediaKind
    extension: Extension | None = Field(None, description="Without a dot.", examples=["jpg", "png", "mp4"])
    metadata: dict[str, Any] | None = Field(None, description="Words of your own, given back as they are.")

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"file_name": "harbour.jpg", "kind": "image", "extension": "jpg", "metadata": {"roll": 12}}]}
    )


class PanoDepthToRgbRequest(Lenient):
    """A panorama of distances to paint."""

    depth_pano_image: Content
    text_prompt: Words
    z_min: float | None = Field(None, gt=0, description="Metres that white stands for in a PNG; leave it out for an EXR.")
    z_max: float | None = Field(None, gt=0, description="Metres that black stands for in a PNG; leave it out for an EXR.")
    seed: Seed | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "depth_pano_image": {"source": "media_asset", "media_asset_id": "med_0199a1b2c3d47e5f8a9b0c1d2e3f4a5b"},
                    "text_prompt": "a warm wooden cabin with a stone fireplace",
                    "z_min": 0.1,
                    "z_max": 100.0,
                }
            ]
        }
    )

    @model_validator(mode="after")
    def _has_both_ends_or_none(self) -> Self:
        if (self.z_min is None) != (self.z_max is None):
            raise ValueError("z_min and z_max belong together: give both for a PNG, none for an EXR")
        if self.z_min is not None and self.z_max is not None and self.z_min >= self.z_max:
            raise ValueError(f"z_min is {self.z_min:g} and z_max {self.z_max:g}: white is the nearest, so z_min must be the smaller one")
        return self
