"""Prompts in, worlds out.

>>> from pipelines import Prompt, generate, recipe_for, save
>>> world = generate(Prompt(text="a pine forest with a cabin beside a lake"), recipe_for())    # doctest: +SKIP
>>> save(world, "forest")                                                                      # doctest: +SKIP

Importing this package loads neither torch nor numba: stages import what they need when they are used.
"""

from __future__ import annotations

from pipelines.camera import Camera, panorama, pinhole
from pipelines.gaussians import Gaussians
from pipelines.prompt import Picture, Prompt
from pipelines.recipes import recipe_for
from pipelines.scene import Scene, Thing
from pipelines.spec import SceneSpec
from pipelines.stage import Progress, Recipe, Stage, generate
from pipelines.world import MeasuredView, View, World

__version__ = "0.1.0"

__all__ = [
    "Camera", "Gaussians", "MeasuredView", "Picture", "Progress", "Prompt", "Recipe", "Scene", "SceneSpec", "Stage", "Thing", "View",
    "World", "generate", "panorama", "pinhole", "recipe_for",
]  # fmt: skip
