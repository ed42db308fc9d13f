"""Inputs: the uploads that a world is made from: whose they are, whether they fit, and the names under which its worker finds them.

While its job is not done, a world names them among its own files, as the part `input`: nobody tidies them away then, and nobody can
download them there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from sqlalchemy import select

from app.auth import Caller
from app.database import now
from app.errors import FieldError, Refusal
from app.identity import ASSET, is_id
from app.making import INPUT
from app.services import Services
from app.tables import MediaAsset, WorldFile
from pipelines.prompt import Picture, Prompt

ENDINGS: Mapping[str, str] = {"jpeg": ".jpg"}
"""What a file is called by what it is kept as, where that is not the same."""
SPHERE_TOLERANCE = 0.02
"""How far the proportions of a panorama may be from 2:1."""

_SORTS = {"picture": "a picture (PNG, JPEG, WebP)", "distances": "a panorama of distances (EXR)", "video": "a video"}
_SORT_OF = {"pictures": "picture", "panorama": "picture", "distance": "distances", "layout": "distances", "video": "video"}


@dataclass(frozen=True)
class Media:
    """Uploads by their ids, in the fields of the Prompt that will be made of them. pictures: (id, azimuth in degrees or None) each.

    grey_m: where the layout is a picture: the metres that its white and its black stand for.  eye_height_m: as in
    Prompt.
    """

    pictures: tuple[tuple[str, float | None], ...] = ()
    video: str | None = None
    panorama: str | None = None
    distance: str | None = None
    layout: str | None = None
    grey_m: tuple[float, float] | None = None
    eye_height_m: float | None = None

    def uses(self) -> list[tuple[str, str]]:
        """(field, id) of each, in a fixed order."""
        single = ((name, getattr(self, name)) for name in ("video", "panorama", "distance", "layout"))
        return [*(("pictures", one) for one, _ in self.pictures), *((name, one) for name, one in single if one is not None)]

    def prompt(self, text: str, seed: int) -> Prompt:
        """The prompt that it will be, with ids in place of paths; raises PromptError for what does not go together."""
        pictures = tuple(Picture(Path(one), azimuth_deg) for one, azimuth_deg in self.pictures)
        single: dict[str, Any] = {name: Path(one) for name, one in self.uses() if name != "pictures"}
        return Prompt(text=text, seed=seed, pictures=pictures, eye_height_m=self.eye_height_m, **single)

    def shown(self) -> dict[str, Any]:
        """What is needed to ask for the same again."""
        pictures = [{"media_asset_id": one, "azimuth_deg": azimuth_deg} for one, azimuth_deg in self.pictures]
        single = {name: one for name, one in self.uses() if name != "pictures"}
        return {**({"pictures": pictures} if pictures else {}), **single, **self._height()}

    def _height(self) -> dict[str, float]:
        return {} if self.eye_height_m is None else {"eye_height_m": self.eye_height_m}

    def requested(self, names: list[str]) -> dict[str, Any]:
        """What the worker needs to know, by the names of the files in the order of `uses`."""
        pictures = [{"file": name, "azimuth_deg": azimuth_deg} for name, (_, azimuth_deg) in zip(names, self.pictures, strict=False)]
        single = {field: name for (field, _), name in zip(self.uses(), names, strict=True) if field != "pictures"}
        return {"pictures": pictures, **single, **self._height(), **({"grey_m": list(self.grey_m)} if self.grey_m else {})}


NO_MEDIA = Media()


@dataclass(frozen=True)
class Inputs:
    """Uploads that were looked at, in the order of `Media.uses`."""

    assets: tuple[MediaAsset, ...] = ()

    @property
    def names(self) -> list[str]:
        """What their files are called where the world is made."""
        kept_as = [(asset.facts or {})["kept_as"] for asset in self.assets]
        return [f"input-{number:03}{ENDINGS.get(format, f'.{format}')}" for number, format in enumerate(kept_as)]

    @property
    def title(self) -> str:
        """What the first of them is called, without an ending."""
        return PurePath(self.assets[0].file_name.replace("\\", "/")).stem if self.assets else ""

    def files(self, world_id: str) -> tuple[WorldFile, ...]:
        """The same as files of a world."""
        return tuple(
            WorldFile(
                world_id=world_id,
                name=name,
                tenant_id=asset.tenant_id,
                part=INPUT,
                sha256=asset.sha256,
                bytes=asset.bytes,
                created_at=now(),
            )
            for name, asset in zip(self.names, self.assets, strict=True)
        )


def inspected(services: Services, caller: Caller, media: Media) -> Inputs:
    """Look whether uploads are the caller's own, complete, and what they are to be used as; raises Refusal(invalid_request)."""
    uses = media.uses()
    if not uses:
        return Inputs()
    with services.database.reading() as session:
        mine = select(MediaAsset).where(MediaAsset.tenant_id == caller.tenant_id, MediaAsset.id.in_({one for _, one in uses}))
        found = {asset.id: asset for asset in session.scalars(mine)}
    assets = []
    for field, one in uses:
        asset = found.get(one) if is_id(one, ASSET) else None
        if asset is None:
            raise _refused(field, "there is no such media asset of yours: upload it first")
        if asset.state != "READY":
            why = f"was rejected ({asset.reason})" if asset.state == "REJECTED" else "has not been completed"
            raise _refused(field, f"the media asset {one} {why}: upload it, then complete it")
        _require_fitting(field, asset, is_grey=field == "layout" and media.grey_m is not None)
        assets.append(asset)
    return Inputs(tuple(assets))


def _require_fitting(field: str, asset: MediaAsset, *, is_grey: bool) -> None:
    facts = asset.facts or {}
    sort = "video" if asset.kind == "video" else "distances" if facts.get("format") == "exr" else "picture"
    wanted = "picture" if is_grey else _SORT_OF[field]
    if sort != wanted:
        raise _refused(field, f"the media asset {asset.id} is {_SORTS[sort]}, and {field} takes {_SORTS[wanted]}: upload one")
    width_px, height_px = facts.get("width_px", 0), facts.get("height_px", 1)
    if field in ("panorama", "layout") and abs(width_px / height_px - 2) > SPHERE_TOLERANCE:
        cure = "send the whole sphere" if field == "layout" else "send the whole sphere, or give it among the pictures"
        raise _refused(field, f"a panorama is twice as wide as high, and this one has {width_px:,} × {height_px:,} pixels: {cure}")


def _refused(field: str, why: str) -> Refusal:
    return Refusal("invalid_request", why, errors=[FieldError(f"/{field}", why)])
