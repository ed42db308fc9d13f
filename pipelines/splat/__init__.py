"""Splats: render them on the CPU and on the GPU, thin them out, finish a world, film it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipelines.splat.render import LAYERS, Rendering, render

if TYPE_CHECKING:
    from pipelines.splat.finish import Finish
    from pipelines.splat.merge import thin, thin_levels

_NAMES = {
    "Finish": "pipelines.splat.finish",
    "thin": "pipelines.splat.merge",
    "thin_levels": "pipelines.splat.merge",
}

__all__ = ["LAYERS", "Finish", "Rendering", "render", "thin", "thin_levels"]


def __getattr__(name: str) -> Any:
    """The other public names; each module is imported when its name is first used, so that `import pipelines` stays light."""
    if name in _NAMES:
        return getattr(import_module(_NAMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
