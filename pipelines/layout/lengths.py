"""Lengths: fences, walls and hedges are built by the length; one that is named goes as far around or along something as it has to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from pipelines.layout.board import Board, Placed
from pipelines.layout.footprints import Boxes, Reals
from pipelines.layout.members import LENGTHS, Group
from pipelines.spec import VIEWER, Arrangement, RelationName

IN_A_ROW = 3  # lengths where nothing tells how far it goes
LEAST = 2  # lengths that are worth it
MOST = 64  # lengths around one thing
MARGIN, LEAST_MARGIN_M, MOST_MARGIN_M = 0.6, 1.2, 4.0  # of half the larger side of what is inside
BESIDE_WAY_M = 0.5
STEP_M = 0.25
WAY_LENGTHS = 10
_STRAIGHT = frozenset({RelationName.IN_FRONT_OF, RelationName.BEHIND, RelationName.FACING})


def comes_in_lengths(group: Group) -> bool:
    """Whether "a fence" is meant: one of what is built by the length, which the words named."""
    return LENGTHS in group.kind.tags and group.bring is None and group.asked.count == 1


def lengthened(group: Group, total: int) -> Group:
    """The group with so many members, side by side."""
    asked = group.asked.model_copy(update={"arrangement": Arrangement.ROW})
    return replace(group, asked=asked, models=group.models[:1] * total, scales=group.scales[:1] * total)


def placed(
    group: Group, board: Board, lines: Mapping[str, tuple[Reals, Reals, float]], rng: np.random.Generator,
    best: Callable[[Group, int, Reals], Placed | None],
) -> list[Placed]:  # fmt: skip
    """The lengths of a fence all around or along what the words say, with gaps where others stand and where one goes in.

    Empty where no such thing or way has a place, and where there is no room.  lines: of ways by name, see `Outdoors.add_way`.
    best: a member at the best of some poses, None for nowhere.
    """
    inside = board.members(_target_of(group, RelationName.AROUND))
    way = lines.get(_target_of(group, RelationName.ALONG, RelationName.BESIDE))
    gate = None
    if inside:
        poses, front = ring(group, [item.boxes("foot") for item in inside])
        gate = None if inside[0].group.is_animal else front  # animals stay in
    elif way is not None:
        poses = beside_way(group, way[1], way[2], side=float(rng.choice([-1.0, 1.0])))
    else:
        return []
    longer = lengthened(group, len(poses))
    found = [best(longer, number, pose[None]) for number, pose in enumerate(poses)]
    open_already = any(item is None for item in found)  # a path leads in
    there = [item for number, item in enumerate(found) if item is not None and (open_already or number != gate)]
    return there if len(there) >= max(LEAST, len(poses) / 3) else []


def _target_of(group: Group, *relations: RelationName) -> str:
    """The name of what a group is to be around, or along; "" for nothing that has a place."""
    return next((r.objects[0] for r in group.asked.relations if r.relation in relations and r.objects[0] != VIEWER), "")


def is_straight(group: Group) -> bool:
    """Whether nothing that is said of a group keeps it short: it stands alone, or before or behind something."""
    return all(relation.relation in _STRAIGHT for relation in group.asked.relations)


def ring(group: Group, inside: Sequence[Boxes]) -> tuple[Reals, int]:
    """Poses (n, 3) of lengths all round some things, side by side, and which is before their front; none where it would be too many."""
    width, _, depth = group.size()
    if len(inside) == 1:
        box = inside[0]
        x, z, yaw, half_x, half_z = (float(value) for value in (box.x, box.z, box.yaw, box.half_width, box.half_depth))
    else:
        corners = [np.concatenate([part.reshape(-1) for part in pair]) for pair in zip(*(box.corners() for box in inside), strict=True)]
        low, high = np.array([corner.min() for corner in corners]), np.array([corner.max() for corner in corners])
        (x, z), (half_x, half_z), yaw = (low + high) / 2, (high - low) / 2, 0.0
    margin = float(np.clip(MARGIN * max(half_x, half_z), LEAST_MARGIN_M, MOST_MARGIN_M)) + depth
    across, deep = (max(1, int(np.ceil(2 * (half + margin) / width))) for half in (half_x, half_z))
    if 2 * (across + deep) > MOST:
        return np.zeros((0, 3)), 0
    end, side = 0.5 * across * width, 0.5 * deep * width
    run_x, run_z = (np.arange(across) + 0.5) * width - end, (np.arange(deep) + 0.5) * width - side
    rows = [
        np.stack([one, two, np.full(len(one), turn)], axis=1)
        for one, two, turn in (
            (run_x, np.full(across, side + depth / 2), 0.0),
            (run_x, np.full(across, -side - depth / 2), np.pi),
            (np.full(deep, end - depth / 2), run_z, np.pi / 2),
            (np.full(deep, depth / 2 - end), run_z, -np.pi / 2),
        )
    ]
    u, v, turn = np.concatenate(rows).T
    return np.stack([x + u * np.cos(yaw) + v * np.sin(yaw), z - u * np.sin(yaw) + v * np.cos(yaw), yaw + turn], axis=1), across // 2


def beside_way(group: Group, line: Reals, half_width_m: float, *, side: float) -> Reals:
    """Poses (n, 3) of lengths end to end along one side of a way's middle line (m, 2); side: −1 or 1."""
    width, _, depth = group.size()
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    fine = np.arange(0.0, run[-1], STEP_M)
    line = np.stack([np.interp(fine, run, line[:, 0]), np.interp(fine, run, line[:, 1])], axis=1)
    step = np.diff(line, axis=0) / STEP_M
    edge = (line[:-1] + line[1:]) / 2 + np.stack([-step[:, 1], step[:, 0]], axis=1) * side * (half_width_m + BESIDE_WAY_M + depth / 2)
    ends = [edge[0]]
    for point in edge[1:]:  # as with a pair of compasses
        if np.hypot(*(point - ends[-1])) >= width and len(ends) <= WAY_LENGTHS:
            ends.append(ends[-1] + (point - ends[-1]) * width / np.hypot(*(point - ends[-1])))
    one, other = np.array(ends[:-1]).reshape(-1, 2), np.array(ends[1:]).reshape(-1, 2)
    return np.column_stack([(one + other) / 2, np.arctan2(one[:, 1] - other[:, 1], other[:, 0] - one[:, 0])])
