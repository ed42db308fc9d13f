"""What relations mean, in numbers, as seen from the spawn point; and the check of a finished layout.

This is the one place that defines them. Plans are upright boxes (`footprints`); gaps are between plans; bearings and distances are
seen from the spawn point (x, z) = (0, 0). `room` is True indoors, where everything is closer together.

on            the subject's lowest point within 3 cm of a surface of the object, its middle within the object's plan; on ground
              features (path, beach, hill), its middle within the feature; on water, afloat
under         the subject's middle within the object's plan, its top not above the object's; under what hangs flat on a wall: its top
              below the object's middle, it within 0.4 m of the object's plan and its middle within the object's width + 0.25 m; under a
              lamp post, a clock or a sign on a post, which are tall and slender: gap ≤ 0.4 m; several under less of what flies: at least
              one below one of them, the others near
inside        the subject's middle within the object's plan and height; or resting on a surface of the object that lies below its rim,
              or on a board of a shelf
beside        gap between the feet ≤ 1.2 m + 0.3 × the larger thing (at most 4 m; indoors at most 1.2 m), or to the whole of what
              the subject is too tall to stand under (a crown, wings), at the same height; to water ≤ 10 m; to a path ≤ 3 m
near          gap ≤ three times that
far from      gap ≥ 20 m (indoors 2 m)
in front of   nearer to the viewer, in the same direction (half the object's angle + 15°), gap ≤ 4 m + the larger thing;
              or before the object's front side: within 45° of where it faces, the same gap
behind        farther than the object, in the same direction (half its angle + 20°), gap ≤ 12 m + 2 × the larger thing; behind the
              sea, which has no far shore: on land, at least 4 m from it
left, right   the subject's bearing at least 1.5° further left or right than the object's middle, gap ≤ 12 m + the larger thing
between       projected on the line between the middles of the two objects' feet within 10 … 90 %, at most 0.35 of its length (or 1 m)
              aside; or seen between the two, when those are twice as far away (a house between two mountains)
around        one or two subjects: beside or near; three and more: each within the reach of "near" and no free sector of more than 220°
along         within 4 m + half the subject of the line's edge (road, path, river, shore, wall)
a distance    "ten metres behind": the gap within a quarter (or 1 m) of it, instead of the reach above
facing        the subject's front within 40° of the direction to the object (for wide things: to its nearest point)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.footprints import Boxes, Reals, bearing, beside_parts, plan_of, separation, stance, turned
from pipelines.layout.supports import TOUCH_M, rests_on, spots_named
from pipelines.scene import RelationCheck, Thing
from pipelines.spec import VIEWER, Relation, RelationName, SceneSpec

Bools = NDArray[np.bool_]
Distance = Callable[[NDArray[np.floating], NDArray[np.floating]], Reals]
MEASURED_WITHIN = 0.25  # of a stated distance, and at least a metre
RIM_M = 0.05  # how far below a rim what is inside lies at least
FLAT_ON_WALL_M = 0.15  # half the depth of windows, pictures and clocks at most
SLENDER_M, AT_FOOT_M = 0.75, 0.4  # from the middle to a corner of a post with what it carries; as far from it as one is under it
WIDE_ANGLE = np.radians(220.0)


@dataclass(frozen=True)
class Area:
    """A ground feature as the object of a relation: signed distance to its edge (negative on it), a point within, its name.

    is_water, and `reach_m`: how far "beside" goes. endless: it has no far side, as the sea has none.
    """

    distance: Distance
    middle: tuple[float, float]
    reach_m: float
    is_water: bool = False
    endless: bool = False

    def box(self) -> Boxes:
        """A small box at its middle, for directions."""
        x, z = (np.asarray(float(value)) for value in self.middle)
        return Boxes(x, z, np.zeros(()), np.ones(()), np.ones(()), np.zeros(()), np.ones(()))


def is_slender(box: Boxes) -> Bools:
    """Posts, taller than a person and much taller than wide: what is under them is at their foot."""
    height = box.high - box.low
    return np.asarray((box.radius <= SLENDER_M) & (height >= 2.0) & (height >= 4 * np.minimum(box.half_width, box.half_depth)))


VIEWER_BOX = Boxes(*(np.asarray(float(value)) for value in (0, 0, 0, 0.25, 0.25, 0, 1.8)))


NEAR_REACHES = 3.0  # how often as far as "beside" that "near" goes, and what stands around


def reach(a: Boxes, b: Boxes, *, room: bool) -> Reals:
    """How far "beside" goes between two things."""
    larger = np.maximum(np.maximum(a.half_width, a.half_depth), np.maximum(b.half_width, b.half_depth)) * 2
    return np.minimum(0.5 + 0.3 * larger, 1.2) if room else np.minimum(1.2 + 0.3 * larger, 4.0)


def holds(relation: RelationName, a: Boxes, b: Boxes, *, room: bool = False, faces: bool = True, distance_m: float | None = None) -> Bools:
    """Whether the relation holds between subjects and an object of the same or of broadcasting shape (one object only).

    `on` is judged by plan alone here: heights are checked against the object's real surface by `check`. distance_m: the gap that the
    words gave; then it is judged instead of the usual reach of the relation.
    """
    gap = separation(a, b)
    if distance_m is None:
        return _holds(relation, a, b, gap, room=room, faces=faces)
    measured = np.asarray(np.abs(gap - distance_m) <= max(1.0, MEASURED_WITHIN * distance_m))
    if relation in _REACHES:
        return measured
    return np.asarray(measured & _holds(relation, a, b, np.zeros_like(gap), room=room, faces=faces))


def _holds(relation: RelationName, a: Boxes, b: Boxes, gap: Reals, *, room: bool, faces: bool) -> Bools:
    larger = 2 * np.maximum(a.radius, b.radius)
    near_a, near_b = np.hypot(a.x, a.z), np.hypot(b.x, b.z)
    aside = turned(bearing(a.x, a.z) - bearing(b.x, b.z))
    half_angle = np.arctan2(b.radius, np.maximum(near_b, 0.1))
    by_viewer = near_b < 0.5
    span = 0.0 if room else 1.0
    R = RelationName  # noqa: N806
    if relation is R.ON:
        return np.asarray(b.contains(a.x, a.z))
    if relation is R.UNDER:
        across = np.abs((a.x - b.x) * np.cos(b.yaw) - (a.z - b.z) * np.sin(b.yaw))
        hung = (b.half_depth <= FLAT_ON_WALL_M) & (gap <= 0.4) & (across <= b.half_width + 0.25) & (a.high <= (b.low + b.high) / 2)
        at_foot = is_slender(b) & (gap <= AT_FOOT_M)
        return np.asarray(((b.contains(a.x, a.z) | at_foot) & (a.high <= b.high + 0.02)) | hung)
    if relation is R.INSIDE:
        return np.asarray(b.contains(a.x, a.z) & (a.low >= b.low - 0.1) & (a.high <= b.high + 0.05))
    if relation in (R.BESIDE, R.NEAR, R.ALONG, R.AROUND):
        allowed = reach(a, b, room=room) * (NEAR_REACHES if relation in (R.NEAR, R.AROUND) else 1.0)
        level = (a.low < b.high) & (b.low < a.high) if relation is R.BESIDE else np.asarray(True)
        return np.asarray((gap <= allowed) & (gap > -0.3) & level)
    if relation is R.FAR:
        return np.asarray(gap >= (2.0 if room else 20.0))
    if relation is R.IN_FRONT_OF:
        ahead = (np.abs(bearing(a.x, a.z)) < np.radians(40)) & (near_a < 25)
        seen = (near_a < near_b) & (np.abs(aside) <= half_angle + np.radians(15))
        toward = turned(np.arctan2(a.x - b.x, a.z - b.z) - b.yaw)
        before = faces & (np.abs(toward) <= np.radians(45))
        return np.asarray(np.where(by_viewer, ahead, (seen | before) & (gap <= 1.5 + 2.5 * span + larger)))
    if relation is R.BEHIND:
        back = np.abs(bearing(a.x, a.z)) > np.radians(110)
        seen = (near_a > near_b) & (np.abs(aside) <= half_angle + np.radians(20))
        return np.asarray(np.where(by_viewer, back, seen & (gap <= 2.0 + 10.0 * span + 2 * larger)))
    if relation in (R.LEFT_OF, R.RIGHT_OF):
        sign = -1.0 if relation is R.LEFT_OF else 1.0
        own = np.where(by_viewer, bearing(a.x, a.z), aside) * sign
        least = np.where(by_viewer, np.radians(12), np.radians(1.5))
        return np.asarray((own >= least) & (own <= np.radians(150)) & ((gap <= 3.0 + 9.0 * span + larger) | by_viewer))
    if relation is R.FACING:
        toward = turned(np.arctan2(b.x - a.x, b.z - a.z) - a.yaw)
        wide = np.arctan2(np.maximum(b.half_width, b.half_depth), np.maximum(np.hypot(b.x - a.x, b.z - a.z), 0.1))
        return np.asarray(np.abs(toward) <= np.radians(40) + 0.5 * wide)
    raise ValueError(f"{relation} has two objects; see holds_between")


_REACHES = frozenset({RelationName.BESIDE, RelationName.NEAR, RelationName.FAR, RelationName.ALONG, RelationName.AROUND})
"""Relations that say how far, and no direction."""


def holds_between(a: Boxes, b: Boxes, c: Boxes) -> Bools:
    """Whether subjects stand between two objects."""
    dx, dz = c.x - b.x, c.z - b.z
    square = np.maximum(dx * dx + dz * dz, 1e-6)
    share = ((a.x - b.x) * dx + (a.z - b.z) * dz) / square
    aside = np.abs((a.x - b.x) * dz - (a.z - b.z) * dx) / np.sqrt(square)
    among = (share >= 0.1) & (share <= 0.9) & (aside <= np.maximum(0.35 * np.sqrt(square), 1.0))
    left, right = (turned(bearing(one.x, one.z) - bearing(a.x, a.z)) for one in (b, c))
    farther = np.minimum(np.hypot(b.x, b.z), np.hypot(c.x, c.z)) >= 2 * np.hypot(a.x, a.z)
    return np.asarray(among | (farther & (left * right < 0) & (np.abs(left - right) < np.pi)))


def holds_to_area(relation: RelationName, a: Boxes, area: Area) -> Bools:
    """Whether subjects keep the relation to a ground feature."""
    edge = area.distance(a.x, a.z)
    half = np.maximum(a.half_width, a.half_depth)
    R = RelationName  # noqa: N806
    if relation in (R.ON, R.INSIDE, R.UNDER):
        return np.asarray(edge < 0.3)
    if relation in (R.BESIDE, R.NEAR, R.AROUND):
        factor = 1.0 if relation is R.BESIDE else 3.0
        return np.asarray((edge - half <= area.reach_m * factor) & ((edge > -half) | area.is_water))
    if relation is R.ALONG:
        return np.asarray(edge <= 4.0 + half)
    if relation is R.FAR:
        return np.asarray(edge >= 20.0)
    if relation is R.FACING:
        step = 0.5 + half
        closer = area.distance(a.x + np.sin(a.yaw) * step, a.z + np.cos(a.yaw) * step)
        return np.asarray((closer < edge - 0.5 * step) | holds(relation, a, area.box()))
    if relation is R.BEHIND and area.endless:
        return np.asarray(edge >= half + 4.0)
    if relation in (R.IN_FRONT_OF, R.BEHIND):
        near_a, near_b = np.hypot(a.x, a.z), float(np.hypot(*area.middle))
        nearer = near_a < near_b if relation is R.IN_FRONT_OF else near_a > near_b
        return np.asarray(nearer & (edge <= 15.0 + 2 * half))
    own = turned(bearing(a.x, a.z) - bearing(*area.middle))
    return np.asarray(own < -np.radians(1.5) if relation is R.LEFT_OF else own > np.radians(1.5))


CLOSE = frozenset({RelationName.BESIDE, RelationName.NEAR, RelationName.AROUND})
"""Relations that are judged by where things stand, not by how far they reach above."""
_TURNED_ROUND: Mapping[RelationName, RelationName] = {
    RelationName.LEFT_OF: RelationName.RIGHT_OF, RelationName.RIGHT_OF: RelationName.LEFT_OF,
    RelationName.IN_FRONT_OF: RelationName.BEHIND, RelationName.BEHIND: RelationName.IN_FRONT_OF,
    RelationName.ON: RelationName.ON, RelationName.UNDER: RelationName.ON,
}  # fmt: skip
"""For a ground feature as the subject: what its object must then be to it."""


def check(spec: SceneSpec, things: Sequence[Thing], areas: Mapping[str, Area], *, room: bool = False) -> tuple[RelationCheck, ...]:
    """Every stated relation of the spec, judged from the finished things alone."""
    members: dict[str, list[Thing]] = {}
    for thing in things:
        if thing.name:
            members.setdefault(thing.name, []).append(thing)
    checks = []
    for wanted in spec.things:
        for relation in wanted.relations:
            subject = _label(wanted.name, members)
            target = " and ".join("viewer" if name == VIEWER else _label(name, members) for name in relation.objects)
            kept = _group_holds(relation, wanted.name, members, areas, room=room)
            checks.append(RelationCheck(subject, str(relation.relation), target, kept))
    return tuple(checks)


def _label(name: str, members: Mapping[str, list[Thing]]) -> str:
    found = members.get(name, [])
    return found[0].label if len(found) == 1 else name


def _group_holds(stated: Relation, subject: str, members: Mapping[str, list[Thing]], areas: Mapping[str, Area], *, room: bool) -> bool:
    """A group keeps a relation when four in five of its members keep it to at least one member of the object group.

    Left, right, before and behind: or when the middle of the group does (a row of trees behind a snowman).
    """
    relation, objects, distance_m = stated.relation, stated.objects, stated.distance_m
    if relation is RelationName.BETWEEN and len(objects) == 2:
        ends = [_boxes(name, members, areas, part="foot") for name in objects]  # a crane's jib is not where it stands
        own = _boxes(subject, members, areas)
        if any(not end for end in [*ends, own]):
            return False
        return _most([any(bool(holds_between(a, b, c)) for b in ends[0] for c in ends[1]) for a in own])
    target = objects[0]
    if subject in areas:
        return _area_is_subject(relation, subject, target, members, areas)
    own_things = members.get(subject, [])
    if not own_things or (target != VIEWER and target not in areas and not members.get(target)):
        return False
    if relation is RelationName.AROUND and len(own_things) > 2:
        return _rings(own_things, target, members, areas, room=room)
    if _most([_one_holds(relation, thing, target, members, areas, room=room, distance_m=distance_m) for thing in own_things]):
        return True
    if relation is RelationName.UNDER and len(members.get(target, [])) < len(own_things):
        return _is_flown_over(own_things, target, members, areas, room=room)
    if len(own_things) == 1 or relation not in _DIRECTIONS:
        return False
    middle = _middle([stance(thing) for thing in own_things])
    others = [areas[target].box()] if target in areas else _boxes(target, members, areas)
    return any(bool(holds(relation, middle, other, room=room, distance_m=distance_m)) for other in others)


_DIRECTIONS = (RelationName.LEFT_OF, RelationName.RIGHT_OF, RelationName.IN_FRONT_OF, RelationName.BEHIND)


def _is_flown_over(
    things: Sequence[Thing], target: str, members: Mapping[str, list[Thing]], areas: Mapping[str, Area], *, room: bool
) -> bool:
    """Whether what is in the air, as one turtle above three columns, is over one of several things and near the others."""
    others = [box for box in map(stance, members.get(target, [])) if float(box.half_depth) > FLAT_ON_WALL_M]
    below = [
        any(bool(holds(RelationName.UNDER, own, other)) and float(other.low) >= float(own.high) for other in others)
        for own in map(stance, things)
    ]
    near = [_one_holds(RelationName.NEAR, thing, target, members, areas, room=room) for thing in things]
    return any(below) and _most([one or other for one, other in zip(below, near, strict=True)])


def _middle(boxes: Sequence[Boxes]) -> Boxes:
    """One box in the middle of a group, as large as its first member."""
    x, z = np.mean([box.x for box in boxes]), np.mean([box.z for box in boxes])
    first = boxes[0]
    return Boxes(np.asarray(x), np.asarray(z), first.yaw, first.half_width, first.half_depth, first.low, first.high)


def _one_holds(
    relation: RelationName, thing: Thing, target: str, members: Mapping[str, list[Thing]], areas: Mapping[str, Area], *, room: bool,
    distance_m: float | None = None,
) -> bool:  # fmt: skip
    close = relation in CLOSE
    a = stance(thing, part="stand" if close else "whole")
    if target == VIEWER:
        return bool(holds(relation, a, VIEWER_BOX, room=room, distance_m=distance_m))
    if target in areas:
        return bool(holds_to_area(relation, a, areas[target]))
    if relation is RelationName.ON:
        return any(rests_on(thing, other) for other in members[target])
    if relation is RelationName.INSIDE and any(_lies_in(thing, other) for other in members[target]):
        return True
    found = []
    for other in members[target]:
        plan = plan_of(other.model)
        parts = beside_parts(float(a.high - a.low), plan, other.scale) if close else ("whole",)
        boxes = [stance(other, part=part, plan=plan) for part in parts]
        found.append(any(bool(holds(relation, a, box, room=room, distance_m=distance_m)) for box in boxes))
    return all(found) if relation is RelationName.FAR else any(found)


def _lies_in(thing: Thing, other: Thing) -> bool:
    """Whether a thing rests on a surface of another below its rim, its middle within the plan: a shovel in a sandpit.

    Or on a board of a shelf, which has no rim.
    """
    own, whole = stance(thing), stance(other)
    if not bool(whole.contains(own.x, own.z)) or not rests_on(thing, other):
        return False
    boards = spots_named(other.model, "inside", "shelf")
    on_board = any(abs(float(own.low) - float(other.position[1]) - spot.position[1] * other.scale) <= TOUCH_M for spot in boards)
    return on_board or float(own.low) < float(whole.high) - RIM_M


def _rings(things: list[Thing], target: str, members: Mapping[str, list[Thing]], areas: Mapping[str, Area], *, room: bool) -> bool:
    """Whether things stand all round the object: each near it, no wide sector free."""
    if target == VIEWER:
        centre = VIEWER_BOX
    elif target in areas:
        centre = areas[target].box()
    else:
        centre = stance(members[target][0], part="foot")
    near = [_one_holds(RelationName.NEAR, thing, target, members, areas, room=room) for thing in things]
    angles = np.sort([np.arctan2(thing.position[0] - centre.x, thing.position[2] - centre.z) for thing in things])
    widest = np.diff(np.append(angles, angles[0] + 2 * np.pi)).max()
    return _most(near) and bool(widest <= WIDE_ANGLE)


def _area_is_subject(
    relation: RelationName, subject: str, target: str, members: Mapping[str, list[Thing]], areas: Mapping[str, Area]
) -> bool:
    area = areas[subject]
    if target == VIEWER:
        nearest = float(area.distance(np.zeros(()), np.zeros(())))
        if relation in (RelationName.BESIDE, RelationName.NEAR, RelationName.AROUND, RelationName.ALONG):
            return nearest <= 30.0
        if relation is RelationName.FAR:
            return nearest >= 20.0
        return bool(holds(relation, area.box(), VIEWER_BOX))
    others = _boxes(target, members, areas)
    turned_round = _TURNED_ROUND.get(relation, relation)
    return any(bool(holds_to_area(turned_round, other, area)) for other in others)


def _boxes(name: str, members: Mapping[str, list[Thing]], areas: Mapping[str, Area], *, part: str = "whole") -> list[Boxes]:
    if name == VIEWER:
        return [VIEWER_BOX]
    if name in areas:
        return [areas[name].box()]
    return [stance(thing, part=part) for thing in members.get(name, [])]


def _most(kept: Sequence[bool]) -> bool:
    return bool(kept) and sum(kept) >= 0.8 * len(kept)
