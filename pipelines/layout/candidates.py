"""Candidates: where a thing might stand, drawn at random from the zone that its relations define.

Every function returns (n, 3): x, z, yaw. Directions are angles θ with (x, z) = (sin θ, cos θ), as yaws are; the viewer is at the origin.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.footprints import Boxes, Reals
from pipelines.layout.relations import FLAT_ON_WALL_M, NEAR_REACHES, Area, is_slender, reach
from pipelines.spec import RelationName

NEAR_SHARE, WIDEST_RING_RAD = 0.8, np.radians(300.0)  # of the reach of "near" that rings use; how far round those of tall things go
RING_GAP_M = 1.2  # between those that stand round something outdoors
FARTHEST_EDGE_M = 60.0  # from the middle of a water to its edge, that something is said to stand around


def exit_distance(box: Boxes, angle: Reals) -> Reals:
    """From the middle of a scalar box to the edge of its plan in world direction `angle`."""
    local = angle - box.yaw
    across, along = np.abs(np.sin(local)), np.abs(np.cos(local))
    return np.asarray(np.minimum(box.half_width / np.maximum(across, 1e-6), box.half_depth / np.maximum(along, 1e-6)))


def toward_viewer(x: Reals, z: Reals) -> Reals:
    """The yaw that turns a front to the spawn point."""
    return np.asarray(np.arctan2(-x, -z))


def ring(box: Boxes, angle: Reals, gap: Reals, radius_m: float) -> Reals:
    """Positions round a box at the given directions, `gap` plus the thing's own half size away from its edge; fronts to the viewer."""
    reach = exit_distance(box, angle) + gap + radius_m
    x, z = box.x + np.sin(angle) * reach, box.z + np.cos(angle) * reach
    return np.stack([x, z, toward_viewer(x, z)], axis=1)


def by_relation(
    relation: RelationName, box: Boxes, *, half_m: tuple[float, float], count: int, rng: np.random.Generator, room: bool
) -> Reals:
    """Candidates for a relation to one object, given the thing's own half width and depth."""
    own = max(half_m)
    back = float(np.arctan2(box.x, box.z))  # away from the viewer, through the object
    larger = 2 * max(own, float(np.maximum(box.half_width, box.half_depth)))
    R = RelationName  # noqa: N806
    if relation is R.BESIDE:
        allowed = min(0.5 + 0.3 * larger, 1.2) if room else min(1.2 + 0.3 * larger, 4.0)
        side = rng.choice([-1.0, 1.0], count)
        angle = np.where(
            rng.random(count) < 0.6, box.yaw + side * np.pi / 2 + rng.normal(0, 0.25, count), rng.uniform(-np.pi, np.pi, count)
        )
        return ring(
            box,
            angle,
            (0.03 if room else 0.15) + 0.75 * allowed * rng.random(count) ** (2.5 if room else 1.0),
            min(half_m) if room else own,
        )
    if relation is R.NEAR:
        angle = rng.uniform(-np.pi, np.pi, count)
        return ring(box, angle, rng.uniform(0.4, 1.6 if room else 4.5, count), own)
    if relation is R.IN_FRONT_OF:
        facing = rng.random(count) < (0.85 if room else 0.5)
        spread = np.where(rng.random(count) < 0.7, 0.2, 0.4)  # straight before it first; aside where that is taken
        angle = np.where(facing, box.yaw, back + np.pi) + spread * rng.normal(0, 1, count)
        return ring(box, angle, rng.uniform(0.35, 1.2 if room else 3.0, count), min(half_m) if room else own)
    if relation is R.BEHIND:
        angle = back + rng.normal(0, 0.4, count)
        return ring(box, angle, rng.uniform(0.3, 1.5 if room else 7.0, count), own)
    if relation in (R.LEFT_OF, R.RIGHT_OF):
        sign = 1.0 if relation is R.LEFT_OF else -1.0
        if float(np.hypot(box.x, box.z)) < 0.5:  # of the visitor: on that side of the picture, not beyond its edge
            angle = np.pi + sign * rng.uniform(np.radians(15), np.radians(34), count)
            reach = own + (rng.uniform(1.4, 5.0, count) if room else rng.uniform(3.5, 15.0, count))
            x, z = np.sin(angle) * reach, np.cos(angle) * reach
            return np.stack([x, z, toward_viewer(x, z)], axis=1)
        angle = back + sign * np.pi / 2 + rng.normal(0, 0.35, count)
        return ring(box, angle, rng.uniform(0.15, 1.5 if room else 4.0, count), own)
    if relation is R.FAR:
        angle = np.pi + rng.uniform(-0.5, 0.5, count)
        reach = rng.uniform(3.0, 6.0, count) if room else rng.uniform(30.0 + own, max(78.0, 45.0 + own), count)
        x, z = np.sin(angle) * reach, np.cos(angle) * reach
        return np.stack([x, z, toward_viewer(x, z)], axis=1)
    if relation is R.UNDER and float(box.half_depth) <= FLAT_ON_WALL_M:  # against the wall, below a window or a picture
        u, away = rng.uniform(-1.0, 1.0, count) * box.half_width, box.half_depth + half_m[1] + rng.uniform(0.0, 0.12, count)
        x, z = box.x + u * np.cos(box.yaw) + away * np.sin(box.yaw), box.z - u * np.sin(box.yaw) + away * np.cos(box.yaw)
        return np.stack([x, z, np.full(count, float(box.yaw))], axis=1)
    if relation is R.UNDER and bool(is_slender(box)):  # at the foot of a post
        return ring(box, rng.uniform(-np.pi, np.pi, count), rng.uniform(-0.6, 0.3, count) * np.minimum(box.half_width, box.half_depth), own)
    if relation in (R.UNDER, R.INSIDE, R.ON):
        u, v = rng.uniform(-0.75, 0.75, (2, count))
        cos, sin = np.cos(box.yaw), np.sin(box.yaw)
        dx, dz = u * np.maximum(box.half_width, 0.05), v * np.maximum(box.half_depth, 0.05)
        x, z = box.x + dx * cos + dz * sin, box.z - dx * sin + dz * cos
        return np.stack([x, z, toward_viewer(x, z)], axis=1)
    angle = rng.uniform(-np.pi, np.pi, count)
    return ring(box, angle, rng.uniform(0.8, 2.0 if room else 7.0, count), own)


def above(box: Boxes, number: int, *, count: int, rng: np.random.Generator) -> Reals:
    """Candidates over the middle of a thing; the second and the third of several beside it, along the thing's longer side."""
    step = (number + 1) // 2 * (1 if number % 2 else -1) * 0.55
    long, yaw = float(np.maximum(box.half_width, box.half_depth)), float(box.yaw)
    along = step * long + rng.normal(0, 0.04 * long, count)
    dx, dz = (along, np.zeros(count)) if float(box.half_width) >= float(box.half_depth) else (np.zeros(count), along)
    x, z = box.x + dx * np.cos(yaw) + dz * np.sin(yaw), box.z - dx * np.sin(yaw) + dz * np.cos(yaw)
    return np.stack([x, z, np.full(count, yaw)], axis=1)


def below_crown(crown: Boxes, *, half_m: tuple[float, float], count: int, rng: np.random.Generator) -> Reals:
    """Candidates under the rim of a low crown (its solid part), their backs to the stem: a bench before a cypress."""
    angle = rng.uniform(-np.pi, np.pi, count)
    poses = ring(crown, angle, rng.uniform(0.01, 0.06, count), min(half_m))
    poses[:, 2] = angle
    return poses


def at_distance(poses: Reals, box: Boxes, *, distance_m: float, own_m: float, rng: np.random.Generator) -> Reals:
    """The poses moved towards or away from a box until the gap is what the words said, give or take a little."""
    angle = np.asarray(np.arctan2(poses[:, 0] - box.x, poses[:, 1] - box.z))
    return ring(box, angle, distance_m * rng.uniform(0.92, 1.08, len(poses)), own_m)


def facing(box: Boxes, *, half_m: tuple[float, float], count: int, rng: np.random.Generator, room: bool) -> Reals:
    """Candidates before the front of an object, turned to it, at a distance to look at it."""
    angle = box.yaw + rng.normal(0, 0.3, count)
    poses = ring(box, angle, rng.uniform(1.2, 2.4, count) if room else rng.uniform(1.5, 5.0, count), half_m[1])
    poses[:, 2] = np.arctan2(box.x - poses[:, 0], box.z - poses[:, 1])
    return poses


def between(b: Boxes, c: Boxes, *, count: int, several: bool, rng: np.random.Generator) -> Reals:
    """Candidates on the line between the middles of two objects; `several` stand beside it, too."""
    share = rng.uniform(0.3, 0.7, count)
    loose = 0.15 + (0.15 * float(np.hypot(c.x - b.x, c.z - b.z)) if several else 0.0)
    x, z = b.x + (c.x - b.x) * share + rng.normal(0, loose, count), b.z + (c.z - b.z) * share + rng.normal(0, loose, count)
    return np.stack([x, z, toward_viewer(x, z)], axis=1)


def flanking(box: Boxes, across: Boxes | None, *, half_m: float, count: int, reach_m: float, rng: np.random.Generator) -> Reals:
    """Candidates at one side of an object as the visitor sees it, and opposite what is at its other side already (`across`)."""
    if across is None:
        angle = np.arctan2(box.x, box.z) + rng.choice([-0.5, 0.5], count) * np.pi + rng.normal(0, 0.2, count)
    else:
        angle = np.arctan2(box.x - across.x, box.z - across.z) + rng.normal(0, 0.15, count)
    return ring(box, angle, rng.uniform(0.15, reach_m, count), half_m)


def around(
    box: Boxes, *, number: int, total: int, half_m: tuple[float, float], height_m: float, room: bool, widen: float, rng: np.random.Generator
) -> Reals:
    """Candidates for one member of a ring; tall members leave the visitor's side open. Fronts turn to the middle."""
    jitter, tries = 0.07 * widen, int(40 * widen)
    small = height_m < 1.6 or room
    own = replace(box, half_width=np.asarray(half_m[0]), half_depth=np.asarray(half_m[1]))
    near_m = NEAR_REACHES * float(reach(own, box, room=False))
    start = 0.0 if small else float(np.arctan2(box.x, box.z))
    span = 2 * np.pi
    if small:
        middle = float(box.yaw) + 2 * np.pi * number / total + (np.pi / total if total > 4 and room else 0.0)
    else:
        needed = total * (2 * max(half_m) + RING_GAP_M) / (float(box.radius) + NEAR_SHARE * near_m + max(half_m))
        span = float(np.clip(needed, np.radians(200.0 if total > 3 else 190.0), WIDEST_RING_RAD))  # the more, the farther round
        middle = start + span * (number / max(total - 1, 1) - 0.5)
    angle = middle + rng.normal(0, jitter, tries) * np.linspace(0.2, 6.0, tries)
    slender = height_m < 2.4 and max(half_m) < 0.6  # people stand at a fire, pines do not
    least = 0.06 if room else 0.5 if small else 0.9 if slender else 3.0
    wide = total * (2 * max(half_m) + RING_GAP_M) / span - float(box.radius) - max(half_m)  # farther off where many or great ones stand
    gap = (least if room else max(least, wide)) + np.abs(rng.normal(0, 0.1, tries)) * np.linspace(0.2, 3.0, tries) * (1.0 if room else 5.0)
    gap = gap if room else np.minimum(gap, near_m - near_m * (1 - NEAR_SHARE) * rng.random(tries))  # what is farther is not around it
    found = ring(box, angle, gap, half_m[1] if room else max(half_m))
    if room:  # chairs stand square to the table
        side = np.round((angle - box.yaw) / (np.pi / 2)) * (np.pi / 2) + box.yaw
        found[:, 2] = side + np.pi
    else:
        found[:, 2] = np.arctan2(box.x - found[:, 0], box.z - found[:, 1])
    return found


def around_area(area: Area, *, number: int, total: int, half_m: tuple[float, float], widen: float, rng: np.random.Generator) -> Reals:
    """Candidates for one member of a ring along the edge of a water, a third of "beside" away from it. Fronts turn to it."""
    tries = int(40 * widen)
    all_round = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    x, z, found = _off_edge(area, area.middle, all_round, np.zeros(32))
    heart = (float(x[found].mean()), float(z[found].mean())) if found.any() else area.middle
    angle = 2 * np.pi * number / total + rng.normal(0, 0.07 * widen, tries) * np.linspace(0.2, 6.0, tries)
    x, z, found = _off_edge(area, heart, angle, max(half_m) + area.reach_m * rng.uniform(0.05, 0.35, tries))
    return np.stack([x, z, angle + np.pi], axis=1)[found]


def _off_edge(area: Area, heart: tuple[float, float], angle: Reals, gap_m: Reals) -> tuple[Reals, Reals, NDArray[np.bool_]]:
    """The first places (n,) in some directions that are so far outside of an area, and whether there are such."""
    away = np.arange(0.5, FARTHEST_EDGE_M, 0.5)
    x, z = heart[0] + away * np.sin(angle)[:, None], heart[1] + away * np.cos(angle)[:, None]
    free = area.distance(x, z) >= gap_m[:, None]
    first, row = free.argmax(axis=1), np.arange(len(angle))
    return x[row, first], z[row, first], np.asarray(free.any(axis=1))


def along_line(
    line: Reals, half_width_m: float, *, half_m: tuple[float, float], share: tuple[float, float], aside_m: float, side: int,
    either_way: bool = False, rng: np.random.Generator,
) -> Reals:  # fmt: skip
    """Candidates beside a line between two shares of its length: things that are longer than wide lie along it, others face it.

    side: −1 or 1 for one side of the line, 0 for both. either_way: every second one is turned by a quarter.
    """
    count = 90
    step = np.diff(line, axis=0)
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(step, axis=1))])
    where = rng.uniform(*share, count) * run[-1]
    index = np.clip(np.searchsorted(run, where) - 1, 0, len(step) - 1)
    local = (where - run[index]) / np.maximum(run[index + 1] - run[index], 1e-6)
    point = line[index] + step[index] * local[:, None]
    direction = step[index] / np.linalg.norm(step[index], axis=1, keepdims=True)
    normal = np.stack([-direction[:, 1], direction[:, 0]], axis=1)
    sides = rng.choice([-1.0, 1.0], count) if side == 0 else np.full(count, float(side))
    lengthwise = half_m[1] > 1.3 * half_m[0]
    away = half_width_m + (half_m[0] if lengthwise else half_m[1]) + rng.uniform(0.25, aside_m, count)
    point = point + normal * (sides * away)[:, None]
    inward = -normal * sides[:, None]
    facing = direction if lengthwise else inward
    yaw = np.arctan2(facing[:, 0], facing[:, 1]) + np.where(either_way & (np.arange(count) % 2 == 0), np.pi / 2, 0.0)
    return np.concatenate([point, yaw[:, None]], axis=1)


def by_area(relation: RelationName, area: Area, *, half_m: tuple[float, float], count: int, rng: np.random.Generator, wet: bool) -> Reals:
    """Candidates for a relation to a ground feature: thrown widely, kept by how far they are from its edge."""
    own = max(half_m)
    mx, mz = area.middle
    reach = np.abs(rng.normal(0, 1, count * 12)) * 16.0
    angle = rng.uniform(-np.pi, np.pi, count * 12)
    x = np.concatenate([mx * rng.random(count * 6), mx + np.sin(angle[: count * 6]) * reach[: count * 6]]) + rng.normal(0, 5, count * 12)
    z = np.concatenate([mz * rng.random(count * 6), mz + np.cos(angle[: count * 6]) * reach[: count * 6]]) + rng.normal(0, 5, count * 12)
    inland = relation is RelationName.BEHIND and area.endless
    if inland:
        x, z, _ = in_view(distance_m=(12.0, 64.0), half_angle_rad=0.6, count=count * 12, rng=rng).T
    if relation is RelationName.FAR:  # behind the visitor too, where the feature takes all of the view
        x, z, _ = in_view(distance_m=(8.0, 84.0), half_angle_rad=np.pi, count=count * 12, rng=rng).T
    edge = area.distance(x, z)
    if inland:
        off = np.abs(edge - own - rng.uniform(5.0, 26.0, len(edge)))
    elif relation in (RelationName.ON, RelationName.INSIDE, RelationName.UNDER):
        wish = -own - (0.8 if wet else 0.0)
        off = np.maximum(edge - wish, 0.0) + 0.12 * np.maximum(wish - edge, 0.0)
    elif relation is RelationName.FAR:
        off = np.maximum(24.0 - edge, 0.0)
    else:
        off = np.abs(edge - own - rng.uniform(0.8, 0.7 * area.reach_m + 1.0, len(edge)))
    best = np.argsort(off + 0.1 * rng.random(len(off)), kind="stable")[:count]
    return np.stack([x[best], z[best], toward_viewer(x[best], z[best])], axis=1)


def in_view(*, distance_m: tuple[float, float], half_angle_rad: float, count: int, rng: np.random.Generator) -> Reals:
    """Candidates anywhere ahead."""
    angle = np.pi + rng.uniform(-half_angle_rad, half_angle_rad, count)
    reach = rng.uniform(*distance_m, count)
    x, z = np.sin(angle) * reach, np.cos(angle) * reach
    return np.stack([x, z, toward_viewer(x, z)], axis=1)
