"""Paint: the stage that turns words into a panorama whose edges meet and whose poles are no stars."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from pipelines.camera import panorama
from pipelines.errors import InputError
from pipelines.paint.families import Task
from pipelines.paint.hub import HubStage
from pipelines.paint.painter import check_panorama_width, resized
from pipelines.paint.sphere import mend_poles
from pipelines.scene import EYE_HEIGHT_M
from pipelines.stage import TellStage
from pipelines.world import View, World

WORDS = "an equirectangular 360 degree panorama, photograph, {}"


@dataclass
class Paint(HubStage):
    """Words → one panorama, seen by a standing visitor at the start. width_px: of the panorama, a multiple of 32; it is half as high.

    words: what the model is told, {} being the prompt; the adapters for panoramas want to hear that they are asked for one.
    """

    name: ClassVar[str] = "paint"
    cost: ClassVar[float] = 30.0
    task: ClassVar[Task] = Task.TEXT
    width_px: int = 2048
    words: str = WORDS

    def run(self, world: World, tell: TellStage) -> World:
        """Fill in `world.views` with the panorama."""
        check_panorama_width(self.width_px)
        if not world.prompt.text:
            raise InputError("there are no words to paint from: describe the place")
        height_px = self.width_px // 2
        with self.painter(tell) as painter:
            width, height = painter.size_for(self.width_px, height_px)
            text = self.words.replace("{}", world.prompt.text)
            painted = painter.paint(text, tell, width_px=width, height_px=height, seed=world.prompt.seed, steps=self.steps)
        picture = mend_poles(resized(painted, self.width_px, height_px))
        tell(1.0, "")
        return replace(world, views=(View(panorama((0.0, EYE_HEIGHT_M, 0.0), width_px=self.width_px), picture),))
