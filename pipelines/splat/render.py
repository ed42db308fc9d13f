"""render(): what a camera sees of a set of splats, on the CPU or, where CUDA is there, with gsplat."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection
from pipelines.errors import InputError
from pipelines.gaussians import Gaussians

Floats = NDArray[np.float32]

LAYERS = frozenset({"distance", "normal", "thing"})


@dataclass(frozen=True)
class Rendering:
    """What a camera sees. A layer that was not asked for is None.

    distance: metres along the ray to where half of the light is stopped (median, not a blend of near and far), following the slant of
    the splat found there; inf where alpha < 0.5.  normal: unit vectors in the world, turned towards the eye, zero where alpha < 0.5.
    thing: the id whose splats together have the highest weight in the pixel, 0 where alpha < 0.5.
    """

    rgb: Floats  # (H, W, 3) display sRGB, 0 … 1, background included
    alpha: Floats  # (H, W) 0 … 1
    distance: Floats | None = None  # (H, W)
    normal: Floats | None = None  # (H, W, 3)
    thing: NDArray[np.int32] | None = None  # (H, W)

    @property
    def picture(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 sRGB, rounded."""
        return (self.rgb * 255 + 0.5).astype(np.uint8)


def render(
    gaussians: Gaussians,
    camera: Camera,
    *,
    background: tuple[float, float, float] = (0.0, 0.0, 0.0),
    near_m: float = 0.05,
    layers: Collection[str] = (),
) -> Rendering:
    """Draw `gaussians`. background: display sRGB behind everything.  near_m: splats nearer than this are left out.

    layers: any of distance, normal, thing.  Conventions are those of INRIA and gsplat: ellipses dilated by 0.3 px², alpha below 1/255
    left out, no anti-aliasing compensation. gsplat draws where torch finds a GPU; panoramas, and pictures with layers, are always made
    on the CPU, because gsplat has no equirectangular camera, no median distance and no ids.
    """
    unknown = set(layers) - LAYERS
    if unknown:
        raise InputError(f"there is no layer {sorted(unknown)[0]!r} to render: choose from {', '.join(sorted(LAYERS))}")
    if not 0 < camera.width_px <= 16_384 or not 0 < camera.height_px <= 16_384:
        raise InputError(f"a picture of {camera.width_px} × {camera.height_px} pixels cannot be rendered: use 1 to 16,384 a side")
    if camera.projection is Projection.PINHOLE and not layers and len(gaussians):
        from pipelines.splat import gpu

        if gpu.is_available():
            return gpu.render(gaussians, camera, background=background, near_m=near_m)
    from pipelines.splat import cpu

    return cpu.render(gaussians, camera, background=background, near_m=near_m, layers=layers)
