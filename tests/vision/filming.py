"""Frames of a world whose truth is known, as a hand-held camera would film it: colours, distances, and where each was taken."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from pipelines import Gaussians, MeasuredView, Prompt, generate, recipe_for
from pipelines.camera import Camera, look_at, pinhole
from pipelines.scene import EYE_HEIGHT_M, Spawn
from pipelines.splat import render

PROMPT = "a stone cottage with a red door, a cart, a well and a picket fence in a meadow"
SKY_DISTANCE_M = 1_400.0  # the sky's dome of a layout world stands at about 1,500 m


@cache
def world(prompt: str = PROMPT, *, seed: int = 3, splats: int = 300_000) -> tuple[Gaussians, Spawn]:
    """Splats of a layout world, and where a visitor starts."""
    made = generate(Prompt(text=prompt, seed=seed), recipe_for(splats=splats))
    assert made.gaussians is not None
    assert made.scene is not None
    return made.gaussians, made.scene.spawn


def sidestep(
    spawn: Spawn, *, frames: int, way_m: float = 6.0, target_m: float = 9.0, width_px: int = 640, height_px: int = 360
) -> list[Camera]:
    """Cameras of someone who walks sideways, up and down a little, and keeps looking at what is ahead of the starting point."""
    ahead = np.array([-math.sin(spawn.yaw_rad), 0.0, -math.cos(spawn.yaw_rad)])
    right = np.array([-ahead[2], 0.0, ahead[0]])
    eye = np.array(spawn.position) + (0.0, EYE_HEIGHT_M, 0.0)
    cameras = []
    for share in np.linspace(-0.5, 0.5, frames):
        at = eye + right * share * way_m + ahead * 0.8 * math.cos(3 * share) + (0.0, 0.15 * math.sin(9 * share), 0.0)
        yaw, pitch = look_at(tuple(at), tuple(eye + ahead * target_m - (0.0, 0.4, 0.0)))
        cameras.append(
            pinhole(at, yaw_rad=yaw, pitch_rad=pitch, width_px=width_px, height_px=height_px, horizontal_fov_rad=math.radians(65))
        )
    return cameras


def filmed(gaussians: Gaussians, cameras: list[Camera]) -> list[MeasuredView]:
    """What each camera sees, and how far away it is."""
    views = []
    for camera in cameras:
        seen = render(gaussians, camera, layers=("distance",))
        assert seen.distance is not None
        distance = np.where(seen.distance > SKY_DISTANCE_M, np.float32(np.inf), seen.distance)
        views.append(MeasuredView(camera, seen.picture, distance))
    return views
