"""Paint: diffusion models paint panoramas, the surroundings of photographs, layouts, and what was hidden."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.paint.depth_pictures import read_depth
    from pipelines.paint.fill import Fill
    from pipelines.paint.filling import blended, extended, guessed, led_over, softened
    from pipelines.paint.outpaint import Outpaint, photographs_on_the_sphere
    from pipelines.paint.repaint import Repaint, depth_to_rgb, known_geometry
    from pipelines.paint.sphere import mend_poles, pole_error, seam_error
    from pipelines.paint.text import Paint

_HOMES = {
    "depth_pictures": ("read_depth",),
    "fill": ("Fill",),
    "filling": ("blended", "extended", "guessed", "led_over", "softened"),
    "outpaint": ("Outpaint", "photographs_on_the_sphere"),
    "repaint": ("Repaint", "depth_to_rgb", "known_geometry"),
    "sphere": ("mend_poles", "pole_error", "seam_error"),
    "text": ("Paint",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Fill", "Outpaint", "Paint", "Repaint", "blended", "depth_to_rgb", "extended", "guessed", "known_geometry", "led_over", "mend_poles",
    "photographs_on_the_sphere", "pole_error", "read_depth", "seam_error", "softened",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The public names; each module is imported when its name is first used, so that `import pipelines` stays light."""
    if name in _HOME_OF:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
