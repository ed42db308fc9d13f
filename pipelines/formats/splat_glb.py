"""Splats in glTF: the extension KHR_gaussian_splatting, exact to a float, 60 bytes a splat.

Points with rotation (x, y, z, w), linear scale, opacity 0 … 1 and spherical harmonics; COLOR_0 holds what a viewer that knows only points
shows: the colour without direction, decoded from sRGB to linear, and the opacity as alpha. Data stay in the world's frame, which is
glTF's; another frame is a node above them. Source: github.com/KhronosGroup/glTF, extensions/2.0/Khronos/KHR_gaussian_splatting.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FileFormatError
from pipelines.formats.checks import no_things, require_count, require_sound, require_writable
from pipelines.formats.frames import WORLD, Frame
from pipelines.formats.glb import POINTS, Glb, GlbWriter, Json, read_glb
from pipelines.gaussians import Gaussians

EXTENSION = "KHR_gaussian_splatting"


def write_splat_glb(gaussians: Gaussians, path: Path, *, frame: Frame = WORLD) -> None:
    """Write splats; raises OutputError when there is none or the file would pass 4 GiB."""
    require_writable(gaussians, "GLB")
    writer = GlbWriter()
    writer.use(EXTENSION)
    attributes = {
        "POSITION": writer.accessor(gaussians.means, bounded=True),
        "COLOR_0": writer.accessor(_fallback_colours(gaussians), normalized=True),
        f"{EXTENSION}:ROTATION": writer.accessor(gaussians.rotations[:, [1, 2, 3, 0]]),
        f"{EXTENSION}:SCALE": writer.accessor(gaussians.scales),
        f"{EXTENSION}:OPACITY": writer.accessor(np.clip(gaussians.opacities, 0, 1)),
    }
    for degree in range(gaussians.degree + 1):
        for order in range(2 * degree + 1):
            attributes[_harmonic(degree, order)] = writer.accessor(gaussians.harmonics[:, degree * degree + order])
    kind = {"kernel": "ellipse", "colorSpace": "srgb_rec709_display", "projection": "perspective", "sortingMethod": "cameraDistance"}
    mesh = {"name": "splats", "primitives": [{"mode": POINTS, "attributes": attributes, "extensions": {EXTENSION: kind}}]}
    writer.add("nodes", {"name": "splats", "mesh": writer.add("meshes", mesh)})
    writer.write(path, frame=frame)


def _harmonic(degree: int, order: int) -> str:
    return f"{EXTENSION}:SH_DEGREE_{degree}_COEF_{order}"


def _fallback_colours(gaussians: Gaussians) -> NDArray[np.uint8]:
    """(N, 4) linear colour and opacity, 0 … 255."""
    encoded = np.clip(gaussians.colours, 0, 1)
    values = np.empty((len(gaussians), 4), np.float32)
    values[:, :3] = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    values[:, 3] = np.clip(gaussians.opacities, 0, 1)
    return (values * 255 + 0.5).astype(np.uint8)


def read_splat_glb(path: Path, *, frame: Frame = WORLD) -> Gaussians:
    """Read the splats of a GLB, in the coordinates of their mesh; raises FileFormatError when there are none or the file lies.

    Nodes are not applied: a frame that was asked for at export stands in a node, so `frame` needs no undoing here.
    """
    del frame
    glb = read_glb(path)
    for mesh in glb.items("meshes"):
        primitives = mesh.get("primitives")
        for primitive in primitives if isinstance(primitives, list) else ():
            extensions = primitive.get("extensions") if isinstance(primitive, dict) else None
            if isinstance(extensions, dict) and EXTENSION in extensions:
                return require_sound(_gaussians(glb, primitive), path)
    raise FileFormatError(f"{path} holds no splats: no mesh in it uses {EXTENSION}")


def _gaussians(glb: Glb, primitive: Json) -> Gaussians:
    attributes = primitive.get("attributes")
    if not isinstance(attributes, dict) or "POSITION" not in attributes:
        raise FileFormatError(f"{glb.path} is no sound splat GLB: its splats have no positions")
    count = len(glb.array(attributes["POSITION"]))
    require_count(count, glb.path)

    def values(name: str, width: int) -> NDArray[Any]:
        array = glb.array(attributes.get(name))
        if array.shape != (count, width):
            raise FileFormatError(f"{glb.path} has {name} of shape {array.shape}: {(count, width)} is needed")
        return np.ascontiguousarray(array, dtype=np.float32)

    degree = 0
    while degree < 3 and _harmonic(degree + 1, 0) in attributes:
        degree += 1
    terms = [_harmonic(level, order) for level in range(degree + 1) for order in range(2 * level + 1)]
    return Gaussians(
        values("POSITION", 3),
        values(f"{EXTENSION}:SCALE", 3),
        values(f"{EXTENSION}:ROTATION", 4)[:, [3, 0, 1, 2]],
        values(f"{EXTENSION}:OPACITY", 1)[:, 0],
        np.stack([values(term, 3) for term in terms], axis=1),
        no_things(count),
    )
