"""Pose: the stage that finds out where pictures or a video's frames were taken: cameras and shared points in the world's frame."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import ClassVar

import numpy as np

from pipelines.camera import Camera, Projection
from pipelines.errors import InputError
from pipelines.scene import EYE_HEIGHT_M
from pipelines.stage import Stage, TellStage
from pipelines.vision.frames import key_frames
from pipelines.vision.mapped import Mapped, map_pictures, straightened
from pipelines.vision.motion import MOST
from pipelines.vision.pictures import WORKING_SIDE_PX, Photo, open_picture, require_detail
from pipelines.vision.standpoint import turned_only
from pipelines.vision.upright import TYPICAL_DISTANCE_M, ScaleFrom, Stood, stand
from pipelines.world import PointCloud, View, World

_log = logging.getLogger(__name__)

FEWEST_PICTURES = 3


@dataclass(frozen=True)
class Pose(Stage):
    """Pictures or a video → straight pinhole views with cameras in the world's frame, and the points they share.

    longest_px: the longer side of the views.  most_frames: of a video.  Gravity and scale are taken from how people hold cameras, see
    `pipelines.vision.upright`. Pictures that cannot be placed are left out, and said so.
    """

    longest_px: int = WORKING_SIDE_PX
    most_frames: int = MOST
    name: ClassVar[str] = "pose"
    cost: ClassVar[float] = 60.0
    model: str | None = "COLMAP"
    revision: str | None = field(default_factory=lambda: version("pycolmap"))
    licence: str | None = "BSD-3-Clause"

    def run(self, world: World, tell: TellStage) -> World:
        """Raises InputError or FileFormatError where the pictures are unusable, or do not belong together."""
        is_film = world.prompt.video is not None
        notes: list[str] = []
        photos = self._filmed(world, _part(tell, 0.0, 0.2), notes) if is_film else self._taken(world, _part(tell, 0.0, 0.1))
        mapped = map_pictures(photos, _part(tell, 0.2, 0.9), is_film=is_film)
        if turned_only(mapped, np.array([photos[number].rgb.shape[1::-1] for number in mapped.picture])):
            raise InputError(
                f"the {len(mapped.picture)} pictures were taken from one point by turning only, so nothing tells how far away things are: "
                "walk a few steps to the side while you film, or take each picture a step beside the last"
            )
        tell(0.9, "finding the ground")
        eye_height_m = world.prompt.eye_height_m or EYE_HEIGHT_M
        stood = stand(mapped, eye_height_m=eye_height_m)
        views = _views(photos, stood.mapped, _part(tell, 0.92, 1.0))
        notes.insert(0, self._placed(world, photos, mapped))
        notes.append(_scaled(stood, eye_height_m))
        tell(1.0, "; ".join(notes))
        return replace(world, views=views, points=_points(stood.mapped))

    def _filmed(self, world: World, tell: TellStage, notes: list[str]) -> list[Photo]:
        assert world.prompt.video is not None
        kept = key_frames(world.prompt.video, tell, most=self.most_frames, longest_px=self.longest_px)
        if kept.used < 0.99:
            note = f"only the first {kept.moments_s[-1]:.0f} of {kept.seconds:.0f} seconds are used: film less of the place at a time"
            _log.warning("%s: %s", world.prompt.video.name, note)
            notes.append(note)
        return [Photo(rgb) for rgb in kept.rgb]

    def _taken(self, world: World, tell: TellStage) -> list[Photo]:
        pictures = world.prompt.pictures
        if len(pictures) < FEWEST_PICTURES:
            many = "1 picture is" if len(pictures) == 1 else f"{len(pictures)} pictures are"
            raise InputError(
                f"{many} too few to find out where they were taken: give at least {FEWEST_PICTURES} that overlap, better 20, or a video"
            )
        photos = []
        for number, picture in enumerate(pictures):
            tell(number / len(pictures), f"opening picture {number + 1} of {len(pictures)}")
            photos.append(open_picture(picture.path, longest_px=self.longest_px))
            require_detail(picture.path.name, photos[-1].rgb)
        return photos

    def _placed(self, world: World, photos: Sequence[Photo], mapped: Mapped) -> str:
        """How many pictures were placed, and which were not."""
        placed = f"{len(mapped.picture)} of {len(photos)} pictures placed"
        missing = sorted(set(range(len(photos))) - set(mapped.picture.tolist()))
        if not missing:
            return placed
        names = [world.prompt.pictures[number].path.name if world.prompt.pictures else f"frame {number + 1}" for number in missing]
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        note = f"{placed}; left out, because they have too little in common with the others: {shown}"
        _log.warning("%s", note)
        return note


def _scaled(stood: Stood, eye_height_m: float) -> str:
    """Where the metres come from; a warning where that is a guess."""
    if stood.scale_from is ScaleFrom.GROUND:
        return f"scale: the cameras are taken to have been {eye_height_m:g} m above the ground"
    guess = {
        ScaleFrom.LOWEST: f"that the lowest things seen stand on it, {eye_height_m:g} m below the cameras",
        ScaleFrom.DISTANCE: f"that what the pictures show is about {TYPICAL_DISTANCE_M:g} m away",
    }[stood.scale_from]
    note = f"the scale is a guess: no ground was found, so it is assumed {guess}; show some of the ground for a better one"
    _log.warning("%s", note)
    return note


def _part(tell: TellStage, begin: float, end: float) -> TellStage:
    """A teller for a part of the stage."""
    return lambda fraction, note: tell(begin + (end - begin) * min(1.0, fraction), note)


def _views(photos: Sequence[Photo], mapped: Mapped, tell: TellStage) -> tuple[View, ...]:
    """Straight pictures with their cameras, in the order they were given."""
    views = []
    for row, number in enumerate(mapped.picture):
        tell(row / len(mapped.picture), f"straightening picture {row + 1} of {len(mapped.picture)}")
        rgb, focal_px = straightened(photos[number].rgb, float(mapped.focal_px[row]), float(mapped.bend[row]))
        height, width = rgb.shape[:2]
        views.append(View(Camera(Projection.PINHOLE, width, height, focal_px, mapped.world_from_camera[row]), rgb))
    return tuple(views)


def _points(mapped: Mapped) -> PointCloud:
    seen_by = tuple(np.unique(mapped.seen_point[mapped.seen_row == row]).astype(np.int32) for row in range(len(mapped.picture)))
    return PointCloud(mapped.points.astype(np.float32), mapped.colours, seen_by)
