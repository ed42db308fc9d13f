"""Plants put together: foliage elements, their shade and colour, and the fit to the ordered size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from pipelines.scene import Colour, Foliage, Material, Mesh, Part, Spot, join_foliage
from pipelines.things.grown.vectors import Array, across, mix, noise, unit
from pipelines.things.materials import material
from pipelines.things.shape import GrownOrder, Shape

TRANSLUCENT = 0.35
DEEPEST = 0.6  # `depth` of the innermost leaves


@dataclass(frozen=True)
class Palette:
    """Linear reflectances of a leafage: deep inside, at the surface, and at the young tips; `spice` mixes in by clumps."""

    inner: Colour
    outer: Colour
    tip: Colour
    spice: Colour | None = None


def elements(
    centres: ArrayLike, directions: ArrayLike, normals: ArrayLike, *, length_m: ArrayLike, width_m: ArrayLike, colours: ArrayLike
) -> Foliage:
    """Foliage from rows of any float type; normals are turned to stand at right angles to the directions. depth is 0."""
    centres = np.asarray(centres, np.float32).reshape(-1, 3)
    count = len(centres)
    along = unit(np.broadcast_to(np.asarray(directions, np.float64), (count, 3)))
    facing = across(along, np.broadcast_to(np.asarray(normals, np.float64), (count, 3)))
    return Foliage(
        centres,
        along.astype(np.float32),
        facing.astype(np.float32),
        np.array(np.broadcast_to(np.asarray(length_m, np.float32), count)),
        np.array(np.broadcast_to(np.asarray(width_m, np.float32), count)),
        np.clip(np.broadcast_to(np.asarray(colours, np.float32), (count, 3)), 0, 1),
        np.zeros(count, np.float32),
        TRANSLUCENT,
    )


def segments(
    starts: ArrayLike, ends: ArrayLike, normals: ArrayLike, *, width_m: ArrayLike, colours: ArrayLike, overlap: float = 1.15
) -> Foliage:
    """Elements that each span from a start to an end (N, 3), a little longer so that rows of them join."""
    starts, ends = np.asarray(starts, np.float64), np.asarray(ends, np.float64)
    reach = ends - starts
    length = np.linalg.norm(reach, axis=1) * overlap
    return elements((starts + ends) / 2, reach, normals, length_m=length, width_m=width_m, colours=colours)


def shuffled(groups: Sequence[Foliage], rng: np.random.Generator, *, translucency: float = TRANSLUCENT) -> Foliage:
    """All groups in one foliage in random order, so that a prefix is a thinner version."""
    whole = join_foliage(groups)
    order = rng.permutation(len(whole))
    return Foliage(
        whole.centres[order],
        whole.directions[order],
        whole.normals[order],
        whole.lengths_m[order],
        whole.widths_m[order],
        whole.colours[order],
        whole.depth[order],
        translucency,
    )


def buried(centres: ArrayLike, areas: ArrayLike, *, cells: int = 20, strength: float = 1.0) -> tuple[Array, Array]:
    """How deep each element sits in the leafage: depth (N,) 0 … 1, and outward directions (N, 3) off the denser side.

    The leaf area is binned on a grid; depth grows with the mean leaf area that lies towards the four sides and the sky.
    """
    points = np.asarray(centres, np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    cell = float((high - low).max()) / cells + 1e-9
    place = ((points - low) / cell).astype(np.int64)
    shape = tuple(place.max(axis=0) + 1)
    flat = np.ravel_multi_index(tuple(place.T), shape)
    density = np.bincount(flat, np.broadcast_to(np.asarray(areas, np.float64), len(points)), int(np.prod(shape))).reshape(shape)
    layers = _softened(density) / cell**2
    passing = np.zeros(shape)
    for axis, weight in ((0, 0.15), (2, 0.15), (1, 0.4)):
        below = np.cumsum(layers, axis=axis) - layers * 0.5
        above = layers.sum(axis=axis, keepdims=True) - below
        passing += weight * np.exp(-0.5 * strength * above)
        if axis != 1:
            passing += weight * np.exp(-0.5 * strength * below)
    steep = np.stack(list(np.gradient(np.pad(_softened(layers), 1))), axis=-1)[1:-1, 1:-1, 1:-1].reshape(-1, 3)
    return 1 - passing.reshape(-1)[flat], unit(-steep[flat] + 1e-9)


def _softened(grid: Array) -> Array:
    """The grid blurred by (1, 2, 1) along each axis."""
    for axis in range(3):
        wide = np.pad(grid, [(1, 1) if a == axis else (0, 0) for a in range(3)])
        size = grid.shape[axis]
        grid = 0.5 * grid + 0.25 * (wide.take(range(size), axis) + wide.take(range(2, size + 2), axis))
    return grid


def shaded(
    foliage: Foliage,
    rng: np.random.Generator,
    palette: Palette,
    *,
    clump_m: float,
    outward: float = 0.8,
    strength: float = 1.0,
    tips: float = 0.3,
) -> Foliage:
    """The foliage with depth, outward-leaning normals, and colours from inside to tip with clumps and random hues."""
    area = foliage.lengths_m * foliage.widths_m * 0.785
    depth, away = buried(foliage.centres, area, strength=strength)
    low, high = np.quantile(depth, (0.06, 0.97))
    depth = np.clip((depth - low) / max(float(high - low), 1e-6), 0, 1)
    along = foliage.directions.astype(np.float64)
    facing = unit(foliage.normals + outward * 1.5 * away)
    wave = noise(foliage.centres, int(rng.integers(1 << 30)), size_m=clump_m, octaves=2)
    count = len(foliage)
    light = np.clip((1 - depth) * 1.15 + 0.25 * wave + rng.normal(0, 0.13, count), 0, 1)
    colours = mix(palette.inner, palette.outer, light)
    young = np.clip(light - 0.62, 0, 1) / 0.38 * (rng.random(count) < 0.75) * tips * rng.uniform(0.4, 1.6, count)
    colours = mix(colours, palette.tip, np.clip(young, 0, 1))
    if palette.spice is not None:
        # leaf by leaf, not blended: a tree that turns has green leaves and red ones, few brown ones
        turned_share = np.clip(0.5 + 1.6 * wave, 0, 1) * np.clip(light + 0.25, 0, 1)
        colours = mix(colours, palette.spice, (rng.random(count) < turned_share) * rng.uniform(0.7, 1.0, count))
    colours = hued(colours, rng)
    return replace(
        foliage,
        normals=across(along, facing).astype(np.float32),
        colours=colours.astype(np.float32),
        depth=(DEEPEST * depth).astype(np.float32),  # colour has done its part of the darkening
    )


def hued(colours: Array, rng: np.random.Generator, amount: float = 1.0) -> Array:
    """Colours (N, 3) with small random changes of brightness and of warmth, as no two leaves are alike."""
    count = len(colours)
    bright = np.exp(rng.normal(0, 0.13 * amount, count))[:, None]
    warm = rng.normal(0, 0.07 * amount, count)
    return np.clip(colours * bright * np.stack([1 + warm, np.ones(count), 1 - warm], axis=1), 0, 1)


def wooden(mesh: Mesh, material_name: str, *, tint: Colour | None = None, name: str = "wood") -> Part:
    """A part of bark or the like, shaded smooth."""
    return solid(mesh, material(material_name), tint=tint, name=name, crease_deg=60)


def solid(mesh: Mesh, of: Material, *, tint: Colour | None = None, name: str = "", crease_deg: float = 40, collides: bool = True) -> Part:
    """A part in the model's own axes."""
    return Part(mesh, of, tint, name, crease_deg=crease_deg, collides=collides)


def extent(parts: Sequence[Part], foliage: Sequence[Foliage]) -> Array:
    """(2, 3) bounds of meshes and of both ends of every element."""
    lows, highs = [], []
    for part in parts:
        if len(part.mesh.vertices):
            low, high = part.mesh.bounds
            lows.append(low)
            highs.append(high)
    for group in foliage:
        if len(group):
            reach = reaches(group)
            lows.append((group.centres - reach).min(axis=0))
            highs.append((group.centres + reach).max(axis=0))
    return np.stack([np.min(lows, axis=0), np.max(highs, axis=0)]).astype(np.float64)


def reaches(foliage: Foliage) -> Array:
    """(E, 3) how far every element reaches along each axis, metres: half its length; widths are left out, as the library does."""
    return np.asarray(np.abs(foliage.directions) * foliage.lengths_m[:, None] / 2, np.float64)


def fitted(shape: Shape, order: GrownOrder, *, rooted: bool = True, sunk: bool = False) -> Shape:
    """The shape scaled along each axis to the ordered size, standing on the ground.

    rooted: its foot stays on the origin, however uneven the crown, and what lies below the ground (roots) stays there and does not
    count; otherwise the middle of its box comes to stand on the origin, and its lowest point on the ground, unless it is sunk.
    """
    wanted = np.asarray(order.size_m, np.float64)
    for _ in range(3):  # the reach of turned elements changes with the stretch, so one step is not quite enough
        low, high = extent(shape.parts, shape.foliage)
        if rooted or sunk:
            low[1] = max(low[1], 0.0)
        scale = wanted / np.maximum(high - low, 1e-6)
        middle = np.zeros(3) if rooted else (low + high) / 2
        shape = stretched(shape, scale, -scale * np.array([middle[0], low[1], middle[2]]))
    return shape


def against_wall(shape: Shape) -> Shape:
    """The shape moved so that its back touches the plane z = 0."""
    back = float(extent(shape.parts, shape.foliage)[0, 2])
    return stretched(shape, np.ones(3), np.array([0.0, 0.0, -back]))


def stretched(shape: Shape, scale: Array, shift: Array) -> Shape:
    """The shape scaled (3,) and then moved (3,)."""
    matrix = np.diag([*scale, 1.0])
    matrix[:3, 3] = shift
    grow = np.cbrt(np.prod(scale))
    return Shape(
        [replace(part, mesh=part.mesh.moved(matrix), model_from_part=_turned_axes(part, shift)) for part in shape.parts],
        [_stretched_foliage(group, scale, shift) for group in shape.foliage],
        [
            replace(s, position=_placed(s.position, scale, shift), size_m=(s.size_m[0] * scale[0], s.size_m[1] * scale[2]))
            for s in shape.spots
        ],
        [replace(lamp, position=_placed(lamp.position, scale, shift), radius_m=lamp.radius_m * float(grow)) for lamp in shape.lamps],
    )


def _turned_axes(part: Part, shift: Array) -> Array:
    axes = part.model_from_part.copy()
    axes[:3, 3] += shift
    return axes


def _placed(position: tuple[float, float, float], scale: Array, shift: Array) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in np.asarray(position) * scale + shift)
    return (x, y, z)


def _stretched_foliage(foliage: Foliage, scale: Array, shift: Array) -> Foliage:
    """Elements under an uneven scale: directions and sides are stretched, normals follow from them."""
    long = foliage.directions * scale
    side = np.cross(foliage.normals, foliage.directions) * scale
    longer, wider = np.linalg.norm(long, axis=1), np.linalg.norm(side, axis=1)
    along = unit(long)
    return replace(
        foliage,
        centres=(foliage.centres * scale + shift).astype(np.float32),
        directions=along.astype(np.float32),
        normals=across(along, np.cross(along, side)).astype(np.float32),
        lengths_m=(foliage.lengths_m * longer).astype(np.float32),
        widths_m=(foliage.widths_m * wider).astype(np.float32),
    )


def spot_on_top(position: tuple[float, float, float], size_m: tuple[float, float]) -> Spot:
    """A place on top of a stump, a rock or a log."""
    return Spot("top", position, size_m)
