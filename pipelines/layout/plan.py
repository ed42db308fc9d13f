"""Plan: the composition of the first look, before anything is placed.

The main subject stands at a third of the picture, nine to eighteen metres ahead; water and the open view lie on the other side; a path
leads from the visitor's feet to the subject. `side` is −1 for left, +1 for right.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipelines.layout.relief import Reals
from pipelines.layout.terrain import Track
from pipelines.layout.waters import WATER_KINDS, Island, Lake, River, Sea, Water
from pipelines.places import Place, WaterEntry
from pipelines.scene import EYE_HEIGHT_M
from pipelines.spec import VIEWER, RelationName, SceneSpec, ThingSpec

MOST_GABLE_M, GABLE_RISE = 12.0, 0.39  # the first look reaches up by a little more than this, metres in a metre
LIFTED_RISE, FAR_M = 0.58, 64.0  # and by this where it is lifted; no subject stands farther off
NEAR_M, NEAR_SIZES = (3.6, 8.0), 3.2  # metres: between these, by the size of the subject
WAY_KINDS = {"path": "path", "trail": "path", "footpath": "path", "track": "path", "road": "road", "street": "road", "lane": "road"}


@dataclass(frozen=True)
class NamedWater:
    """A water, what it is called in the spec (empty if the place brought it), and its kind for the label."""

    water: Water
    name: str
    phrase: str = ""


@dataclass(frozen=True)
class NamedWay:
    """A path or street that the words ask for or the place brings."""

    kind: str
    name: str
    phrase: str = ""


@dataclass(frozen=True)
class Plan:
    """Where the great parts of the picture lie."""

    place: Place
    side: int
    subject: str  # the name of the main subject in the spec, or ""
    anchor: tuple[float, float]
    waters: tuple[NamedWater, ...]
    way: NamedWay | None
    street: bool


def seeded(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one concern of one world."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))


def make_plan(
    spec: SceneSpec, place: Place, sizes: Mapping[str, tuple[float, float, float]], *, seed: int, buildings: frozenset[str]
) -> Plan:
    """sizes: width, height, depth by the name of every thing of the spec that stands on the ground; buildings: which of them are houses."""
    rng = seeded(seed, "plan")
    street = place.way is not None and place.way.style == "street"
    subject = _main_subject(spec, sizes, buildings) or (place.subject if place.subject in sizes else "") or ""
    side = _side(spec, subject, rng)
    width, height, depth = sizes.get(subject, (5.0, 5.0, 5.0))
    distance = 0.5 * depth + 0.95 * max(width, 0.7 * height) + 4.0
    if subject in buildings:  # its gable is in the picture, too; of a steeple one sees what one can
        distance = max(distance, 0.5 * depth + (min(height, MOST_GABLE_M) - EYE_HEIGHT_M) / GABLE_RISE)
    distance = max(distance, 0.3 * depth + (height - EYE_HEIGHT_M) / LIFTED_RISE)  # a crane's or a steeple's top, and the ground below
    near, far = next((b.distance_m for b in place.bring if b.name == subject and b.at == "scenic"), (_nearest(width, height), FAR_M))
    distance = float(np.clip(distance, near, far))
    lining = sum(t.count for t in spec.things if t.name in buildings and any(r.relation is RelationName.ALONG for r in t.relations))
    distance += min(5.5 * ((lining + 1) // 2), 16.0)  # houses along the way need a longer way
    angle = side * np.radians(rng.uniform(12.0, 16.5))
    anchor = (float(np.sin(angle) * distance), float(-np.cos(angle) * distance))
    waters = _waters(spec, place, side, anchor, rng=rng)
    way = next((NamedWay(WAY_KINDS[t.kind], t.name, t.phrase) for t in spec.things if t.kind in WAY_KINDS), None)
    if way is None and place.way is not None and (place.way.always or subject or street):
        way = NamedWay("road" if street else "path", "")
    return Plan(place, side, subject, anchor, waters, way, street)


def _nearest(width: float, height: float) -> float:
    """How near a subject may stand, metres: what is smaller than a person comes closer, to be seen at all."""
    return float(np.clip(NEAR_SIZES * max(width, height) + 2.6, *NEAR_M))


def _main_subject(spec: SceneSpec, sizes: Mapping[str, tuple[float, float, float]], buildings: frozenset[str]) -> str:
    """The building that is named first, else the biggest thing that stands alone."""
    best, best_weight = "", 0.0
    for number, thing in enumerate(spec.things):
        if thing.name not in sizes or thing.count > 3 or _stands_off(thing):
            continue
        width, height, depth = sizes[thing.name]
        weight = (width * depth) ** 0.5 * height**0.35 * (3.0 if thing.name in buildings else 1.0) * (1.0 if thing.phrase else 0.5)
        weight *= 0.97**number
        if weight > best_weight:
            best, best_weight = thing.name, weight
    return best


def _stands_off(thing: ThingSpec) -> bool:
    """Far away or behind something: not the subject of the picture."""
    off = {RelationName.FAR, RelationName.BEHIND, RelationName.ON, RelationName.INSIDE}
    return any(relation.relation in off for relation in thing.relations)


def _side(spec: SceneSpec, subject: str, rng: np.random.Generator) -> int:
    """−1 or 1: where the subject stands; the words decide if they say so, else the lot."""
    side = int(rng.choice([-1, 1]))
    for thing in spec.things:
        for relation in thing.relations:
            turn = {RelationName.LEFT_OF: -1, RelationName.RIGHT_OF: 1}.get(relation.relation)
            if turn is None:
                continue
            about = relation.objects[0]
            if thing.name == subject and (about == VIEWER or about in _water_names(spec)):
                side = turn
            elif about == subject and thing.kind in WATER_KINDS:
                side = -turn
            elif about == subject:
                side = -turn  # leave room in the picture on the side where more is to stand
    return side


def _water_names(spec: SceneSpec) -> set[str]:
    return {thing.name for thing in spec.things if thing.kind in WATER_KINDS}


def _waters(spec: SceneSpec, place: Place, side: int, anchor: tuple[float, float], *, rng: np.random.Generator) -> tuple[NamedWater, ...]:
    """The waters that the words name, and the place's own if none of them is of its shape."""
    named = [thing for thing in spec.things if thing.kind in WATER_KINDS]
    found = []
    for thing in named:
        own = place.water if place.water is not None and WATER_KINDS[place.water.kind] == WATER_KINDS[thing.kind] else None
        entry = own or WaterEntry(kind=thing.kind, side=_water_side(thing, spec), size_m=(40, 30), distance_m=10.5)
        shape = WATER_KINDS[thing.kind]
        backed = any(r.relation is RelationName.BEHIND and thing.name in r.objects for t in spec.things for r in t.relations)
        water = _kept_off(_shaped(shape, thing.kind, entry, side, anchor, rng=rng, backed=backed), entry.distance_m)
        found.append(NamedWater(water, thing.name, thing.phrase))
    shapes = {WATER_KINDS[thing.kind] for thing in named}
    if place.water is not None and not shapes & {WATER_KINDS[place.water.kind], "sea"} and place.water.kind not in spec.without:
        water = _shaped(WATER_KINDS[place.water.kind], place.water.kind, place.water, side, anchor, rng=rng)
        water = _kept_off(water, place.water.distance_m)
        found.append(NamedWater(water, ""))
    return tuple(found)


def _kept_off(water: Water, distance_m: float) -> Water:
    """A lake moved away until its shore is as far from the visitor as it should be at least; bays may have come close."""
    if not isinstance(water, Lake):
        return water
    nearest = min(distance_m, 4.0) if water.kind == "pond" else 0.85 * distance_m
    for _ in range(6):
        missing = nearest - float(water.signed_distance(np.zeros(1), np.zeros(1))[0])
        if missing <= 0:
            break
        x, z = water.centre
        away = float(np.hypot(x, z))
        water = replace(water, centre=(x * (1 + missing / away), z * (1 + missing / away)))
    return water


def _water_side(thing: ThingSpec, spec: SceneSpec) -> Literal["ahead", "beside"]:
    behind = any(relation.relation is RelationName.BEHIND for relation in thing.relations)
    fronted = any(r.relation is RelationName.IN_FRONT_OF and thing.name in r.objects for t in spec.things for r in t.relations)
    return "ahead" if behind or fronted else "beside"


def _shaped(
    shape: str, kind: str, entry: WaterEntry, side: int, anchor: tuple[float, float], *, rng: np.random.Generator, backed: bool = False
) -> Water:
    """A water on the side that the subject leaves free. backed: things stand behind it, so that a shore runs ahead, land in view."""
    seed = int(rng.integers(1 << 30))
    if shape == "sea" and entry.side == "around":
        return Island(kind, -0.62, (0.0, -0.3 * entry.size_m[1]), (entry.size_m[0] / 2, entry.size_m[1] / 2), seed)
    if shape == "sea":
        aside = (72, 78) if backed or entry.side == "along" else (24, 34) if entry.side == "beside" else (0, 0)
        angle = -side * np.radians(rng.uniform(*aside))
        level, towards = entry.level_m or -0.62, (float(np.sin(angle)), float(-np.cos(angle)))
        return Sea(
            kind, level, towards, entry.distance_m, seed, slope=entry.slope or 0.075, straight=entry.straight, headland_m=entry.headland_m
        )
    if shape == "river":
        return River(kind, -0.42, _river_line(-side, anchor, rng), 4.6 if kind in ("river", "canal") else 2.4, seed)
    if shape == "pond":
        a = float(rng.uniform(4.0, 5.0))
        reach = a + 6.0
        return Lake(kind, -0.32, (-side * 0.5 * reach, -0.95 * reach), (a, 0.75 * a), float(rng.uniform(-0.4, 0.4)), seed, 0.2, 1.0)
    half_width, half_depth = entry.size_m[0] / 2, entry.size_m[1] / 2
    if entry.side == "ahead":
        x, z = -side * 0.22 * half_width, -(entry.distance_m + half_depth)
        subject_edge = np.hypot(*anchor) + 6.0
        if entry.kind == "lake" and entry.distance_m < 20 and np.hypot(*anchor) > 6:
            z = min(z, -(min(subject_edge, 16.0) + 0.72 * half_depth))
        return Lake(kind, -0.55, (float(x), float(z)), (half_width, half_depth), float(rng.uniform(-0.15, 0.15)), seed)
    angle = -side * np.radians(rng.uniform(21, 25))
    away = entry.distance_m + half_depth * 0.98
    centre = (float(np.sin(angle) * away - side * 0.15 * half_width), float(-np.cos(angle) * away))
    return Lake(kind, -0.55, centre, (half_width, half_depth), float(rng.uniform(-0.25, 0.25)), seed)


def _river_line(side: float, anchor: tuple[float, float], rng: np.random.Generator) -> Reals:
    """A river that comes past the spawn point on one side and winds away into the picture."""
    swing = float(rng.uniform(0.8, 1.2))
    knots = np.array([
        [side * 190.0, 120.0], [side * 70.0, 55.0], [side * 24.0, 14.0], [side * 10.5, -4.0], [side * 8.0, -13.0],
        [side * 13.0 * swing, -26.0], [side * 8.0, -44.0], [-side * 12.0 * swing, -66.0], [-side * 4.0, -100.0],
        [side * 26.0 * swing, -150.0], [side * 20.0, -230.0], [-side * 40.0, -330.0],
    ])  # fmt: skip
    return smooth_line(knots, step_m=1.2)


def smooth_line(knots: Reals, *, step_m: float) -> Reals:
    """A curve through the knots (K, 2), a point every `step_m` (Catmull-Rom)."""
    padded = np.concatenate([[2 * knots[0] - knots[1]], knots, [2 * knots[-1] - knots[-2]]])
    pieces = []
    for k in range(len(knots) - 1):
        p0, p1, p2, p3 = padded[k : k + 4]
        count = max(2, int(np.ceil(np.linalg.norm(p2 - p1) / step_m)))
        t = np.linspace(0, 1, count, endpoint=False)[:, None]
        pieces.append(0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3))
    return np.concatenate([*pieces, knots[-1:]])


def path_to(goal: tuple[float, float], approach: tuple[float, float], *, side: int, width_m: float, material: str) -> Track:
    """A path from behind the visitor to `goal`, arriving along the unit direction `approach` (out of the goal's front)."""
    gx, gz = goal
    distance = float(np.hypot(gx, gz))
    bow = -side * min(0.16 * distance, 2.4)
    mid = np.array([gx * 0.45 + bow, gz * 0.5])
    last = np.array([gx + approach[0] * min(3.0, 0.25 * distance), gz + approach[1] * min(3.0, 0.25 * distance)])
    knots = np.array([[1.5 * side, 26.0], [-0.6 * side, 10.0], [0.0, 0.0], mid, last, [gx, gz]])
    return Track(smooth_line(knots, step_m=0.7), width_m / 2, material)


def winding_path(*, side: int, width_m: float, material: str, waters: tuple[Water, ...]) -> Track:
    """A path that winds away into the picture without a goal, bending off before any water."""
    knots = np.array(
        [
            [1.5 * side, 26.0],
            [-0.6 * side, 10.0],
            [0, 0],
            [1.6 * side, -8.0],
            [0.4 * side, -17.0],
            [4.5 * side, -28.0],
            [3.0 * side, -42.0],
            [9.0 * side, -62.0],
        ]
    )
    line = smooth_line(knots.astype(float), step_m=0.7)
    for water in waters:
        wet = water.signed_distance(line[:, 0], line[:, 1]) < 2.5
        if wet.any():
            line = line[: max(int(np.argmax(wet)), 30)]
    return Track(line, width_m / 2, material)
