"""Schemas of worlds, as clients of our own API send and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, model_validator
from pydantic import Tag as Tagged

from app.operations.schemas import StateName
from app.strict import PLAIN, StrictModel
from pipelines.prompt import MAX_EYE_HEIGHT_M, MAX_SEED, MAX_TEXT_CHARACTERS
from pipelines.recipes import DEFAULT_SPLATS, MAX_SPLATS, MIN_SPLATS
from pipelines.spec import SceneSpec

MOST_PICTURES = 60

Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=PLAIN)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32, pattern=PLAIN)]
Tags = Annotated[list[Tag], Field(max_length=10)]
Visibility = Literal["private", "public"]
AssetId = Annotated[str, StringConstraints(pattern=r"^med_[0-9a-f]{32}$")]
Metres = Annotated[float, Field(ge=-100_000, le=100_000)]
Point = Annotated[list[Metres], Field(min_length=3, max_length=3)]


class PictureBody(StrictModel):
    """A photograph of the place."""

    media_asset_id: AssetId
    azimuth_deg: float | None = Field(
        None,
        ge=-360,
        le=360,
        description="Direction it was taken in: clockwise from straight ahead. When all pictures have one, they were taken from one point.",
    )


class GenerateBody(StrictModel):
    """What to make. Words, or pictures, a panorama, a video or a layout of distances, with or without words.

    `GET /v1/recipes` says what this machine takes.
    """

    text: str = Field("", max_length=MAX_TEXT_CHARACTERS, description="What the world is like, in English.")
    pictures: list[PictureBody] = Field(
        default=[], max_length=MOST_PICTURES, description="One photograph, or several: from different points, or each with its direction."
    )
    video: AssetId | None = Field(None, description="A walk through the place.")
    panorama: AssetId | None = Field(None, description="The whole sphere, twice as wide as high.")
    distance: AssetId | None = Field(None, description="The distances that belong to `panorama`: an EXR with metres along the ray.")
    layout: AssetId | None = Field(None, description="Such distances alone, to be painted after the words.")
    eye_height_m: float | None = Field(
        None,
        gt=0,
        le=MAX_EYE_HEIGHT_M,
        description="How high above the ground the cameras were, which tells the scale and the floor; null: 1.65, or as `distance` says.",
    )
    seed: int = Field(0, ge=0, le=MAX_SEED, description="Same words, same seed: the same world.")
    tier: str | None = Field(None, max_length=40, description="A tier of `GET /v1/recipes`; null: the best that this machine runs.")
    splats: int = Field(DEFAULT_SPLATS, ge=MIN_SPLATS, le=MAX_SPLATS, description="How many Gaussian splats the whole world may have.")
    spec: SceneSpec | None = Field(None, description="A scene specification in place of reading the words; see docs/formats.md.")
    name: Name = ""
    tags: Tags = Field(default=[])
    visibility: Visibility = Field("private", description="public: everyone who knows its id may look at it.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "text": "a pine forest with a log cabin beside a lake at dawn",
                    "seed": 7,
                    "tier": "nano",
                    "splats": 200_000,
                    "name": "Lake",
                }
            ]
        }
    )


class CameraBody(StrictModel):
    """A camera: where it is, and where it looks: at a point, or by yaw (left) and pitch (up)."""

    position: Point
    look_at: Point | None = None
    yaw: float | None = Field(None, ge=-3600, le=3600, description="Degrees; 0 looks along −z.")
    pitch: float = Field(0.0, ge=-90, le=90)

    @model_validator(mode="after")
    def _looks_somewhere(self) -> Self:
        if self.look_at is not None and self.yaw is not None:
            raise ValueError("give either look_at or yaw, so that it is clear where the camera looks")
        if self.look_at == self.position:
            raise ValueError("look_at is the camera's own position: choose another point")
        return self


class KeyframeBody(CameraBody):
    """A camera at a moment."""

    time: float = Field(ge=0, le=600, description="Seconds from the beginning; the first has 0, and times rise.")
    fov: float = Field(75.0, ge=5, le=150, description="Horizontal field of view, degrees.")
    ease: bool = Field(False, description="Whether the camera comes to rest here for a moment.")

    @model_validator(mode="after")
    def _knows_its_direction(self) -> Self:
        if self.look_at is None and self.yaw is None:
            raise ValueError("give either look_at or yaw, so that it is clear where the camera looks")
        return self


class PathBody(StrictModel):
    """A camera path; in between keyframes the camera moves along smooth curves."""

    keyframes: list[KeyframeBody] = Field(min_length=1, max_length=1_000)
    loop: bool = False

    @model_validator(mode="after")
    def _times_rise(self) -> Self:
        times = [frame.time for frame in self.keyframes]
        if times[0] != 0:
            raise ValueError(f"the first keyframe has time {times[0]:g}: it must have time 0")
        if any(after <= before for before, after in zip(times, times[1:], strict=False)):
            raise ValueError("the times of keyframes must rise")
        return self


class PatchBody(StrictModel):
    """What to change; fields that are left out stay."""

    name: Name | None = None
    tags: Tags | None = None
    visibility: Visibility | None = None
    camera_path: PathBody | None = Field(None, description="A camera path to keep with the world, as `:render` takes it; null: none.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Lake at dawn", "tags": ["forest", "water"]}]})


class ExportBody(StrictModel):
    """Which file to make of a world."""

    format: Literal["ply", "spz", "sog", "glb", "scene", "collider", "package"] = Field(
        description="ply, spz, sog, glb: splats.  scene, collider: meshes as GLB.  package: everything as one zip."
    )
    axes: Literal["y-up", "z-up", "rdf"] | None = Field(
        None, description="Which way the axes point; null: what readers of the format expect."
    )
    unit: Literal["m", "cm"] = "m"
    level: Literal["full_res", "500k", "150k", "100k"] = Field("full_res", description="How many splats; small worlds give all they have.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"format": "sog"}, {"format": "ply", "axes": "z-up", "unit": "cm"}]})

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if self.format == "package" and (self.axes is not None or self.unit != "m"):
            raise ValueError("a package holds files with axes and units of their own: leave out axes and unit")
        if self.format in ("scene", "collider", "package") and self.level != "full_res":
            raise ValueError("only splats come in levels: leave out level, or ask for ply, spz, sog or glb")
        return self


def _by_name(value: Any) -> str:
    return "name" if isinstance(value, str) else "object"


class RenderBody(StrictModel):
    """A picture from a camera, or, with `path`, a film along it."""

    camera: Annotated[
        Annotated[Literal["spawn", "left", "right", "back", "ahead", "side", "above", "panorama"], Tagged("name")]
        | Annotated[CameraBody, Tagged("object")],
        Discriminator(_by_name),
    ] = "spawn"
    layer: Literal["colour", "distance", "normal", "alpha", "heat"] = "colour"
    fov: float = Field(75.0, ge=20, le=150, description="Horizontal field of view of a picture, degrees.")
    path: (
        Annotated[
            Annotated[Literal["orbit", "walk"], Tagged("name")] | Annotated[PathBody, Tagged("object")],
            Discriminator(_by_name),
        ]
        | None
    ) = None
    seconds: float | None = Field(None, gt=0, le=120, description="How long to orbit (12) or to walk (10).")
    fps: int = Field(30, ge=1, le=60)
    width: int = Field(1280, ge=16, le=4096)
    height: int = Field(720, ge=16, le=4096)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"camera": "spawn", "width": 1280, "height": 720},
                {"camera": {"position": [2, 1.65, 4], "look_at": [0, 1, -8]}},
                {"path": "walk", "seconds": 6, "width": 640, "height": 360},
            ]
        }
    )

    @model_validator(mode="after")
    def _is_picture_or_film(self) -> Self:
        if self.path is None:
            if self.seconds is not None or self.fps != 30:
                raise ValueError("a picture has no seconds and no fps: leave them out, or give a path")
            return self
        if self.camera != "spawn" or self.layer != "colour" or self.fov != 75:
            raise ValueError("a film follows its path in colour: leave out camera, layer and fov")
        if self.width % 2 or self.height % 2:
            raise ValueError("a film needs an even width and height")
        if isinstance(self.path, PathBody) and self.seconds is not None:
            raise ValueError("a film along keyframes takes as long as they say: leave out seconds")
        return self


class FileBody(BaseModel):
    """A file of a world."""

    bytes: int
    sha256: str
    url: str = Field(description="Opens without a key, for a week at least; look at the world again for a fresh one.")


class WorldBody(BaseModel):
    """A world, from the moment it was asked for."""

    id: str
    name: str
    tags: list[str]
    visibility: Visibility
    state: StateName = Field(description="That of the operation that makes it; there are files once it is SUCCEEDED.")
    operation_id: str
    prompt: dict[str, Any] = Field(
        description="What is needed to make it again: text, seed, splats, and the spec, pictures, video, panorama, distance, layout or"
        " eye_height_m that were given."
    )
    tier: str
    recipe: str
    facts: dict[str, Any] | None = Field(
        description="splat_count, place, time_of_day, weather, unmatched, relations, spawn, bounds_m, seconds."
    )
    files: dict[str, FileBody] = Field(description="By name; see docs/formats.md.")
    thumbnail_url: str | None
    preview_url: str | None = Field(None, description="A coarse SPZ of at most 60,000 splats, while the world is being made.")
    camera_path: PathBody | None = Field(None, description="The camera path that was saved with it.")
    created_at: datetime
    updated_at: datetime
    links: dict[str, str]


class WorldList(BaseModel):
    """A page of worlds, in the order that was asked for."""

    worlds: list[WorldBody]
    next_cursor: str | None = None


class TagBody(BaseModel):
    """A tag, and how many of your worlds have it."""

    tag: str
    worlds: int


class TagList(BaseModel):
    """The tags of your worlds, the most used first; at most 1,000."""

    tags: list[TagBody]

    model_config = ConfigDict(json_schema_extra={"examples": [{"tags": [{"tag": "forest", "worlds": 12}, {"tag": "water", "worlds": 3}]}]})


class DeletedBody(BaseModel):
    """What is gone."""

    id: str
    deleted: bool = True
