"""A recipe of another package that takes pictures and videos: the quick ball in three sizes, with a view, seen from a hill aside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from pipelines.camera import panorama, pinhole
from pipelines.prompt import Kind
from pipelines.recipes import RecipeCard
from pipelines.scene import Scene, Spawn
from pipelines.stage import Stage, TellStage
from pipelines.world import MeasuredView, View, World

CARD = RecipeCard(
    name="postcard",
    tier="postcard",
    makes="anything → a ball",
    needs="nothing",
    rows=dict.fromkeys((Kind.TEXT, Kind.PHOTOGRAPH, Kind.PICTURES, Kind.PANORAMA, Kind.VIDEO), ("quick", "postcard")),
)
SPAWN = (3.0, 2.0, -5.0)
LEVELS = (500, 150, 100)


@dataclass
class Postcard(Stage):
    """The last stage."""

    name: ClassVar[str] = "postcard"

    def run(self, world: World, tell: TellStage) -> World:
        """Smaller levels, a panorama and a thumbnail in one colour."""
        gaussians = world.gaussians
        assert gaussians is not None
        tell(0.0, "looking round")
        eye = (SPAWN[0], SPAWN[1] + 1.65, SPAWN[2])
        round_about = panorama(eye, yaw_rad=0.0, width_px=64)
        ahead = pinhole(eye, yaw_rad=0.0, pitch_rad=0.0, width_px=64, height_px=36, horizontal_fov_rad=1.3)
        return replace(
            world,
            levels=tuple(gaussians.take(slice(count)) for count in LEVELS),
            panorama=MeasuredView(round_about, np.full((32, 64, 3), 128, np.uint8), np.full((32, 64), np.inf, np.float32)),
            thumbnail=View(ahead, np.full((36, 64, 3), 200, np.uint8)),
            scene=Scene(spawn=Spawn(position=SPAWN)),
        )
