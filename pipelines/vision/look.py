"""Look: the stage that reads a panorama, with its distances, or photographs taken from one place, as views from the starting point."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection, pose
from pipelines.errors import FileFormatError, InputError
from pipelines.prompt import Prompt
from pipelines.scene import EYE_HEIGHT_M
from pipelines.stage import Stage, TellStage
from pipelines.vision.pictures import open_picture, require_detail
from pipelines.vision.sphere_files import read_distances, read_panorama
from pipelines.world import MeasuredView, View, World

SHAPE_TOLERANCE = 0.01  # how far from 2 : 1 a panorama may be
FEWEST_PX, MOST_PX = 256, 16_384
WIDEST_PX = 4_096  # what is worked with: a hundredth of a degree more is lost among splats
SKY_DISTANCE_M = 1_400.0  # what is farther is sky; programs write 1e10 or the like there
LEAST_KNOWN = 0.05  # share of the sphere with distances
NADIR_RAD = math.radians(25)  # the floor is looked for within this angle from straight down
LOWEST_EYE_M, HIGHEST_EYE_M = 0.3, 5.0
LONGEST_PX = 2_048  # of a photograph: finer than any panorama that it becomes part of
ASSUMED_FOV_RAD = 2 * math.atan(0.8 * math.hypot(36.0, 24.0) / 2 / 26.0)  # along the longer side: 4:3 at 26 mm, a telephone's main camera
BLACK = 3  # no pixel of a picture that shows something is darker than this everywhere (0 … 255)

Distances = NDArray[np.float32]


@dataclass(frozen=True)
class Look(Stage):
    """A panorama, with or without distances → one view of the whole sphere whose floor lies at y = 0; photographs → a view for each.

    Photographs are taken to be taken upright, with a level horizon, by someone who stands at the starting point and turns.
    """

    name: ClassVar[str] = "look"
    cost: ClassVar[float] = 1.0

    def run(self, world: World, tell: TellStage) -> World:
        """Raises InputError and FileFormatError for files that show nothing, or cannot be read."""
        path, beside, said_m = world.prompt.panorama, world.prompt.distance, world.prompt.eye_height_m
        if world.prompt.pictures:
            return replace(world, views=_photographs(world.prompt, tell))
        if path is None:
            raise InputError("there is nothing to look at: give a panorama with --panorama, or a photograph with --image")
        tell(0.0, "looking at the panorama")
        rgb = read_panorama(path, fewest_px=FEWEST_PX, most_px=MOST_PX, tolerance=SHAPE_TOLERANCE, widest_px=WIDEST_PX)
        if int(rgb.max()) <= BLACK:
            raise FileFormatError(f"{path} is black all over: give a panorama that shows something")
        if beside is None:
            return replace(world, views=(View(_camera(rgb, said_m or EYE_HEIGHT_M), rgb),))
        tell(0.6, "reading distances")
        distance, note = believed(read_distances(beside, tolerance=SHAPE_TOLERANCE), beside)
        distance = resampled(distance, rgb.shape[0], rgb.shape[1])
        tell(1.0, note)
        return replace(world, views=(MeasuredView(_camera(rgb, said_m or eye_height(distance)), rgb, distance),))


def _photographs(prompt: Prompt, tell: TellStage) -> tuple[View, ...]:
    """One pinhole view for each, from the same place, turned by its azimuth (0 where none is given)."""
    views, pictures, eye_m = [], prompt.pictures, prompt.eye_height_m or EYE_HEIGHT_M
    for number, picture in enumerate(pictures):
        photo = open_picture(picture.path, longest_px=LONGEST_PX)
        require_detail(picture.path.name, photo.rgb)
        fov_rad = ASSUMED_FOV_RAD if photo.long_fov_rad is None else photo.long_fov_rad
        why = "taken to be" if photo.long_fov_rad is None else "by its camera's notes"
        height, width = photo.rgb.shape[:2]
        focal_px = max(width, height) / 2 / math.tan(fov_rad / 2)
        turned = pose((0.0, eye_m, 0.0), yaw_rad=-math.radians(picture.azimuth_deg or 0.0))
        views.append(View(Camera(Projection.PINHOLE, width, height, focal_px, turned), photo.rgb))
        tell(
            (number + 1) / len(pictures),
            f"{picture.path.name}: field of view {why} {math.degrees(fov_rad):.0f}°, horizon taken to be level",
        )
    return tuple(views)


def _camera(rgb: NDArray[np.uint8], eye_m: float) -> Camera:
    """The camera of a panorama whose centre is straight ahead."""
    height, width = rgb.shape[:2]
    return Camera(Projection.EQUIRECTANGULAR, width, height, 0.0, pose((0.0, eye_m, 0.0)))


def believed(distance: Distances, path: Path) -> tuple[Distances, str]:
    """Distances (H, W) as a view has them, inf for sky and NaN for what is not known, and a note on what was not believed.

    Raises FileFormatError when nothing but sky is there, next to nothing is known, or the values cannot be metres.
    """
    with np.errstate(invalid="ignore"):
        sky = distance > SKY_DISTANCE_M
        wrong = ~(distance > 0)
    clean = np.where(wrong, np.float32(np.nan), np.where(sky, np.float32(np.inf), distance)).astype(np.float32)
    share = float(wrong.mean())
    if share > 1 - LEAST_KNOWN:
        raise FileFormatError(f"{path} has distances for {1 - share:.0%} of the panorama: they must be metres, greater than 0")
    surfaces = clean[np.isfinite(clean)]
    if not len(surfaces):
        raise FileFormatError(f"{path} shows nothing but sky: all its distances are infinite or beyond {SKY_DISTANCE_M:,.0f} m")
    farthest = float(surfaces.max())
    if farthest <= 1.0:
        raise FileFormatError(f"{path} ends at {farthest:.3g}, so its values are no metres along the ray: multiply them to be metres")
    return clean, f"{share:.1%} of the distances are zero, negative or no numbers: left out" if share > 0 else ""


def resampled(distance: Distances, height: int, width: int) -> Distances:
    """The distance nearest to every pixel's centre of a picture (height, width): edges stay edges, nothing is mixed."""
    rows, columns = distance.shape
    if (rows, columns) == (height, width):
        return distance
    row = ((np.arange(height) + 0.5) * rows / height).astype(np.int64)
    column = ((np.arange(width) + 0.5) * columns / width).astype(np.int64)
    return np.ascontiguousarray(distance[row[:, None], column[None, :]])


def eye_height(distance: Distances) -> float:
    """How high above the floor the eye is, metres: the median height of what lies below it, or 1.65 where that cannot be."""
    height = distance.shape[0]
    rows = max(1, int(height * NADIR_RAD / math.pi))
    down = np.sin((np.arange(height - rows, height) + 0.5) / height * math.pi - math.pi / 2)  # 1 = straight down
    below = distance[height - rows :] * down[:, None].astype(np.float32)
    weights = np.broadcast_to(np.sqrt(1 - down**2)[:, None], below.shape)  # a pole is many pixels wide and no place at all
    known = np.isfinite(below)
    if not known.any():
        return EYE_HEIGHT_M
    values, shares = below[known], weights[known]
    order = np.argsort(values, kind="stable")
    summed = np.cumsum(shares[order])
    found = float(values[order][np.searchsorted(summed, summed[-1] / 2)])
    return found if LOWEST_EYE_M <= found <= HIGHEST_EYE_M else EYE_HEIGHT_M
