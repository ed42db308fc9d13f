"""Sheet: what a camera saw as a surface over its pixels: how it slants, and where it is torn because one thing hides another.

Everything is told by the inverse of the distance, which runs evenly over a plane however it slants: 0 is sky, NaN is not known. Two
neighbours belong to one surface where the slant on one side foretells the other; elsewhere the sheet is torn between them, and no
splat may bridge the gap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection
from pipelines.compiled import Array, kernel
from pipelines.cores import core_count, run_pieces

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

JUMP = 0.03  # neighbours whose distances differ by less are one surface in any case
FORETOLD = 0.5  # share of a jump that may remain when the slant is taken off, or it is an edge
WINDOW = 2  # half width of the neighbourhood that tells the slant, pixels
ALIKE = 0.02  # how far from what the slant foretells a pixel may lie to have a say in it


@dataclass(frozen=True)
class Sheet:
    """A surface over the pixels of a camera.

    inverse: (H, W) 1 / metres along the ray.  slope: (H, W, 2) its change per column and per row.  torn: (H, W) uint8, bit 1 where the
    sheet is torn between a pixel and its right neighbour, bit 2 and its lower one.  kept: (H, W) pixels that become splats.
    weight: how much errors count, against other sheets.
    """

    camera: Camera
    rgb: NDArray[np.uint8]
    inverse: Floats
    slope: Floats
    torn: NDArray[np.uint8]
    kept: Mask
    weight: float = 1.0

    @property
    def wraps(self) -> bool:
        """Whether the right neighbour of the last column is the first."""
        return self.camera.projection is Projection.EQUIRECTANGULAR


def sheet_of(camera: Camera, rgb: NDArray[np.uint8], inverse: Floats, kept: Mask) -> Sheet:
    """The sheet over what was seen."""
    slope = np.zeros((*inverse.shape, 2), np.float32)
    torn = np.zeros(inverse.shape, np.uint8)
    wraps = camera.projection is Projection.EQUIRECTANGULAR
    pieces = 4 * core_count()
    run_pieces(_slopes, pieces, pieces, inverse, wraps, slope)
    run_pieces(_tears, pieces, pieces, inverse, slope, wraps, torn)
    return Sheet(camera, np.require(rgb, requirements=["C", "W"]), inverse, slope, torn, np.require(kept, requirements=["C", "W"]))


def ray_steps(camera: Camera, rays: Floats) -> tuple[Floats, Floats]:
    """How a ray (H, W, 3) changes from a column to the next and from a row to the next, both (H, W, 3)."""
    turn = camera.world_from_camera[:3, :3].astype(np.float32)
    if camera.projection is Projection.EQUIRECTANGULAR:
        east = np.cross(rays, turn[:, 1])
        length = np.linalg.norm(east, axis=-1, keepdims=True)
        north = np.cross(east / np.maximum(length, 1e-9), rays)
        across = east * np.float32(2 * math.pi / camera.width_px)
        return across.astype(np.float32), (north * np.float32(-math.pi / camera.height_px)).astype(np.float32)
    depth = np.maximum(-(rays @ turn[:, 2]), 1e-6)[..., None] / np.float32(camera.focal_px)
    right, down = turn[:, 0], -turn[:, 1]
    across = (right - rays * (rays @ right)[..., None]) * depth
    return across.astype(np.float32), ((down - rays * (rays @ down)[..., None]) * depth).astype(np.float32)


def normals_of(sheet: Sheet, rays: Floats, steps: tuple[Floats, Floats]) -> Floats:
    """(H, W, 3) unit normals towards the eye; zero where a pixel has no neighbour on its surface."""
    out = np.zeros((*sheet.inverse.shape, 3), np.float32)
    pieces = 4 * core_count()
    run_pieces(_normals, pieces, pieces, sheet.inverse, sheet.slope, sheet.torn, sheet.wraps, rays, steps[0], steps[1], out)
    return out


@kernel
def _slopes(piece: int, pieces: int, inverse: Array, wraps: bool, slope: Array) -> None:
    """A plane through each pixel's neighbourhood: the gentler one-sided slopes say who belongs to it, least squares do the rest."""
    height, width = inverse.shape
    for r in range(height * piece // pieces, height * (piece + 1) // pieces):
        for c in range(width):
            here = inverse[r, c]
            if not here > 0:
                continue
            gentle = np.zeros(2)
            for axis in range(2):
                best, found = 0.0, False
                for side in (-1, 1):
                    rr, cc = (r, c + side) if axis == 0 else (r + side, c)
                    if wraps:
                        cc = cc % width
                    if rr < 0 or rr >= height or cc < 0 or cc >= width or not inverse[rr, cc] > 0:
                        continue
                    step = (inverse[rr, cc] - here) * side
                    if not found or abs(step) < abs(best):
                        best, found = step, True
                gentle[axis] = best if abs(best) < 0.3 * here else 0.0
            n, sx, sy, sxx, sxy, syy, sw, sxw, syw = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            for dr in range(-WINDOW, WINDOW + 1):
                rr = r + dr
                if rr < 0 or rr >= height:
                    continue
                for dc in range(-WINDOW, WINDOW + 1):
                    cc = c + dc
                    if wraps:
                        cc = cc % width
                    elif cc < 0 or cc >= width:
                        continue
                    there = inverse[rr, cc]
                    if not there > 0:
                        continue
                    off = there - here - gentle[0] * dc - gentle[1] * dr
                    if abs(off) > ALIKE * here * (1 + 0.5 * (abs(dr) + abs(dc))):
                        continue
                    n += 1
                    sx += dc
                    sy += dr
                    sxx += dc * dc
                    sxy += dc * dr
                    syy += dr * dr
                    sw += there - here
                    sxw += dc * (there - here)
                    syw += dr * (there - here)
            slope[r, c, 0], slope[r, c, 1] = gentle[0], gentle[1]
            if n < 5:
                continue
            xx, xy, yy = sxx - sx * sx / n, sxy - sx * sy / n, syy - sy * sy / n
            xw, yw = sxw - sx * sw / n, syw - sy * sw / n
            det = xx * yy - xy * xy
            if det > 0.05 * n * n:
                slope[r, c, 0] = (xw * yy - yw * xy) / det
                slope[r, c, 1] = (yw * xx - xw * xy) / det


@kernel
def _tears(piece: int, pieces: int, inverse: Array, slope: Array, wraps: bool, torn: Array) -> None:
    height, width = inverse.shape
    for r in range(height * piece // pieces, height * (piece + 1) // pieces):
        for c in range(width):
            a = inverse[r, c]
            for axis in range(2):
                rr, cc = (r, c + 1) if axis == 0 else (r + 1, c)
                if wraps:
                    cc = cc % width
                if rr >= height or cc >= width:
                    continue
                b = inverse[rr, cc]
                if not a > 0 and not b > 0:
                    continue
                bit = np.uint8(1 << axis)
                if not a > 0 or not b > 0:
                    torn[r, c] |= bit
                    continue
                jump = b - a
                if abs(jump) < JUMP * max(a, b):
                    continue
                left = min(abs(jump - slope[r, c, axis]), abs(jump - slope[rr, cc, axis]))
                if left > FORETOLD * abs(jump) or abs(jump) > 0.3 * max(a, b):
                    torn[r, c] |= bit


@kernel
def _normals(
    piece: int, pieces: int, inverse: Array, slope: Array, torn: Array, wraps: bool, rays: Array, across: Array, down: Array, out: Array
) -> None:
    height, width = inverse.shape
    for r in range(height * piece // pieces, height * (piece + 1) // pieces):
        for c in range(width):
            w = inverse[r, c]
            if not w > 0:
                continue
            left = (c - 1) % width if wraps else max(c - 1, 0)
            sideways = (torn[r, c] & 1) == 0 or (torn[r, left] & 1) == 0
            upright = (torn[r, c] & 2) == 0 or (r > 0 and (torn[r - 1, c] & 2) == 0)
            if not (sideways and upright):
                continue
            su, sv = slope[r, c, 0] / w, slope[r, c, 1] / w
            ux, uy, uz = (
                (across[r, c, 0] - rays[r, c, 0] * su),
                (across[r, c, 1] - rays[r, c, 1] * su),
                (across[r, c, 2] - rays[r, c, 2] * su),
            )
            vx, vy, vz = (down[r, c, 0] - rays[r, c, 0] * sv), (down[r, c, 1] - rays[r, c, 1] * sv), (down[r, c, 2] - rays[r, c, 2] * sv)
            nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
            size = math.sqrt(nx * nx + ny * ny + nz * nz)
            if not size > 0:
                continue
            if nx * rays[r, c, 0] + ny * rays[r, c, 1] + nz * rays[r, c, 2] > 0:
                size = -size
            out[r, c, 0], out[r, c, 1], out[r, c, 2] = nx / size, ny / size, nz / size
