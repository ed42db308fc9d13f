"""Stacking: things on the free spots and surfaces of greater ones, in their hollows and on the shelves below them, at exact heights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from pipelines.layout.board import Board, Placed
from pipelines.layout.cavities import room_below, room_within
from pipelines.layout.footprints import Boxes, Reals
from pipelines.layout.members import CUT, LAND_KINDS, Group, outline
from pipelines.layout.supports import contact_of, fits_beneath, spots_named, surface_near, top_heights
from pipelines.scene import Model, Spot
from pipelines.spec import RelationName, Size

R = RelationName
ON_SPOTS = ("top", "shelf", "deck", "seat", "bed")
IN_SPOTS = ("inside", "shelf", "deck")
TRIES = 48
LID_M = 1.3  # what is lower and has no room inside takes things on its top instead
SUNK = 0.3  # of what stands in a hollow, how much has to be below the rim
LEAST_ANIMAL = 0.25  # of its usual size
SIZES = (1.0, 0.8, 0.64, 0.5, 0.4, 0.32, 0.25, 0.2, 0.16)  # shares of its usual size in which a thing goes into another
STALK_M, GOLDEN_RAD = 0.004, 2.4  # half the width of a cut flower's stalk; the turn between one of a bunch and the next
LEVEL_M = 0.012  # how uneven the place of a thing beside another on a table may be
WIDE_M, WIDER = 1.0, 3.0  # half the width of what carries all that stands next to things on it, at least; and in halves of theirs
CONTACT = 0.9  # how far out on its foot a thing touches what it stands on, as `rests_on` looks at it
ACROSS = 0.8  # of its width: what is longer does not lie across a thing
LONG = 1.5  # as long as wide, from which on a thing has a direction
STEEPEST = 0.5  # rise over run on a hill, across a thing's foot
NEXT_TO = (R.BESIDE, R.NEAR, R.AROUND, R.IN_FRONT_OF, R.BEHIND, R.LEFT_OF, R.RIGHT_OF, R.BETWEEN)


@dataclass(frozen=True)
class Judge:
    """What the solver knows of candidates: how many relations they keep, where they are drawn, and how they are turned."""

    kept: Callable[[Boxes, Boxes], Reals]
    poses: Callable[[], Reals]
    aimed: Callable[[Reals], Reals]


class Places(NamedTuple):
    """Where a thing may be put on a carrier: x, height of its lowest point, z, yaw; arrays (n,).

    part: whose middle is at x, z: that of the thing's foot or of its whole, "" for the model's origin.
    """

    x: Reals
    height: Reals
    z: Reals
    yaw: Reals
    part: str = ""


def wants_support(group: Group, board: Board) -> bool:
    """Whether the group goes onto or into other things rather than onto the ground."""
    return bool(carriers(group, board))


def carriers(group: Group, board: Board) -> list[tuple[Placed, RelationName]]:
    """The placed things that carry the group, and how: what it is on, in or on a shelf under; or what carries the things it is next to."""
    for relation in group.asked.relations:
        found = board.members(relation.objects[0])
        if relation.relation is R.ON and found:
            return [(item, R.ON) for item in found]
        if relation.relation is R.INSIDE and found and _takes(group, found[0]):
            return [(item, R.INSIDE) for item in found]
        if relation.relation is R.UNDER and found and _has_shelf_below(group, found[0]):
            return [(item, R.UNDER) for item in found]
    for relation in group.asked.relations:
        if relation.relation not in NEXT_TO:
            continue
        found = [lower for item in board.members(relation.objects[0]) if (lower := _shared(group, item)) is not None]
        if found:
            return [(item, R.BESIDE) for item in found]
    return []


def _shared(group: Group, neighbour: Placed) -> Placed | None:
    """The nearest of what carries a neighbour that carries the group, too: next to a king on his throne, the dais below both."""
    carrier = neighbour.on
    while carrier is not None and not _shares(group, carrier):
        carrier = carrier.on
    return carrier


def _shares(group: Group, carrier: Placed) -> bool:
    """Whether what stands next to things on a carrier stands on it too: small things on a table, all that stands on a hill or a stage."""
    if group.kind.stands_on == "surface":
        return True
    box, (width, _, depth) = carrier.boxes("whole"), group.size()
    wide = min(float(box.half_width), float(box.half_depth)) > max(WIDE_M, WIDER * max(width, depth) / 2)
    return group.kind.stands_on in ("ground", "floor") and (carrier.group.kind.name in LAND_KINDS or wide)


def _takes(group: Group, item: Placed) -> bool:
    """Whether a thing has room for a group within its walls, or is low enough to carry it on its top."""
    model = item.group.models[item.number]
    if item.group.is_tree or "plant" in item.group.kind.tags or item.group.kind.family in ("plants", "trees"):
        return False  # one stands among leaves, on the ground; not so within a ring of stones that have some grass
    if spots_named(model, *IN_SPOTS) or _within(group, 0, item):
        return True
    low, high = model.bounds[:, 1] * item.scale
    own, its = outline(group.models[0]).foot, outline(model).whole
    small = ((own[1] - own[0]) * group.scales[0] < 1.1 * (its[1] - its[0]) * item.scale).all()
    return bool(high - low < LID_M and small and item.group.kind.stands_on in ("ground", "floor", "surface", "water"))


def goes_within(group: Group, holder: Group) -> bool:
    """Whether a member of a group finds room within a thing's walls, or on a spot inside it."""
    model = holder.models[0]
    return bool(spots_named(model, *IN_SPOTS) or _within(group, 0, Placed(holder, 0, 0.0, 0.0, 0.0, 0.0)))


def made_to_fit(group: Group, holder: Group) -> Group | None:
    """The group in the greatest size that finds room within a thing, None where none does: a heap of gold in a chest is a small one.

    Persons, and what has a stated size, come in one size, and animals in few; nothing shrinks for a building.
    """
    fixed = group.asked.height_m is not None or group.asked.size is not Size.NORMAL or "person" in group.kind.tags or holder.is_building
    shares = SIZES[:1] if fixed else [share for share in SIZES if share >= LEAST_ANIMAL or not group.is_animal]
    sizes = (replace(group, scales=tuple(scale * share for scale in group.scales)) for share in shares)
    return next((smaller for smaller in sizes if goes_within(smaller, holder)), None)


def _has_shelf_below(group: Group, item: Placed) -> bool:
    """Whether a group that is to be under a thing fits on its floor or a lower board of it, and not on the ground below it."""
    model = item.group.models[item.number]
    if not spots_named(model, "top", "shelf", "inside", "deck") or item.group.kind.stands_on not in ("floor", "ground", "surface"):
        return False
    here = np.array([item.x]), np.array([item.z]), np.array([item.yaw])
    box = outline(group.models[0]).boxes(*here, y=item.y, scale=group.scales[0], part="whole")
    if bool(fits_beneath(model, (item.x, item.y, item.z, item.yaw), item.scale, box)[0]):
        return False
    half, height = _extent(group, 0, item.scale)
    return any(len(room_below(model, across, height)) for across in (half, half[::-1]))


def _extent(group: Group, number: int, scale: float) -> tuple[tuple[float, float], float]:
    """Half width and depth, and height, of a member in the units of a model of that scale; of a cut flower the stalk's."""
    plan = outline(group.models[number])
    half = np.full(2, STALK_M) / scale if _is_cut(group) else (plan.whole[1] - plan.whole[0]) / 2 * group.scales[number] / scale
    return (float(half[0]), float(half[1])), float(plan.high - plan.low) * group.scales[number] / scale


def place_on(group: Group, number: int, board: Board, judge: Judge, rng: np.random.Generator) -> Placed | None:
    """A free place for a member on its carriers, the members shared out between them; None when there is no room."""
    found = carriers(group, board)
    turn = number % len(found)
    for carrier, relation in found[turn:] + found[:turn]:
        for places in _every_place(group, number, carrier, relation, judge, rng):
            placed = _first_free(group, number, carrier, places, board, judge)
            if placed is not None:
                return placed
    return _crowded(group, number, found, board, rng)


def _crowded(group: Group, number: int, found: list[tuple[Placed, RelationName]], board: Board, rng: np.random.Generator) -> Placed | None:
    """In the spot where a member overlaps least with what lies there already; None where no carrier has spots."""
    best: tuple[float, Placed] | None = None
    for carrier, relation in found:
        if relation in (R.BESIDE, R.UNDER):
            continue
        for spot in spots_named(carrier.group.models[carrier.number], *(IN_SPOTS if relation is R.INSIDE else ON_SPOTS)):
            x, height, z, yaw = (float(value[0]) for value in _in_spot(group, number, carrier, spot, rng, crowded=True)[:4])
            placed = Placed(group, number, x, height - _low(group, number), z, yaw, on=carrier)
            depth = board.depth_of(placed.boxes("whole"))
            if best is None or depth < best[0] - 0.01:
                best = depth, placed
    return best[1] if best is not None else None


def _low(group: Group, number: int) -> float:
    return contact_of(group.models[number])[0] * group.scales[number]


def _every_place(
    group: Group, number: int, carrier: Placed, relation: RelationName, judge: Judge, rng: np.random.Generator
) -> Iterator[Places]:
    """Where a member may be put on a carrier, the more fitting places first."""
    model = carrier.group.models[carrier.number]
    if relation is R.BESIDE or any(one.relation in NEXT_TO for one in group.asked.relations):
        yield _next_to(group, number, carrier, judge.poses())
        if relation is R.BESIDE and carrier.group.kind.name in LAND_KINDS:
            return
    if relation is R.UNDER:
        half, height = _extent(group, number, carrier.scale)
        for across, turn in ((half, 0.0), (half[::-1], np.pi / 2)):
            yield _at(carrier, room_below(model, across, height), np.full(1, turn))
        return
    for spot in spots_named(model, *(IN_SPOTS if relation is R.INSIDE else ON_SPOTS)):
        yield _in_spot(group, number, carrier, spot, rng)
    if relation is R.INSIDE:
        yield from _within(group, number, carrier)
        if float(np.ptp(model.bounds[:, 1])) * carrier.scale >= LID_M:
            return
    yield _on_surface(group, number, carrier, rng)


def _within(group: Group, number: int, carrier: Placed) -> list[Places]:
    """Places within a thing's walls, as it is drawn or turned; standing up above them if it must."""
    model = carrier.group.models[carrier.number]
    (width, depth), height = _extent(group, number, carrier.scale)
    part, fanned = ("", GOLDEN_RAD * number) if _is_cut(group) else ("whole", 0.0)
    found = []
    for sunk in (1.0, SUNK):
        for half, turn in (((width, depth), fanned), ((depth, width), np.pi / 2)):
            room = room_within(model, half, height, sunk=sunk)
            if len(room):
                found.append(_at(carrier, room, np.full(1, turn), part))
            if abs(width - depth) < 0.02:
                break
    return found


def _is_cut(group: Group) -> bool:
    return group.asked.style == CUT


def _at(carrier: Placed, local: Reals, turn: Reals, part: str = "whole") -> Places:
    """Places (n, 3) of a carrier's model in the world, turned as the carrier is and by `turn`."""
    x, z = _to_world(carrier, local[:, 0] * carrier.scale, local[:, 2] * carrier.scale)
    return Places(x, local[:, 1] * carrier.scale + carrier.y, z, np.broadcast_to(carrier.yaw + turn, x.shape), part)


def _in_spot(group: Group, number: int, carrier: Placed, spot: Spot, rng: np.random.Generator, *, crowded: bool = False) -> Places:
    """Places within one spot from the middle outwards, none where it is too small; `crowded`: whatever its size."""
    scale, (low, foot) = group.scales[number], contact_of(group.models[number])
    half = (foot[1] - foot[0]) / 2 * scale
    free = np.maximum(np.array(spot.size_m) / 2 * carrier.scale - half, 0.0)
    too_big = (half > np.array(spot.size_m) / 2 * carrier.scale + 0.06).any() or (
        float(group.models[number].bounds[1, 1]) - low
    ) * scale > spot.clearance_m * carrier.scale + 0.02
    if too_big and not crowded:
        return _none()
    u, v = rng.uniform(-1, 1, (2, TRIES))
    u[0] = v[0] = 0.0
    order = np.argsort(np.hypot(u, v), kind="stable")  # from the middle outwards
    x, z = spot.position[0] * carrier.scale + u[order] * free[0], spot.position[2] * carrier.scale + v[order] * free[1]
    world_x, world_z = _to_world(carrier, x, z)
    exact = surface_near(carrier.group.models[carrier.number], x / carrier.scale, z / carrier.scale, spot.position[1])
    height = np.where(np.abs(exact - spot.position[1]) < 0.04, exact, spot.position[1]) * carrier.scale + carrier.y
    return Places(world_x, height, world_z, _loosely(group, number, carrier, len(x), rng), "foot")


def _loosely(group: Group, number: int, carrier: Placed, count: int, rng: np.random.Generator) -> Reals:
    """Yaws about the carrier's own; on rails exactly so, and what is too long to lie across it lies along it."""
    on_rails = "rail" in group.kind.tags and "rail" in carrier.group.kind.tags
    along = _lies_along(group, number, carrier)
    spread = 0.0 if on_rails else 0.03 if along else 0.22
    return np.asarray(carrier.yaw + (np.pi / 2 if along else 0.0) + rng.normal(0, spread, count))


def _lies_along(group: Group, number: int, carrier: Placed) -> bool:
    """Whether a thing has to be turned by a quarter to lie along what carries it: a train on a bridge that is wide in its own frame."""
    own, under = (
        np.ptp(outline(item.models[which]).whole, axis=0) * scale
        for item, which, scale in ((group, number, group.scales[number]), (carrier.group, carrier.number, carrier.scale))
    )
    across = own.argmax() != under.argmax() and own.max() > ACROSS * under.min()
    return bool(across and own.max() > LONG * own.min() and under.max() > LONG * under.min())


def _none() -> Places:
    return Places(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))


def _on_surface(group: Group, number: int, carrier: Placed, rng: np.random.Generator) -> Places:
    """Level places on a carrier without spots, found by looking down on it: the most level and the highest first."""
    model = carrier.group.models[carrier.number]
    plan = outline(group.models[number])
    half = (plan.foot[1] - plan.foot[0]) / 2
    reach = np.minimum(
        (half[::-1] if _lies_along(group, number, carrier) else half) * group.scales[number] / carrier.scale,
        (model.bounds[1] - model.bounds[0])[[0, 2]] * 0.3,
    )
    low, high = model.bounds[0][[0, 2]], model.bounds[1][[0, 2]]
    x, z = rng.uniform(low[0], high[0], 90), rng.uniform(low[1], high[1], 90)
    x[0], z[0] = (low + high) / 2
    around = [(0, 0), (-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]
    heights = np.stack([top_heights(model, x + a * reach[0], z + b * reach[1]) for a, b in around])
    heights = np.where(np.isnan(heights), -9.0, heights)
    uneven = heights.max(axis=0) - heights.min(axis=0)
    score = (
        2.0 * np.minimum(uneven, 1.0) * carrier.scale
        - 0.25 * heights[0]
        + 0.2 * np.hypot(x - x[0], z - z[0]) / max(float(np.ptp(low)), 1.0)
    )
    order = np.argsort(score, kind="stable")
    order = order[heights[0][order] > 0.02]
    if not len(order):
        return _none()
    world_x, world_z = _to_world(carrier, x[order] * carrier.scale, z[order] * carrier.scale)
    height = heights.max(axis=0)[order] * carrier.scale + carrier.y
    height = np.where(
        uneven[order] < 0.35,
        np.maximum(height - 0.02, heights[0][order] * carrier.scale + carrier.y),
        heights[0][order] * carrier.scale + carrier.y,
    )
    return Places(world_x, height, world_z, _loosely(group, number, carrier, len(order), rng), "foot")


def _next_to(group: Group, number: int, carrier: Placed, poses: Reals) -> Places:
    """Those poses that lie on the carrier: level on a table, on a slope that is not too steep on a hill."""
    plan, scale = outline(group.models[number]), group.scales[number]
    foot = plan.boxes(*poses.T, y=0.0, scale=scale, part="foot")
    corner_x, corner_z = replace(foot, half_width=CONTACT * foot.half_width, half_depth=CONTACT * foot.half_depth).corners()
    x, z = np.concatenate([foot.x[:, None], corner_x], axis=1), np.concatenate([foot.z[:, None], corner_z], axis=1)
    heights = _heights(carrier.group.models[carrier.number], carrier, x.ravel(), z.ravel()).reshape(x.shape)
    land = carrier.group.kind.name in LAND_KINDS
    uneven = np.ptp(heights, axis=1)
    fine = ~np.isnan(uneven) & (uneven <= (STEEPEST * 2 * foot.radius if land else LEVEL_M))
    height = heights.min(axis=1) if land else heights.max(axis=1)
    return Places(poses[fine, 0], height[fine], poses[fine, 1], poses[fine, 2])


def _heights(model: Model, carrier: Placed, x: Reals, z: Reals) -> Reals:
    """Heights in the world of a carrier's top at places in the world, nan beside it."""
    cos, sin = np.cos(carrier.yaw), np.sin(carrier.yaw)
    dx, dz = (x - carrier.x) / carrier.scale, (z - carrier.z) / carrier.scale
    return np.asarray(top_heights(model, dx * cos - dz * sin, dx * sin + dz * cos) * carrier.scale + carrier.y)


def _first_free(group: Group, number: int, carrier: Placed, places: Places, board: Board, judge: Judge) -> Placed | None:
    """The first free one of those places that keep the most relations."""
    if not len(places.x):
        return None
    plan, scale = outline(group.models[number]), group.scales[number]
    poses = judge.aimed(np.stack([places.x, places.z, places.yaw], axis=1))
    x, z, yaw = poses.T
    if places.part:  # the middle of what touches comes there, wherever the model's origin is
        rectangle = contact_of(group.models[number])[1] if places.part == "foot" else plan.whole
        across, along = rectangle.mean(axis=0) * scale
        x, z = x - across * np.cos(yaw) - along * np.sin(yaw), z + across * np.sin(yaw) - along * np.cos(yaw)
    y = places.height - _low(group, number)
    foot, crown, whole = (plan.boxes(x, z, yaw, y=y, scale=scale, part=part) for part in ("foot", "crown", "whole"))
    lower, upper = (foot, crown) if group.is_tree else (whole, None)
    together = {id(item) for item in board.members(group.name)} if _is_cut(group) else set()  # flowers share their vase
    fine = board.free(lower, upper, soft=plan.soft, clearance_m=0.01, ignoring=_chain(carrier) | together)
    if not fine.any():
        return None
    kept = judge.kept(foot, whole)
    best = int(np.argmax(np.where(fine, kept, -1.0)))
    return Placed(group, number, float(x[best]), float(y[best]), float(z[best]), float(yaw[best]), on=carrier)


def _chain(carrier: Placed) -> frozenset[int]:
    """Ids of a carrier and of all that carries it."""
    found, item = set(), carrier
    while True:
        found.add(id(item))
        if item.on is None:
            return frozenset(found)
        item = item.on


def _to_world(carrier: Placed, x: Reals, z: Reals) -> tuple[Reals, Reals]:
    cos, sin = np.cos(carrier.yaw), np.sin(carrier.yaw)
    return carrier.x + x * cos + z * sin, carrier.z - x * sin + z * cos
