"""Fill: the stage that walks a few steps around the start, finds what was hidden from there, and has it painted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, panorama, pinhole
from pipelines.errors import InputError
from pipelines.gaussians import Gaussians
from pipelines.paint.families import Task
from pipelines.paint.filling import blended, guessed
from pipelines.paint.hub import HubStage
from pipelines.paint.outpaint import masked
from pipelines.paint.painter import Painter, resized
from pipelines.scene import EYE_HEIGHT_M, Scene, Spawn
from pipelines.splat import render
from pipelines.stage import TellStage, part_of
from pipelines.world import MeasuredView, World

SOLID = 0.5  # a pixel with less alpha shows nothing
LEAST_HOLE = 0.004  # share of a view that must show nothing for it to be worth painting
CLEARANCE_M = 0.6  # how far a planned point stays away from everything that stands in its way
SIGHT_PX = 128  # width of the small pictures that candidates are judged by
FOV_RAD = math.radians(80)
PITCH_RAD = math.radians(-12)
SECTORS = 8  # directions at each point; one view is painted for each
SKY_DISTANCE_M = 1_400.0
WORDS = "{}"


@dataclass
class Fill(HubStage):
    """Splats → views from beside the start whose gaps are painted; their distances are NaN there, for `measure` to find out.

    views_most: how many views are painted at most, two for each of eight directions.  reach_m: how far the walk goes.  width_px, height_px:
    of each view.  The world's own views come first and stay.
    """

    name: ClassVar[str] = "fill"
    cost: ClassVar[float] = 20.0
    task: ClassVar[Task] = Task.INPAINT
    views_most: int = 16
    reach_m: float = 1.5
    width_px: int = 1024
    height_px: int = 768
    words: str = WORDS

    def run(self, world: World, tell: TellStage) -> World:
        """Append views to `world.views`."""
        if world.gaussians is None:
            raise InputError("there are no splats to look for gaps in: run the stages that make them first")
        tell(0.0, "looking for what is hidden")
        points = walk_points(world.gaussians, start_of(world), self.reach_m)
        cameras = holes_first(world.gaussians, points, (self.width_px, self.height_px), tell)[: self.views_most]
        if not cameras:
            tell(1.0, "nothing is hidden")
            return world
        views = []
        with self.painter(part_of(tell, 0.2, 0.0)) as painter:
            for i, camera in enumerate(cameras):
                share = 0.8 / len(cameras)
                views.append(self._filled(world, painter, camera, part_of(tell, 0.2 + share * i, share)))
        tell(1.0, "")
        return replace(world, views=(*world.views, *views))

    def _filled(self, world: World, painter: Painter, camera: Camera, tell: TellStage) -> MeasuredView:
        assert world.gaussians is not None  # run saw to it
        seen = render(world.gaussians, camera, layers=("distance",))
        assert seen.distance is not None  # it was asked for
        known = seen.alpha >= SOLID
        size = painter.size_for(camera.width_px, camera.height_px)
        shown = (seen.rgb / np.maximum(seen.alpha, SOLID)[..., None]).clip(0, 1)  # without the black that shines through at edges
        shown_rgb = (shown * 255 + 0.5).astype(np.uint8)
        start = guessed(shown_rgb, known, closed=False)
        text = self.words.replace("{}", world.prompt.text or "the same place, seen from a step aside")
        painted = painter.paint(
            text, tell, width_px=size[0], height_px=size[1], seed=world.prompt.seed, closed=False, steps=self.steps, strength=1.0,
            **masked(start, known, size),
        )  # fmt: skip
        picture = blended(shown_rgb, known, resized(painted, camera.width_px, camera.height_px), camera.width_px / 64, closed=False)
        distance = np.where(seen.distance > SKY_DISTANCE_M, np.float32(np.inf), seen.distance)
        return MeasuredView(camera, picture, np.where(known, distance, np.float32(np.nan)))


def start_of(world: World) -> Spawn:
    """Where a visitor starts: where the scene says so, else where the eye of the first view stood."""
    if world.scene is not None or not world.views:
        return (world.scene or Scene()).spawn
    x, y, z = world.views[0].camera.position
    return Spawn((float(x), float(y) - EYE_HEIGHT_M, float(z)))


def walk_points(gaussians: Gaussians, spawn: Spawn, reach_m: float) -> list[NDArray[np.float64]]:
    """Eye positions (3,) a few steps from the start in eight directions, each as far as there is free space around the way to it."""
    x, y, z = spawn.position
    eye = np.array([x, y + EYE_HEIGHT_M, z])
    camera = panorama(eye, yaw_rad=spawn.yaw_rad, width_px=SIGHT_PX)
    seen = render(gaussians, camera, layers=("distance",))
    assert seen.distance is not None  # it was asked for
    rays = camera.rays()
    points = []
    for sector in range(SECTORS):
        yaw = spawn.yaw_rad + sector * 2 * math.pi / SECTORS
        ahead = np.array([-math.sin(yaw), 0.0, -math.cos(yaw)])
        in_the_way = (rays @ ahead.astype(np.float32) > math.cos(math.radians(25))) & (seen.alpha >= SOLID)
        room = float(seen.distance[in_the_way].min()) - CLEARANCE_M if in_the_way.any() else reach_m
        step = min(reach_m, room)
        if step > 0.2:
            points.append(eye + step * ahead)
    return points


def holes_first(gaussians: Gaussians, points: Sequence[NDArray[np.float64]], size: tuple[int, int], tell: TellStage) -> list[Camera]:
    """Cameras that see gaps, those with the largest first: for each of eight directions one from its left and one from its right.

    From the left one sees what things hide on their right, and the other way round: so hardly anything is painted twice, and differently.
    """
    middle = np.mean(points, axis=0) if points else np.zeros(3)
    found: list[tuple[float, tuple[int, bool], Camera]] = []
    for i, point in enumerate(points):
        tell(0.2 * i / len(points), "looking for what is hidden")
        for sector in range(SECTORS):
            yaw = sector * 2 * math.pi / SECTORS
            small = _camera(point, yaw, (SIGHT_PX, round(SIGHT_PX * size[1] / size[0])))
            share = float((render(gaussians, small).alpha < SOLID).mean())
            if share >= LEAST_HOLE:
                is_right = bool((point - middle) @ small.world_from_camera[:3, 0] > 0)
                found.append((share, (sector, is_right), _camera(point, yaw, size)))
    found.sort(key=lambda entry: -entry[0])  # stable: equal ones in the order of points
    best: dict[tuple[int, bool], Camera] = {}
    for _, place, camera in found:
        best.setdefault(place, camera)
    return list(best.values())


def _camera(point: NDArray[np.float64], yaw_rad: float, size: tuple[int, int]) -> Camera:
    return pinhole(point, yaw_rad=yaw_rad, pitch_rad=PITCH_RAD, width_px=size[0], height_px=size[1], horizontal_fov_rad=FOV_RAD)
