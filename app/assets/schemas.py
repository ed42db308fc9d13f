"""Schemas of media assets, as clients of our own API send and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.assets.service import LONGEST_NAME
from app.strict import StrictModel

Kind = Literal["image", "video"]
MediaState = Literal["PREPARED", "READY", "REJECTED"]

EXAMPLE: dict[str, Any] = {
    "id": "med_0198c0de4f3a7c21b5d0e6f7a8b9c0d1",
    "file_name": "Our garden.jpg",
    "kind": "image",
    "extension": "jpg",
    "note": {"taken": "in May"},
    "state": "READY",
    "reason": None,
    "bytes": 3_204_881,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "facts": {"format": "jpeg", "kept_as": "jpeg", "width_px": 4_032, "height_px": 3_024, "changes": ["turned upright"]},
    "created_at": "2026-11-25T12:00:00Z",
    "updated_at": "2026-11-25T12:00:09Z",
    "links": {"self": "/v1/media-assets/med_0198c0de4f3a7c21b5d0e6f7a8b9c0d1"},
}


class PrepareBody(StrictModel):
    """What will be uploaded."""

    file_name: str = Field(min_length=1, max_length=LONGEST_NAME, description="Shown, and never used as a path; no control characters.")
    kind: Kind = Field(description="image: PNG, JPEG, WebP, or a depth panorama as EXR.  video: MP4, MOV, WebM.")
    extension: str | None = Field(None, pattern=r"^\.?[A-Za-z0-9]{1,10}$", description="A hint; what counts is what the file is.")
    note: dict[str, Any] | None = Field(None, description="Words of your own, given back as they are; 10 kB of JSON at most.")
    bytes: int | None = Field(None, ge=1, le=2**53, description="How long the file is; then a shorter or longer one is refused.")
    sha256: str | None = Field(None, pattern=r"^[0-9a-fA-F]{64}$", description="Its digest; then any other file is refused.")

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"file_name": "Our garden.jpg", "kind": "image", "extension": "jpg", "bytes": 3_204_881}]}
    )


class MediaAssetBody(BaseModel):
    """A picture or video of yours. PREPARED: announced, perhaps uploaded.  READY: inspected, can be used.  REJECTED: see `reason`."""

    id: str
    file_name: str
    kind: Kind
    extension: str | None
    note: dict[str, Any] | None
    state: MediaState
    reason: str | None = Field(description="Why it was rejected.")
    bytes: int | None = Field(description="Of the upload; once READY, of the file that is kept.")
    sha256: str | None = Field(description="Of the file that is kept.")
    facts: dict[str, Any] | None = Field(
        description="format, kept_as, width_px, height_px.  Pictures: changes, what was done to them; lens_mm, as of 35 mm film, "
        "where it is known; closes, of one of 2:1: whether its edges meet.  EXR: nearest_m, farthest_m, sky "
        "(its share).  Videos: codec, seconds, frames, frames_per_s, rotation_deg (how to turn the stored pictures)."
    )
    created_at: datetime
    updated_at: datetime
    links: dict[str, str]

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})


class UploadBody(BaseModel):
    """Where the file goes: send it as the body, whole, with this method. It needs no key, and the headers may be left out."""

    url: str
    method: Literal["PUT"]
    headers: dict[str, str]
    lasts_s: int = Field(description="Seconds that the link works at least.")


class PreparedBody(MediaAssetBody):
    """A new asset, and where to send its file."""

    upload: UploadBody

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **EXAMPLE,
                    "state": "PREPARED",
                    "bytes": None,
                    "sha256": None,
                    "facts": None,
                    "upload": {
                        "url": "http://127.0.0.1:8000/v1/uploads/med_0198c0de4f3a7c21b5d0e6f7a8b9c0d1/6925a1c0-c2lnbmF0dXJlLi4u",
                        "method": "PUT",
                        "headers": {"Content-Type": "image/jpeg"},
                        "lasts_s": 3_600,
                    },
                }
            ]
        }
    )


class ReceivedBody(BaseModel):
    """The file is here; `:complete` comes next."""

    id: str
    bytes: int


class MediaAssetList(BaseModel):
    """A page of assets, the newest first."""

    media_assets: list[MediaAssetBody]
    next_cursor: str | None = None
