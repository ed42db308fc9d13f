"""Turning on one spot is told from walking, whatever the map made of it; and from walking along one flat wall."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.camera import pinhole
from pipelines.vision.mapped import Mapped
from pipelines.vision.standpoint import turned_only

SIZE = np.array([320, 180])


def mapped(step_m: float, turn_rad: float, *, flat: bool = False) -> Mapped:
    """Ten pictures; points 4 to 30 m ahead, or all on a wall, found to half a pixel. Of the map only the pixels are right."""
    rng = np.random.default_rng(1)
    points = rng.uniform((-15, -3, -30), (15, 6, -4), (1_500, 3))
    if flat:
        points[:, 2] = -8
    rows, numbers, pixels = [], [], []
    for k in range(10):
        camera = pinhole((step_m * k, 1.65, 0), yaw_rad=turn_rad * (k - 5), width_px=SIZE[0], height_px=SIZE[1])
        px, _ = camera.project(points)
        with np.errstate(invalid="ignore"):
            seen = np.flatnonzero(((px >= 0) & (px < SIZE)).all(axis=1))
        rows.append(np.full(len(seen), k))
        numbers.append(seen)
        pixels.append(px[seen] + rng.normal(0, 0.35, (len(seen), 2)))
    return Mapped(
        picture=np.arange(10),
        world_from_camera=np.tile(np.eye(4), (10, 1, 1)),
        focal_px=np.full(10, 500.0),
        bend=np.zeros(10),
        points=points,
        colours=np.zeros((len(points), 3), np.uint8),
        seen_row=np.concatenate(rows),
        seen_point=np.concatenate(numbers),
        seen_px=np.concatenate(pixels),
    )


@pytest.mark.parametrize(
    ("step_m", "turn_rad", "flat", "only"),
    [(0.0, 0.06, False, True), (0.0, 0.02, True, True), (0.1, 0.0, False, False), (0.1, 0.05, False, False), (0.25, 0.0, True, False)],
    ids=["turning", "turning before a wall", "walking", "walking and turning", "walking along a wall"],
)
def test_turning_is_told_from_walking(step_m: float, turn_rad: float, flat: bool, only: bool) -> None:
    assert turned_only(mapped(step_m, turn_rad, flat=flat), np.tile(SIZE, (10, 1))) is only


def test_pictures_that_share_too_little_are_not_judged() -> None:
    whole = mapped(0.0, 0.06)
    few = whole.seen_point < 40
    some = replace(whole, seen_row=whole.seen_row[few], seen_point=whole.seen_point[few], seen_px=whole.seen_px[few])
    assert not turned_only(some, np.tile(SIZE, (10, 1)))
