"""Flow: the small diffusion model of our own, which paints, completes and measures panoramas with nothing downloaded."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.flow.encoding import (
        CHANNELS,
        CLASSES,
        COLOUR,
        DISTANCE,
        FARTHEST_M,
        GROUPS,
        HALF_SPAN,
        KIND,
        NEAREST_M,
        PANORAMA_PIXEL_RAD,
        SKY,
        colour_of,
        distance_of,
        encoded,
        kind_of,
        log_distance,
        ray_channels,
    )  # fmt: skip
    from pipelines.flow.network import (
        SHAPES,
        Parameters,
        Shape,
        assembled,
        clean,
        new_parameters,
        spread,
    )  # fmt: skip
    from pipelines.flow.sampling import (
        completed,
        measured,
    )  # fmt: skip
    from pipelines.flow.sharpening import (
        resized,
    )  # fmt: skip
    from pipelines.flow.stages import (
        Measure,
        Outpaint,
        Paint,
        Repaint,
        surrounded,
    )  # fmt: skip
    from pipelines.flow.weights import (
        Weights,
        load_weights,
        save_weights,
    )  # fmt: skip

_HOMES = {
    "encoding": (
        "CHANNELS", "CLASSES", "COLOUR", "DISTANCE", "FARTHEST_M", "GROUPS", "HALF_SPAN", "KIND", "NEAREST_M", "PANORAMA_PIXEL_RAD", "SKY",
        "colour_of", "distance_of", "encoded", "kind_of", "log_distance", "ray_channels",
    ),
    "network": (
        "SHAPES", "Parameters", "Shape", "assembled", "clean", "new_parameters", "spread",
    ),
    "sampling": (
        "completed", "measured",
    ),
    "sharpening": (
        "resized",
    ),
    "stages": (
        "Measure", "Outpaint", "Paint", "Repaint", "surrounded",
    ),
    "weights": (
        "Weights", "load_weights", "save_weights",
    ),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "CHANNELS", "CLASSES", "COLOUR", "DISTANCE", "FARTHEST_M", "GROUPS", "HALF_SPAN", "KIND", "NEAREST_M", "PANORAMA_PIXEL_RAD", "SHAPES",
    "SKY", "Measure", "Outpaint", "Paint", "Parameters", "Repaint", "Shape", "Weights", "assembled", "clean", "colour_of", "completed",
    "distance_of", "encoded", "kind_of", "load_weights", "log_distance", "measured", "new_parameters", "ray_channels", "resized",
    "save_weights", "spread", "surrounded",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The public names; each module is imported when its name is first used, so that `import pipelines` stays light."""
    if name in _HOME_OF:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
