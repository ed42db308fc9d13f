"""Photographed: a room papered with real photographs, whose every distance is known; pictures of it are traced, ray by ray.

The photographs are samples that come with scikit-image, all public domain or CC0 by their authors (its documentation of
`skimage.data` names each): nothing is downloaded. Geometry and colours are those of planes, so that nothing here favours splats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera
from pipelines.world import MeasuredView

Floats = NDArray[np.float32]

WIDTH_M, HEIGHT_M, NORTH_M, SOUTH_M = 8.0, 4.5, -6.0, 4.0
TEXEL_M = 0.007  # what a pixel of 640 across sees from half the room's length
FINE_FOCAL_PX = 1_000.0  # rays stand as close as in a picture with this focal length: closer than the photographs' pixels
_SHADES = {"x": 0.85, "y": 0.95, "z": 1.0}  # of surfaces by the axis that they face most


@dataclass(frozen=True)
class Panel:
    """A rectangle from `corner` (its lower left, seen from the front) along `right` and `up` (metres), with a picture (H, W, 3) 0 … 1."""

    corner: NDArray[np.float64]
    right: NDArray[np.float64]
    up: NDArray[np.float64]
    picture: Floats


class PhotographedRoom:
    """A closed room of 8 × 10 × 4.5 m around the origin, with two crates; look along −z."""

    def __init__(self) -> None:
        from pipelines.rays import Caster

        self._panels = room()
        corners = np.array([_triangles(panel) for panel in self._panels], np.float32).reshape(-1, 3, 3)
        self._caster = Caster(corners)

    def see(self, camera: Camera) -> MeasuredView:
        """What a camera sees, several rays a pixel, and the distance of each pixel's centre."""
        fine = max(1, round(FINE_FOCAL_PX / camera.focal_px))
        many = replace(camera, width_px=camera.width_px * fine, height_px=camera.height_px * fine, focal_px=camera.focal_px * fine)
        colours, _ = self._traced(camera.position, many.rays().reshape(-1, 3))
        rgb = colours.reshape(camera.height_px, fine, camera.width_px, fine, 3).mean(axis=(1, 3))
        _, distance = self._traced(camera.position, camera.rays().reshape(-1, 3))
        return MeasuredView(camera, (rgb * 255 + 0.5).astype(np.uint8), distance.reshape(camera.height_px, camera.width_px))

    def _traced(self, eye: NDArray[np.float64], rays: Floats) -> tuple[Floats, Floats]:
        """Colours (N, 3) and distances (N,) along rays (N, 3); black and inf where a ray meets nothing."""
        triangle = self._caster.first_hits(eye[None], rays)
        colours, distance = np.zeros((len(rays), 3), np.float32), np.full(len(rays), np.inf, np.float32)
        for number, panel in enumerate(self._panels):
            here = np.flatnonzero(triangle // 2 == number)
            facing = np.cross(panel.right, panel.up)
            way = facing @ (panel.corner - eye) / (rays[here] @ facing)
            on = eye - panel.corner + rays[here] * way[:, None]
            shares = np.stack([on @ axis / (axis @ axis) for axis in (panel.right, panel.up)], axis=1)
            colours[here], distance[here] = _sampled(panel.picture, shares.astype(np.float32)), way
        return colours, distance


def _triangles(panel: Panel) -> list[NDArray[np.float64]]:
    """The two triangles of a panel, six corners."""
    a, b, d = panel.corner, panel.corner + panel.right, panel.corner + panel.up
    return [a, b, d, b, b + panel.up, d]


def _sampled(picture: Floats, at: Floats) -> Floats:
    """A picture at (N, 2) shares of its width and, from below, of its height; bilinear."""
    height, width = picture.shape[:2]
    column = np.clip(at[:, 0] * width - np.float32(0.5), 0, width - 1.001)
    row = np.clip((1 - at[:, 1]) * height - np.float32(0.5), 0, height - 1.001)
    left, top = column.astype(np.int32), row.astype(np.int32)
    across, down = (column - left)[:, None], (row - top)[:, None]
    upper = picture[top, left] * (1 - across) + picture[top, left + 1] * across
    lower = picture[top + 1, left] * (1 - across) + picture[top + 1, left + 1] * across
    return upper * (1 - down) + lower * down


@cache
def room() -> tuple[Panel, ...]:
    """Walls of brick, a floor of gravel, photographs on the walls, and two crates with photographs on their sides."""
    west, east = -WIDTH_M / 2, WIDTH_M / 2
    depth = SOUTH_M - NORTH_M
    brick, gravel = ("brick", (0.85, 0.6, 0.5)), ("gravel", (0.8, 0.78, 0.72))
    walls = [
        _papered((west, 0, NORTH_M), (WIDTH_M, 0, 0), (0, HEIGHT_M, 0), *brick, stain="moon"),
        _papered((east, 0, SOUTH_M), (-WIDTH_M, 0, 0), (0, HEIGHT_M, 0), *brick, stain="grass"),
        _papered((west, 0, SOUTH_M), (0, 0, -depth), (0, HEIGHT_M, 0), "brick", (0.7, 0.72, 0.6), stain="camera"),
        _papered((east, 0, NORTH_M), (0, 0, depth), (0, HEIGHT_M, 0), "brick", (0.62, 0.68, 0.75), stain="gravel"),
        _papered((west, 0, SOUTH_M), (WIDTH_M, 0, 0), (0, 0, -depth), *gravel, stain="grass"),
        _papered((west, HEIGHT_M, NORTH_M), (WIDTH_M, 0, 0), (0, 0, depth), "grass", (0.9, 0.9, 0.85), stain="moon"),
    ]
    hung = [
        _hung("astronaut", (-2.6, 0.7, NORTH_M + 0.04), (1.9, 0, 0)),
        _hung("coffee", (0.1, 0.9, NORTH_M + 0.04), (2.6, 0, 0)),
        _hung("chelsea", (west + 0.04, 0.8, -1.0), (0, 0, -2.6)),
        _hung("rocket", (east - 0.04, 0.7, -4.0), (0, 0, 2.7)),
    ]
    crates = [
        *_crate((-1.5, -3.8), (1.1, 1.0, 1.1), 25.0, ("retina", "camera", "coins", "hubble_deep_field")),
        *_crate((1.6, -4.2), (0.8, 1.7, 0.8), -20.0, ("hubble_deep_field", "coins", "astronaut", "rocket")),
    ]
    return tuple(_shaded(panel) for panel in (*walls, *hung, *crates))


def _crate(
    middle: tuple[float, float], size_m: tuple[float, float, float], turn_deg: float, photographs: tuple[str, str, str, str]
) -> list[Panel]:
    """Four sides and a lid; the first photograph faces +z before the crate is turned."""
    angle, panels = math.radians(turn_deg), []
    width_m, height_m, depth_m = size_m
    for side, photograph in enumerate(photographs):
        turned = angle + side * math.pi / 2
        right, front = np.array([math.cos(turned), 0, -math.sin(turned)]), np.array([math.sin(turned), 0, math.cos(turned)])
        wide, deep = (width_m, depth_m) if side % 2 == 0 else (depth_m, width_m)
        corner = np.array([middle[0], 0, middle[1]]) + front * deep / 2 - right * wide / 2
        panels.append(Panel(corner, right * wide, np.array([0, height_m, 0]), _resized(_photograph(photograph), wide, height_m)))
    first, second = panels[0], panels[1]
    lid = _papered(tuple(first.corner + first.up), tuple(first.right), tuple(second.right), "brick", (0.9, 0.8, 0.6), stain="coins")
    return [*panels, lid]


def _hung(name: str, corner: tuple[float, float, float], right: tuple[float, float, float]) -> Panel:
    picture = _photograph(name)
    wide = float(np.linalg.norm(right))
    high = wide * picture.shape[0] / picture.shape[1]
    return Panel(np.array(corner), np.array(right), np.array([0, high, 0]), _resized(picture, wide, high))


def _papered(
    corner: tuple[float, ...], right: tuple[float, ...], up: tuple[float, ...], name: str, tint: tuple[float, float, float], *, stain: str
) -> Panel:
    """A material repeated every 3.2 m, and over the whole of it, so that no two places look alike, the shades of another photograph."""
    wide, high = float(np.linalg.norm(right)), float(np.linalg.norm(up))
    tiles = (math.ceil(high / 3.2), math.ceil(wide / 3.2), 1)
    tile = _resized(_photograph(name), 3.2, 3.2)
    rows, columns = round(high / TEXEL_M), round(wide / TEXEL_M)
    material = np.tile(tile, tiles)[:rows, :columns]
    material = np.pad(material, ((0, rows - material.shape[0]), (0, columns - material.shape[1]), (0, 0)), mode="reflect")
    shade = _resized(_photograph(stain), wide, high).mean(axis=2, keepdims=True)
    picture = np.clip(material * np.array(tint, np.float32) * (0.7 + 0.6 * shade), 0, 1).astype(np.float32)
    return Panel(np.array(corner, np.float64), np.array(right, np.float64), np.array(up, np.float64), picture)


def _shaded(panel: Panel) -> Panel:
    """Light that does not come from everywhere alike: a little less on the sides, more above."""
    facing = np.abs(np.cross(panel.right, panel.up))
    shade = _SHADES["xyz"[int(np.argmax(facing))]]
    falloff = np.linspace(1.0, 0.85, panel.picture.shape[0], dtype=np.float32)[:, None, None]
    return replace(panel, picture=panel.picture * np.float32(shade) * falloff)


@cache
def _photograph(name: str) -> Floats:
    """(H, W, 3) 0 … 1, display sRGB."""
    from skimage import data

    picture = np.asarray(getattr(data, name)())
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    return picture[:, :, :3].astype(np.float32) / np.float32(255)


def _resized(picture: Floats, wide_m: float, high_m: float) -> Floats:
    """With pixels of TEXEL_M, whatever its shape was."""
    from PIL import Image

    size = round(wide_m / TEXEL_M), round(high_m / TEXEL_M)
    bytes_ = (picture * 255 + 0.5).astype(np.uint8)
    return np.asarray(Image.fromarray(bytes_).resize(size, Image.Resampling.LANCZOS), np.float32) / np.float32(255)
