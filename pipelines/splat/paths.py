"""Camera paths for films: an orbit round what one sees first, a walk ahead, or keyframes from a JSON file.

A file looks like this; times in seconds, positions in metres (x right, y up, z towards the viewer), angles in degrees:

    {"keyframes": [
        {"time": 0, "position": [0, 1.65, 0], "look_at": [0, 1, -10]},
        {"time": 4, "position": [3, 1.65, -4], "yaw": 30, "pitch": -5, "fov": 60, "ease": true}
     ], "loop": false}

Every keyframe looks somewhere: either at a point, or by yaw (left) and pitch (up). In between, cameras move along Catmull–Rom curves;
where a keyframe says "ease" they come to rest for a moment. With "loop" the first keyframe follows the last one again, after as long as
the first step took.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.camera import Camera, look_at, pinhole
from pipelines.errors import InputError
from pipelines.gaussians import Gaussians
from pipelines.scene import EYE_HEIGHT_M, Spawn
from pipelines.splat.render import render
from pipelines.splat.surroundings import Surroundings, surroundings_of

FOV_RAD = math.radians(75)
MAX_SECONDS = 600.0
MAX_KEYFRAMES = 1_000
_WALK_M_PER_S = 1.1
_ORBIT_LIFT_RAD = math.radians(14)

Doubles = NDArray[np.float64]
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class CameraPath:
    """Keyframes and how to get from one to the next. values: (K, 6) x, y, z in metres, yaw, pitch, fov in radians, yaw unwrapped.

    times_s: (K,) rising from 0.  loop: the last keyframe repeats the first one, and speed does not jump there.
    rests: the keyframes, by number, at which the camera stands still for a moment.
    """

    times_s: Doubles
    values: Doubles
    loop: bool = False
    rests: tuple[int, ...] = ()

    @property
    def seconds(self) -> float:
        """How long the path takes."""
        return float(self.times_s[-1])

    def camera(self, time_s: float, *, width_px: int, height_px: int) -> Camera:
        """The camera at a time, which is kept within the path."""
        time_s = min(max(time_s, 0.0), self.seconds)
        x, y, z, yaw, pitch, fov = _catmull_rom(self.times_s, self.values, time_s, loop=self.loop, rests=self.rests)
        return pinhole((x, y, z), yaw_rad=yaw, pitch_rad=pitch, width_px=width_px, height_px=height_px, horizontal_fov_rad=fov)

    def frames(self, frames_per_s: float, *, width_px: int, height_px: int) -> Iterator[Camera]:
        """One camera per frame; a loop leaves out the last, which is the first again."""
        for k in range(self.frame_count(frames_per_s)):
            yield self.camera(k / frames_per_s, width_px=width_px, height_px=height_px)

    def frame_count(self, frames_per_s: float) -> int:
        """How many frames the film has, at least one."""
        return max(1, round(self.seconds * frames_per_s) + (0 if self.loop else 1))


def _catmull_rom(times: Doubles, values: Doubles, time: float, *, loop: bool, rests: tuple[int, ...]) -> Doubles:
    """Cubic Hermite interpolation whose slope at a keyframe is that of its neighbours, weighted for uneven times, or zero at a rest."""
    if len(times) == 1:
        only: Doubles = values[0]
        return only
    slopes = np.diff(values, axis=0) / np.diff(times)[:, None]
    spans = np.diff(times)[:, None]
    tangents = np.empty_like(values)
    tangents[1:-1] = (slopes[:-1] * spans[1:] + slopes[1:] * spans[:-1]) / (spans[:-1] + spans[1:])
    if loop:
        tangents[0] = tangents[-1] = (slopes[-1] * spans[0] + slopes[0] * spans[-1]) / (spans[0] + spans[-1])
    else:
        tangents[0], tangents[-1] = slopes[0], slopes[-1]
    tangents[list(rests)] = 0
    k = min(int(np.searchsorted(times, time, side="right")) - 1, len(times) - 2)
    span = times[k + 1] - times[k]
    t = (time - times[k]) / span
    result: Doubles = (
        (1 + 2 * t) * (1 - t) ** 2 * values[k]
        + t * (1 - t) ** 2 * span * tangents[k]
        + t * t * (3 - 2 * t) * values[k + 1]
        + t * t * (t - 1) * span * tangents[k + 1]
    )
    return result


def walk_path(gaussians: Gaussians, spawn: Spawn, *, seconds: float = 10.0) -> CameraPath:
    """Ahead from the starting point at walking pace, around what stands in the way, eyes at standing height."""
    _check_seconds(seconds)
    route = surroundings_of(gaussians, spawn).route(_WALK_M_PER_S * seconds)
    travelled = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(route, axis=0), axis=1))])
    count = max(2, round(travelled[-1] / 1.5) + 1)
    stops = np.linspace(0, travelled[-1], count)
    smooth = _smoothed(route, radius=6)
    smooth[0] = spawn.position
    points = np.stack([np.interp(stops, travelled, smooth[:, axis]) for axis in range(3)], axis=1)
    points[:, 1] += EYE_HEIGHT_M
    ahead = np.stack([np.interp(stops + 3.0, travelled, smooth[:, axis]) for axis in range(3)], axis=1) - points
    far = np.hypot(ahead[:, 0], ahead[:, 2]) > 0.8
    yaws = np.where(far, np.arctan2(-ahead[:, 0], -ahead[:, 2]), np.nan)
    yaws = _filled(yaws, spawn.yaw_rad)
    yaws[0] = spawn.yaw_rad
    yaws = _smoothed(np.unwrap(yaws)[:, None], radius=1)[:, 0]
    yaws[0] = spawn.yaw_rad + 2 * math.pi * round((yaws[0] - spawn.yaw_rad) / (2 * math.pi))
    pitches = np.full(count, spawn.pitch_rad)
    times = np.linspace(0, seconds, count)
    return CameraPath(times, np.column_stack([points, yaws, pitches, np.full(count, FOV_RAD)]))


def orbit_path(gaussians: Gaussians, spawn: Spawn, *, seconds: float = 12.0) -> CameraPath:
    """Once round what is seen in the middle of the first look, from a little above, nearer where something would be in the way.

    Under a roof the circle goes round the middle of the room instead, and stays inside.
    """
    _check_seconds(seconds)
    around = surroundings_of(gaussians, spawn)
    subject = subject_of(gaussians, spawn)
    start = np.asarray(spawn.position, np.float64) + (0, EYE_HEIGHT_M, 0)
    inside = around.is_roofed
    if inside:
        subject = (subject + start) / 2
    radius = float(np.hypot(*(start - subject)[[0, 2]]))
    lift = start[1] - subject[1] if inside else radius * math.tan(_ORBIT_LIFT_RAD)
    first = math.atan2(start[0] - subject[0], start[2] - subject[2])
    angles = first + np.linspace(0, 2 * math.pi, 25)[:-1]
    ring = subject + np.stack([radius * np.sin(angles), np.full(24, lift), radius * np.cos(angles)], axis=1)
    shares = np.array([_clear_share(around, subject, point, inside=inside) for point in ring])
    shares = np.minimum(shares, _smoothed_ring(shares))
    points = subject + (ring - subject) * np.column_stack([shares, np.ones(24) if inside else shares, shares])
    points = np.concatenate([points, points[:1]])
    looks = np.array([look_at(point, subject) for point in points])
    values = np.column_stack([points, np.unwrap(looks[:, 0]), looks[:, 1], np.full(len(points), FOV_RAD)])
    return CameraPath(np.linspace(0, seconds, len(points)), values, loop=True)


def _clear_share(around: Surroundings, subject: Doubles, point: Doubles, *, inside: bool) -> float:
    """How much of the way from the subject to a point of its orbit a camera may stand off.

    Outside nothing may stand before the subject, which itself fills the inner half; inside a camera must not leave the room.
    """
    if inside:
        above = np.array([subject[0], point[1], subject[2]])
        indoors = (1.0, 0.85, 0.7, 0.55, 0.4, 0.3)
        return next((share for share in indoors if around.sees(above, above + 1.2 * share * (point - above), until=1.0)), 0.2)
    shares = (1.0, 0.85, 0.7, 0.6)
    return next((share for share in shares if around.sees(subject + share * (point - subject), subject, until=0.45)), 0.6)


def subject_of(gaussians: Gaussians, spawn: Spawn) -> Doubles:
    """(3,) the middle of what stands nearest in the centre of the first look, 3 to 20 m ahead, a little below eye height."""
    eye = np.asarray(spawn.position, np.float64) + (0, EYE_HEIGHT_M, 0)
    camera = pinhole(eye, yaw_rad=spawn.yaw_rad, pitch_rad=spawn.pitch_rad, width_px=160, height_px=90, horizontal_fov_rad=FOV_RAD)
    distance = render(gaussians, camera, layers=("distance",)).distance
    assert distance is not None  # it was asked for
    middle = (slice(30, 52), slice(45, 115))
    rays, away = camera.rays()[middle].reshape(-1, 3).astype(np.float64), distance[middle].ravel().astype(np.float64)
    seen = np.isfinite(away) & (away > 1.0) & (away < 200)
    if not seen.any():
        return eye + 8.0 * np.array([-math.sin(spawn.yaw_rad), 0.0, -math.cos(spawn.yaw_rad)]) + (0, -0.35, 0)
    seen &= away <= 1.3 * np.quantile(away[seen], 0.33)
    offset = np.median(rays[seen] * away[seen, None], axis=0) * (1, 0, 1)
    length = float(np.linalg.norm(offset))
    result: Doubles = eye + offset * (min(max(length, 3.0), 20.0) / length) + (0, -0.35, 0)
    return result


def _smoothed_ring(values: Doubles) -> Doubles:
    """Mean of each value and its neighbours on a ring, three times over."""
    for _ in range(3):
        values = (np.roll(values, 1) + values + np.roll(values, -1)) / 3
    return values


def _smoothed(points: Doubles, *, radius: int) -> Doubles:
    """Moving average over 2·radius + 1 rows, fewer at the ends, which stay in place."""
    result = np.empty_like(points)
    for k in range(len(points)):
        reach = min(radius, k, len(points) - 1 - k)
        result[k] = points[k - reach : k + reach + 1].mean(axis=0)
    return result


def _filled(values: Doubles, first: float) -> Doubles:
    """NaN replaced by the last number before it, or `first`."""
    filled, last = values.copy(), first
    for k, value in enumerate(values):
        last = last if math.isnan(value) else float(value)
        filled[k] = last
    return filled


def _check_seconds(seconds: float) -> None:
    if not 0 < seconds <= MAX_SECONDS:
        raise InputError(f"a film of {seconds:g} seconds cannot be made: choose more than 0 and at most {MAX_SECONDS:g}")


Metres = Annotated[float, Field(ge=-100_000, le=100_000, allow_inf_nan=False)]


class _Keyframe(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    time: float = Field(ge=0, le=MAX_SECONDS)
    position: tuple[Metres, Metres, Metres]
    look_at: tuple[Metres, Metres, Metres] | None = None
    yaw: float | None = Field(default=None, ge=-3600, le=3600)
    pitch: float = Field(default=0.0, ge=-90, le=90)
    fov: float = Field(default=75.0, ge=5, le=150)
    ease: bool = False

    @model_validator(mode="after")
    def _looks_somewhere(self) -> Self:
        if (self.look_at is None) == (self.yaw is None):
            raise ValueError("give either look_at or yaw, so that it is clear where the camera looks")
        if self.look_at == self.position:
            raise ValueError("look_at is the camera's own position: choose another point")
        return self

    @property
    def angles(self) -> tuple[float, float]:
        """Yaw and pitch, radians."""
        if self.look_at is not None:
            return look_at(self.position, self.look_at)
        return math.radians(self.yaw or 0.0), math.radians(self.pitch)


class _PathFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    keyframes: tuple[_Keyframe, ...] = Field(min_length=1, max_length=MAX_KEYFRAMES)
    loop: bool = False

    @model_validator(mode="after")
    def _times_rise(self) -> Self:
        times = [keyframe.time for keyframe in self.keyframes]
        if times[0] != 0:
            raise ValueError(f"the first keyframe has time {times[0]:g}: it must have time 0")
        for k, (before, after) in enumerate(zip(times, times[1:], strict=False)):
            if after <= before:
                raise ValueError(f"keyframe {k + 2} has time {after:g}, which is not after {before:g}")
        return self


def parse_path(text: str | bytes) -> CameraPath:
    """Keyframes from JSON (see above); raises InputError with one sentence that names the place."""
    try:
        file = _PathFile.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the whole file"
        raise InputError(f"the camera path is wrong at {where}: {first['msg']}") from error
    times = np.array([keyframe.time for keyframe in file.keyframes])
    values = np.array([[*frame.position, *frame.angles, math.radians(frame.fov)] for frame in file.keyframes])
    loop = file.loop and len(times) > 1
    if loop:
        times, values = np.append(times, times[-1] + times[1]), np.concatenate([values, values[:1]])
    rests = [k for k, frame in enumerate(file.keyframes) if frame.ease]
    if loop and 0 in rests:
        rests.append(len(times) - 1)
    values[:, 3] = _shortest_turns(values[:, 3], file)
    if loop:
        values[-1, 3] = values[0, 3] + 2 * math.pi * round((values[-2, 3] - values[0, 3]) / (2 * math.pi))
    return CameraPath(times, values, loop=loop, rests=tuple(rests))


def _shortest_turns(yaws: Doubles, file: _PathFile) -> Doubles:
    """Unwrapped, unless all keyframes give their yaw: then 0 → 360 is meant as a full turn."""
    return yaws if all(frame.yaw is not None for frame in file.keyframes) else np.unwrap(yaws)


def read_path(path: Path) -> CameraPath:
    """Keyframes from a JSON file; raises InputError when it is missing or wrong."""
    try:
        return parse_path(path.read_bytes())
    except OSError as error:
        raise InputError(f"the camera path {path} cannot be read: {error.strerror}") from error
