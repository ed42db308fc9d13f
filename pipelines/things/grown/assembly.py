"""Assembly: collects the solids of a built thing under part names and fits the whole into its stated size.

What is added in a frame has its pattern in that frame's axes: a wall's bricks run along the wall, a roof's tiles along its slope.
Solids of one name, material, tint and direction become one part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Colour, Foliage, Lamp, Matrix, Mesh, Part, Spot, join_meshes
from pipelines.things.grown.joinery import Vector, along, rotation, translation
from pipelines.things.materials import COLOURS, material
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box, cylinder

Reals = NDArray[np.floating]


@dataclass
class _Lot:
    """Solids that will be one part."""

    material: str
    tint: Colour | None
    name: str
    matrix: Matrix
    crease_deg: float
    collides: bool
    meshes: list[Mesh] = field(default_factory=list)


class Assembly:
    """A thing while it is being built. `order` gives size, colours and chance; `frame` is where solids are put just now."""

    def __init__(self, order: GrownOrder) -> None:
        self.order = order
        self.rng = order.rng
        self.frame: Matrix = np.eye(4)
        self.foundation_m = 0.0  # how far walls go on below y = 0, into ground that may slope; no part of the stated size
        self._chosen: dict[str, float | str] = {}
        self._lots: dict[tuple[object, ...], _Lot] = {}
        self._foliage: list[Foliage] = []
        self._spots: list[Spot] = []
        self._lamps: list[Lamp] = []

    def number(self, name: str, default: float) -> float:
        """The order's parameter of that name as a number; of several with | between them, one by chance."""
        return float(self._parameter(name, default))

    def word(self, name: str, default: str) -> str:
        """The order's parameter of that name as text; of several with | between them, one by chance."""
        return str(self._parameter(name, default))

    def _parameter(self, name: str, default: float | str) -> float | str:
        if name not in self._chosen:
            value = self.order.parameters.get(name, default)
            several = value.split("|") if isinstance(value, str) else [value]
            self._chosen[name] = several[0] if len(several) == 1 else several[int(self.rng.integers(0, len(several)))]
        return self._chosen[name]

    def tint(self, name: str, default: str | None = None) -> Colour | None:
        """The colour that parameter `name` (or the default) names, as linear reflectance; None for the material's own."""
        return COLOURS.get(self.word(name, default or ""))

    @contextmanager
    def at(self, *steps: Matrix) -> Iterator[None]:
        """Everything inside is put in the frame moved by these matrices, one after the other."""
        before = self.frame
        for step in steps:
            self.frame = self.frame @ step
        try:
            yield
        finally:
            self.frame = before

    def add(
        self, mesh: Mesh, material: str, name: str, *, at: Vector = (0, 0, 0), tint: Colour | None = None, crease: float = 40.0,
        collides: bool = True,
    ) -> None:  # fmt: skip
        """Put a solid into the present frame, shifted by `at`."""
        matrix = self.frame @ translation(*(float(value) for value in at))
        key = (name, material, tint, crease, collides, *np.round(matrix[:3, :3], 4).ravel().tolist())
        lot = self._lots.get(key)
        if lot is None:
            lot = self._lots[key] = _Lot(material, tint, name, matrix, crease, collides)
        lot.meshes.append(mesh.moved(matrix))

    def block(self, size: Sequence[float], at: Vector, material: str, name: str, *, bevel: float = 0.0, tint: Colour | None = None) -> None:
        """A box with its middle at `at`."""
        self.add(box(size, bevel), material, name, at=at, tint=tint)

    def board(
        self, start: Vector, end: Vector, section: tuple[float, float], material: str, name: str, *, bevel: float = 0.0,
        up: Vector = (0, 1, 0), tint: Colour | None = None,
    ) -> None:  # fmt: skip
        """A straight timber from start to end; section is its height (towards `up`) and its thickness."""
        matrix, length = along(start, end, up)
        with self.at(matrix):
            self.add(box((length, section[0], section[1]), bevel), material, name, tint=tint)

    def rod(
        self, start: Vector, end: Vector, radius: float, material: str, name: str, *, end_radius: float | None = None, sides: int = 10,
        bevel: float = 0.0, tint: Colour | None = None,
    ) -> None:  # fmt: skip
        """A round bar from start to end."""
        matrix, length = along(start, end)
        with self.at(matrix, rotation("z", -90)):
            self.add(cylinder(radius, length, top_radius=end_radius, sides=sides, bevel=bevel), material, name, tint=tint)

    def spot(self, name: str, at: Vector, size_m: tuple[float, float], clearance_m: float = 10.0) -> None:
        """A place for another thing."""
        x, y, z = self._point(at)
        self._spots.append(Spot(name, (x, y, z), size_m, clearance_m))

    def lamp(self, at: Vector, power: float, *, colour: Colour = (1.0, 0.72, 0.42), radius_m: float = 0.1, always: bool = False) -> None:
        """A light, lit from dusk on, or always."""
        self._lamps.append(Lamp(self._point(at), colour, power, radius_m, not always))

    def leaves(self, foliage: Foliage) -> None:
        """Leaves, flowers or straw in the present frame."""
        self._foliage.append(foliage.moved(self.frame))

    def shade(self, name: str, factor: float) -> Colour:
        """A material's colour made lighter or darker."""
        return scaled(material(name).colour, factor)

    def _point(self, at: Vector) -> tuple[float, float, float]:
        x, y, z = self.frame[:3, :3] @ np.asarray(at, np.float64) + self.frame[:3, 3]
        return (float(x), float(y), float(z))

    def shape(self, *, fit: bool = True, sunk_m: float = 0.0) -> Shape:
        """All that was added; with `fit`, stretched a little so that its bounds are exactly the ordered size, standing on y = 0.

        sunk_m: how far below y = 0 it then reaches, for what floats.
        """
        parts = [
            Part(join_meshes(lot.meshes), material(lot.material), lot.tint, lot.name, lot.matrix, lot.crease_deg, lot.collides)
            for lot in self._lots.values()
        ]
        whole = Shape(parts, self._foliage, self._spots, self._lamps)
        return fitted(whole, self.order.size_m, sunk_m, founded=self.foundation_m > 0) if fit else whole


def scaled(colour: Colour, factor: float) -> Colour:
    """The colour made lighter or darker."""
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def foliage_of(
    places: Reals, axes: tuple[Reals, Reals], *, size: tuple[Reals, Reals], colours: Reals, depth: Reals, translucency: float = 0.35
) -> Foliage:
    """Foliage from arrays of any precision. axes: directions along and normals across the elements; size: lengths and widths."""
    arrays = [np.asarray(array, np.float32) for array in (places, *axes, *size, colours, depth)]
    return Foliage(arrays[0], arrays[1], arrays[2], arrays[3], arrays[4], arrays[5], arrays[6], translucency)


def bounds_of(shape: Shape) -> tuple[Matrix, Matrix]:
    """Lowest and highest corner of all solids and leaves."""
    points: list[Reals] = [part.mesh.vertices for part in shape.parts]
    for foliage in shape.foliage:
        reach = foliage.directions * (foliage.lengths_m / 2)[:, None]
        points += [foliage.centres - reach, foliage.centres + reach]
    return np.min([p.min(axis=0) for p in points if len(p)], axis=0), np.max([p.max(axis=0) for p in points if len(p)], axis=0)


def fitted(shape: Shape, size_m: tuple[float, float, float], sunk_m: float = 0.0, *, founded: bool = False) -> Shape:
    """The shape with the middle of its footprint at the origin, stretched along its axes to the stated size."""
    low, high = bounds_of(shape)
    if founded:
        low[1] = 0.0
    scale = np.asarray(size_m) / np.maximum(high - low, 1e-6)
    middle = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    matrix = np.diag([*scale, 1.0])
    matrix[:3, 3] = -middle * scale - [0.0, sunk_m, 0.0]

    def point(p: tuple[float, float, float]) -> tuple[float, float, float]:
        x, y, z = np.asarray(p) * scale + matrix[:3, 3]
        return (float(x), float(y), float(z))

    shift = translation(*matrix[:3, 3])
    return Shape(
        [replace(part, mesh=part.mesh.moved(matrix), model_from_part=shift @ part.model_from_part) for part in shape.parts],
        [replace(leaf, centres=(leaf.centres * scale + matrix[:3, 3]).astype(np.float32)) for leaf in shape.foliage],
        [
            replace(spot, position=point(spot.position), size_m=(spot.size_m[0] * scale[0], spot.size_m[1] * scale[2]))
            for spot in shape.spots
        ],
        [replace(lamp, position=point(lamp.position)) for lamp in shape.lamps],
    )
