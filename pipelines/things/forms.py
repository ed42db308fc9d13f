"""From a part's definition to its mesh: evaluates the numbers and calls the primitive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipelines.errors import ThingError
from pipelines.scene import Mesh
from pipelines.things import solids
from pipelines.things.definition import BallDefinition, Number, PartDefinition
from pipelines.things.expressions import Context, evaluate

SMOOTH_CREASE_DEG: Mapping[str, float] = {
    "sphere": 60.0,
    "ellipsoid": 60.0,
    "capsule": 60.0,
    "torus": 60.0,
    "tube": 50.0,
    "blob": 60.0,
    "cushion": 70.0,
    "curtain": 60.0,
    "drape": 60.0,
    "swag": 60.0,
}
"""Crease angles of shapes that are smooth all over; the others have the default of scene.Part."""

Numbers = Callable[[Number], float]


def form(part: PartDefinition, context: Context) -> Mesh:
    """The mesh of a part that is no group, in its own frame; raises ThingError where its numbers make no solid."""

    def number(value: Number) -> float:
        return evaluate(value, context)

    def positive(value: Number) -> float:
        result = number(value)
        if result <= 0:
            raise ThingError(f"{part.shape} has the measure {value!r} = {result:g}: make it larger than zero")
        return result

    try:
        return _FORMS[part.shape](part, number, positive)
    except ValueError as error:
        raise ThingError(f"{part.shape} cannot be built: {error}") from error


def _many(values: Sequence[Number], number: Numbers) -> list[float]:
    return [number(value) for value in values]


def _points(rows: Sequence[Sequence[Number]] | None, number: Numbers) -> list[list[float]]:
    return [_many(row, number) for row in rows or ()]


def _box(part: PartDefinition, number: Numbers, positive: Numbers) -> Mesh:
    return solids.box(_many(part.box or (), positive), number(part.bevel), segments=part.segments)


def _cylinder(part: PartDefinition, number: Numbers, positive: Numbers) -> Mesh:
    radius, height, *top = part.cylinder or (0.0, 0.0)
    return solids.cylinder(
        positive(radius),
        positive(height),
        top_radius=number(top[0]) if top else None,
        sides=part.sides or 24,
        bevel=number(part.bevel),
    )


def _cone(part: PartDefinition, number: Numbers, positive: Numbers) -> Mesh:
    radius, height = _many(part.cone or (), positive)
    return solids.cone(radius, height, sides=part.sides or 24, bevel=number(part.bevel))


def _prism(part: PartDefinition, number: Numbers, positive: Numbers) -> Mesh:
    radius, height = _many(part.prism or (), positive)
    return solids.prism(radius, height, sides=part.sides or 6, bevel=number(part.bevel))


def _sphere(part: PartDefinition, _number: Numbers, positive: Numbers) -> Mesh:
    return solids.sphere(positive(part.sphere or 0.0), sides=part.sides or 20)


def _ellipsoid(part: PartDefinition, _number: Numbers, positive: Numbers) -> Mesh:
    return solids.ellipsoid(_many(part.ellipsoid or (), positive), sides=part.sides or 20)


def _capsule(part: PartDefinition, _number: Numbers, positive: Numbers) -> Mesh:
    radius, height = _many(part.capsule or (), positive)
    return solids.capsule(radius, height, sides=part.sides or 16)


def _torus(part: PartDefinition, _number: Numbers, positive: Numbers) -> Mesh:
    radius, tube = _many(part.torus or (), positive)
    return solids.torus(radius, tube, sides=part.sides or 28, tube_sides=part.tube_sides)


def _lathe(part: PartDefinition, number: Numbers, _positive: Numbers) -> Mesh:
    profile = _points(part.lathe, number)
    if any(radius < 0 for radius, _ in profile):
        raise ThingError("lathe has a negative radius: its points are (radius, height), the radius zero or more")
    return solids.lathe(profile, sides=part.sides or 24, bevel=number(part.bevel), smooth=part.smooth, closed=part.closed, sheet=part.sheet)


def _extrude(part: PartDefinition, number: Numbers, positive: Numbers) -> Mesh:
    return solids.extrude(
        _points(part.extrude, number),
        positive(part.height or 0.0),
        holes=[_points(hole, number) for hole in part.holes],
        bevel=number(part.bevel),
        corner=number(part.corner),
        smooth=part.smooth,
        axis=part.axis,
    )


def _sweep(part: PartDefinition, number: Numbers, positive: Numbers) -> Mesh:
    outline, path = _points(part.sweep, number), _points(part.path, number)
    taper = [positive(value) for value in part.taper] if isinstance(part.taper, list) else positive(part.taper)
    if isinstance(taper, list) and len(taper) != len(path):
        raise ThingError(f"sweep has {len(path)} points and {len(taper)} tapers: give one taper, or one for every point")
    return solids.sweep(outline, path, taper=taper, closed=part.closed, smooth=part.smooth)


def _tube(part: PartDefinition, number: Numbers, positive: Numbers) -> Mesh:
    path = _points(part.tube, number)
    given = part.radius or 0.0
    radius = [positive(value) for value in given] if isinstance(given, list) else positive(given)
    if isinstance(radius, list) and len(radius) != len(path):
        raise ThingError(f"tube has {len(path)} points and {len(radius)} radii: give one radius, or one for every point")
    return solids.tube(radius, path, sides=part.sides or 10, closed=part.closed, smooth=part.smooth)


def _primitive(ball: BallDefinition, number: Numbers) -> solids.Ball | solids.Egg | solids.Block | solids.Limb:
    if ball.ball is not None:
        x, y, z, radius = _many(ball.ball, number)
        return solids.Ball((x, y, z), radius)
    if ball.egg is not None:
        x, y, z, w, h, d = _many(ball.egg, number)
        return solids.Egg((x, y, z), (w, h, d))
    if ball.block is not None:
        x, y, z, w, h, d, edge = _many(ball.block, number)
        return solids.Block((x, y, z), (w, h, d), edge)
    x, y, z, u, v, w, radius, *end = _many(ball.limb or (), number)
    return solids.Limb((x, y, z), (u, v, w), radius, end[0] if end else None)


def _blob(part: PartDefinition, number: Numbers, _positive: Numbers) -> Mesh:
    primitives = [_primitive(ball, number) for ball in part.blob or ()]
    return solids.blob(primitives, blend=number(part.blend), cells=part.cells)


def _cushion(part: PartDefinition, number: Numbers, positive: Numbers) -> Mesh:
    size = _many(part.cushion or (), positive)
    return solids.cushion(size, square=number(part.square), puff=number(part.puff), steps=part.steps)


def _curtain(part: PartDefinition, number: Numbers, positive: Numbers) -> Mesh:
    size = _many(part.curtain or (), positive)
    return solids.curtain(size, folds=part.folds, gather=number(part.gather), thickness=number(part.thickness))


def _drape(part: PartDefinition, number: Numbers, positive: Numbers) -> Mesh:
    width, depth, drop = _many(part.drape or (), positive)
    return solids.drape((width, depth), drop, fold=number(part.fold), thickness=number(part.thickness), cells=min(part.cells, 32))


def _swag(part: PartDefinition, number: Numbers, positive: Numbers) -> Mesh:
    width, sag, height = _many(part.swag or (), positive)
    return solids.swag(width, sag, height, thickness=number(part.thickness))


_FORMS: Mapping[str, Callable[[PartDefinition, Numbers, Numbers], Mesh]] = {
    "box": _box,
    "cylinder": _cylinder,
    "cone": _cone,
    "prism": _prism,
    "sphere": _sphere,
    "ellipsoid": _ellipsoid,
    "capsule": _capsule,
    "torus": _torus,
    "lathe": _lathe,
    "extrude": _extrude,
    "sweep": _sweep,
    "tube": _tube,
    "blob": _blob,
    "cushion": _cushion,
    "curtain": _curtain,
    "drape": _drape,
    "swag": _swag,
}
