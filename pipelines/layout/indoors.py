"""Indoors: the room as a site: furniture along the walls, walkways kept, doors and windows free, the best side in view.

The room's own frame has its walls along x and z. It is turned and moved so that the visitor stands at the origin, in a corner of the
side that the model's front is, and looks across the room along −z.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.layout import candidates
from pipelines.layout.board import Board
from pipelines.layout.footprints import Boxes, Reals, bearing, pose_matrix, separation, turned
from pipelines.layout.hiding import hidden_share
from pipelines.layout.interior import Opening, ceiling_planes, floor_of, interior_of, openings_of
from pipelines.layout.members import Group, outline
from pipelines.layout.plan import seeded
from pipelines.layout.relations import Area
from pipelines.layout.roominess import roomy_size
from pipelines.places import Bring, Place
from pipelines.scene import EYE_HEIGHT_M, Floats, Matrix, Spawn, Thing
from pipelines.spec import RelationName, SceneSpec, Viewpoint
from pipelines.things import Library, Order

R = RelationName
SPAWN_FREE_M = 0.7
WALL_GAP_M = 0.03
BACK_SHARE, BACK_M = 0.15, (0.62, 2.4)  # of the room's depth that lies behind the visitor, and the least and the most of it
UNDER_CEILING_M = 0.35  # how far below the ceiling one looks from above
RAISED_M = {Viewpoint.BALCONY: 2.6, Viewpoint.ROOFTOP: 6.0, Viewpoint.ABOVE: 8.0}
AGAINST_WALL = frozenset({
    "bed", "single bed", "bunk bed", "wardrobe", "bookshelf", "dresser", "desk", "stove", "fridge", "kitchen sink", "kitchen counter",
    "cabinet", "workbench", "piano", "nightstand", "grandfather clock", "washing machine", "dishwasher", "oven", "chest", "ladder",
    "wood stack", "microwave",
})  # fmt: skip
IN_CORNER = frozenset({"floor lamp", "potted plant", "guitar", "broom", "shovel", "barrel", "crate", "bucket", "sack", "globe"})
EYES = np.array([[0.5, 0.5], [0.3, 0.35], [0.7, 0.35], [0.3, 0.7], [0.7, 0.7], [0.5, 0.75], [0.5, 0.25], [0.2, 0.5], [0.8, 0.5]])
EYES_AT_WALLS = np.array([[0.1, 0.5], [0.9, 0.5], [0.1, 0.85], [0.9, 0.85], [0.1, 0.2], [0.9, 0.2], [0.5, 0.08]])
FEWEST_EYES = 4
SNAP_WITHIN_M = 1.6
HIDES = 6.0  # what it costs to stand before what was placed, or behind it
RESERVED = 4.0  # what it costs to take the place of what belongs there; a relation kept is worth three times as much
HIGHEST_SILL_M = 1.5  # windows above it have no curtains
FACING = {"near": 0.0, "far": np.pi, "left": -np.pi / 2, "right": np.pi / 2}


@dataclass(frozen=True)
class Wall:
    """One inner wall: its ends (x, z) in the world, and the yaw of what stands with its back to it."""

    start: Reals
    end: Reals
    yaw: float


class Indoors:
    """A room as a site for the solver."""

    room = True

    def __init__(self, spec: SceneSpec, place: Place, library: Library, groups: Mapping[str, Group], *, seed: int) -> None:
        assert place.room is not None
        rng = seeded(seed, "room")
        kind = place.room.styles.get(spec.style or "", place.room.kind)
        size = roomy_size(groups, library.kinds[kind].size_m)
        self.kind, self.model = (
            kind,
            library.build(kind, Order(seed=int(rng.integers(1000)), size=size, style=spec.style, parts=spec.parts)),
        )
        self.place, self.groups = place, groups
        self.low, self.high, self.height_m = interior_of(self.model)
        self.ceiling = ceiling_planes(self.model)
        stand, look = self._stance(float(rng.choice([-1.0, 1.0])))
        self.yaw = -float(np.arctan2(-look[0], -look[1]))
        cos, sin = np.cos(self.yaw), np.sin(self.yaw)
        self.shift = -np.array([stand[0] * cos + stand[1] * sin, -stand[0] * sin + stand[1] * cos])
        self.headroom_m = float(self._headroom(np.array([stand[0]]), np.array([stand[1]]))[0])
        self.areas: Mapping[str, Area] = {}
        self.lines: Mapping[str, tuple[Reals, Reals, float]] = {}
        self.walk_radius_m = float(np.hypot(*(self.high - self.low)) / 2)
        self.openings = openings_of(self.model, self.low, self.high)
        self.walls = self._walls()
        self.reserved = self._reserved()

    def _stance(self, side: float) -> tuple[Reals, Reals]:
        """Where the visitor stands in the room's frame, and which way the look goes: as the place says, or across from a near corner."""
        assert self.place.room is not None
        size, middle = self.high - self.low, (self.low + self.high) / 2
        if self.place.room.stand is not None:
            stand = self.low + np.array(self.place.room.stand) * size
            stand = np.clip(stand, self.low + 0.62, self.high - [0.62, self._back_m()])
            return stand, np.array([0.35 * (middle[0] - stand[0]), self.low[1] - stand[1]])
        stand = np.array([middle[0] + side * 0.3 * size[0], self.high[1] - self._back_m()])
        return stand, middle + np.array([-side * 0.06, -0.12]) * size - stand

    def _back_m(self) -> float:
        """How far behind the visitor the near wall is: far enough in large rooms to be looked at too."""
        return float(np.clip(BACK_SHARE * (self.high[1] - self.low[1]), *BACK_M))

    def first_look(self, view: Viewpoint) -> Spawn:
        """At eye level, or from as high up as the room allows, over what stands in it."""
        level = -0.1 if self.height_m < 4.5 else 0.04
        if view is Viewpoint.LOW:
            return Spawn(pitch_rad=0.15)
        if view not in RAISED_M:
            return Spawn(pitch_rad=level)
        up_m = max(0.0, min(RAISED_M[view], self.headroom_m - UNDER_CEILING_M - EYE_HEIGHT_M))
        ahead_m = 0.5 * float(self.high[1] - self.low[1])
        return Spawn(position=(0.0, up_m, 0.0), pitch_rad=-0.62 * float(np.arctan2(EYE_HEIGHT_M + up_m, ahead_m)))

    # -- the shell -----------------------------------------------------------------------------------------------------
    def shell(self) -> Thing:
        """The room itself."""
        return Thing(1, self.kind, self.place.name, self.model, self.pose(), self.place.name)

    def pose(self) -> Matrix:
        """world_from_room."""
        return pose_matrix((float(self.shift[0]), -floor_of(self.model), float(self.shift[1])), self.yaw, 1.0)

    def to_world(self, x: Reals, z: Reals) -> tuple[Reals, Reals]:
        """Room positions in the world."""
        cos, sin = np.cos(self.yaw), np.sin(self.yaw)
        return np.asarray(x * cos + z * sin + self.shift[0]), np.asarray(-x * sin + z * cos + self.shift[1])

    def to_room(self, x: Reals, z: Reals) -> tuple[Reals, Reals]:
        """World positions in the room's own frame."""
        cos, sin = np.cos(self.yaw), np.sin(self.yaw)
        dx, dz = x - self.shift[0], z - self.shift[1]
        return np.asarray(dx * cos - dz * sin), np.asarray(dx * sin + dz * cos)

    def _walls(self) -> tuple[Wall, ...]:
        corners = np.array(
            [[self.low[0], self.low[1]], [self.high[0], self.low[1]], [self.high[0], self.high[1]], [self.low[0], self.high[1]]]
        )
        world = np.stack(self.to_world(corners[:, 0], corners[:, 1]), axis=1)
        inward = (0.0, -np.pi / 2, np.pi, np.pi / 2)  # back wall, right, front, left
        return tuple(Wall(world[k], world[(k + 1) % 4], inward[k] + self.yaw) for k in range(4))

    # -- what the solver asks ------------------------------------------------------------------------------------------
    def allowed(self, group: Group, foot: Boxes, whole: Boxes) -> NDArray[np.bool_]:
        """Within the walls, off the visitor, not before doors, tall things not before windows."""
        corner_x, corner_z = whole.corners()
        x, z = self.to_room(corner_x, corner_z)
        slack = 0.06 if group.kind.stands_on == "wall" or self._at(group) in ("window", "door") else 0.005
        fine = ((x > self.low[0] - slack) & (x < self.high[0] + slack) & (z > self.low[1] - slack) & (z < self.high[1] + slack)).all(axis=1)
        if group.kind.stands_on != "ceiling":
            fine &= self._headroom(x, z).min(axis=1) > whole.high - 0.02
        if group.kind.stands_on in ("floor", "ground") and not group.is_flat:
            fine &= ~foot.contains(np.zeros(()), np.zeros(()), grow_m=SPAWN_FREE_M)
        if group.is_flat or group.kind.stands_on == "ceiling" or self._at(group) in ("window", "door"):
            return np.asarray(fine)
        for opening in self.openings:
            box = self._opening_box(opening)
            tall_enough = np.minimum(whole.high, opening.top_m) - np.maximum(whole.low, opening.sill_m) > 0.12
            fine &= ~(tall_enough & (separation(whole, box) < 0.0))
        return np.asarray(fine)

    def _headroom(self, x: Reals, z: Reals) -> Reals:
        """Height of the ceiling above the floor at places in the room's frame: ceilings are nowhere hollow, so the lowest plane counts."""
        planes = self.ceiling
        return np.min([planes[k, 0] * x + planes[k, 1] * z + planes[k, 2] for k in range(len(planes))], axis=0)

    def _opening_box(self, opening: Opening) -> Boxes:
        reach = 0.75 if opening.door else 0.3
        x, z = self.to_world(np.asarray(opening.x), np.asarray(opening.z))
        along_x = opening.along_x
        half = (opening.half_m, reach) if along_x else (reach, opening.half_m)
        return Boxes(x, z, np.asarray(self.yaw), *(np.asarray(float(value)) for value in (*half, 0.0, opening.top_m)))

    def height(self, group: Group, x: Reals, z: Reals, foot: Boxes | None = None) -> Reals:
        """On the floor, at eye level on the wall, at the ceiling."""
        model = group.models[0]
        if group.kind.stands_on == "ceiling":
            return self._headroom(*self.to_room(x, z))
        if group.kind.stands_on == "wall":
            middle = float(model.bounds[:, 1].mean())
            tall = float(model.bounds[1, 1] - model.bounds[0, 1])
            eye = 1.55 if tall < 1.2 else max(tall / 2 + 0.05, 1.35)
            hint = self._hint(group)
            if hint is not None and hint.grid is not None and hint.grid.up_m is not None:
                eye = hint.grid.up_m
            elif self._at(group) == "window":
                eye = 1.45 if tall < 1.9 else min(tall / 2 + 0.02, self.height_m - tall / 2)
            return np.full(x.shape, min(eye, self.height_m - tall / 2 - 0.05) - middle)
        if group.kind.stands_on == "air":
            return np.full(x.shape, 1.4)
        return np.full(x.shape, -float(min(model.bounds[0, 1], 0.0)))

    def free_candidates(self, group: Group, number: int, rng: np.random.Generator) -> Reals:
        """Along the walls, in corners, in the middle, at windows, at the ceiling."""
        width, _, depth = group.size(number)
        where = "free" if self._is_flanked(group) else self._at(group)
        if (place := self._in_grid(group, number)) is not None:
            wide = np.zeros((0, 3)) if group.bring is not None else self._floor_poses(*rng.uniform(0.1, 0.9, (2, 80)))
            return np.concatenate([place[None], wide])
        if group.kind.stands_on == "ceiling":
            u, v = rng.uniform(0.4, 0.6, (2, 60))
            return self._floor_poses(u, v)
        if where == "window" and (windows := [one for one in self.openings if not one.door and one.sill_m < HIGHEST_SILL_M]):
            return self._at_openings(windows, number, depth, rng)
        if where == "middle":
            return self._floor_poses(rng.uniform(0.3, 0.7, 140), rng.uniform(0.25, 0.62, 140))
        if where in ("wall", "window") or group.kind.stands_on == "wall":
            return self._along_walls(
                depth if group.kind.stands_on != "wall" else 0.0, rng, width=width, mounted=group.kind.stands_on == "wall"
            )
        if where == "corner":
            return self._corners(width, depth, rng)
        return np.concatenate([self._along_walls(depth, rng, width=width), self._floor_poses(*rng.uniform(0.12, 0.88, (2, 120)))])

    def taste(self, group: Group, number: int, poses: Reals, foot: Boxes, board: Board) -> Reals:
        """In view and unhidden; no narrow slots; tall things at the sides and the far end; the great things on the far wall."""
        x, z = poses[:, 0], poses[:, 1]
        distance, angle = np.hypot(x, z), np.abs(bearing(x, z))
        if (place := self._in_grid(group, number)) is not None:
            return np.asarray(-6.0 * np.hypot(x - place[0], z - place[1]))
        score = -5.0 * np.clip((angle - 0.5) / 0.35, 0, 2) - HIDES * hidden_share(poses, foot, board)
        width, height, depth = group.size(number)
        floor = group.kind.stands_on in ("floor", "ground")
        if floor and height > 0.9:
            score -= 2.0 * np.clip(1.0 + height - distance, 0, 3)
        if floor and not group.is_flat:
            for item in board.placed:
                if item.group.kind.stands_on not in ("floor", "ground") or not item.blocks:
                    continue
                gap = separation(foot, item.boxes("foot"))
                related = any(item.group.name in relation.objects for relation in group.asked.relations)
                score -= 0.0 if related else 2.0 * ((gap > 0.14) & (gap < 0.62))
            score -= 2.5 * np.clip(1.9 - (distance - foot.radius), 0, 1.5)
            walk = np.abs(np.arctan2(x, -z)) * distance < 0.35 + 0.5 * max(width, depth)
            score -= 2.0 * (walk & (distance < 1.6))
            if self._is_ringed(group):  # chairs need room all round
                x_room, z_room = self.to_room(x, z)
                margin = np.min([x_room - self.low[0], self.high[0] - x_room, z_room - self.low[1], self.high[1] - z_room], axis=0)
                score -= 6.0 * np.clip(max(width, depth) / 2 + 0.85 - margin, 0, 1)
                for item in board.placed:
                    if item.group.kind.stands_on == "floor" and item.blocks:
                        score -= 5.0 * np.clip(0.8 - separation(foot, item.boxes("foot")), 0, 0.8)
        if group.is_seat and not group.is_stool:  # a back is a wall in the picture
            away = turned(poses[:, 2] - candidates.toward_viewer(x, z))
            score -= 2.2 * np.clip(np.abs(away) - 1.3, 0, 1.2) * np.clip(4.5 - distance, 0, 1.5)
        if floor and group.bring is None and not group.is_flat:
            score -= RESERVED * sum((separation(foot, box) < 0.0 for box in self.reserved), np.zeros(len(poses)))
        if group.asked.phrase:
            score += 1.5 * np.clip(0.6 - angle, 0, 0.6)
        return np.asarray(score)

    def yaws(self, group: Group, poses: Reals, rng: np.random.Generator) -> Reals:
        """As drawn: along walls the front looks into the room; in the middle square to the walls."""
        if self._in_grid(group, 0) is not None:
            return poses[:, 2]
        if self._at(group) in ("wall", "corner", "window") or group.kind.stands_on in ("wall", "ceiling"):
            return self._wall_yaw(poses) if group.asked.relations and group.kind.stands_on != "ceiling" else poses[:, 2]
        if self._at(group) == "middle":
            return poses[:, 2]
        return self._squared(poses[:, 2]) + rng.normal(0, 0.05, len(poses))

    def _squared(self, yaw: Reals) -> Reals:
        """The nearest yaw that is square to the walls."""
        return np.asarray(np.round((yaw - self.yaw) / (np.pi / 2)) * (np.pi / 2) + self.yaw)

    def _reserved(self) -> list[Boxes]:
        """Where the place's own furniture is to stand, a table with room for its chairs: what else is named keeps off while it can."""
        found = []
        for group in self.groups.values():
            if group.bring is None or group.bring.grid is None or group.kind.stands_on != "floor" or group.is_flat:
                continue
            for number, model in enumerate(group.models):
                place = self._in_grid(group, number)
                assert place is not None
                found.append(outline(model).boxes(*place, y=0.0, scale=group.scales[number], part="foot"))
        return found

    def _is_ringed(self, group: Group) -> bool:
        """Whether other things are to stand around it."""
        return any(r.relation is R.AROUND and group.name in r.objects for other in self.groups.values() for r in other.asked.relations)

    def _is_flanked(self, group: Group) -> bool:
        """Whether several things are to stand beside it, or one behind it, so that a corner will not do."""
        asked = [(r, other) for other in self.groups.values() for r in other.asked.relations if group.name in r.objects and not other.bring]
        beside = sum(len(other.models) for r, other in asked if r.relation is R.BESIDE)
        return (beside > 1 or any(r.relation is R.BEHIND for r, _ in asked)) and self._at(group) == "corner"

    def snapped(self, group: Group, number: int, poses: Reals) -> Reals:
        """What belongs against a wall is pushed back to the wall it was drawn near."""
        if group.kind.stands_on != "floor" or not len(poses) or self._in_grid(group, number) is not None:
            return poses
        if self._at(group) != "wall":
            square = self._squared(poses[:, 2])
            near = np.abs(turned(square - poses[:, 2])) < (0.5 if group.is_seat else 0.2)
            return np.concatenate([poses[:, :2], np.where(near, square, poses[:, 2])[:, None]], axis=1)
        x, z = self.to_room(poses[:, 0], poses[:, 1])
        gaps = np.stack([z - self.low[1], self.high[0] - x, self.high[1] - z, x - self.low[0]])
        nearest = np.argmin(gaps, axis=0)
        away = group.size(number)[2] / 2 + WALL_GAP_M
        close = gaps.min(axis=0) < SNAP_WITHIN_M
        x = np.where(close & (nearest == 3), self.low[0] + away, np.where(close & (nearest == 1), self.high[0] - away, x))
        z = np.where(close & (nearest == 0), self.low[1] + away, np.where(close & (nearest == 2), self.high[1] - away, z))
        wx, wz = self.to_world(x, z)
        return np.stack([wx, wz, np.array([wall.yaw for wall in self.walls])[nearest]], axis=1)

    def _hint(self, group: Group) -> Bring | None:
        """What the place says of such things: of what it brings, and of what the words name instead."""
        if group.bring is not None:
            return group.bring
        return next((bring for bring in self.place.bring if group.kind.name in bring.kinds), None)

    def _at(self, group: Group) -> str:
        """Where the group stands when no relation says so."""
        hint = self._hint(group)
        if hint is not None and hint.at != "scenic":
            return hint.at
        name = group.kind.name
        if name in IN_CORNER:
            return "corner"
        if name in AGAINST_WALL or "against wall" in group.kind.tags:
            return "wall"
        if "table" in name or "rug" in name:
            return "middle"
        return "free"

    def has_place(self, group: Group) -> bool:
        """Whether the place has a grid for such things, in which they stand whatever they face."""
        return self._in_grid(group, 0) is not None

    def _in_grid(self, group: Group, number: int) -> Reals | None:
        """The pose that the place's grid has for a member whose words say nothing else; None where there is no grid."""
        hint = self._hint(group)
        stated = {relation.relation for relation in group.asked.relations} - {R.FACING}  # desks in rows may be said to face the board
        if hint is None or hint.grid is None or (group.bring is None and stated):
            return None
        grid, total = hint.grid, len(group.models)
        columns = min(grid.columns, total)
        rows = -(-total // columns)
        u = _spread(grid.across, number % columns, columns)
        v = _spread(grid.along, number // columns, rows)
        faces = grid.faces if grid.faces != "aisle" else "right" if u < 0.5 else "left"
        width, _, depth = group.size(number)
        half = np.array([width, depth] if faces in ("near", "far") else [depth, width]) / 2 + WALL_GAP_M
        x, z = np.clip(self.low + np.array([u, v]) * (self.high - self.low), self.low + half, self.high - half)
        if group.kind.stands_on == "wall":
            x = {"right": self.low[0] + 0.004, "left": self.high[0] - 0.004}.get(faces, x)
            z = {"near": self.low[1] + 0.004, "far": self.high[1] - 0.004}.get(faces, z)
        world_x, world_z = self.to_world(np.asarray(x), np.asarray(z))
        return np.array([float(world_x), float(world_z), float(FACING[faces] + self.yaw)])

    # -- zones -----------------------------------------------------------------------------------------------------------
    def _wall_yaw(self, poses: Reals) -> Reals:
        """The yaw of the wall that is nearest to each pose."""
        x, z = self.to_room(poses[:, 0], poses[:, 1])
        gaps = np.stack([z - self.low[1], self.high[0] - x, self.high[1] - z, x - self.low[0]])
        return np.asarray(np.array([wall.yaw for wall in self.walls])[np.argmin(gaps, axis=0)])

    def _floor_poses(self, u: Reals, v: Reals) -> Reals:
        x, z = self.to_world(self.low[0] + u * (self.high[0] - self.low[0]), self.low[1] + v * (self.high[1] - self.low[1]))
        return np.stack([x, z, np.full(len(x), self.yaw)], axis=1)

    def _along_walls(self, depth: float, rng: np.random.Generator, *, width: float, mounted: bool = False) -> Reals:
        found = []
        for k, wall in enumerate(self.walls):
            length = float(np.hypot(*(wall.end - wall.start)))
            if length < width:
                continue
            count = 26 if k == 2 and not mounted else 70  # few along the wall behind the visitor
            share = rng.uniform(width / 2, length - width / 2, count) / length
            away = 0.004 if mounted else depth / 2 + WALL_GAP_M
            point = wall.start + (wall.end - wall.start) * share[:, None] + np.array([np.sin(wall.yaw), np.cos(wall.yaw)]) * away
            found.append(np.concatenate([point, np.full((count, 1), wall.yaw)], axis=1))
        return np.concatenate(found) if found else np.zeros((0, 3))

    def _corners(self, width: float, depth: float, rng: np.random.Generator) -> Reals:
        inset = max(width, depth) / 2 + 0.08 + rng.uniform(0, 0.3, (80, 2))
        u, v = rng.choice([0, 1], (2, 80))
        x = np.where(u == 0, self.low[0] + inset[:, 0], self.high[0] - inset[:, 0])
        z = np.where(v == 0, self.low[1] + inset[:, 1], self.high[1] - inset[:, 1])
        wx, wz = self.to_world(x, z)
        return np.stack([wx, wz, candidates.toward_viewer(wx, wz)], axis=1)

    def _at_openings(self, openings: list[Opening], number: int, depth: float, rng: np.random.Generator) -> Reals:
        opening = openings[number % len(openings)]
        away = 0.03 + rng.uniform(0, 0.03, 12)
        x, z = np.full(12, opening.x), np.full(12, opening.z)
        if opening.along_x:
            z = z + np.where(opening.z < (self.low[1] + self.high[1]) / 2, 1, -1) * away
        else:
            x = x + np.where(opening.x < (self.low[0] + self.high[0]) / 2, 1, -1) * away
        wx, wz = self.to_world(x, z)
        poses = np.stack([wx, wz, np.zeros(12)], axis=1)
        poses[:, 2] = self._wall_yaw(poses)
        return poses

    def viewpoints(self, board: Board) -> Floats:
        """The spawn point's eye, and free places in the middle and towards the corners of the room; along its walls where these are few."""
        free = self._free_places(EYES, board)
        if len(free) < FEWEST_EYES:
            free = np.concatenate([free, self._free_places(EYES_AT_WALLS, board)])
        eyes = np.concatenate([[[0.0, 0.0]], free[:7]])
        return np.stack([eyes[:, 0], np.full(len(eyes), EYE_HEIGHT_M), eyes[:, 1]], axis=1).astype(np.float32)

    def _free_places(self, shares: Reals, board: Board) -> Reals:
        """Those of some places (n, 2), as shares of the room, where nothing stands: (m, 2) x, z in the world."""
        points = self._floor_poses(shares[:, 0], shares[:, 1])[:, :2]
        fine = np.ones(len(points), bool)
        for item in board.placed:
            if item.boxes("foot").high > 0.3:
                fine &= ~np.asarray(item.boxes("whole").contains(points[:, 0], points[:, 1], grow_m=0.15))
        return points[fine]


def _spread(ends: tuple[float, float], number: int, count: int) -> float:
    """The share at which one of `count` stands, evenly from the first end to the last."""
    return (ends[0] + ends[1]) / 2 if count == 1 else ends[0] + (ends[1] - ends[0]) * number / (count - 1)
