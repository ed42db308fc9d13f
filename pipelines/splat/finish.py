"""Finish: the stage that makes a world's smaller levels, its panorama with distance, and its first picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from pipelines.camera import panorama, pinhole
from pipelines.errors import InputError
from pipelines.gaussians import Gaussians
from pipelines.scene import EYE_HEIGHT_M, Scene, Spawn
from pipelines.splat.render import render
from pipelines.stage import Stage, TellStage
from pipelines.world import MeasuredView, View, World

LEVELS = (500_000, 150_000, 100_000)
PANORAMA_WIDTH_PX = 2_560
THUMBNAIL_WIDTH_PX, THUMBNAIL_HEIGHT_PX = 1_280, 720
THUMBNAIL_FOV_RAD = math.radians(75)
SKY_DISTANCE_M = 1_400.0  # the sky's dome stands at about 1,500 m


@dataclass(frozen=True)
class Finish(Stage):
    """Gaussians → levels, panorama, thumbnail."""

    name: ClassVar[str] = "finish"
    cost: ClassVar[float] = 3.0

    def run(self, world: World, tell: TellStage) -> World:
        if world.gaussians is None:
            raise InputError("a world without splats cannot be finished: run the stages that make them first")
        spawn = (world.scene or Scene()).spawn
        tell(0.0, "merging splats for smaller machines")
        levels = make_levels(world.gaussians, spawn)
        tell(0.5, "looking around")
        surroundings = look_around(world.gaussians, spawn)
        tell(0.85, "taking the first picture")
        first = first_look(world.gaussians, spawn)
        tell(1.0, "")
        return replace(world, levels=levels, panorama=surroundings, thumbnail=first)


def eye_of(spawn: Spawn) -> tuple[float, float, float]:
    """Where a standing visitor's eyes are at the starting point, metres."""
    x, y, z = spawn.position
    return x, y + EYE_HEIGHT_M, z


def make_levels(gaussians: Gaussians, spawn: Spawn) -> tuple[Gaussians, ...]:
    """The merged subsets of `LEVELS` that are smaller than the whole."""
    from pipelines.splat.merge import thin_levels

    counts = [count for count in LEVELS if count < len(gaussians)]
    return tuple(thin_levels(gaussians, counts, eye=eye_of(spawn)))


def look_around(gaussians: Gaussians, spawn: Spawn) -> MeasuredView:
    """The panorama from the starting point, centred on the first look; distance is inf where the sky is seen, or nothing."""
    camera = panorama(eye_of(spawn), yaw_rad=spawn.yaw_rad, width_px=PANORAMA_WIDTH_PX)
    seen = render(gaussians, camera, layers=("distance",))
    assert seen.distance is not None  # it was asked for
    distance = np.where(seen.distance > SKY_DISTANCE_M, np.float32(np.inf), seen.distance)
    return MeasuredView(camera, seen.picture, distance)


def first_look(gaussians: Gaussians, spawn: Spawn) -> View:
    """What a visitor sees first."""
    camera = pinhole(
        eye_of(spawn),
        yaw_rad=spawn.yaw_rad,
        pitch_rad=spawn.pitch_rad,
        width_px=THUMBNAIL_WIDTH_PX,
        height_px=THUMBNAIL_HEIGHT_PX,
        horizontal_fov_rad=THUMBNAIL_FOV_RAD,
    )
    return View(camera, render(gaussians, camera).picture)
