"""The renderer for machines with CUDA: gsplat's rasterization, for the colours of pinhole cameras."""

from __future__ import annotations

import ctypes
import importlib
import logging
import sys
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera
from pipelines.errors import GraphicsMemoryError, is_out_of_memory
from pipelines.gaussians import Gaussians
from pipelines.splat.render import Rendering

_log = logging.getLogger(__name__)


@cache
def is_available() -> bool:
    """Whether gsplat can draw here: a CUDA driver, a torch that finds it, and a compiler that has built gsplat's kernels.

    The driver is looked for first, because importing torch takes a second that a machine without a GPU need not spend.
    """
    if not _driver_is_there():
        return False
    try:
        torch = importlib.import_module("torch")
        if not torch.cuda.is_available():
            return False
        backend = importlib.import_module("gsplat.cuda._backend")  # builds gsplat's kernels, once
    except (ImportError, OSError, RuntimeError) as error:
        _log.warning("splats are rendered on the CPU, because gsplat does not run here: %s", error)
        return False
    if backend._C is None:
        _log.warning("splats are rendered on the CPU, because gsplat finds no CUDA toolkit to build its kernels with")
        return False
    return True


def render(gaussians: Gaussians, camera: Camera, *, background: tuple[float, float, float], near_m: float) -> Rendering:
    """Colour and alpha of a pinhole camera; see `pipelines.splat.render.render`."""
    torch, gsplat = importlib.import_module("torch"), importlib.import_module("gsplat")
    try:
        with torch.no_grad():
            colours, alphas, _ = gsplat.rasterization(**arguments(gaussians, camera, background=background, near_m=near_m, device="cuda"))
            rgb, alpha = colours[0].clamp(0, 1).cpu().numpy(), alphas[0, ..., 0].cpu().numpy()
    except RuntimeError as error:
        if is_out_of_memory(error) != "card":
            raise
        raise GraphicsMemoryError(
            f"the graphics card has too little memory to draw {len(gaussians):,} splats: free it, or hide it with CUDA_VISIBLE_DEVICES="
        ) from None
    return Rendering(rgb.astype(np.float32), alpha.astype(np.float32))


def arguments(
    gaussians: Gaussians, camera: Camera, *, background: tuple[float, float, float], near_m: float, device: str
) -> dict[str, Any]:
    """What gsplat.rasterization is called with: tensors on `device`, an OpenCV camera, INRIA's dilation without compensation."""
    torch = importlib.import_module("torch")

    def tensor(values: NDArray[np.floating]) -> Any:
        return torch.as_tensor(np.ascontiguousarray(values, np.float32), device=device)

    return {
        "means": tensor(gaussians.means),
        "quats": tensor(gaussians.rotations),
        "scales": tensor(gaussians.scales),
        "opacities": tensor(gaussians.opacities),
        "colors": tensor(gaussians.harmonics),
        "viewmats": tensor(opencv_from_world(camera))[None],
        "Ks": tensor(intrinsics(camera))[None],
        "width": camera.width_px,
        "height": camera.height_px,
        "near_plane": near_m,
        "eps2d": 0.3,
        "sh_degree": gaussians.degree,
        "backgrounds": tensor(np.asarray(background))[None],
        "rasterize_mode": "classic",
    }


def opencv_from_world(camera: Camera) -> NDArray[np.float64]:
    """(4, 4): x right, y down, z forward, as gsplat's `viewmats` are; our camera has y up and looks along −z."""
    return np.diag([1.0, -1.0, -1.0, 1.0]) @ camera.camera_from_world


def intrinsics(camera: Camera) -> NDArray[np.float64]:
    """(3, 3) of a pinhole whose pixel centres lie at halves, as both gsplat and `Camera` have it."""
    return np.array(
        [[camera.focal_px, 0, camera.width_px / 2], [0, camera.focal_px, camera.height_px / 2], [0, 0, 1]],
    )


def _driver_is_there() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
