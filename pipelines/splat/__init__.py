"""Splats: render them on the CPU and on the GPU, thin them out; lift them from measured views, refine them; finish a world, film it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipelines.splat.render import LAYERS, Rendering, render

if TYPE_CHECKING:
    from pipelines.splat.finish import Finish
    from pipelines.splat.heat_map import heat
    from pipelines.splat.judging import Quality, quality
    from pipelines.splat.lift import Lift
    from pipelines.splat.merge import thin, thin_levels
    from pipelines.splat.paths import CameraPath, orbit_path, parse_path, read_path, walk_path
    from pipelines.splat.refine import Refine
    from pipelines.splat.video import write_video

_HOMES = {
    "finish": ("Finish",),
    "heat_map": ("heat",),
    "judging": ("Quality", "quality"),
    "lift": ("Lift",),
    "merge": ("thin", "thin_levels"),
    "paths": ("CameraPath", "orbit_path", "parse_path", "read_path", "walk_path"),
    "refine": ("Refine",),
    "video": ("write_video",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "LAYERS", "CameraPath", "Finish", "Lift", "Quality", "Refine", "Rendering", "heat", "orbit_path", "parse_path", "quality", "read_path",
    "render", "thin", "thin_levels", "walk_path", "write_video",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The other public names; each module is imported when its name is first used, so that `import pipelines` stays light."""
    if name in _HOME_OF:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
