"""Prompts in, worlds out.

>>> from pipelines import Prompt, generate, recipe_for
>>> from pipelines.formats import save_package
>>> world = generate(Prompt(text="a pine forest with a cabin beside a lake"), recipe_for())    # doctest: +SKIP
>>> save_package(world, "forest")                                                              # doctest: +SKIP

Importing this package loads neither numpy nor anything heavier: the names below are imported when they are first used, and stages import
what they need when they run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.camera import Camera, panorama, pinhole
    from pipelines.gaussians import Gaussians
    from pipelines.prompt import Picture, Prompt
    from pipelines.recipes import recipe_for
    from pipelines.scene import Scene, Thing
    from pipelines.spec import SceneSpec
    from pipelines.stage import Progress, Recipe, Stage, generate
    from pipelines.world import MeasuredView, View, World

__version__ = "0.4.0"

_HOMES = {
    "camera": ("Camera", "panorama", "pinhole"),
    "gaussians": ("Gaussians",),
    "prompt": ("Picture", "Prompt"),
    "recipes": ("recipe_for",),
    "scene": ("Scene", "Thing"),
    "spec": ("SceneSpec",),
    "stage": ("Progress", "Recipe", "Stage", "generate"),
    "world": ("MeasuredView", "View", "World"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Camera", "Gaussians", "MeasuredView", "Picture", "Progress", "Prompt", "Recipe", "Scene", "SceneSpec", "Stage", "Thing", "View",
    "World", "generate", "panorama", "pinhole", "recipe_for",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
