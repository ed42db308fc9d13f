"""Terrain: hills, mountains, shores, paths; heights for the arrangement, one mesh for the eye.

Ground is drawn in two scales: a coarse eroded field for all that lies to the horizon (cells of 10 m), and a fine grid round the spawn
point (cells of half a metre) that the arrangement may still level and sink: pads under buildings, paths. y = 0 under the spawn point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.hollows import cavern_walls, craters, off_roof, valley_walls
from pipelines.layout.relief import Reals, distance_to_line, ease, erode, fractal, ridges, slump, smooth_at
from pipelines.layout.waters import Sea, Water, carve, nearest_shore
from pipelines.places import Place
from pipelines.scene import HeightField

FAR_CELLS, FAR_REACH_M = 256, 1_300.0
FAR_CELL_M = 2 * FAR_REACH_M / FAR_CELLS
NEAR_REACH_M, NEAR_CELL_M = 96.0, 0.5
SETTLED_M = 80.0  # over this distance beyond the flat middle the hills rise to their full height


@dataclass(frozen=True, slots=True)
class Pad:
    """A levelled rectangle: centre, half sizes along its own axes, yaw as in poses, height, and the width of the slope round it."""

    x: float
    z: float
    half_width_m: float
    half_depth_m: float
    yaw_rad: float
    height_m: float
    apron_m: float = 2.0


@dataclass(frozen=True)
class Track:
    """A path's middle line (P, 2) x, z from the spawn point on, and its half width."""

    line: Reals
    half_width_m: float
    material: str

    def distance(self, x: NDArray[np.floating], z: NDArray[np.floating]) -> Reals:
        """Metres to the edge of the path, negative on it."""
        xs, zs = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(z, np.float64))
        distance, _ = distance_to_line(np.ravel(xs).copy(), np.ravel(zs).copy(), self.line)
        return np.asarray(distance.reshape(xs.shape) - self.half_width_m)


@dataclass(frozen=True, slots=True)
class Street:
    """Level ground with a straight roadway along z at y = 0 and pavements a kerb higher; its edges lie on the height grid."""

    centre_x: float
    half_width_m: float
    kerb_m: float = 0.12


class Ground:
    """The ground of one place while it is being arranged: ask heights, level pads, lay tracks."""

    def __init__(self, place: Place, waters: tuple[Water, ...], *, seed: int, street: Street | None = None) -> None:
        self.place, self.waters, self.seed, self.street = place, waters, seed, street
        self.tracks: list[Track] = []
        self._far = np.zeros((FAR_CELLS + 1, FAR_CELLS + 1)) if street else far_field(place, waters, seed)
        centre = np.zeros(1)
        self._datum = float(smooth_at(self._far, -FAR_REACH_M, -FAR_REACH_M, FAR_CELL_M, centre, centre)[0])
        steps = np.arange(-NEAR_REACH_M, NEAR_REACH_M + NEAR_CELL_M / 2, NEAR_CELL_M)
        x, z = np.meshgrid(steps, steps)
        self._shore = nearest_shore(waters, x, z)
        heights = self._shaped(x, z)
        self._x, self._z = x, z
        heights -= heights[len(steps) // 2, len(steps) // 2] * np.exp(-((x**2 + z**2) / 40.0))
        self._near = heights
        self._field: HeightField | None = None

    @property
    def near(self) -> HeightField:
        """The fine grid as it stands now."""
        if self._field is None:
            self._field = HeightField(-NEAR_REACH_M, -NEAR_REACH_M, NEAR_CELL_M, self._near.astype(np.float32))
        return self._field

    def _change(self, heights: Reals) -> None:
        self._near, self._field = heights, None

    def heights(self, x: NDArray[np.floating], z: NDArray[np.floating]) -> Reals:
        """Ground height at any position up to the horizon, metres."""
        xs, zs = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(z, np.float64))
        out = np.asarray(self.near.at(xs, zs), np.float64)
        beyond = np.maximum(np.abs(xs), np.abs(zs)) > NEAR_REACH_M - 1e-6
        if beyond.any():
            out[beyond] = self._shaped(xs[beyond], zs[beyond])
        return out

    def slopes(self, x: NDArray[np.floating], z: NDArray[np.floating], *, over_m: float = 1.0) -> Reals:
        """Rise over run."""
        east = self.heights(x + over_m / 2, z) - self.heights(x - over_m / 2, z)
        south = self.heights(x, z + over_m / 2) - self.heights(x, z - over_m / 2)
        return np.asarray(np.hypot(east, south) / over_m)

    def shore(self, x: NDArray[np.floating], z: NDArray[np.floating]) -> Reals:
        """Signed distance to the nearest shore, negative in the water."""
        return nearest_shore(self.waters, x, z)

    def track(self, x: NDArray[np.floating], z: NDArray[np.floating]) -> Reals:
        """Metres to the edge of the nearest path, negative on it."""
        out = np.full(np.broadcast(x, z).shape, 1e6)
        for track in self.tracks:
            out = np.minimum(out, track.distance(x, z))
        return out

    def add_pad(self, pad: Pad) -> None:
        """Level the ground under something; a slope of `apron_m` leads back to the old ground."""
        reach = np.hypot(pad.half_width_m, pad.half_depth_m) + pad.apron_m + NEAR_CELL_M
        window = (self._span(pad.z, reach), self._span(pad.x, reach))
        x, z, shore = self._x[window], self._z[window], self._shore[window]
        dx, dz = x - pad.x, z - pad.z
        cos, sin = np.cos(pad.yaw_rad), np.sin(pad.yaw_rad)
        across, along = np.abs(dx * cos - dz * sin), np.abs(dx * sin + dz * cos)
        outside = np.hypot(np.maximum(across - pad.half_width_m, 0), np.maximum(along - pad.half_depth_m, 0))
        share = ease(pad.apron_m, NEAR_CELL_M * 1.2, outside)
        share = share * (shore > 0.3) * ease(1.0, 4.0, np.hypot(x, z))
        heights = self._near.copy()
        heights[window] = heights[window] * (1 - share) + pad.height_m * share
        self._change(heights)

    def _span(self, middle_m: float, reach_m: float) -> slice:
        """The rows (or columns) of the fine grid within reach of a coordinate."""
        count = len(self._near)
        low, high = (int(np.clip((middle_m + side * reach_m) // NEAR_CELL_M + count // 2, 0, count)) for side in (-1, 1))
        return slice(low, high)

    def add_track(self, track: Track, *, sunk_m: float = 0.05) -> None:
        """Lay a path: level across, gentle along, a little sunk."""
        distance, along = distance_to_line(self._x.ravel(), self._z.ravel(), track.line)
        distance, along = distance.reshape(self._x.shape), along.reshape(self._x.shape)
        run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(track.line, axis=0), axis=1))])
        profile = _smoothed(np.asarray(self.near.at(track.line[:, 0], track.line[:, 1]), np.float64), run)
        bed = np.interp(along, run, profile) - sunk_m * ease(track.half_width_m + 0.2, track.half_width_m - 0.25, distance)
        share = ease(track.half_width_m + 1.8, track.half_width_m, distance) * ease(0.2, 1.2, self._shore)
        heights = self._near * (1 - share) + bed * share
        middle = len(heights) // 2
        self._change(heights - heights[middle, middle] * np.exp(-((self._x**2 + self._z**2) / 12.0)))
        self.tracks.append(track)

    def _shaped(self, x: NDArray[np.floating], z: NDArray[np.floating]) -> Reals:
        """The ground as nature made it: hills, bumps, dunes, then waters carved in."""
        if self.street is not None:
            side = np.abs(np.asarray(x, np.float64) - self.street.centre_x)
            return self.street.kerb_m * ease(self.street.half_width_m, self.street.half_width_m + NEAR_CELL_M, side)
        relief, radius = self.place.relief, np.hypot(x, z)
        hills = smooth_at(self._far, -FAR_REACH_M, -FAR_REACH_M, FAR_CELL_M, np.ravel(x).copy(), np.ravel(z).copy())
        out = (hills.reshape(np.shape(x)) - self._datum) * ease(relief.flat_m * 0.5, relief.flat_m + SETTLED_M, radius)
        shore = nearest_shore(self.waters, x, z)
        fade = ease(1.2, 7.0, radius) * ease(0.0, 6.0, np.maximum(shore, 0.0))
        out += fade * relief.bumps_m * fractal(x, z, relief.bump_size_m, octaves=3, seed=self.seed + 11)
        rough = np.clip(np.abs(hills.reshape(np.shape(x))) / 60.0, 0, 1) * ease(90, 260, radius)
        steep = rough > 0
        if steep.any():
            out[steep] += rough[steep] * 7.0 * ridges(x[steep], z[steep], 46.0, octaves=4, gain=0.55, seed=self.seed + 12)
        if relief.dunes_m > 0:
            out += relief.dunes_m * ease(relief.flat_m * 0.6, relief.flat_m + 45, radius) * dune_shape(x, z, self.seed + 13)
            wind = dune_shape(np.asarray(x) * 9.0, np.asarray(z) * 9.0, self.seed + 15)  # what the wind drew on them
            out += 0.035 * relief.dunes_m * ease(2.0, 9.0, radius) * ease(90.0, 60.0, radius) * wind
        if relief.sides is not None:
            out += valley_walls(x, z, relief.sides, seed=self.seed + 21) * ease(900.0, 500.0, radius)
        if relief.roof is not None:  # two cells wide, so that the wall is as steep as the fine grid allows
            out -= relief.roof.drop_m * ease(0.0, 2 * NEAR_CELL_M, off_roof(x, z, relief.roof))
        if relief.craters:
            out += craters(x, z, relief.craters, seed=self.seed + 22)
        for water in self.waters:
            out = carve(out, water.signed_distance(x, z), water)
        if self.place.cavern is not None:  # last, so that no lake opens the rock
            out += cavern_walls(x, z, self.place.cavern, seed=self.seed)
        return np.asarray(out)


def dune_shape(x: NDArray[np.floating], z: NDArray[np.floating], seed: int) -> Reals:
    """Crescents with a gentle windward and a steep lee side, 0 … 1."""
    bend = 26.0 * fractal(x, z, 85.0, octaves=2, seed=seed)
    phase = (np.asarray(x) * 0.42 + np.asarray(z) * 0.91 + bend) / 58.0
    share = phase - np.floor(phase)
    wave = np.where(share < 0.72, ease(0.0, 0.72, share), ease(1.0, 0.72, share))
    return np.asarray(wave * (0.65 + 0.35 * fractal(x, z, 120.0, octaves=2, seed=seed + 1)))


def far_field(place: Place, waters: tuple[Water, ...], seed: int) -> Reals:
    """Heights out to the horizon, (257, 257) metres: hills, then the ring that closes the view, eroded."""
    steps = np.linspace(-FAR_REACH_M, FAR_REACH_M, FAR_CELLS + 1)
    x, z = np.meshgrid(steps, steps)
    relief, horizon = place.relief, place.horizon
    radius = np.hypot(x, z)
    heights = relief.relief_m * fractal(x, z, relief.feature_m, octaves=4, gain=0.45, seed=seed)
    heights += relief.rise * np.maximum(-z - 15.0, 0.0)
    ring = ease(0.34, 1.0, radius / horizon.distance_m) * _skyline(x, z, seed)
    for water in waters:
        if isinstance(water, Sea):
            out = x * water.towards[0] + z * water.towards[1]
            ring *= ease(60.0, -260.0, out - water.distance_m)
    heights += ring * horizon.height_m * _RING_SHAPES[horizon.style](x, z, seed)
    if horizon.style in ("mountains", "mesas"):
        rng = np.random.Generator(np.random.PCG64([seed, 77]))
        starts = rng.uniform(4, FAR_CELLS - 4, (22_000, 2))
        heights = slump(erode(heights, FAR_CELL_M, starts, 40, 0.7), FAR_CELL_M, 1.1, 4)
    return np.asarray(heights)


def _skyline(x: Reals, z: Reals, seed: int) -> Reals:
    """How high the ring stands by direction: peaks at the thirds of the first look, a saddle between, uneven all round."""
    angle = np.arctan2(x, -z)
    uneven = 0.8 + 0.35 * fractal(np.cos(angle) * 2.2 + 9.0, np.sin(angle) * 2.2, 1.0, octaves=2, seed=seed + 3)
    side = 1.0 if seed % 2 else -1.0
    peak = 0.45 * np.exp(-(((angle - side * 0.3) / 0.2) ** 2)) + 0.22 * np.exp(-(((angle + side * 0.36) / 0.16) ** 2))
    return np.asarray(uneven - 0.12 * np.exp(-((angle / 0.1) ** 2)) + peak)


def _hill_ring(x: Reals, z: Reals, seed: int) -> Reals:
    return np.asarray(0.55 + 0.45 * fractal(x, z, 330.0, octaves=4, gain=0.42, seed=seed + 5))


def _mountain_ring(x: Reals, z: Reals, seed: int) -> Reals:
    crests = 0.5 + 0.5 * ridges(x, z, 520.0, octaves=6, gain=0.5, seed=seed + 5)
    return np.asarray(0.18 + 0.95 * crests**1.35)


def _dune_ring(x: Reals, z: Reals, seed: int) -> Reals:
    return np.asarray(0.35 + 0.8 * dune_shape(np.asarray(x) / 4.5, np.asarray(z) / 4.5, seed + 5))


def _mesa_ring(x: Reals, z: Reals, seed: int) -> Reals:
    field = fractal(x, z, 300.0, octaves=4, gain=0.45, seed=seed + 5)
    return np.asarray(0.08 + 0.5 * ease(0.02, 0.14, field) + 0.42 * ease(0.24, 0.34, field) + 0.06 * field)


def _no_ring(x: Reals, z: Reals, seed: int) -> Reals:
    return np.zeros(np.shape(x))


_RING_SHAPES = {"none": _no_ring, "hills": _hill_ring, "mountains": _mountain_ring, "dunes": _dune_ring, "mesas": _mesa_ring}


def _smoothed(heights: Reals, run: Reals) -> Reals:
    """A height profile along a line without steps steeper than a walk, its start kept."""
    even = np.arange(0.0, run[-1] + 0.5, 0.5)
    profile = np.interp(even, run, heights)
    width = min(13, len(profile) // 2 * 2 - 1)
    if width >= 3:
        weights = np.hanning(width + 2)[1:-1]
        padded = np.pad(profile, width // 2, mode="edge")
        profile = np.convolve(padded, weights / weights.sum(), mode="valid")[: len(even)]
    return np.asarray(np.interp(run, even, profile))
