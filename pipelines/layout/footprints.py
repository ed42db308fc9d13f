"""Upright boxes: the plan of things, how far apart they stand, and how they look from the spawn point.

All arrays broadcast; yaw as in poses (a model's front, its +z, points to (sin yaw, cos yaw) in x, z). Bearings are radians to the
right of straight ahead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Matrix, Model, Thing

Reals = NDArray[np.float64]
SOFT_CROWN = 0.62  # share of a crown's half width that counts as solid


@dataclass(frozen=True)
class Boxes:
    """Upright boxes: centre, yaw, half sizes, lowest and highest point; arrays of one shape (or that broadcast)."""

    x: Reals
    z: Reals
    yaw: Reals
    half_width: Reals
    half_depth: Reals
    low: Reals
    high: Reals

    def at(self, index: int | NDArray[np.int_] | slice) -> Boxes:
        """Some of the boxes."""
        return Boxes(*(np.asarray(field)[index] for field in self.fields()))

    def fields(self) -> tuple[Reals, ...]:
        """The seven arrays in order."""
        return self.x, self.z, self.yaw, self.half_width, self.half_depth, self.low, self.high

    @property
    def radius(self) -> Reals:
        """Of the circle round the plan."""
        return np.asarray(np.hypot(self.half_width, self.half_depth))

    def corners(self, *, grow_m: float = 0.0) -> tuple[Reals, Reals]:
        """x and z (…, 4) of the corners of the plan."""
        sx, sz = np.array([-1.0, 1.0, 1.0, -1.0]), np.array([-1.0, -1.0, 1.0, 1.0])
        u = (np.asarray(self.half_width)[..., None] + grow_m) * sx
        v = (np.asarray(self.half_depth)[..., None] + grow_m) * sz
        cos, sin = np.cos(self.yaw)[..., None], np.sin(self.yaw)[..., None]
        return np.asarray(self.x)[..., None] + u * cos + v * sin, np.asarray(self.z)[..., None] - u * sin + v * cos

    def contains(self, x: Reals, z: Reals, *, grow_m: float = 0.0) -> NDArray[np.bool_]:
        """Whether positions lie on the plan."""
        dx, dz = x - self.x, z - self.z
        cos, sin = np.cos(self.yaw), np.sin(self.yaw)
        inside = (np.abs(dx * cos - dz * sin) <= self.half_width + grow_m) & (np.abs(dx * sin + dz * cos) <= self.half_depth + grow_m)
        return np.asarray(inside)


def stack(boxes: list[Boxes]) -> Boxes:
    """Scalar boxes as one array of boxes."""
    if not boxes:
        return Boxes(*(np.zeros(0) for _ in range(7)))
    return Boxes(*(np.array([float(box.fields()[k]) for box in boxes]) for k in range(7)))


def separation(a: Boxes, b: Boxes) -> Reals:
    """Gap between plans (at most the true distance; negative: how deep they overlap) by the separating-axis theorem."""
    dx, dz = b.x - a.x, b.z - a.z
    best = np.full(np.broadcast(dx, dz, a.yaw, b.yaw).shape, -np.inf)
    for owner in (a, b):
        cos, sin = np.cos(owner.yaw), np.sin(owner.yaw)
        for ux, uz in ((cos, -sin), (sin, cos)):
            reach = np.zeros(())
            for box in (a, b):
                c, s = np.cos(box.yaw), np.sin(box.yaw)
                reach = reach + box.half_width * np.abs(c * ux - s * uz) + box.half_depth * np.abs(s * ux + c * uz)
            best = np.maximum(best, np.abs(dx * ux + dz * uz) - reach)
    return np.asarray(best)


def overlap_depth(a: Boxes, b: Boxes) -> Reals:
    """How deep boxes penetrate each other, metres; negative where they are apart."""
    upright = np.minimum(a.high, b.high) - np.maximum(a.low, b.low)
    return np.asarray(np.minimum(-separation(a, b), upright))


def bearing(x: Reals | float, z: Reals | float) -> Reals:
    """Direction as seen from the spawn point, radians to the right."""
    return np.asarray(np.arctan2(x, -np.asarray(z)))


def turned(angle: Reals) -> Reals:
    """An angle brought to −π … π."""
    return np.asarray((np.asarray(angle) + np.pi) % (2 * np.pi) - np.pi)


def pose_matrix(position: tuple[float, float, float], yaw: float, scale: float) -> Matrix:
    """(4, 4) world_from_model."""
    cos, sin = np.cos(yaw) * scale, np.sin(yaw) * scale
    x, y, z = position
    return np.array([[cos, 0, sin, x], [0, scale, 0, y], [-sin, 0, cos, z], [0, 0, 0, 1.0]])


@dataclass(frozen=True)
class Plan:
    """What a model occupies in its own frame: a foot near the ground and, above `crown_from_m`, the whole.

    foot, whole: (2, 2) lowest and highest x, z.  soft: the part above is leaves and twigs.
    """

    foot: Reals
    whole: Reals
    low: float
    high: float
    crown_from_m: float
    soft: bool

    def boxes(self, x: Reals, z: Reals, yaw: Reals, *, y: Reals | float, scale: float, part: str) -> Boxes:
        """`part`: "foot" (up to the crown), "crown" (what is solid of it), "whole" (everything), "stand" (as high, but on the foot)."""
        rectangle = self.foot if part in ("foot", "stand") else self.whole
        middle, half = rectangle.mean(axis=0) * scale, (rectangle[1] - rectangle[0]) / 2 * scale
        low, high = {
            "foot": (self.low, self.crown_from_m), "crown": (self.crown_from_m, self.high), "whole": (self.low, self.high),
            "stand": (self.low, self.high),
        }[part]  # fmt: skip
        if part == "crown" and self.soft:
            half = half * SOFT_CROWN
        cos, sin = np.cos(yaw), np.sin(yaw)
        cx, cz = x + middle[0] * cos + middle[1] * sin, z - middle[0] * sin + middle[1] * cos
        shape = np.broadcast(cx, cz, yaw, y).shape
        parts = (cx, cz, yaw, half[0], half[1], np.asarray(y) + low * scale, np.asarray(y) + high * scale)
        return Boxes(*(np.broadcast_to(np.asarray(part_, np.float64), shape) for part_ in parts))


def beside_parts(height_m: float, plan: Plan, scale: float) -> tuple[str, ...]:
    """What another thing of some height may be beside: a thing's foot, and the whole of it where the other is too tall for its crown."""
    return ("stand", "whole") if plan.crown_from_m * scale < min(height_m, plan.high * scale - 0.05) else ("stand",)


def plan_of(model: Model) -> Plan:
    """The plan of a model, from its geometry."""
    whole = model.bounds[:, [0, 2]].astype(np.float64)
    foot = np.asarray(model.footprint, np.float64)
    low, high = float(model.bounds[0, 1]), float(model.bounds[1, 1])
    foot = np.stack([np.maximum(foot[0], whole[0]), np.minimum(foot[1], whole[1])])
    margin = 0.06
    if not (foot[1] > foot[0]).all() or ((foot[1] - foot[0]) > 0.9 * (whole[1] - whole[0])).all():
        return Plan(whole, whole, low, high, high, soft=False)
    points = np.concatenate([part.mesh.vertices for part in model.parts] + [leaves.centres for leaves in model.foliage])
    flat = points[:, [0, 2]]
    outside = ((flat < foot[0] - margin) | (flat > foot[1] + margin)).any(axis=1)
    crown = float(np.percentile(points[outside, 1], 3 if model.foliage else 0)) if outside.any() else high
    return Plan(foot, whole, low, high, min(max(crown, low + 0.05), high), soft=bool(model.foliage))


def stance(thing: Thing, *, part: str = "whole", plan: Plan | None = None) -> Boxes:
    """The box of a finished thing, as a scalar Boxes."""
    matrix = thing.world_from_model
    yaw = np.asarray(np.arctan2(matrix[0, 2], matrix[2, 2]))
    x, y, z = (np.asarray(value) for value in thing.position)
    return (plan or plan_of(thing.model)).boxes(x, z, yaw, y=y, scale=thing.scale, part=part)
