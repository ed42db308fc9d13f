"""Repaint: the stage that gives known geometry the looks of a photograph; distances stay as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Projection, panorama
from pipelines.errors import InputError, UnavailableError
from pipelines.paint.depth_pictures import depth_picture, read_depth, relief
from pipelines.paint.families import Task
from pipelines.paint.hub import HubStage
from pipelines.paint.painter import Painter, check_panorama_width, resized
from pipelines.paint.sphere import mend_poles
from pipelines.paint.text import WORDS
from pipelines.scene import EYE_HEIGHT_M, Scene
from pipelines.splat import render
from pipelines.stage import TellStage
from pipelines.world import MeasuredView, World

SKY_DISTANCE_M = 1_400.0  # farther away there is only the sky's dome


@dataclass
class Repaint(HubStage):
    """A panorama of distances, with or without colours → the same distances with painted colours.

    It is taken from the world's views, its panorama, its splats, or the prompt's layout, whichever is there first. control: id or folder
    of a control network for depths, which holds the paint to the geometry. Without one the picture that is there is redrawn (pale clay
    where there is none): strength says how freely, 0 = as it was, 1 = anew; up to about 0.6 outlines stay where they are.
    """

    name: ClassVar[str] = "repaint"
    cost: ClassVar[float] = 35.0
    control: str | None = None
    strength: float = 0.55
    width_px: int = 2048
    words: str = WORDS

    def _way(self) -> tuple[Task, str | None]:
        return (Task.REDRAW if self.control is None else Task.CONTROL), self.control

    def run(self, world: World, tell: TellStage) -> World:
        """Turn the world's views into one painted panorama with its distances."""
        check_panorama_width(self.width_px)
        if not world.prompt.text:
            raise InputError("there are no words to paint from: describe how the place looks")
        if not 0 < self.strength <= 1:
            raise InputError(f"a strength of {self.strength} cannot be: choose from above 0 to 1")
        tell(0.0, "looking at the geometry")
        known = known_geometry(world, self.width_px)
        with self.painter(tell) as painter:
            width, height = painter.size_for(self.width_px, self.width_px // 2)
            text = self.words.replace("{}", world.prompt.text)
            seed = world.prompt.seed
            pictures = self._pictures(painter, known, (width, height))
            painted = painter.paint(text, tell, width_px=width, height_px=height, seed=seed, steps=self.steps, **pictures)
        height_px, width_px = known.distance.shape
        tell(1.0, "")
        return replace(world, views=(MeasuredView(known.camera, mend_poles(resized(painted, width_px, height_px)), known.distance),))

    def _pictures(self, painter: Painter, known: MeasuredView, size: tuple[int, int]) -> dict[str, Any]:
        """What the pipeline is shown of the geometry."""
        from PIL import Image

        if self.control is None:
            return {"image": Image.fromarray(resized(known.rgb, *size)), "strength": self.strength}
        if painter.family.control is None:
            raise UnavailableError(f"{painter.name} takes no control pictures: leave the control network out")
        return {painter.family.control[1]: Image.fromarray(resized(depth_picture(known.distance), *size))}


def known_geometry(world: World, width_px: int) -> MeasuredView:
    """The panorama of distances of a world, with the colours that are there; splats are rendered `width_px` wide.

    Raises InputError where there is no geometry.
    """
    for view in (*world.views, world.panorama):
        if isinstance(view, MeasuredView) and view.camera.projection is Projection.EQUIRECTANGULAR:
            return view
    if world.gaussians is not None:
        spawn = (world.scene or Scene()).spawn
        x, y, z = spawn.position
        camera = panorama((x, y + EYE_HEIGHT_M, z), yaw_rad=spawn.yaw_rad, width_px=width_px)
        seen = render(world.gaussians, camera, layers=("distance",))
        assert seen.distance is not None  # it was asked for
        return MeasuredView(camera, seen.picture, np.where(seen.distance > SKY_DISTANCE_M, np.float32(np.inf), seen.distance))
    if world.prompt.layout is not None:
        return measured_panorama(read_depth(world.prompt.layout), world.prompt.eye_height_m or EYE_HEIGHT_M)
    raise InputError("there is no geometry to paint: give a layout, or run the stages that build one first")


def measured_panorama(distance: NDArray[np.float32], eye_height_m: float = EYE_HEIGHT_M) -> MeasuredView:
    """Distances (H, 2 H) seen from so high above the ground, coloured as pale clay."""
    return MeasuredView(panorama((0.0, eye_height_m, 0.0), width_px=distance.shape[1]), relief(distance), distance)


def depth_to_rgb(
    path: Path, stage: Repaint, world: World, tell: TellStage, *, z_min: float | None = None, z_max: float | None = None
) -> NDArray[np.uint8]:
    """A depth panorama from a file, painted as the prompt of `world` says: (H, 2 H, 3) uint8 of its size, as the World API wants it.

    See `read_depth` for files and limits.
    """
    known = measured_panorama(read_depth(path, z_min=z_min, z_max=z_max))
    return stage.run(replace(world, views=(known,)), tell).views[0].rgb
