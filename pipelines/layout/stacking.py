"""Stacking: small things on the free spots and surfaces of greater ones, at exact heights."""

from __future__ import annotations

import numpy as np

from pipelines.layout.board import Board, Placed
from pipelines.layout.footprints import Reals
from pipelines.layout.members import Group, outline
from pipelines.layout.supports import spots_named, surface_near, top_heights
from pipelines.scene import Spot
from pipelines.spec import RelationName

ON_SPOTS = ("top", "shelf", "deck", "seat", "bed")
IN_SPOTS = ("inside", "shelf")
TRIES = 48
BASIN_M = 1.2  # what is higher is no basin


def wants_support(group: Group, board: Board) -> bool:
    """Whether the group goes onto or into other things rather than onto the ground."""
    return bool(carriers(group, board))


def carriers(group: Group, board: Board) -> list[tuple[Placed, RelationName]]:
    """The placed things that carry the group: what it is on or in; or what carries the things it is beside, if it is small."""
    for relation in group.asked.relations:
        found = board.members(relation.objects[0])
        if relation.relation is RelationName.ON and found:
            return [(item, RelationName.ON) for item in found]
        if relation.relation is RelationName.INSIDE and found and spots_named(found[0].group.models[found[0].number], *IN_SPOTS):
            return [(item, RelationName.INSIDE) for item in found]
        if relation.relation is RelationName.INSIDE and found and _is_basin(found[0]) and _fits(group, found[0]):
            return [(item, RelationName.INSIDE) for item in found]
    if group.kind.stands_on == "surface":
        for relation in group.asked.relations:
            found = [item.on for item in board.members(relation.objects[0]) if item.on is not None]
            if found:
                return [(item, RelationName.ON) for item in found]
    return []


def _is_basin(item: Placed) -> bool:
    """Low, wide and open: its middle lies well below its rim, as in a sandpit or a rowing boat."""
    model = item.group.models[item.number]
    low, high = model.bounds
    middle = float(top_heights(model, np.array([(low[0] + high[0]) / 2]), np.array([(low[2] + high[2]) / 2]))[0])
    return bool(high[1] - low[1] < BASIN_M) and middle < float(high[1]) - 0.06


def _fits(group: Group, item: Placed) -> bool:
    half = outline(item.group.models[item.number]).foot
    own = outline(group.models[0]).foot
    return bool(((own[1] - own[0]) * group.scales[0] < 0.7 * (half[1] - half[0]) * item.scale).all())


def place_on(group: Group, number: int, board: Board, rng: np.random.Generator) -> Placed | None:
    """A free place for a member on its carriers, the members shared out between them; None when there is no room."""
    found = carriers(group, board)
    turn = number % len(found)
    for carrier, relation in found[turn:] + found[:turn]:
        placed = _on_carrier(group, number, carrier, relation, board, rng)
        if placed is not None:
            return placed
    return None


def _on_carrier(
    group: Group, number: int, carrier: Placed, relation: RelationName, board: Board, rng: np.random.Generator
) -> Placed | None:
    model = carrier.group.models[carrier.number]
    spots = spots_named(model, *(IN_SPOTS if relation is RelationName.INSIDE else ON_SPOTS))
    for spot in spots:
        placed = _in_spot(group, number, carrier, spot, board, rng)
        if placed is not None:
            return placed
    placed = _on_surface(group, number, carrier, board, rng)
    if placed is None and spots:
        placed = _in_spot(group, number, carrier, spots[0], board, rng, crowded=True)
    return placed


def _in_spot(
    group: Group, number: int, carrier: Placed, spot: Spot, board: Board, rng: np.random.Generator, *, crowded: bool = False
) -> Placed | None:
    """A free place within one spot; `crowded` puts it in the middle whatever stands there."""
    plan, scale = outline(group.models[number]), group.scales[number]
    half = (plan.foot[1] - plan.foot[0]) / 2 * scale
    free = np.maximum(np.array(spot.size_m) / 2 * carrier.scale - half, 0.0)
    too_big = (half > np.array(spot.size_m) / 2 * carrier.scale + 0.06).any() or (
        plan.high - plan.low
    ) * scale > spot.clearance_m * carrier.scale + 0.02
    if too_big and not crowded:
        return None
    u, v = rng.uniform(-1, 1, (2, TRIES))
    u[0] = v[0] = 0.0
    order = np.argsort(np.hypot(u, v), kind="stable")  # from the middle outwards
    x, z = spot.position[0] * carrier.scale + u[order] * free[0], spot.position[2] * carrier.scale + v[order] * free[1]
    world_x, world_z = _to_world(carrier, x, z)
    exact = surface_near(carrier.group.models[carrier.number], x / carrier.scale, z / carrier.scale, spot.position[1])
    height = np.where(np.abs(exact - spot.position[1]) < 0.04, exact, spot.position[1]) * carrier.scale + carrier.y
    return _first_free(group, number, carrier, (world_x, height, world_z), board, rng, crowded=crowded)


def _on_surface(group: Group, number: int, carrier: Placed, board: Board, rng: np.random.Generator) -> Placed | None:
    """A level place on a carrier without spots, found by looking down on it: the most level and the highest first."""
    model = carrier.group.models[carrier.number]
    plan = outline(group.models[number])
    reach = np.minimum(
        (plan.foot[1] - plan.foot[0]) / 2 * group.scales[number] / carrier.scale, (model.bounds[1] - model.bounds[0])[[0, 2]] * 0.3
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
        return None
    world_x, world_z = _to_world(carrier, x[order] * carrier.scale, z[order] * carrier.scale)
    height = heights.max(axis=0)[order] * carrier.scale + carrier.y
    height = np.where(
        uneven[order] < 0.35,
        np.maximum(height - 0.02, heights[0][order] * carrier.scale + carrier.y),
        heights[0][order] * carrier.scale + carrier.y,
    )
    return _first_free(group, number, carrier, (world_x, height, world_z), board, rng, crowded=False)


def _first_free(
    group: Group, number: int, carrier: Placed, at: tuple[Reals, Reals, Reals], board: Board, rng: np.random.Generator, *, crowded: bool
) -> Placed | None:
    plan, scale = outline(group.models[number]), group.scales[number]
    x, height, z = at
    y = height - plan.low * scale
    on_rails = "rail" in group.kind.tags and "rail" in carrier.group.kind.tags
    yaw = carrier.yaw + rng.normal(0, 0.0 if on_rails else 0.22, len(x))
    foot = plan.boxes(x, z, yaw, y=y, scale=scale, part="whole")
    if crowded:
        return Placed(group, number, float(x[0]), float(y[0]), float(z[0]), float(yaw[0]), on=carrier)
    fine = board.free(foot, None, soft=False, clearance_m=0.01, ignoring=_chain(carrier))
    if not fine.any():
        return None
    best = int(np.argmax(fine))
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
