"""The renderer once more, slow and plain: float64, one splat after the other over the whole picture, no tiles, no approximations.

It shares no code with the fast one: Jacobians come from finite differences of `Camera.project`, the sphere's tangent axes are chosen
at random, and compositing keeps every splat to the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection
from pipelines.gaussians import Gaussians, frames_from_quaternions

Doubles = NDArray[np.float64]


@dataclass
class Plain:
    rgb: Doubles
    alpha: Doubles
    distance: Doubles
    normal: Doubles
    weights: dict[int, Doubles]  # per thing

    @property
    def thing(self) -> NDArray[np.int32]:
        ids = sorted(self.weights)
        winner = np.array(ids)[np.argmax(np.stack([self.weights[i] for i in ids]), axis=0)]
        return np.where(self.alpha >= 0.5, winner, 0).astype(np.int32)


def plain_render(
    gaussians: Gaussians, camera: Camera, *, background: tuple[float, float, float] = (0, 0, 0), near_m: float = 0.05
) -> Plain:
    height, width = camera.height_px, camera.width_px
    through = np.ones((height, width))
    rgb, normal = np.zeros((height, width, 3)), np.zeros((height, width, 3))
    distance = np.full((height, width), np.inf)
    weights: dict[int, Doubles] = {0: np.zeros((height, width))}
    frames = frames_from_quaternions(gaussians.rotations).astype(np.float64)
    for i in _nearest_first(gaussians, camera, near_m):
        mean = gaussians.means[i].astype(np.float64)
        spread = frames[i] * gaussians.scales[i].astype(np.float64)
        footprint = _pinhole_footprint if camera.projection is Projection.PINHOLE else _sphere_footprint
        power, slant = footprint(camera, mean, spread)
        alpha = min(0.999, float(gaussians.opacities[i])) * np.exp(power)
        alpha[alpha < 1 / 255] = 0
        weight = through * alpha
        direction = (mean - camera.position) / np.linalg.norm(mean - camera.position)
        rgb += weight[..., None] * np.maximum(0, plain_colour(gaussians.harmonics[i].astype(np.float64), direction))
        axis = frames[i][:, np.argmin(gaussians.scales[i])]
        normal += weight[..., None] * (axis if axis @ direction <= 0 else -axis)
        here = np.maximum(0, np.linalg.norm(mean - camera.position) + slant)
        distance = np.where((through > 0.5) & (through - weight <= 0.5), here, distance)
        thing = int(gaussians.thing[i])
        weights[thing] = weights.get(thing, 0) + weight
        through = through - weight
    rgb = np.minimum(1, rgb + through[..., None] * np.asarray(background))
    length = np.linalg.norm(normal, axis=-1, keepdims=True)
    normal = np.where((through <= 0.5)[..., None], normal / np.maximum(length, 1e-12), 0)
    return Plain(rgb, 1 - through, distance, normal, weights)


def plain_colour(harmonics: Doubles, direction: Doubles) -> Doubles:
    """0.5 + Σ Y·h with the real harmonics built from associated Legendre functions, signed as INRIA has them: (−1)^m for m ≠ 0."""
    from scipy.special import sph_harm_y

    polar, azimuth = np.arccos(np.clip(direction[2], -1, 1)), np.arctan2(direction[1], direction[0])
    colour = np.full(3, 0.5)
    k = 0
    while k < len(harmonics):
        degree = int(np.sqrt(k))
        order = k - degree * degree - degree
        value = sph_harm_y(degree, abs(order), polar, azimuth)  # with the Condon–Shortley phase, which is INRIA's sign
        real = value.real if order == 0 else np.sqrt(2) * (value.imag if order < 0 else value.real)
        colour = colour + real * harmonics[k]
        k += 1
    return colour


def _nearest_first(gaussians: Gaussians, camera: Camera, near_m: float) -> list[int]:
    local = (gaussians.means.astype(np.float64) - camera.position) @ camera.world_from_camera[:3, :3]
    depth = -local[:, 2] if camera.projection is Projection.PINHOLE else np.linalg.norm(local, axis=1)
    return [int(i) for i in np.argsort(depth, kind="stable") if depth[i] >= near_m]


def _pinhole_footprint(camera: Camera, mean: Doubles, spread: Doubles) -> tuple[Doubles, Doubles]:
    centre = camera.project(mean[None])[0][0]
    local = camera.camera_from_world[:3, :3] @ (mean - camera.position)
    depth = -local[2]
    limit = 1.3 * np.array([camera.width_px, camera.height_px]) / 2 / camera.focal_px
    local[:2] = depth * np.clip(local[:2] / depth, -limit, limit)  # gsplat keeps the Jacobian of far-off splats tame like this
    base = camera.world_from_camera[:3, :3] @ local + camera.position
    step = 1e-6 * depth
    jacobian = np.stack(
        [(camera.project((base + step * e)[None])[0][0] - camera.project((base - step * e)[None])[0][0]) / (2 * step) for e in np.eye(3)],
        axis=1,
    )
    column, row = np.meshgrid(np.arange(camera.width_px) + 0.5, np.arange(camera.height_px) + 0.5)
    apart = np.stack([column - centre[0], row - centre[1]], axis=-1)
    return _gaussian(apart, jacobian @ spread, 0.3, (mean - camera.position) @ spread / np.linalg.norm(mean - camera.position))


def _sphere_footprint(camera: Camera, mean: Doubles, spread: Doubles) -> tuple[Doubles, Doubles]:
    away = mean - camera.position
    radius = np.linalg.norm(away)
    direction = away / radius
    first = np.cross(direction, np.random.default_rng(5).normal(size=3))
    first /= np.linalg.norm(first)
    tangents = np.stack([first, np.cross(direction, first)])
    rays = camera.rays().astype(np.float64)
    pixel = np.pi / camera.height_px
    power, slant = _gaussian(rays @ tangents.T, tangents @ spread / radius, 0.3 * pixel**2, direction @ spread)
    return np.where(rays @ direction > 0, power, -np.inf), slant


def _gaussian(apart: Doubles, spread: Doubles, dilation: float, along: Doubles) -> tuple[Doubles, Doubles]:
    """Exponent and expected distance beyond the mean's at offsets `apart` (H, W, 2), for a 2-D Gaussian of root covariance `spread`."""
    inverse = np.linalg.inv(spread @ spread.T + dilation * np.eye(2))
    return -0.5 * np.einsum("hwi,ij,hwj->hw", apart, inverse, apart), apart @ (inverse @ (spread @ along))
