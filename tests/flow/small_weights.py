"""Level ground with a wall as data, and networks too small to be of use in the format in which the package brings its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipelines.camera import Camera, panorama, pinhole
from pipelines.flow import CLASSES, SHAPES, SKY, new_parameters, save_weights
from pipelines.things import Library
from pipelines.training.shards import shard_path, store
from pipelines.training.shots import Shot
from pipelines.training.worlds import Split, asked

EYE_M, WALL_M = 1.5, 6.0
COLOURS = {"sky": (110, 160, 240), "ground": (90, 120, 60), "building": (190, 90, 60)}


def plain_shot(camera: Camera, *, wall_height_m: float) -> Shot:
    """Ground at y = 0, a wall across the whole world at z = −6 m, as high as said, the sky above."""
    rays = camera.rays().astype(np.float64)
    with np.errstate(divide="ignore"):
        ground = np.where(rays[..., 1] < 0, EYE_M / -rays[..., 1], np.inf)
        wall = np.where(rays[..., 2] < 0, WALL_M / -rays[..., 2], np.inf)
    with np.errstate(invalid="ignore"):
        wall = np.where(EYE_M + wall * rays[..., 1] < wall_height_m, wall, np.inf)
    distance = np.minimum(ground, wall)
    distance = np.where(distance > 300, np.inf, distance)
    kind = np.where(np.isinf(distance), SKY, np.where(wall < ground, CLASSES.index("building"), CLASSES.index("ground")))
    colours = np.array([COLOURS.get(name, (0, 0, 0)) for name in CLASSES], np.uint8)
    return Shot(camera, colours[kind], distance.astype(np.float32), kind.astype(np.uint8), EYE_M)


def plain_data(folder: Path) -> Path:
    """Eight panoramas and eight pinhole pictures of two splits."""
    library = Library.load()
    for split in Split:
        for number in range(2):
            order = asked(split, number, library)
            shots = []
            for step in range(4):
                height, yaw = 2.0 + step, 0.7 * step + number
                shots.append(plain_shot(panorama((0.0, EYE_M, 0.0), yaw_rad=yaw, width_px=64), wall_height_m=height))
                camera = pinhole(
                    (0.0, EYE_M, 0.0),
                    yaw_rad=yaw / 4,
                    pitch_rad=0.1 * (step - 2),
                    width_px=64,
                    height_px=48,
                    horizontal_fov_rad=1 + step / 8,
                )
                shots.append(plain_shot(camera, wall_height_m=height))
            store(shard_path(folder, order), order, shots)
    return folder


def level_weights(folder: Path) -> Path:
    """Both networks as they are before any training, which is level ground: where their weights lie."""
    for name, shape in (("panorama", "mini"), ("depth", "mini-depth")):
        save_weights(folder, name, SHAPES[shape], new_parameters(SHAPES[shape], seed=1), {})
    return folder
