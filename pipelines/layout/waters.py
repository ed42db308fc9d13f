"""Lakes, ponds, rivers and the sea: where their shores run, how deep they are, and their flat surfaces.

A water is known by its signed distance: metres to the shore, negative in the water. The surface is one horizontal sheet that reaches
a little way under the banks, so that the ground itself draws the shoreline.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.relief import Reals, distance_to_line, ease, fractal
from pipelines.scene import Mesh

WATER_KINDS = {
    "lake": "lake", "mountain lake": "lake", "pond": "pond", "pool": "pond", "puddle": "pond", "river": "river", "stream": "river",
    "brook": "river", "creek": "river", "canal": "river", "sea": "sea", "ocean": "sea", "bay": "sea",
}  # fmt: skip
"""What the words call a water, and how it is shaped."""

REACH_M = 1_240.0
UNDER_BANK_M = 1.6  # how far the sheet runs on under the ground; the bank has risen above it by then


@dataclass(frozen=True)
class Lake:
    """A star-shaped water round a centre: lakes and ponds."""

    kind: str
    level_m: float
    centre: tuple[float, float]
    radii_m: tuple[float, float]
    turn_rad: float
    seed: int
    slope: float = 0.13
    depth_m: float = 3.0

    @cached_property
    def _shape(self) -> tuple[Reals, Reals]:
        """Radius of the shore, and how much it runs aslant there, at 1,440 directions of the lake's own axes and once more."""
        angle = np.linspace(0.0, 2 * np.pi, 1441)
        a, b = self.radii_m
        oval = a * b / np.hypot(b * np.cos(angle), a * np.sin(angle))
        bays = fractal(np.cos(angle) * 1.1 + 40.0, np.sin(angle) * 1.1, 1.0, octaves=4, gain=0.42, seed=self.seed)
        reach = oval * (1.0 + 0.3 * bays)
        slant = np.gradient(reach, angle) / reach
        return reach, slant

    def _reach(self, angle: NDArray[np.floating]) -> Reals:
        """Radius of the shore in direction `angle` of the lake's own axes."""
        return _looked_up(self._shape[0], angle)

    def _polar(self, x: NDArray[np.floating], z: NDArray[np.floating]) -> tuple[Reals, Reals]:
        dx, dz = np.asarray(x, np.float64) - self.centre[0], np.asarray(z, np.float64) - self.centre[1]
        return np.hypot(dx, dz), np.arctan2(dz, dx) - self.turn_rad

    def signed_distance(self, x: NDArray[np.floating], z: NDArray[np.floating]) -> Reals:
        """Metres to the shore, negative in the water; exact on the shore, nearly so beside it."""
        radius, angle = self._polar(x, z)
        reach, slant = self._shape
        # where the shore runs aslant to the ray from the centre, the way to it is shorter than along the ray
        return np.asarray((radius - _looked_up(reach, angle)) / np.hypot(1.0, _looked_up(slant, angle)))

    def middle(self) -> tuple[float, float]:
        """A point well inside the water."""
        return self.centre

    def surface(self) -> Mesh:
        """The sheet: a fan of rings, finer towards the shore."""
        sectors = int(np.clip(2 * np.pi * max(self.radii_m) / 0.6, 64, 320))
        angle = np.linspace(0, 2 * np.pi, sectors, endpoint=False)
        share = np.array([0.12, 0.3, 0.48, 0.64, 0.78, 0.9, 1.0])
        reach = self._reach(angle) + UNDER_BANK_M
        radius = share[:, None] * reach[None, :]
        turned = angle + self.turn_rad
        x, z = self.centre[0] + radius * np.cos(turned), self.centre[1] + radius * np.sin(turned)
        vertices = np.concatenate([[[*self.centre]], np.stack([x.ravel(), z.ravel()], axis=1)])
        return _sheet(vertices, _fan_faces(sectors, len(share)), self.level_m)


@dataclass(frozen=True)
class River:
    """A band of water along a curved middle line."""

    kind: str
    level_m: float
    line: Reals  # (P, 2) x, z
    width_m: float
    seed: int
    slope: float = 0.32
    depth_m: float = 1.2

    @cached_property
    def _widths(self) -> Reals:
        """Half width at every half metre of the middle line."""
        along = np.arange(0.0, 1_600.0, 0.5)
        return np.asarray(self.width_m / 2 * (1 + 0.22 * fractal(along, np.zeros_like(along), 9.0, octaves=3, seed=self.seed)))

    def _half_width(self, along: NDArray[np.floating]) -> Reals:
        return np.asarray(np.interp(along, np.arange(0.0, 1_600.0, 0.5), self._widths))

    def signed_distance(self, x: NDArray[np.floating], z: NDArray[np.floating]) -> Reals:
        """Metres to the bank, negative in the water."""
        xs, zs = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(z, np.float64))
        distance, along = distance_to_line(np.ravel(xs).copy(), np.ravel(zs).copy(), self.line)
        return np.asarray((distance - self._half_width(along)).reshape(xs.shape))

    def middle(self) -> tuple[float, float]:
        """The point of the middle line that is nearest to the spawn point's view, 12 m ahead."""
        nearest = int(np.argmin(np.hypot(self.line[:, 0], self.line[:, 1] + 12.0)))
        return float(self.line[nearest, 0]), float(self.line[nearest, 1])

    def surface(self) -> Mesh:
        """The sheet: five strips from bank to bank."""
        step = np.gradient(self.line, axis=0)
        step /= np.linalg.norm(step, axis=1, keepdims=True)
        across = np.stack([-step[:, 1], step[:, 0]], axis=1)
        along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(self.line, axis=0), axis=1))])
        half = self._half_width(along) + UNDER_BANK_M
        share = np.linspace(-1, 1, 6)
        points = self.line[:, None, :] + across[:, None, :] * (half[:, None] * share)[..., None]
        return _sheet(points.reshape(-1, 2), _grid_faces(len(self.line), len(share)), self.level_m)


@dataclass(frozen=True)
class Sea:
    """Open water beyond a shore that runs straight on the whole, with bays. `towards` is the unit direction out to sea (x, z)."""

    kind: str
    level_m: float
    towards: tuple[float, float]
    distance_m: float
    seed: int
    slope: float = 0.075
    depth_m: float = 6.0
    straight: bool = False
    headland_m: float = 0.0

    @cached_property
    def _shores(self) -> Reals:
        """How far out the shore lies, at every half metre from 1,400 m on one side to 1,400 m on the other."""
        along = np.arange(-1_400.0, 1_400.0, 0.5)
        if self.straight:
            return np.full(len(along), self.distance_m)
        bays = 26.0 * fractal(along, np.zeros_like(along), 190.0, octaves=2, seed=self.seed) * ease(8.0, 90.0, np.abs(along))
        cusps = 1.1 * fractal(along, np.zeros_like(along), 17.0, octaves=3, seed=self.seed + 1)
        capes = self.headland_m * np.exp(-(((np.abs(along) - 74.0) / 24.0) ** 2))
        return np.asarray(self.distance_m + bays + cusps + capes)

    def _shore(self, along: NDArray[np.floating]) -> Reals:
        """How far out the shore lies, at `along` metres beside the spawn point."""
        return np.asarray(np.interp(along, np.arange(-1_400.0, 1_400.0, 0.5), self._shores))

    def signed_distance(self, x: NDArray[np.floating], z: NDArray[np.floating]) -> Reals:
        """Metres to the shore, negative in the water."""
        x, z = np.asarray(x, np.float64), np.asarray(z, np.float64)
        out = x * self.towards[0] + z * self.towards[1]
        along = -x * self.towards[1] + z * self.towards[0]
        return self._shore(along) - out

    def middle(self) -> tuple[float, float]:
        """A point 25 m off the shore, straight out."""
        out = self.distance_m + 25.0
        return self.towards[0] * out, self.towards[1] * out

    def surface(self) -> Mesh:
        """The sheet: strips that widen towards the horizon, cut off by a circle."""
        side = _widening(0.8, 1.09, REACH_M)
        along = np.concatenate([-side[:0:-1], side])
        shore = self._shore(along) - UNDER_BANK_M
        far = np.sqrt(np.maximum(REACH_M**2 - along**2, 0.0))
        share = _widening(0.7, 1.12, REACH_M) / REACH_M
        out = shore + share[:, None] * np.maximum(far - shore, 0.05)
        x = out * self.towards[0] - along * self.towards[1]
        z = out * self.towards[1] + along * self.towards[0]
        faces = _grid_faces(len(share), len(along))
        return _sheet(np.stack([x.ravel(), z.ravel()], axis=1), faces, self.level_m)


@dataclass(frozen=True)
class Island:
    """Open water all round a star-shaped shore."""

    kind: str
    level_m: float
    centre: tuple[float, float]
    radii_m: tuple[float, float]
    seed: int
    slope: float = 0.075
    depth_m: float = 6.0

    @cached_property
    def _inside(self) -> Lake:
        """The land, as a lake would lie there."""
        return Lake(self.kind, self.level_m, self.centre, self.radii_m, 0.0, self.seed, self.slope, self.depth_m)

    def signed_distance(self, x: NDArray[np.floating], z: NDArray[np.floating]) -> Reals:
        """Metres to the shore, negative in the water."""
        return np.asarray(-self._inside.signed_distance(x, z))

    def middle(self) -> tuple[float, float]:
        """A point in the water ahead, beside the middle of the first look."""
        return self.centre[0] - 0.6 * self.radii_m[0], self.centre[1] - 1.3 * self.radii_m[1]

    def surface(self) -> Mesh:
        """The sheet: rings from under the shore to the horizon."""
        sectors = 320
        angle = np.linspace(0, 2 * np.pi, sectors + 1)
        shore = _looked_up(self._inside._shape[0], angle) - UNDER_BANK_M
        share = _widening(0.6, 1.12, REACH_M) / REACH_M
        reach = shore + share[:, None] * (REACH_M - shore)
        x, z = self.centre[0] + reach * np.cos(angle), self.centre[1] + reach * np.sin(angle)
        return _sheet(np.stack([x.ravel(), z.ravel()], axis=1), _grid_faces(len(share), sectors + 1), self.level_m)


Water = Lake | River | Sea | Island


def carve(heights: Reals, distance: Reals, water: Water) -> Reals:
    """Ground heights with a bed, a shore and banks for `water`, whose signed distances are given."""
    bank = water.level_m + water.slope * distance + 0.006 * np.maximum(distance, 0.0) ** 2
    bed = water.level_m - water.depth_m * (1.0 - np.exp(np.minimum(distance, 0.0) * water.slope / water.depth_m))
    width = 0.25
    mixed = np.clip(0.5 + 0.5 * (bank - heights) / width, 0.0, 1.0)
    dry = bank * (1.0 - mixed) + heights * mixed - width * mixed * (1.0 - mixed)
    dry = np.maximum(dry, water.level_m + np.minimum(0.22, 0.8 * water.slope * distance))
    return np.asarray(np.where(distance < 0, bed, dry))


def nearest_shore(waters: tuple[Water, ...], x: NDArray[np.floating], z: NDArray[np.floating]) -> Reals:
    """Signed distance to the nearest of all waters; a large number where there is none."""
    out = np.full(np.broadcast(x, z).shape, 1e6)
    for water in waters:
        out = np.minimum(out, water.signed_distance(x, z))
    return out


def _looked_up(table: Reals, angle: NDArray[np.floating]) -> Reals:
    """A table over one turn (its first value repeated at the end), read at any angle."""
    place = (np.asarray(angle) / (2 * np.pi)) % 1.0 * (len(table) - 1)
    index = np.minimum(place.astype(np.int64), len(table) - 2)
    share = place - index
    return np.asarray(table[index] * (1 - share) + table[index + 1] * share)


def _widening(first_m: float, growth: float, last_m: float) -> Reals:
    """0 … last_m in steps that grow."""
    count = int(np.ceil(np.log(1 + last_m * (growth - 1) / first_m) / np.log(growth)))
    steps = first_m * growth ** np.arange(count)
    places = np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray(places * (last_m / places[-1]))


def _sheet(points: NDArray[np.floating], faces: NDArray[np.int32], level_m: float) -> Mesh:
    """A level mesh through (V, 2) x, z, with every face turned up."""
    vertices = np.stack([points[:, 0], np.full(len(points), level_m), points[:, 1]], axis=1).astype(np.float32)
    a, b, c = (vertices[faces[:, k]].astype(np.float64) for k in range(3))
    up = np.cross(b - a, c - a)[:, 1]
    faces = np.where((up < 0)[:, None], faces[:, ::-1], faces)[np.abs(up) > 1e-6]
    return Mesh(vertices, np.ascontiguousarray(faces, np.int32))


def _fan_faces(sectors: int, rings: int) -> NDArray[np.int32]:
    """Faces of a centre (vertex 0) and `rings` closed rings of `sectors` vertices."""
    here = np.arange(sectors)
    after = (here + 1) % sectors
    faces = [np.stack([np.zeros(sectors, int), 1 + here, 1 + after], axis=1)]
    for ring in range(rings - 1):
        inner, outer = 1 + ring * sectors, 1 + (ring + 1) * sectors
        faces.append(np.stack([inner + here, outer + here, outer + after], axis=1))
        faces.append(np.stack([inner + here, outer + after, inner + after], axis=1))
    return np.concatenate(faces).astype(np.int32)


def _grid_faces(rows: int, columns: int) -> NDArray[np.int32]:
    """Faces of a row-major grid of vertices."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)[None, :]).ravel()
    first = np.stack([corner, corner + columns, corner + 1], axis=1)
    second = np.stack([corner + 1, corner + columns, corner + columns + 1], axis=1)
    return np.concatenate([first, second]).astype(np.int32)
