"""Heat maps: how many splats every pixel is blended from, which is what a picture costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera
from pipelines.gaussians import Gaussians

# Display sRGB at equal steps of the scale; lightness rises evenly from black to white, so that the map reads in grey too.
_COLOURS = np.array(
    [
        [0, 0, 0],
        [32, 18, 77],
        [84, 22, 111],
        [142, 36, 104],
        [196, 60, 78],
        [234, 103, 46],
        [247, 163, 47],
        [243, 223, 120],
        [255, 255, 255],
    ]
)
_WHITE_COUNT = 256  # splats a pixel


def heat(gaussians: Gaussians, camera: Camera, *, near_m: float = 0.05) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """(picture (H, W, 3) uint8 sRGB, counts (H, W)). The colours are logarithmic: black for none, red for 16, white from 256 on."""
    from pipelines.splat import cpu

    counts = cpu.count(gaussians, camera, near_m=near_m)
    place = np.clip(np.log1p(counts) / np.log1p(_WHITE_COUNT), 0, 1) * (len(_COLOURS) - 1)
    channels = [np.interp(place, np.arange(len(_COLOURS)), _COLOURS[:, channel]) for channel in range(3)]
    return (np.stack(channels, axis=-1) + 0.5).astype(np.uint8), counts
