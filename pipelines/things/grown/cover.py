"""Ground cover: grass, flowers, litter and pebbles in the world frame, some strokes for every position.

A position is where one small plant (or stone, or leaf) stands. All arithmetic is done for all positions at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.errors import ThingError
from pipelines.scene import Floats, Foliage, join_foliage
from pipelines.spec import Season
from pipelines.things.grown.crops import CROPS, crop
from pipelines.things.grown.herbs import GRASS
from pipelines.things.grown.strokes import Blades, drawn, flat
from pipelines.things.grown.vectors import noise

Draw = Callable[[Floats, np.random.Generator, Season], list[Foliage]]


@dataclass(frozen=True)
class Cover:
    """A kind of ground cover. elements: strokes per position at most.  height_m: about how high it stands."""

    draw: Draw
    elements: int
    height_m: float


def grow_cover(kind: str, positions: ArrayLike, rng: np.random.Generator, season: Season = Season.SUMMER) -> Foliage:
    """Ground cover on positions (N, 3) in the world frame, N ≥ 0; raises ThingError for a kind that COVERS lacks.

    Positions are taken in random order, so that the first elements are a thinner version of the whole.
    """
    if kind not in COVERS:
        near = ", ".join(difflib.get_close_matches(kind, COVERS, n=3, cutoff=0.3) or sorted(COVERS)[:6])
        raise ThingError(f"there is no ground cover {kind!r}: use one of COVERS, such as {near}")
    feet = np.asarray(positions, np.float32).reshape(-1, 3)
    if not len(feet):
        return join_foliage([])
    groups = COVERS[kind].draw(feet[rng.permutation(len(feet))], rng, season)
    whole = join_foliage(groups) if len(groups) > 1 else groups[0]
    if len(groups) == 1:
        return whole
    # every group stands in random order by itself: riffling them evenly is cheaper than a second shuffle
    order = np.argsort(np.concatenate([(np.arange(len(group)) + 0.5) / len(group) for group in groups if len(group)]), kind="stable")
    return Foliage(
        whole.centres[order], whole.directions[order], whole.normals[order], whole.lengths_m[order],
        whole.widths_m[order], whole.colours[order], whole.depth[order], whole.translucency,
    )  # fmt: skip


def _wave(feet: Floats, rng: np.random.Generator, size_m: float, octaves: int = 2) -> NDArray[np.float64]:
    """Smooth noise over the ground, about −1 … 1, the same for neighbours."""
    level = feet.astype(np.float64) * [1, 0, 1]
    return noise(level, int(rng.integers(1 << 30)), size_m=size_m, octaves=octaves)


def _tones(
    name: str, season: Season, wave: NDArray[np.float64], dry: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Foot and tip colours of GRASS[name] that dry out by patches."""
    foot, body, straw = (np.asarray(colour) for colour in GRASS[name][season])
    share = np.clip(dry + 0.42 * wave + rng.normal(0, 0.12, len(wave)), 0, 1)[:, None]
    return np.broadcast_to(foot, (len(wave), 3)) * (1 + 0.5 * share), body * (1 - share) + straw * share


def _grass(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    clumps, patches = _wave(feet, rng, 0.55), _wave(feet, rng, 4.5)
    vigour = np.clip(1.0 + 0.55 * clumps + 0.25 * patches, 0.4, 1.6)
    low, high = _tones("green", season, patches * 0.8 - 0.3 * clumps, 0.24, rng)
    return [drawn(feet, rng, Blades((0.06, 0.19), (0.15, 0.8), (0.009, 0.014), 1, 2), low=low, high=high, vigour=vigour)]


def _meadow_grass(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    patches = _wave(feet, rng, 5.0)
    low, high = _tones("green", season, patches, 0.34, rng)
    vigour = np.clip(1 + 0.35 * _wave(feet, rng, 0.8), 0.5, 1.5)
    groups = [drawn(feet, rng, Blades((0.20, 0.48), (0.2, 0.8), (0.008, 0.013), 2, 2, 0.04), low=low, high=high, vigour=vigour)]
    return [*groups, *_heads(feet[: len(feet) // 3], rng, season, (0.38, 0.68))]


def _heads(feet: Floats, rng: np.random.Generator, season: Season, height_m: tuple[float, float]) -> list[Foliage]:
    """Thin stalks with a feathery seed head."""
    if not len(feet):
        return []
    count = len(feet)
    tall = rng.uniform(*height_m, count)
    stalk = np.broadcast_to(np.asarray(GRASS["straw"][season][1]) * [0.75, 0.85, 0.6], (count, 3))
    stalks = drawn(feet, rng, Blades((1, 1), (0.03, 0.2), (0.0045, 0.006), 1, 1, 0.02), low=stalk * 0.5, high=stalk, vigour=tall)
    tip = stalks.centres + stalks.directions * stalks.lengths_m[:, None] * 0.44
    node = np.repeat(np.arange(count), 2)
    head = flat(
        tip[node] + rng.normal(0, 0.008, (count * 2, 3)), rng, length_m=0.055, width_m=0.010, colours=(0.30, 0.235, 0.135), tilt=0.5
    )
    go = stalks.directions[node] + rng.normal(0, 0.22, (count * 2, 3)).astype(np.float32)
    go /= np.linalg.norm(go, axis=1, keepdims=True)
    side = np.cross(go, rng.normal(0, 1, (count * 2, 3)))
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-9
    return [stalks, Foliage(head.centres, go, side.astype(np.float32), head.lengths_m, head.widths_m, head.colours, head.depth, 0.35)]


_WILD = np.array([[0.70, 0.69, 0.64], [0.64, 0.46, 0.03], [0.10, 0.12, 0.44], [0.50, 0.045, 0.025], [0.44, 0.14, 0.34], [0.30, 0.18, 0.46]])
_HEARTS = np.array([[0.60, 0.38, 0.02], [0.50, 0.33, 0.02], [0.09, 0.05, 0.22], [0.03, 0.02, 0.02], [0.55, 0.45, 0.10], [0.20, 0.10, 0.30]])


def _wildflowers(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    if season == Season.WINTER:
        return _heads(feet, rng, season, (0.15, 0.4))
    count = len(feet)
    fields = np.stack([_wave(feet, rng, 3.5) + rng.normal(0, 0.16, count) for _ in range(len(_WILD))], axis=1) + [
        0.25,
        0.15,
        0.0,
        0.0,
        -0.05,
        -0.05,
    ]
    which = fields.argmax(axis=1)
    tall = rng.uniform(0.14, 0.38, count) * np.where(which == 3, 1.25, 1.0)
    green = np.broadcast_to(GRASS["green"][season][1], (count, 3)).astype(np.float64)
    stalks = drawn(feet, rng, Blades((1, 1), (0.02, 0.28), (0.0055, 0.007), 1, 1, 0.0), low=green * 0.5, high=green, vigour=tall)
    leaves = drawn(feet, rng, Blades((0.06, 0.17), (0.3, 0.9), (0.012, 0.02), 1, 2, 0.012), low=green * 0.45, high=green * 0.95)
    tip = stalks.centres + stalks.directions * stalks.lengths_m[:, None] * 0.46
    size = rng.uniform(0.024, 0.042, count) * np.where(which == 3, 1.4, 1.0)
    faded = 0.8 if season == Season.AUTUMN else 1.0
    return [stalks, leaves, *_heads_of_flowers(tip, size, _WILD[which] * faded, _HEARTS[which], rng)]


def _heads_of_flowers(
    tips: Floats, size: NDArray[np.float64], petals: NDArray[np.float64], hearts: NDArray[np.float64], rng: np.random.Generator
) -> list[Foliage]:
    """Five petals round a heart, tilted towards any side."""
    count, each = len(tips), 5
    up = rng.normal(0, 0.32, (count, 3)) + [0, 1, 0]
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    right = np.cross(up, [0.3, 0.1, 0.9])
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    other = np.cross(up, right)
    angle = rng.uniform(0, 6.28, (count, 1)) + np.arange(each) * 2 * np.pi / each
    out = np.cos(angle)[..., None] * right[:, None] + np.sin(angle)[..., None] * other[:, None]
    rise = 0.4
    go = out * np.cos(rise) + up[:, None] * np.sin(rise)
    facing = up[:, None] * np.cos(rise) - out * np.sin(rise)
    centres = tips[:, None] + go * (size * 0.29)[:, None, None]
    tint = np.clip(np.repeat(petals, each, axis=0) * np.exp(rng.normal(0, 0.10, (count * each, 1))), 0, 1)
    crown = Foliage(
        centres.reshape(-1, 3).astype(np.float32),
        go.reshape(-1, 3).astype(np.float32),
        facing.reshape(-1, 3).astype(np.float32),
        np.repeat(size * 0.56, each).astype(np.float32),
        np.repeat(size * 0.42, each).astype(np.float32),
        tint.astype(np.float32),
        np.zeros(count * each, np.float32),
        0.35,
    )
    heart = flat(tips + up * (size * 0.12)[:, None], rng, length_m=size * 0.34, width_m=size * 0.34, colours=hearts, tilt=0.2, depth=0.0)
    return [crown, heart]


def _clover(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    count = len(feet)
    node = np.repeat(np.arange(count), 6)
    rise = rng.uniform(0.03, 0.09, count * 2)
    stem = feet[np.repeat(np.arange(count), 2)] + np.stack([rng.normal(0, 0.03, count * 2), rise, rng.normal(0, 0.03, count * 2)], axis=1)
    angle = np.tile(np.arange(3) * 2.094, count * 2) + np.repeat(rng.uniform(0, 6.28, count * 2), 3)
    out = np.stack([np.cos(angle), np.zeros_like(angle), np.sin(angle)], axis=1)
    wave = _wave(feet, rng, 1.8)
    body = np.asarray(GRASS["green"][season][1]) * (1 + 0.2 * wave[node])[:, None] * [0.85, 1.0, 0.9]
    leaves = flat(np.repeat(stem, 3, axis=0) + out * 0.011, rng, length_m=0.026, width_m=0.021, colours=body, tilt=0.28)
    groups = [leaves]
    if season in (Season.SPRING, Season.SUMMER):
        chosen = stem[::9]
        balls = np.repeat(chosen, 3, axis=0) + [0, 0.05, 0] + rng.normal(0, 0.005, (len(chosen) * 3, 3))
        groups.append(flat(balls, rng, length_m=0.022, width_m=0.018, colours=(0.62, 0.56, 0.52), tilt=1.0, depth=0.0))
    return groups


_LITTER = np.array([[0.165, 0.095, 0.045], [0.230, 0.140, 0.062], [0.110, 0.070, 0.040], [0.290, 0.185, 0.075], [0.085, 0.060, 0.040]])


def _forest_litter(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    count = len(feet)
    third = count // 3
    leaf = feet[: count - third] + [0, 0.012, 0]
    tint = _LITTER[rng.integers(0, len(_LITTER), len(leaf))] * (1 + 0.3 * _wave(feet[: count - third], rng, 1.5))[:, None]
    if season == Season.AUTUMN:
        tint = tint * [1.5, 1.2, 0.9]
    size = rng.uniform(0.035, 0.075, len(leaf))
    groups = [
        flat(
            leaf + rng.normal(0, 0.006, leaf.shape) * [0, 1, 0],
            rng,
            length_m=size,
            width_m=size * rng.uniform(0.45, 0.75, len(leaf)),
            colours=tint,
            tilt=0.32,
        )
    ]
    if third:
        node = np.repeat(np.arange(third), 3)
        sticks = feet[count - third :][node] + rng.normal(0, 0.04, (len(node), 3)) * [1, 0.1, 1] + [0, 0.012, 0]
        long = np.where(rng.random(len(node)) < 0.12, rng.uniform(0.12, 0.35, len(node)), rng.uniform(0.05, 0.10, len(node)))
        groups.append(flat(sticks, rng, length_m=long, width_m=0.004 + 0.018 * long, colours=np.array([0.150, 0.085, 0.042]), tilt=0.15))
    return groups


def _fallen_leaves(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    palette = np.array([[0.34, 0.125, 0.028], [0.42, 0.26, 0.05], [0.25, 0.055, 0.022], [0.23, 0.14, 0.05], [0.38, 0.19, 0.03]])
    if season in (Season.SPRING, Season.WINTER):
        palette = _LITTER
    node = np.repeat(np.arange(len(feet)), 2)
    centres = feet[node] + rng.normal(0, 0.05, (len(node), 3)) * [1, 0.08, 1] + [0, 0.014, 0]
    wave = _wave(feet, rng, 2.5)[node]
    which = np.clip(((wave * 0.5 + 0.5) * 3 + rng.uniform(0, 2, len(node))).astype(int), 0, 4)
    size = rng.uniform(0.05, 0.10, len(node))
    return [flat(centres, rng, length_m=size, width_m=size * rng.uniform(0.6, 0.85, len(node)), colours=palette[which], tilt=0.35)]


def _fern(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    fronds, pairs = 6, 5
    count = len(feet) * fronds
    node = np.repeat(np.arange(len(feet)), fronds)
    azimuth = np.tile(np.arange(fronds) * 2 * np.pi / fronds, len(feet)) + rng.normal(0, 0.3, count)
    length = rng.uniform(0.22, 0.42, count) * np.clip(1 + 0.3 * _wave(feet, rng, 1.2)[node], 0.6, 1.4)
    out = np.stack([np.cos(azimuth), np.zeros(count), np.sin(azimuth)], axis=1)
    share = (np.arange(pairs) + 0.7) / pairs
    spine = (
        feet[node][:, None]
        + out[:, None] * (length[:, None] * share)[..., None]
        + (length[:, None] * (1.25 * share - 1.05 * share**2))[..., None] * np.array([0, 1, 0])
    )
    side = np.cross(out, [0, 1, 0])[:, None]
    leaf = length[:, None] * np.interp(share, (0, 0.25, 1), (0.16, 0.30, 0.07)) * rng.uniform(0.85, 1.15, (count, 1))
    body = np.asarray(GRASS["green"][season][1]) * [0.85, 1.0, 0.85]
    groups = []
    for hand in (-1.0, 1.0):
        go = hand * side * 0.9 + out[:, None] * 0.42 - np.array([0, 0.12, 0]) + 0 * leaf[..., None]
        go /= np.linalg.norm(go, axis=2, keepdims=True)
        facing = np.cross(np.broadcast_to(side, go.shape) * hand, go)
        facing = facing * np.sign(facing[..., 1:2] + 1e-9) + rng.normal(0, 0.12, go.shape) + [0, 0.8, 0]
        facing -= go * (facing * go).sum(axis=2, keepdims=True)
        facing /= np.linalg.norm(facing, axis=2, keepdims=True)
        tint = body * np.exp(rng.normal(0, 0.16, (count, pairs, 1))) * (0.55 + 0.6 * share)[None, :, None]
        groups.append(
            Foliage(
                (spine + go * leaf[..., None] * 0.5).reshape(-1, 3).astype(np.float32), go.reshape(-1, 3).astype(np.float32),
                facing.reshape(-1, 3).astype(np.float32), (leaf * 1.1).ravel().astype(np.float32), (leaf * 0.34).ravel().astype(np.float32),
                np.clip(tint, 0, 1).reshape(-1, 3).astype(np.float32), np.tile(0.5 * (1 - share), count).astype(np.float32), 0.35,
            )
        )  # fmt: skip
    return groups


def _reeds(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    low, high = _tones("reed", season, _wave(feet, rng, 2.0), 0.25, rng)
    vigour = np.clip(1 + 0.3 * _wave(feet, rng, 1.0), 0.6, 1.4)
    groups = [drawn(feet, rng, Blades((0.7, 1.5), (0.05, 0.40), (0.014, 0.022), 2, 5, 0.06), low=low, high=high, vigour=vigour)]
    chosen = feet[: max(1, len(feet) // 6)]
    tall = rng.uniform(1.2, 1.7, len(chosen))
    stalk = np.broadcast_to(GRASS["reed"][season][1], (len(chosen), 3)).astype(np.float64)
    stalks = drawn(chosen, rng, Blades((1, 1), (0.01, 0.10), (0.009, 0.011), 1, 1, 0.02), low=stalk * 0.6, high=stalk, vigour=tall)
    node = np.repeat(np.arange(len(chosen)), 2)
    tips = stalks.centres[node] + stalks.directions[node] * stalks.lengths_m[node, None] * 0.40
    turn = np.tile([0.0, np.pi / 2], len(chosen)) + rng.uniform(0, 3, len(node))
    facing = np.stack([np.cos(turn), np.zeros_like(turn), np.sin(turn)], axis=1)
    go = stalks.directions[node]
    facing -= go * (facing * go).sum(axis=1, keepdims=True)
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    brown = np.clip(np.array([0.090, 0.046, 0.022]) * np.exp(rng.normal(0, 0.15, (len(node), 1))), 0, 1)
    heads = Foliage(
        tips.astype(np.float32), go, facing.astype(np.float32), np.full(len(node), 0.17, np.float32), np.full(len(node), 0.034, np.float32),
        brown.astype(np.float32), np.zeros(len(node), np.float32), 0.1,
    )  # fmt: skip
    return [*groups, stalks, heads]


def _moss(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    node = np.repeat(np.arange(len(feet)), 4)
    centres = feet[node] + rng.normal(0, 0.022, (len(node), 3)) * [1, 0.2, 1] + [0, 0.012, 0]
    wave = _wave(feet, rng, 0.9)[node][:, None]
    tint = np.array([0.075, 0.112, 0.026]) * (1 + 0.35 * wave) * (0.8 if season == Season.WINTER else 1.0)
    return [flat(centres, rng, length_m=rng.uniform(0.025, 0.05, len(node)), width_m=0.022, colours=np.clip(tint, 0.01, 1), tilt=0.7)]


def _pebbles(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    del season
    tones = np.array([[0.20, 0.19, 0.175], [0.31, 0.29, 0.26], [0.13, 0.125, 0.12], [0.25, 0.20, 0.155], [0.40, 0.385, 0.36]])
    count = len(feet)
    tint = tones[rng.integers(0, len(tones), count)]
    size = 0.018 + 0.05 * rng.random(count) ** 2.5
    tops = flat(
        feet + np.stack([0 * size, size * 0.30, 0 * size], axis=1),
        rng,
        length_m=size,
        width_m=size * rng.uniform(0.62, 0.9, count),
        colours=tint,
        tilt=0.22,
        depth=0.0,
    )
    azimuth = np.repeat(rng.uniform(0, 6.28, count), 2) + np.tile([0.0, 1.57], count)
    facing = np.stack([np.cos(azimuth), np.full(2 * count, 0.35), np.sin(azimuth)], axis=1)
    node = np.repeat(np.arange(count), 2)
    go = np.stack([-np.sin(azimuth), np.zeros(2 * count), np.cos(azimuth)], axis=1)
    sides = Foliage(
        (feet[node] + np.array([0, 1, 0]) * (size[node] * 0.16)[:, None]).astype(np.float32), go.astype(np.float32),
        (facing / np.linalg.norm(facing, axis=1, keepdims=True)).astype(np.float32), (size[node] * 0.9).astype(np.float32),
        (size[node] * 0.42).astype(np.float32), (tint[node] * 0.8).astype(np.float32), np.full(2 * count, 0.4, np.float32), 0.0,
    )  # fmt: skip
    return [tops, sides]


def _snow_tufts(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    del season
    low, high = _tones("straw", Season.WINTER, _wave(feet, rng, 2.0), 0.2, rng)
    groups = [drawn(feet, rng, Blades((0.10, 0.34), (0.05, 0.5), (0.005, 0.008), 1, 4, 0.03), low=low * 0.8, high=high * 0.8)]
    return [*groups, *_heads(feet[: len(feet) // 3], rng, Season.WINTER, (0.25, 0.45))]


def _dry_grass(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    low, high = _tones("straw", season, _wave(feet, rng, 3.0), 0.3, rng)
    vigour = np.clip(1 + 0.4 * _wave(feet, rng, 1.0), 0.5, 1.6)
    groups = [drawn(feet, rng, Blades((0.16, 0.42), (0.15, 0.85), (0.007, 0.011), 1, 5, 0.045), low=low, high=high * 0.85, vigour=vigour)]
    return [*groups, *_heads(feet[: len(feet) // 5], rng, season, (0.3, 0.6))]


def _beach_grass(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    low, high = _tones("sage", season, _wave(feet, rng, 2.0), 0.3, rng)
    return [drawn(feet, rng, Blades((0.35, 0.75), (0.25, 0.95), (0.007, 0.012), 2, 7, 0.06), low=low, high=high * [1.05, 1.0, 0.72])]


def _alien_grass(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    low, high = _tones("alien", season, _wave(feet, rng, 2.5), 0.4, rng)
    vigour = np.clip(1 + 0.5 * _wave(feet, rng, 0.9), 0.4, 1.7)
    groups = [drawn(feet, rng, Blades((0.12, 0.40), (0.1, 0.9), (0.012, 0.022), 2, 3, 0.04), low=low, high=high, vigour=vigour)]
    chosen = feet[: len(feet) // 4]
    rise = rng.uniform(0.15, 0.45, len(chosen))[:, None] * np.array([0, 1, 0])
    return [*groups, flat(chosen + rise, rng, length_m=0.022, width_m=0.022, colours=(0.20, 0.80, 0.82), tilt=1.0, depth=0.0)]


def _heather(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    low, high = _tones("sage", season, _wave(feet, rng, 1.5), 0.3, rng)
    sprigs = drawn(feet, rng, Blades((0.12, 0.28), (0.1, 0.6), (0.012, 0.018), 1, 5, 0.04), low=low * 0.6, high=high * [0.75, 0.7, 0.5])
    if season in (Season.SPRING, Season.WINTER):
        return [sprigs]
    tips = np.repeat(sprigs.centres + sprigs.directions * sprigs.lengths_m[:, None] * 0.3, 2, axis=0)
    bloom = flat(
        tips + rng.normal(0, 0.016, tips.shape), rng, length_m=0.022, width_m=0.016, colours=(0.33, 0.13, 0.31), tilt=0.9, depth=0.0
    )
    return [sprigs, bloom]


def _ripe_wheat(feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    foot, body, ear = (np.asarray(colour) for colour in GRASS["wheat"][season])
    count = len(feet)
    vigour = np.clip(1 + 0.12 * _wave(feet, rng, 1.6), 0.7, 1.2)
    low, high = np.broadcast_to(foot, (count, 3)), np.broadcast_to(body, (count, 3))
    stalks = drawn(feet, rng, Blades((0.68, 0.86), (0.05, 0.22), (0.005, 0.008), 2, 3, 0.05), low=low, high=high, vigour=vigour)
    tips = stalks.centres[1::2] + stalks.directions[1::2] * (0.45 * stalks.lengths_m[1::2])[:, None]
    go = stalks.directions[1::2] + rng.normal(0, 0.2, (len(tips), 3)).astype(np.float32)
    go /= np.linalg.norm(go, axis=1, keepdims=True)
    side = np.cross(go, rng.normal(0, 1, (len(tips), 3)))
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-9
    tint = np.clip(ear * np.exp(rng.normal(0, 0.13, (len(tips), 1))), 0, 1).astype(np.float32)
    size = np.full(len(tips), 1.0, np.float32)
    return [stalks, Foliage(tips + 0.04 * go, go, side.astype(np.float32), 0.095 * size, 0.022 * size, tint, 0 * size, 0.35)]


COVERS: Mapping[str, Cover] = MappingProxyType(
    {
        "grass": Cover(_grass, 2, 0.16),
        "meadow grass": Cover(_meadow_grass, 5, 0.45),
        "wildflowers": Cover(_wildflowers, 9, 0.3),
        "clover": Cover(_clover, 7, 0.08),
        "forest litter": Cover(_forest_litter, 3, 0.02),
        "fallen leaves": Cover(_fallen_leaves, 2, 0.02),
        "fern": Cover(_fern, 60, 0.2),
        "reeds": Cover(_reeds, 11, 1.3),
        "moss": Cover(_moss, 4, 0.03),
        "pebbles": Cover(_pebbles, 3, 0.02),
        "snow tufts": Cover(_snow_tufts, 5, 0.3),
        "dry grass": Cover(_dry_grass, 6, 0.35),
        "beach grass": Cover(_beach_grass, 14, 0.55),
        "alien grass": Cover(_alien_grass, 7, 0.3),
        "heather": Cover(_heather, 15, 0.22),
        "ripe wheat": Cover(_ripe_wheat, 9, 0.85),
        **{name: Cover(partial(crop, name), form.elements, form.tall_m[1]) for name, form in CROPS.items()},
    }
)
"""Every kind of ground cover by name."""
