"""From a definition and an order to a Shape: expressions evaluated, parts formed, placed, multiplied and given their materials."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import ThingError
from pipelines.scene import Colour, Lamp, Material, Matrix, Mesh, Part, Spot
from pipelines.things.definition import (
    KindDefinition,
    LampDefinition,
    Number,
    PartDefinition,
    RingDefinition,
    ScatterDefinition,
    SpotDefinition,
    StyleDefinition,
    Triple,
)
from pipelines.things.expressions import Context, evaluate
from pipelines.things.forms import SMOOTH_CREASE_DEG, form
from pipelines.things.materials import COLOURS, linear, material
from pipelines.things.shape import Order, Shape

MAX_PARTS = 2_000
MAX_TRIANGLES = 120_000
MAX_COPIES = 500
MAX_TURNS = 20_000  # of all loops of one kind together
MAX_BLOB_WORK = 300_000_000  # cells × primitives of all blobs of one kind together

UseKind = Callable[[str, Order], Shape]


@dataclass(frozen=True)
class Look:
    """What a part inherits from the groups around it."""

    material: str | None = None
    tint: str | list[str] | None = None
    paint: bool = False
    shade: float = 1.0
    name: str = ""
    collides: bool | None = None
    fill: float | None = None

    def under(self, part: PartDefinition, shade: float, fill: float | None) -> Look:
        """The look of `part` inside this one."""
        return Look(
            part.material or self.material,
            part.tint if part.tint is not None else self.tint,
            part.paint or self.paint,
            self.shade * shade,
            part.name or self.name,
            self.collides if part.collides is None else part.collides,
            self.fill if fill is None else fill,
        )


@dataclass
class Assembly:
    """One build in progress: the definition, the order, and what has been counted so far."""

    kind: str
    definition: KindDefinition
    order: Order
    use_kind: UseKind
    triangles: int = 0
    parts: int = 0
    turns: int = 0
    blob_work: int = 0

    def __post_init__(self) -> None:
        styles = self.definition.styles
        if self.order.style is not None and self.order.style in styles:
            self.style = styles[self.order.style]
        else:
            self.style = StyleDefinition()
        self.main = self.definition.material or next((part.material for part in _leaves(self.definition.parts) if part.material), None)
        self.colour = _ordered_colour(self.order)
        self.paints_all = not any(part.paint or part.tint == "colour" for part in _all_parts(self.definition.parts))

    def build(self, context: Context) -> Shape:
        """Everything that the definition declares, at its typical size."""
        shape = Shape()
        for part in self.definition.parts:
            _extend(shape, self._placed(part, context, Look()))
        shape.spots.extend(spot for entry in self.definition.spots for spot in _spots(entry, context))
        shape.lamps.extend(lamp for entry in self.definition.lamps for lamp in _lamps(entry, context))
        return shape

    def _placed(self, part: PartDefinition, context: Context, around: Look) -> Shape:
        """All copies of a part, or of a group, in the frame of what is around it."""
        result = Shape()
        for inner in _repeated(part.repeat, context):
            self.turns += 1
            if self.turns > MAX_TURNS:
                raise ThingError(f"{self.kind!r} runs through more than {MAX_TURNS:,} turns of its loops: repeat less")
            local = declared(part.let, inner)
            if not evaluate(part.when, local):
                continue
            fill = None if part.fill is None else evaluate(part.fill, local)
            look = around.under(part, evaluate(part.shade, local), fill)
            if isinstance(look.tint, list):  # one pick for the whole group
                look = replace(look, tint=look.tint[int(local.rng.integers(len(look.tint)))])
            own = self._own(part, local, look)
            for matrix in _copies(part, local):
                _extend(result, moved_shape(own, matrix))
                self._count(own)
        return result

    def _own(self, part: PartDefinition, context: Context, look: Look) -> Shape:
        shape = Shape()
        if part.group is not None:
            for child in part.group:
                _extend(shape, self._placed(child, context, look))
            return shape
        if part.use is not None:
            return self.use_kind(part.use, self._order_of(part, context, look))
        if part.blob is not None:
            self.blob_work += len(part.blob) * part.cells**3
            if self.blob_work > MAX_BLOB_WORK:
                raise ThingError(f"{self.kind!r} blends too much: use fewer or coarser blobs ('cells')")
        name = self._material_name(look)
        made = Part(
            mesh=form(part, context),
            material=self._material(name),
            tint=self._tint(look, name),
            name=look.name,
            crease_deg=SMOOTH_CREASE_DEG.get(part.shape, 40.0) if part.crease is None else evaluate(part.crease, context),
            collides=look.collides is not False,
            double_sided=part.double_sided,
        )
        if look.fill is not None:
            made = replace(made, material=replace(made.material, density_kg_m3=made.material.density_kg_m3 * look.fill))
        shape.parts.append(made)
        return shape

    def _count(self, shape: Shape) -> None:
        self.parts += len(shape.parts)
        self.triangles += sum(len(part.mesh.faces) for part in shape.parts)
        if self.parts > 4 * MAX_PARTS or self.triangles > 4 * MAX_TRIANGLES:  # groups are counted at every level
            raise ThingError(f"{self.kind!r} has more than {MAX_PARTS:,} parts or {MAX_TRIANGLES:,} triangles: build it of fewer")

    def _order_of(self, part: PartDefinition, context: Context, look: Look) -> Order:
        usual = self.style.colour or self.definition.colour
        colour = (self.order.colour or usual) if part.colour == "colour" else part.colour
        seed = self.order.seed if part.seed is None else (self.order.seed + 1 + int(evaluate(part.seed, context))) % 2**32
        return Order(seed, colour=colour, material=look.material, style=part.style or self.order.style, season=self.order.season)

    def _material_name(self, look: Look) -> str:
        name = look.material or self.main
        if name is None or (name == "main" and self.main is None):
            raise ThingError("a part has no material: add 'material' to it or to the kind")
        return self.main if name == "main" and self.main is not None else name

    def _material(self, name: str) -> Material:
        if name == self.main:
            ordered = self.order.material or self.style.materials.get("main")
            if ordered is not None:
                return material(ordered)
        return material(self.style.materials.get(name, name))

    def _tint(self, look: Look, name: str) -> Colour | None:
        """Ordered colours win; then the part's own tint; `shade` scales whichever colour is seen."""
        chosen = look.tint if isinstance(look.tint, str) else None
        painted = look.paint or chosen == "colour" or (self.paints_all and name == self.main)
        tint: Colour | None = None
        if self.colour is not None and painted:
            tint = self.colour
        elif chosen == "colour":
            usual = self.style.colour or self.definition.colour
            covered = self.order.material is not None and name == self.main
            tint = None if usual is None or covered else colour_of(usual)
        elif chosen is not None:
            tint = colour_of(chosen)
        if look.shade == 1.0:
            return tint
        r, g, b = tint or self._material(name).colour
        return (r * look.shade, g * look.shade, b * look.shade)


def names_of(definition: KindDefinition, style: StyleDefinition, rng: np.random.Generator) -> Context:
    """The names that a definition's expressions may use: w, h, d and its parameters in order, the style's in their place."""
    width, height, depth = definition.size
    context = Context({"w": width, "h": height, "d": depth}, rng)
    return declared({**definition.parameters, **style.parameters}, context)


def declared(parameters: Mapping[str, Number], context: Context) -> Context:
    """The context with parameters evaluated in order, each seeing those before it."""
    for name, value in parameters.items():
        context = context.with_names({name: evaluate(value, context)})
    return context


def colour_of(text: str) -> Colour:
    """A colour's name or '#rrggbb' as linear reflectance; raises ThingError with the nearest names."""
    if text.startswith("#"):
        return linear(text)
    if text in COLOURS:
        return COLOURS[text]
    near = ", ".join(difflib.get_close_matches(text, COLOURS, n=3)) or ", ".join(sorted(COLOURS)[:8])
    raise ThingError(f"there is no colour {text!r}: use a colour's name such as {near}")


def _ordered_colour(order: Order) -> Colour | None:
    return None if order.colour is None else colour_of(order.colour)


def moved_part(part: Part, matrix: Matrix) -> Part:
    """The part under an affine transform, its own axes turned along and kept right-handed and unit."""
    frame = matrix @ part.model_from_part
    axes = frame[:3, :3] / np.maximum(np.linalg.norm(frame[:3, :3], axis=0), 1e-12)
    if np.linalg.det(axes) < 0:
        axes[:, 0] = -axes[:, 0]
    frame[:3, :3] = axes
    return replace(part, mesh=part.mesh.moved(matrix), model_from_part=frame)


def moved_shape(shape: Shape, matrix: Matrix) -> Shape:
    """Everything in a shape under a transform; spots and lamps keep their level axes and are only shifted and scaled."""
    if np.array_equal(matrix, np.eye(4)):
        return shape
    scale = float(np.cbrt(abs(np.linalg.det(matrix[:3, :3]))))
    return Shape(
        [moved_part(part, matrix) for part in shape.parts],
        [leaves.moved(matrix) for leaves in shape.foliage],
        [
            replace(spot, position=_at(matrix, spot.position), size_m=_scaled(spot.size_m, scale), clearance_m=spot.clearance_m * scale)
            for spot in shape.spots
        ],
        [
            replace(lamp, position=_at(matrix, lamp.position), power=lamp.power * scale**2, radius_m=lamp.radius_m * scale)
            for lamp in shape.lamps
        ],
    )


def _at(matrix: Matrix, position: tuple[float, float, float]) -> tuple[float, float, float]:
    x, y, z = matrix[:3, :3] @ np.asarray(position) + matrix[:3, 3]
    return (float(x), float(y), float(z))


def _scaled(size: tuple[float, float], scale: float) -> tuple[float, float]:
    return (size[0] * scale, size[1] * scale)


def _extend(shape: Shape, more: Shape) -> None:
    shape.parts.extend(more.parts)
    shape.foliage.extend(more.foliage)
    shape.spots.extend(more.spots)
    shape.lamps.extend(more.lamps)


def _all_parts(parts: list[PartDefinition]) -> Iterator[PartDefinition]:
    for part in parts:
        yield part
        yield from _all_parts(part.group or [])


def _leaves(parts: list[PartDefinition]) -> Iterator[PartDefinition]:
    return (part for part in _all_parts(parts) if part.use is None)


def _count_of(value: Number, context: Context) -> int:
    count = round(evaluate(value, context))
    if not 0 <= count <= MAX_COPIES:
        raise ThingError(f"a part is to be made {count:,} times: use a count from 0 to {MAX_COPIES}")
    return count


def _repeated(repeat: Mapping[str, Number], context: Context) -> Iterator[Context]:
    """One context for every combination of the loop variables, each counting from 0; inner counts may use outer variables."""
    if not repeat:
        yield context
        return
    (name, count), *rest = repeat.items()
    for i in range(_count_of(count, context)):
        yield from _repeated(dict(rest), context.with_names({name: float(i)}))


def _translation(x: float, y: float, z: float) -> Matrix:
    matrix = np.eye(4)
    matrix[:3, 3] = (x, y, z)
    return matrix


def _rotation(degrees: tuple[float, float, float]) -> Matrix:
    """Turns about x, then y, then z, all about fixed axes."""
    (cx, cy, cz), (sx, sy, sz) = ([f(math.radians(a)) for a in degrees] for f in (math.cos, math.sin))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = about_z @ about_y @ about_x
    return matrix


def _three(values: Triple, context: Context) -> tuple[float, float, float]:
    x, y, z = (evaluate(value, context) for value in values)
    return (x, y, z)


def _copies(part: PartDefinition, context: Context) -> list[Matrix]:
    """Where every copy of a part goes."""
    at = _three(part.at, context)
    base = _translation(*at) @ _rotation(_three(part.turn, context))
    scale = part.scale if isinstance(part.scale, tuple) else (part.scale, part.scale, part.scale)
    factors = _three(scale, context)
    if factors != (1.0, 1.0, 1.0):
        if min(factors) <= 0:
            raise ThingError(f"a part has the scale {min(factors):g}: make it larger than zero, and use 'mirror' to turn it over")
        base = base @ np.diag([*factors, 1.0])
    places = [base]
    if part.ring is not None:
        places = [turn @ place for turn, place in product(_ring(part.ring, context), places)]
    arrays = part.array if isinstance(part.array, list) else [part.array] if part.array is not None else []
    for array in arrays:
        count, step = _count_of(array.count, context), np.array(_three(array.step, context))
        first = -(count - 1) / 2 if array.centred else 0.0
        _require_few(count * len(places))
        places = [_translation(*(step * (first + k))) @ place for k in range(count) for place in places]
    if part.scatter is not None:
        _require_few(_count_of(part.scatter.count, context) * len(places))
        places = [move @ place for move in _scatter(part.scatter, at, context) for place in places]
    for axis, letter in ((0, "x"), (2, "z")):
        if part.mirror is not None and letter in part.mirror:
            flip = np.eye(4)
            flip[axis, axis] = -1
            places = places + [flip @ place for place in places]
    _require_few(len(places))
    return places


def _require_few(count: int) -> None:
    if count > MAX_COPIES:
        raise ThingError(f"a part is to be made {count:,} times: use at most {MAX_COPIES}")


def _ring(ring: RingDefinition, context: Context) -> list[Matrix]:
    count, radius = _count_of(ring.count, context), evaluate(ring.radius, context)
    start, arc = evaluate(ring.start, context), evaluate(ring.arc, context)
    step = arc / count if arc >= 360 else arc / max(count - 1, 1)
    outwards = _translation(0, 0, radius)
    return [_rotation((0.0, start + k * step, 0.0)) @ outwards for k in range(count)]


def _scatter(scatter: ScatterDefinition, at: tuple[float, float, float], context: Context) -> list[Matrix]:
    """Jittered grid: as many cells as copies or a few more, of about square shape, filled in random order."""
    count = _count_of(scatter.count, context)
    width, depth = (evaluate(value, context) for value in scatter.area)
    most = evaluate(scatter.turn, context)
    columns = min(count, max(1, round(math.sqrt(count * max(width, 1e-6) / max(depth, 1e-6))))) or 1
    rows = max(1, math.ceil(count / columns))
    cells = context.rng.permutation(columns * rows)[:count]
    moves = []
    for cell in cells:
        u = (cell % columns + context.rng.uniform(0.15, 0.85)) / columns - 0.5
        v = (cell // columns + context.rng.uniform(0.15, 0.85)) / rows - 0.5
        if scatter.round:
            u, v = u * math.sqrt(max(0.0, 1 - 2 * v * v)), v * math.sqrt(max(0.0, 1 - 2 * u * u))
        turn = _rotation((0.0, float(context.rng.uniform(-most, most)), 0.0))
        moves.append(_translation(u * width, 0, v * depth) @ _translation(*at) @ turn @ _translation(*(-value for value in at)))
    return moves


def _spots(entry: SpotDefinition, context: Context) -> Iterator[Spot]:
    for local in islice(_repeated(entry.repeat, context), MAX_COPIES):
        if evaluate(entry.when, local):
            width, depth = (evaluate(value, local) for value in entry.size)
            if min(width, depth) <= 0:
                raise ThingError(f"the spot {entry.spot!r} is {width:g} × {depth:g} m: make both larger than zero")
            yield Spot(entry.spot, _three(entry.at, local), (width, depth), evaluate(entry.clearance, local))


def _lamps(entry: LampDefinition, context: Context) -> Iterator[Lamp]:
    for local in islice(_repeated(entry.repeat, context), MAX_COPIES):
        radius, power = evaluate(entry.radius, local), evaluate(entry.power, local)
        yield Lamp(_three(entry.at, local), colour_of(entry.colour), power, radius, glows_in_the_dark=not entry.always)


def is_closed(mesh: Mesh) -> bool:
    """Whether every directed edge has exactly one twin that runs the other way, once vertices at one place are merged."""
    if _has_twins(mesh.faces, len(mesh.vertices)):  # merging vertices merges edges with their twins, so it stays closed
        return True
    _, merged = np.unique(np.round(mesh.vertices.astype(np.float64), 6), axis=0, return_inverse=True)
    faces = merged.reshape(-1)[mesh.faces]
    return _has_twins(faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])], len(mesh.vertices))


def _has_twins(faces: NDArray[np.integer], vertices: int) -> bool:
    start, end = faces.astype(np.int64).ravel(), faces[:, [1, 2, 0]].astype(np.int64).ravel()
    return bool(np.array_equal(np.sort(start * (vertices + 1) + end), np.sort(end * (vertices + 1) + start)))
