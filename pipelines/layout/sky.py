"""Sky: where the light comes from, by time of day, weather and place; its radiance; and the dome of far splats that shows it.

Radiances are relative (a white wall in full summer sun is about 3). The clear sky is a gradient from zenith to horizon with a glow
round the sun, after the look of Perez-style models but with colours chosen by time of day; clouds are fractal noise on a plane.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numba import njit, prange
from scipy.spatial import cKDTree

from pipelines.layout.clouds import clouds_mirrored, clouds_seen
from pipelines.layout.globes import moon, seen
from pipelines.layout.tone import luminance
from pipelines.layout.vista import vista
from pipelines.places import Air, Place, place_named
from pipelines.scene import Colour, Floats, Globe, Scene, Sky
from pipelines.spec import SceneSpec, Season, TimeOfDay, Weather

DOME_RADIUS_M = 1_500.0
DOME_DIP_RAD = 0.12  # how far the dome reaches below the horizon, so that no gap shows behind the last hills
DOME_SHARE = 0.08  # of the splat budget
FEW = 6_000  # of the sky's splats: so few are all alike
SHELLS = 2.6  # how much farther than the finest, of the radius, coarser splats are, for each radian of their spacing
NEAR = 6  # neighbours that a splat of the sky is compared with, itself among them
SUN_RADIUS_RAD = 0.011
MOON_RADIUS_RAD = 0.026  # as painters show it; the true one is 0.0045
STARS_WITHOUT_AIR = 2.6
STARS_FROM_ROOMS = 10.0  # times as bright where lamps set the exposure
SNOW_EXPOSURE = 0.35  # metered as it is, snow would be grey
EXPOSURE_WITHOUT_AIR = 0.5  # half of the picture is black: metered as it is, the ground would be white


@dataclass(frozen=True, slots=True)
class _Hour:
    """The clear sky at one time of day: azimuth (0 ahead of the visitor, positive to the right) and elevation of the light.

    haze: factor on clear air's extinction: against a low sun the land is dark, and as much haze as by day would hide it.
    """

    azimuth_deg: float
    elevation_deg: float
    light: Colour
    zenith: Colour
    horizon: Colour
    glow: Colour
    stars: float = 0.0
    dark: bool = False
    lamp_scale: float = 0.07
    exposure: float = 1.0
    clouds: float = 1.0
    mist_per_m: float = 0.0
    haze: float = 1.0


_HOURS: dict[TimeOfDay, _Hour] = {
    TimeOfDay.DAWN: _Hour(
        -40, 8, (5.8, 3.7, 2.2), (0.25, 0.37, 0.60), (0.82, 0.72, 0.66), (2.6, 1.4, 0.75), dark=True, lamp_scale=0.7, exposure=0.86,
        mist_per_m=0.0045,
    ),
    TimeOfDay.MORNING: _Hour(-106, 31, (8.6, 7.3, 5.7), (0.19, 0.36, 0.74), (0.72, 0.80, 0.90), (1.1, 0.9, 0.65)),
    TimeOfDay.NOON: _Hour(128, 58, (10.0, 9.3, 8.3), (0.18, 0.37, 0.80), (0.66, 0.80, 0.95), (0.7, 0.7, 0.65)),
    TimeOfDay.AFTERNOON: _Hour(122, 36, (9.2, 7.9, 6.2), (0.19, 0.36, 0.74), (0.72, 0.80, 0.88), (1.0, 0.85, 0.6)),
    TimeOfDay.GOLDEN_HOUR: _Hour(98, 14, (7.6, 4.9, 2.5), (0.19, 0.31, 0.58), (0.95, 0.74, 0.54), (2.0, 1.15, 0.5)),
    TimeOfDay.SUNSET: _Hour(
        32, 6, (6.4, 3.0, 1.1), (0.10, 0.17, 0.42), (0.90, 0.45, 0.25), (2.9, 1.05, 0.28), dark=True, lamp_scale=0.5, exposure=0.68,
        haze=0.5,
    ),
    TimeOfDay.DUSK: _Hour(
        30, 3, (0.17, 0.14, 0.17), (0.050, 0.090, 0.215), (0.20, 0.17, 0.23), (0.95, 0.36, 0.14), 0.4, dark=True, lamp_scale=0.42,
        exposure=0.42, clouds=0.9,
    ),
    TimeOfDay.NIGHT: _Hour(
        -27, 15, (0.26, 0.32, 0.46), (0.006, 0.011, 0.029), (0.016, 0.026, 0.055), (0.05, 0.06, 0.08), 1.0, dark=True, lamp_scale=0.62,
        exposure=0.36, clouds=0.62,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Air:
    """What a kind of weather does to the clear sky. grey: how far colours turn grey; dim: factor on the sky's radiance."""

    cloud_cover: float
    light: float
    grey: float
    dim: float
    fog_per_m: float
    fog_height_m: float
    wetness: float = 0.0
    snow: float = 0.0
    exposure: float = 1.0


_AIRS: dict[Weather, _Air] = {
    Weather.CLEAR: _Air(0.34, 1.0, 0.0, 1.0, 0.00075, 260.0),
    Weather.CLOUDY: _Air(0.72, 0.42, 0.55, 0.92, 0.0011, 300.0),
    Weather.FOG: _Air(0.85, 0.45, 0.78, 1.0, 0.012, 75.0, exposure=1.4),
    Weather.RAIN: _Air(0.96, 0.10, 0.85, 0.62, 0.0042, 110.0, wetness=0.9, exposure=0.86),
    Weather.SNOW: _Air(0.92, 0.10, 0.75, 1.7, 0.0060, 160.0, snow=0.95),
    Weather.STORM: _Air(0.9, 0.05, 0.85, 0.30, 0.0030, 70.0, wetness=1.0, exposure=0.52),
}
GREEN = ("grass", "forest_floor", "moss")  # grounds over which fireflies come out
STILL = (Weather.CLEAR, Weather.CLOUDY, Weather.FOG)  # weathers in which mist gathers and fireflies come out


def sky_for(spec: SceneSpec) -> Sky:
    """The sky that a scene specification asks for."""
    place = place_named(spec.place)
    hour, air, own = _HOURS[spec.time_of_day], _AIRS[spec.weather], place.air
    light = _times(_times(hour.light, own.light), (air.light,) * 3)
    zenith = _grey(_times(_times(hour.zenith, own.zenith), (air.dim,) * 3), air.grey, lift=1.15)
    horizon = _grey(_times(_times(hour.horizon, own.horizon), (air.dim,) * 3), air.grey * 0.8, lift=0.92)
    glow = _times(hour.glow, (air.light,) * 3)
    azimuth, elevation = math.radians(hour.azimuth_deg), math.radians(hour.elevation_deg)
    towards = (math.sin(azimuth) * math.cos(elevation), math.sin(elevation), -math.cos(azimuth) * math.cos(elevation))
    lit_share = 0.03 if max(hour.light) < 1.0 else 0.16
    sunlit_cloud = tuple(0.62 * h + lit_share * lit for h, lit in zip(horizon, light, strict=True))
    fog = tuple(0.62 * h + 0.55 * z + 0.03 * lit for h, z, lit in zip(horizon, zenith, light, strict=True))
    daylight = min(1.0, sum(hour.light) / 27.0)
    if own.haze is not None:
        fog = tuple(value * max(daylight, 0.04) for value in own.haze)
    lying = max(air.snow, 0.7 if spec.season is Season.WINTER and own.winter_snow else 0.0)
    cover = min(1.0, air.cloud_cover * own.clouds * (hour.clouds if spec.weather is Weather.CLEAR else 1.0))
    extinction = air.fog_per_m * (hour.haze if spec.weather is Weather.CLEAR else 1.0)
    still = spec.weather in STILL and own.haze is None
    found = Sky(
        light_direction=towards,
        light=light,
        zenith=zenith,
        horizon=horizon,
        glow=glow,
        cloud_cover=cover,
        cloud_colour=_triple(sunlit_cloud),
        fog_per_m=extinction if own.haze_per_m is None else max(own.haze_per_m, 0.5 * extinction),
        fog=_triple(fog),
        fog_height_m=air.fog_height_m if own.haze_per_m is None else own.haze_height_m,
        wetness=air.wetness,
        snow=lying,
        stars=hour.stars * max(0.0, 1 - 0.9 * cover),
        dark=hour.dark or spec.weather is Weather.STORM or place.cavern is not None,
        lamp_scale=hour.lamp_scale,
        exposure=own.exposure * (1.0 if place.indoors else hour.exposure * air.exposure * (1 + SNOW_EXPOSURE * lying)),
        globes=_globes(own),
        disc=own.disc,
        land=place.indoors and not own.airless,
        mist_per_m=hour.mist_per_m if still else 0.0,
        falling=1.0 if air.wetness > 0 or air.snow > 0 else 0.0,
        fireflies=hour.stars > 0 and still and spec.season in (Season.SUMMER, Season.SPRING) and _is_green(place),
        lightning=spec.weather is Weather.STORM,
    )
    return _without_air(found, daylight, indoors=place.indoors) if own.airless else found


def _is_green(place: Place) -> bool:
    """Whether grass or moss grows there under the open sky."""
    return place.room is None and not place.air.airless and place.base in GREEN


def _without_air(sky: Sky, daylight: float, *, indoors: bool) -> Sky:
    """A black sky with stars; the sun, or what a neighbour world sends by night, through nothing."""
    strength = 10.5 * max(daylight, 0.05)
    black = (0.004, 0.004, 0.005)
    return replace(
        sky, light=(strength, 0.98 * strength, 0.94 * strength), zenith=black, horizon=black, glow=(0.0, 0.0, 0.0), cloud_cover=0.0,
        cloud_colour=black, exposure=1.0 if indoors else EXPOSURE_WITHOUT_AIR, mist_per_m=0.0, falling=0.0, lightning=False,
        fog_per_m=0.0, fog=black, wetness=0.0, stars=STARS_WITHOUT_AIR,
    )  # fmt: skip


def _globes(air: Air) -> tuple[Globe, ...]:
    found = []
    for entry in air.globes:
        azimuth, elevation = math.radians(entry.azimuth_deg), math.radians(entry.elevation_deg)
        towards = (math.sin(azimuth) * math.cos(elevation), math.sin(elevation), -math.cos(azimuth) * math.cos(elevation))
        radius, ring = math.radians(entry.radius_deg), math.radians(entry.ring_deg)
        found.append(Globe(towards, radius, entry.colour, entry.second, entry.bands, ring))
    return tuple(found)


def _triple(values: tuple[float, ...]) -> Colour:
    r, g, b = values
    return (r, g, b)


def _times(colour: Colour, factor: Colour) -> Colour:
    return _triple(tuple(c * f for c, f in zip(colour, factor, strict=True)))


def _grey(colour: Colour, share: float, *, lift: float) -> Colour:
    grey = (0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]) * lift
    return _triple(tuple(c + (grey - c) * share for c in colour))


def radiance(sky: Sky, directions: Floats, *, clouds: bool = False, mirrored: bool = False) -> Floats:
    """Linear radiance (N, 3) of the sky in unit directions (N, 3).

    `clouds` draws them, `mirrored` too but more coarsely, otherwise their mean is mixed in.
    """
    out = np.empty((len(directions), 3), np.float32)
    colours = np.array([sky.zenith, sky.horizon, sky.glow, sky.cloud_colour, sky.fog, _shaded(sky)], np.float32)
    sun = np.asarray(sky.light_direction, np.float32)
    air = np.array([sky.fog_per_m, sky.fog_height_m], np.float32)
    directions = np.ascontiguousarray(directions, np.float32)
    if (clouds or mirrored) and sky.cloud_cover > 0:
        seen = (clouds_mirrored if mirrored else clouds_seen)(directions, sun, sky.cloud_cover)
    else:
        seen = np.repeat(np.array([[0.75 * sky.cloud_cover**2], [0.6], [0.6]], np.float32), len(directions), axis=1)
    _radiance(directions, sun, colours, air, seen, out)
    return out


def _shaded(sky: Sky) -> Colour:
    """Radiance of the side of a cloud on which only the sky shines."""
    grey = luminance(np.array([sky.cloud_colour], np.float32))[0]
    return _triple(tuple(0.62 * (0.80 * z + 0.20 * h) + 0.22 * float(grey) for z, h in zip(sky.zenith, sky.horizon, strict=True)))


@njit(cache=True, parallel=True, fastmath=True)
def _radiance(directions, sun, colours, air, seen, out):  # type: ignore[no-untyped-def]
    fog_per_m, fog_height = air[0], air[1]
    for i in prange(directions.shape[0]):
        x, y, z = directions[i, 0], directions[i, 1], directions[i, 2]
        up = max(y, 0.0)
        low = (1.0 - up) ** 3.6
        cosine = x * sun[0] + y * sun[1] + z * sun[2]
        halo = (0.5 + 0.5 * cosine) ** 5 * (1 - up) ** 2.2 * 0.55 + 0.45 * max(0.0, cosine) ** 48
        amount, lit, skylit = seen[0, i], seen[1, i], seen[2, i]
        depth = fog_per_m * min(1500.0, 0.6 * fog_height / max(up, 0.004))
        haze = 1.0 - math.exp(-depth)
        for c in range(3):
            value = colours[0, c] * (1 - low) + colours[1, c] * low + colours[2, c] * halo
            veil = colours[3, c] * lit * 1.15 + colours[5, c] * skylit + colours[2, c] * halo * 0.5 * lit
            value += (veil - value) * amount
            value += (colours[4, c] + 0.3 * colours[2, c] * halo - value) * haze
            out[i, c] = value if y >= 0 else value * max(0.8, 1.0 + 3.0 * y)


def sky_budget(splats: int, scene: Scene) -> int:
    """How many of the splats the dome takes; indoors only what windows show."""
    share = DOME_SHARE * (0.3 if scene.indoors else 1.0)
    return int(min(100_000, max(2_500, splats * share)))


@dataclass(frozen=True)
class Dome:
    """The sky as flat splats facing the middle: all arrays (N, …), radiance linear."""

    means: Floats
    frames: Floats
    sizes_m: Floats
    radiance: Floats
    opacity: Floats


def dome(sky: Sky, count: int, *, dip_rad: float = DOME_DIP_RAD) -> Dome:
    """`count` splats: the dome itself, down to `dip_rad` below the horizon, the sun or moon, and stars."""
    stars = int(0.045 * count * sky.stars * (2.5 if sky.stars > 1 and dip_rad > 1 else 1.0))
    clear = sky.disc and sky.cloud_cover < 0.8 and sky.light_direction[1] > 0.02 and sky.fog_per_m < 0.01
    sun = np.array([sky.light_direction], np.float32)
    shows_disc = clear and max(sky.light) > 1.0 and clouds_seen(sun, sun[0], sky.cloud_cover)[0, 0] < 0.5
    shows_moon = clear and 0.2 < max(sky.light) <= 1.0
    directions, glow, sizes, shell = _veil(sky, count - stars - int(shows_disc), dip_rad)
    opacity = np.full(len(directions), 0.985, np.float32)
    if stars:
        points, bright, size = _stars(stars, sky, lowest=max(-0.9, -math.sin(dip_rad)) if dip_rad > 1 else 0.04)
        directions, glow = np.concatenate([directions, points]), np.concatenate([glow, bright])
        sizes, opacity = np.concatenate([sizes, size]), np.concatenate([opacity, np.full(stars, 0.9, np.float32)])
        shell = np.concatenate([shell, np.full(stars, 0.995, np.float32)])
    if shows_disc:
        towards = np.asarray([sky.light_direction], np.float32)
        peak = np.asarray(sky.light, np.float32)
        disc = peak / peak.max() * 9.0
        directions, glow = np.concatenate([directions, towards]), np.concatenate([glow, disc[None].astype(np.float32)])
        sizes = np.concatenate([sizes, np.array([SUN_RADIUS_RAD], np.float32)])
        opacity, shell = np.concatenate([opacity, np.array([0.95], np.float32)]), np.concatenate([shell, np.array([0.99], np.float32)])
    for points, bright, size, cover in [*(seen(globe, sky) for globe in sky.globes), *([moon(sky, MOON_RADIUS_RAD)] if shows_moon else [])]:
        directions, glow, sizes = np.concatenate([directions, points]), np.concatenate([glow, bright]), np.concatenate([sizes, size])
        opacity, shell = np.concatenate([opacity, cover]), np.concatenate([shell, np.full(len(points), 0.985, np.float32)])
    means = directions * (DOME_RADIUS_M * shell)[:, None]
    flat = np.stack([sizes, sizes, np.full(len(sizes), 0.0006, np.float32)], axis=1) * (DOME_RADIUS_M * shell)[:, None]
    return Dome(means.astype(np.float32), facing_middle(directions), flat.astype(np.float32), glow, opacity)


def _veil(sky: Sky, count: int, dip_rad: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Directions, radiance, sizes (rad) and distances (of the dome's radius) of the sky's own splats.

    A clear sky needs few and large ones; where neighbours differ, four of half the size stand before one, and again before those: so far
    before that renderers which sort by depth along the view's axis, not by distance, draw them later in the corners of a picture, too.
    """
    shares = (0.4, 0.4, 0.2) if (sky.land or sky.cloud_cover > 0) and count >= FEW else (1.0,)
    directions, spacing = _spiral(int(shares[0] * count), dip_rad)
    levels = [(directions, _outside(sky, directions), spacing)]
    for share in shares[1:]:
        directions, glow, spacing = levels[-1]
        chosen = np.argsort(-_unlike(directions, glow, level=sky.land), kind="stable")[: int(share * count) // 4]
        frames, step = facing_middle(directions[chosen]), 0.25 * spacing
        corners = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)], np.float32) * step
        finer = (directions[chosen][:, None] + np.einsum("nij,kj->nki", frames[:, :, :2], corners)).reshape(-1, 3)
        finer /= np.linalg.norm(finer, axis=1, keepdims=True)
        levels.append((finer, _outside(sky, finer), 0.5 * spacing))
    sizes = np.concatenate([np.full(len(points), 0.72 * apart, np.float32) for points, _, apart in levels])
    shell = np.concatenate([np.full(len(points), 1.0 + SHELLS * (apart - levels[-1][2]), np.float32) for points, _, apart in levels])
    return np.concatenate([points for points, _, _ in levels]), np.concatenate([glow for _, glow, _ in levels]), sizes, shell


def _outside(sky: Sky, directions: Floats) -> Floats:
    """Radiance (N, 3) of the sky and its clouds in unit directions (N, 3), with the land before it that windows look out on."""
    glow = radiance(sky, directions, clouds=True)
    return vista(sky, directions, glow) if sky.land else glow


def _unlike(directions: Floats, glow: Floats, *, level: bool) -> Floats:
    """How much (N,) each splat's brightness differs from its neighbours', by factors, as far as it is looked at.

    What is high up seldom is; `level`: nor is, through windows, what is not on a level with the eyes.
    """
    bright = np.log(luminance(glow) + 0.02)
    _, near = cKDTree(directions).query(directions, k=min(NEAR, len(directions)))
    unlike = np.abs(bright[near] - bright[:, None]).max(axis=1)
    high = directions[:, 1]
    looked_at = np.clip(1.6 - 3.0 * np.abs(high), 0.05, 1.0) if level else np.clip(1.35 - high, 0.3, 1.0)
    return np.asarray(unlike * looked_at, np.float32)


def _spiral(count: int, dip_rad: float) -> tuple[Floats, float]:
    """Fibonacci points over the dome and the angle (rad) between neighbours; somewhat denser towards the horizon."""
    lowest = -math.sin(dip_rad)
    rank = (np.arange(count) + 0.5) / count
    y = lowest + (1 - lowest) * rank**1.25
    turn = np.arange(count) * math.pi * (3 - math.sqrt(5))
    flat = np.sqrt(np.maximum(0.0, 1 - y * y))
    points = np.stack([np.cos(turn) * flat, y, np.sin(turn) * flat], axis=1).astype(np.float32)
    return points, math.sqrt(2 * math.pi * (1 - lowest) / count) * 1.12


def _stars(count: int, sky: Sky, *, lowest: float) -> tuple[Floats, Floats, Floats]:
    rng = np.random.default_rng(20_613)
    y = rng.uniform(lowest, 1.0, count)
    turn = rng.uniform(0, 2 * math.pi, count)
    flat = np.sqrt(1 - y * y)
    points = np.stack([np.cos(turn) * flat, y, np.sin(turn) * flat], axis=1).astype(np.float32)
    power = rng.pareto(2.2, count).clip(0, 9) + 0.25
    warmth = rng.normal(0, 0.12, count)
    tint = np.stack([1 + warmth, np.ones(count), 1 - warmth], axis=1)
    bright = (0.16 * power * sky.stars * (np.clip(y * 6, 0, 1) if lowest > 0 else STARS_FROM_ROOMS))[:, None] * tint
    behind = radiance(sky, points, clouds=True)
    if sky.cloud_cover > 0:
        bright *= 1 - clouds_seen(points, np.asarray(sky.light_direction, np.float32), sky.cloud_cover)[0][:, None]
    sizes = (0.0007 + 0.00026 * np.sqrt(power)) * (1.0 if lowest > 0 else 1.2)
    return points, (behind + bright).astype(np.float32), sizes.astype(np.float32)


def facing_middle(directions: Floats) -> Floats:
    """Frames (N, 3, 3) of flat splats in unit directions (N, 3), their normals along them."""
    side = np.cross(directions, np.array([0.0, 1.0, 1e-4], np.float32))
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-6)
    return np.stack([side, np.cross(directions, side), directions], axis=2).astype(np.float32)


def air_light(sky: Sky, points: Floats, eye: Floats) -> tuple[Floats, Floats]:
    """What the air does between `eye` (3,) and points (N, 3): transmittance (N,) and the light it adds (N, 3).

    The extinction falls off exponentially with height; its integral along a straight ray is closed-form.
    """
    offset = points - eye
    distance = np.linalg.norm(offset, axis=1)
    depth = _optical_depth(sky.fog_per_m, sky.fog_height_m, float(eye[1]), offset[:, 1], distance)
    if sky.mist_per_m > 0:
        depth = depth + _optical_depth(sky.mist_per_m, sky.mist_height_m, float(eye[1]), offset[:, 1], distance)
    transmittance = np.exp(-depth).astype(np.float32)
    towards = (offset / np.maximum(distance, 1e-6)[:, None]).astype(np.float32)
    cosine = towards @ np.asarray(sky.light_direction, np.float32)
    halo = 0.42 * (0.5 + 0.5 * cosine) ** 5
    tint = np.asarray(sky.fog, np.float32) + halo[:, None].astype(np.float32) * np.asarray(sky.glow, np.float32)
    return transmittance, (tint * (1 - transmittance)[:, None]).astype(np.float32)


def _optical_depth(per_m: float, height_m: float, eye_m: float, rise: Floats, distance: Floats) -> Floats:
    """Extinction (N,) along straight rays from `eye_m` high that rise so far, in air that thins by e every `height_m`."""
    ratio = rise / height_m
    flat = np.abs(ratio) < 1e-4
    mean = np.where(flat, 1.0, (1 - np.exp(-np.clip(ratio, -30, 30))) / np.where(flat, 1.0, ratio))
    start = math.exp(-max(eye_m, 0.0) / height_m)
    return np.asarray(per_m * distance * start * np.clip(mean, 0, 40), np.float32)


def without_sky(sky: Sky) -> Sky:
    """The same light with clear, dark air: for closed rooms without a view."""
    return replace(sky, fog_per_m=0.0, stars=0.0)
