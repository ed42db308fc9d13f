"""First look: where the visitor's eyes point at the start, so that what the words are about is in the picture, up to its top."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import pinhole
from pipelines.scene import EYE_HEIGHT_M, Scene, Spawn, Thing

ASIDE_RAD, BACK_TO_RAD, MOST_TURN_RAD = math.radians(30), math.radians(21), math.radians(40)
MOST_LIFT_RAD, STEP_RAD = math.radians(10), math.radians(1)  # more would leave the ground out of the picture
MOST_FALL_RAD, FOOT = math.radians(12), 0.8  # how far eyes fall to what is small and near, until its foot is at this share of the height
WIDTH_PX, HEIGHT_PX, MARGIN_PX = 1_280, 720, 24
CORNERS = 3_000  # of a thing are looked at


def first_look(scene: Scene, subjects: Collection[str], *, may_turn: bool) -> Spawn:
    """The spawn point of `scene`, turned to the things named `subjects` where they stand aside, and lifted until their top is seen.

    may_turn: whether left and right may come to mean something else than before.
    """
    spawn = scene.spawn
    # the first of each name; flowers that are splats from the start have no mesh to look at
    shown = {thing.name: thing for thing in reversed(scene.things) if thing.name in subjects and thing.model.parts}
    if not shown:
        return spawn
    x, y, z = spawn.position
    eye = (x, y + EYE_HEIGHT_M, z)
    corners = np.concatenate([_corners(thing) for thing in shown.values()])
    away = (corners.min(axis=0) + corners.max(axis=0)) / 2 - eye
    aside = math.atan2(away[0], -away[2])  # to the right, while yaw turns left
    turn = -math.copysign(min(abs(aside) - BACK_TO_RAD, MOST_TURN_RAD), aside) if may_turn and abs(aside) > ASIDE_RAD else 0.0
    yaw = spawn.yaw_rad + turn
    lift = next((step for step in np.arange(0, MOST_LIFT_RAD, STEP_RAD) if _rows(corners, eye, yaw, step)[0] > MARGIN_PX), MOST_LIFT_RAD)
    if lift == 0.0:
        falls = (-step for step in np.arange(0, MOST_FALL_RAD, STEP_RAD))
        lift = next((fall for fall in falls if _is_low_enough(*_rows(corners, eye, yaw, fall))), -MOST_FALL_RAD)
    return Spawn(spawn.position, yaw, float(lift))


def _is_low_enough(top: float, foot: float) -> bool:
    """Whether eyes need not fall: the foot is well in the picture, or the top is that of something taller than the visitor."""
    return foot < FOOT * HEIGHT_PX or top < HEIGHT_PX / 2


def _rows(corners: NDArray[np.floating], eye: tuple[float, float, float], yaw_rad: float, pitch_rad: float) -> tuple[float, float]:
    """The highest and the lowest row of a picture that the corners (N, 3) within its width come to."""
    camera = pinhole(eye, yaw_rad=yaw_rad, pitch_rad=pitch_rad, width_px=WIDTH_PX, height_px=HEIGHT_PX)
    column, row = camera.project(corners)[0].T
    shown = row[(column > 0) & (column < WIDTH_PX)]
    return (float(shown.min()), float(shown.max())) if len(shown) else (HEIGHT_PX / 2, HEIGHT_PX / 2)


def _corners(thing: Thing) -> NDArray[np.floating]:
    """(N, 3) some of its vertices in the world, metres."""
    every = np.concatenate([part.mesh.vertices for part in thing.model.parts])
    local = every[:: max(1, len(every) // CORNERS)]
    return np.asarray(local @ thing.world_from_model[:3, :3].T + thing.position)
