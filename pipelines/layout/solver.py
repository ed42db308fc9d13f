"""Solver: places one group after the other so that relations hold, nothing touches, and the first look is a picture.

For each member, candidates are drawn from the zones of its relations, those that collide or stand where the site forbids are struck
out, and the best by relations kept and composition is taken. What keeps too few relations is taken off the board and tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.layout import candidates, lengths
from pipelines.layout.afloat import reaches_water
from pipelines.layout.board import Board, Placed
from pipelines.layout.footprints import Boxes, Reals, beside_parts, separation, turned
from pipelines.layout.formations import jittered, offsets_of
from pipelines.layout.members import Group, clearance_of, depends, flanks, half_of, hung_over, outline
from pipelines.layout.plan import seeded
from pipelines.layout.relations import CLOSE, VIEWER_BOX, Area, holds, holds_between, holds_to_area
from pipelines.layout.stacking import Judge, place_on, wants_support
from pipelines.layout.supports import AIR_M, fits_beneath
from pipelines.spec import VIEWER, Arrangement, Relation, RelationName

R = RelationName
FIRST = (
    R.BETWEEN, R.AROUND, R.UNDER, R.INSIDE, R.ALONG, R.BESIDE, R.IN_FRONT_OF, R.BEHIND, R.LEFT_OF, R.RIGHT_OF, R.NEAR, R.ON, R.FAR,
    R.FACING,
)  # fmt: skip
"""Which relation of several draws the candidates: the most telling first."""
ROOM_M = (0.3, 5.0)  # beside what stands between two things, together
DEEPEST_M = 0.3  # that what finds no room outdoors may reach into other things
NO_ROOM = 8.0  # what a place costs that leaves none for what has to be behind
MOST_BENEATH = 90  # candidates for a place under something, whose surfaces are all looked through
OVER = 1.5  # what it counts to be over what one hangs over, which is where one comes to; a relation that only says where about is 1
OVER_M = 0.4  # of air between what hangs in the air and what is below it, and half its own height more
PARALLEL_RAD = 0.45  # members of a row look the same way, unless what they face is farther aside than that
FLANK_M = 1.8  # as near what flanks a thing comes to it


class Site(Protocol):
    """The ground or the room that things are placed on."""

    room: bool
    areas: Mapping[str, Area]
    lines: Mapping[str, tuple[Reals, Reals, float]]

    def allowed(self, group: Group, foot: Boxes, whole: Boxes) -> NDArray[np.bool_]:
        """Which candidates stand where the site lets them."""

    def height(self, group: Group, x: Reals, z: Reals, foot: Boxes | None = None) -> Reals:
        """Height of the model's origin."""

    def free_candidates(self, group: Group, number: int, rng: np.random.Generator) -> Reals:
        """Where a thing without relations goes: (n, 3)."""

    def taste(self, group: Group, number: int, poses: Reals, foot: Boxes, board: Board) -> Reals:
        """How well candidates suit the picture; a satisfied relation is worth 12."""

    def yaws(self, group: Group, poses: Reals, rng: np.random.Generator) -> Reals:
        """Turns for candidates whose relations leave it open."""

    def has_place(self, group: Group) -> bool:
        """Whether such things stand in a grid of the place, whatever they face."""

    def snapped(self, group: Group, number: int, poses: Reals) -> Reals:
        """Candidates moved to where the site wants such a thing: back to the wall, say."""


class Solver:
    """Places groups on a site."""

    def __init__(self, site: Site, *, seed: int) -> None:
        self.site, self.seed, self.board = site, seed, Board()
        self.homeless: list[str] = []
        self._pairs: dict[str, tuple[str, float]] = {}
        self._flanks: dict[str, tuple[str, str]] = {}
        self._hung: dict[str, str] = {}
        self._behind: dict[str, Group] = {}

    def leave_room(self, groups: Mapping[str, Group]) -> Mapping[str, tuple[str, str]]:
        """What others stand between is set so far apart, and no farther, that they fit: the pairs of all groups. Which flank what."""
        self._hung = hung_over(groups, walls=not self.site.room)
        self._behind = {r.objects[0]: group for group in groups.values() for r in group.asked.relations if r.relation is R.BEHIND}
        self._flanks = {} if self.site.room else flanks(groups)
        for group in groups.values():
            for relation in group.asked.relations:
                if relation.relation is R.BETWEEN and len(relation.objects) == 2 and relation.objects[0] not in self._flanks:
                    one, other = relation.objects
                    room_m = max(group.size()[::2]) * np.ceil(np.sqrt(len(group.models)))  # several in a square
                    self._pairs[one], self._pairs[other] = (other, room_m), (one, room_m)
        return self._flanks

    def place_group(self, group: Group, *, attempt: int = 0) -> None:
        """Place all members of a group, row by row where the words ask for rows."""
        rng = seeded(self.seed, f"place {group.name} {attempt}")
        if depends(group) and not all(self._known(relation) for relation in group.asked.relations):
            return  # no plates on the floor where there is no table
        if not self.site.room and lengths.comes_in_lengths(group):

            def best(longer: Group, number: int, poses: Reals) -> Placed | None:
                return self._best(longer, number, poses, rng, fixed_yaw=True)

            if built := lengths.placed(group, self.board, self.site.lines, rng, best):
                for item in built:
                    self.board.add(item)
                return
            longer = lengths.lengthened(group, lengths.IN_A_ROW)
            row = self._formation(longer, rng) if lengths.is_straight(group) else None
            if row is not None and all(straight := [best(longer, number, pose[None]) for number, pose in enumerate(row)]):
                for item in filter(None, straight):
                    self.board.add(item)
                return
        if wants_support(group, self.board):
            for number in range(len(group.models)):
                self._note(group, place_on(group, number, self.board, self._judge(group, number, rng), rng), number, rng)
            return
        templates = self._formation(group, rng)
        for number in range(len(group.models)):
            self._note(group, self._place(group, number, rng, None if templates is None else templates[number]), number, rng)

    def _judge(self, group: Group, number: int, rng: np.random.Generator) -> Judge:
        return Judge(
            kept=lambda foot, whole: self._kept(group, foot, whole),
            poses=lambda: self._turned(group, self._poses(group, number, rng, 1.0), rng),
            aimed=lambda poses: self._aimed(group, poses, rng),
        )

    def _note(self, group: Group, item: Placed | None, number: int, rng: np.random.Generator) -> None:
        if item is None and not depends(group):
            item = self._anywhere(group, number, rng)
        if item is None:
            self.homeless.append(group.name)
        else:
            self.board.add(item)

    # -- one member ------------------------------------------------------------------------------------------------
    def _place(self, group: Group, number: int, rng: np.random.Generator, template: Reals | None) -> Placed | None:
        for widen in (1.0, 1.7, 3.0):
            poses = self._poses(group, number, rng, widen) if template is None else jittered(template, rng, widen)
            item = self._best(group, number, poses, rng, fixed_yaw=template is not None)
            if item is not None:
                return item
        return None

    def _anywhere(self, group: Group, number: int, rng: np.random.Generator) -> Placed | None:
        """A named thing is never dropped: look for free ground all round, relations or not."""
        for _ in range(3):
            item = self._best(group, number, self.site.free_candidates(group, number, rng), rng, fixed_yaw=False)
            if item is not None:
                return item
        if not self.site.room:
            poses = candidates.in_view(distance_m=(3.0, 60.0), half_angle_rad=np.pi, count=600, rng=rng)
            if (item := self._best(group, number, poses, rng, fixed_yaw=False)) is not None:
                return item
        return self._squeezed(group, number, rng)

    def _squeezed(self, group: Group, number: int, rng: np.random.Generator) -> Placed | None:
        """Where there is no room: what the place brought stays out; what was named goes where it overlaps least."""
        if group.bring is not None:
            return None
        poses = self.site.snapped(group, number, self._turned(group, self.site.free_candidates(group, number, rng), rng))
        plan, scale = outline(group.models[number]), group.scales[number]
        x, z, yaw = poses.T
        y = self.site.height(group, x, z)
        whole = plan.boxes(x, z, yaw, y=y, scale=scale, part="whole")
        depth = np.array([self.board.depth_of(whole.at(k)) for k in range(len(poses))]) + 10.0 * ~self.site.allowed(group, whole, whole)
        best = int(np.argmin(depth))
        if depth[best] > DEEPEST_M and not self.site.room:  # on open ground nothing is pushed deep into anything
            return None
        return Placed(group, number, float(x[best]), float(y[best]), float(z[best]), float(yaw[best]))

    def _poses(self, group: Group, number: int, rng: np.random.Generator, widen: float) -> Reals:
        """Candidate poses from the relations, the siblings, and the open view."""
        relations = sorted((r for r in group.asked.relations if self._known(r)), key=lambda r: FIRST.index(r.relation))
        found = [self._from_relation(group, number, relation, rng, widen) for relation in relations[:3]]
        found = [poses for poses in found if len(poses)]
        siblings = self.board.members(group.name)
        huddles = not self.site.room and not group.is_tree and not group.bring and len(group.models) <= 12 and not found
        if siblings and (group.asked.arrangement is Arrangement.CLUSTER or huddles):
            near = siblings[int(rng.integers(len(siblings)))].boxes("foot")
            poses = candidates.by_relation(R.NEAR, near, half_m=half_of(group, number), count=80, rng=rng, room=self.site.room)
            found.append(poses + rng.normal(0, 0.3, (len(poses), 1)) * [0.0, 0.0, 1.0])
        if below := self.board.members(self._hung.get(group.name, "")):
            found.append(candidates.above(below[number % len(below)].boxes("whole"), number // len(below), count=60, rng=rng))
        if (pair := self._partner(group)) is not None:
            angle, gap = rng.uniform(-np.pi, np.pi, 80), pair[1] + rng.uniform(ROOM_M[0], 1.0, 80)
            found.append(candidates.ring(pair[0], angle, gap, max(half_of(group, number))))
        if (sides := self._middle(group)) is not None:
            found.append(
                candidates.flanking(*sides, half_m=max(half_of(group, number)), count=int(120 * widen), reach_m=FLANK_M * widen, rng=rng)
            )
        if not found or widen > 2:
            found.append(self.site.free_candidates(group, number, rng))
        return np.concatenate(found)

    def _partner(self, group: Group) -> tuple[Boxes, float] | None:
        """The placed one of a pair that something is to stand between, and how wide that is."""
        name, width_m = self._pairs.get(group.name, ("", 0.0))
        others = self.board.members(name)
        return (others[0].boxes("foot"), width_m) if others else None

    def _roof(self, group: Group) -> Placed | None:
        """The thing on legs or wheels that a group is to be under; its box is no obstacle, its surfaces are."""
        for relation in group.asked.relations:
            if relation.relation is R.UNDER and (found := self.board.members(relation.objects[0])):
                item = found[0]
                return None if outline(item.group.models[item.number]).soft or item.group.kind.stands_on == "wall" else item
        return None

    def _off_sill(self, group: Group, poses: Reals) -> Reals:
        """Poses against a wall moved forward, as deep as that which hangs there over the group comes out: a bed before a window's sill."""
        hung = [item for r in group.asked.relations if r.relation is R.UNDER for item in self.board.members(r.objects[0])[:1]]
        deep = [item.group.size()[2] for item in hung if item.group.kind.stands_on == "wall" and item.boxes("whole").low < group.size()[1]]
        return poses + max(deep, default=0.0) * np.stack([np.sin(poses[:, 2]), np.cos(poses[:, 2]), np.zeros(len(poses))], axis=1)

    def _middle(self, group: Group) -> tuple[Boxes, Boxes | None] | None:
        """What a thing is to flank, once that stands, and the thing on the other side, once that does."""
        middle, other = self._flanks.get(group.name, ("", ""))
        stands, across = self.board.members(middle), self.board.members(other)
        return (stands[0].boxes("whole"), across[0].boxes("whole") if across else None) if stands else None

    def _known(self, relation: Relation) -> bool:
        return all(name == VIEWER or name in self.site.areas or self.board.members(name) for name in relation.objects)

    def _target(self, name: str, number: int) -> Boxes:
        if name == VIEWER:
            return VIEWER_BOX
        if name in self.site.areas:
            return self.site.areas[name].box()
        found = self.board.members(name)
        return found[number % len(found)].boxes("foot")

    def _from_relation(self, group: Group, number: int, relation: Relation, rng: np.random.Generator, widen: float) -> Reals:
        half, count, total = half_of(group, number), int(110 * widen), len(group.models)
        name, kind = relation.objects[0], relation.relation
        if kind is R.FACING:
            if name in self.site.areas or name == VIEWER or len(group.asked.relations) > 1 or self.site.has_place(group):
                return np.zeros((0, 3))
            return candidates.facing(self._target(name, number), half_m=half, count=count, rng=rng, room=self.site.room)
        if kind is R.BETWEEN and len(relation.objects) == 2:
            ends = [self._target(end, number) for end in relation.objects]
            return candidates.between(ends[0], ends[1], count=60 * min(total, 4), several=total > 1, rng=rng)
        if name in self.site.lines and kind in (R.ALONG, R.BESIDE, R.NEAR, R.AROUND):
            ahead, whole, half_width = self.site.lines[name]
            line = ahead if widen < 1.5 else whole  # behind the visitor too when there is no room in view
            slack = (widen - 1.0) * 0.5
            side = 0 if total == 1 or widen > 1.5 else 1 if number % 2 else -1  # both sides in turn
            share = (max(number / total - slack, 0.0), min((number + 1) / total + slack, 1.0)) if total > 1 else (0.0, 1.0)
            length_m = float(np.hypot(*np.diff(line, axis=0).T).sum())
            crowded = total * max(group.size(number)[::2]) > length_m  # rotors: they look along it, too
            return candidates.along_line(
                line, half_width, half_m=half, share=share, aside_m=1.3 * widen, side=side, either_way=crowded, rng=rng
            )
        if name in self.site.areas:
            wet = self.site.areas[name].is_water
            if wet and kind is R.ON and reaches_water(group):
                return self.site.free_candidates(group, number, rng)
            if kind is R.AROUND and total > 2 and widen < 2 and not self.site.areas[name].endless:
                return candidates.around_area(self.site.areas[name], number=number, total=total, half_m=half, widen=widen, rng=rng)
            return candidates.by_area(kind, self.site.areas[name], half_m=half, count=count, rng=rng, wet=wet)
        target = self._target(name, number)
        if kind is R.AROUND and (len(group.models) > 2 or "seat" in group.kind.spots):  # two chairs are at the table, too
            ringed, height = {"number": number, "total": total}, group.size(number)[1]
            return candidates.around(target, **ringed, half_m=half, height_m=height, room=self.site.room, widen=widen, rng=rng)
        measured_whole = relation.distance_m is not None and kind not in (R.BESIDE, R.NEAR, R.AROUND)  # as the verifier measures
        if kind in (R.UNDER, R.INSIDE) or measured_whole:
            target = self.board.members(name)[0].boxes("whole") if self.board.members(name) else target
        poses = candidates.by_relation(kind, target, half_m=half, count=count, rng=rng, room=self.site.room)
        if kind is R.INSIDE and widen > 2:  # there is no room in it: close to it at least
            close = candidates.by_relation(R.BESIDE, target, half_m=half, count=count, rng=rng, room=self.site.room)
            return np.concatenate([poses, close])
        if kind is R.UNDER and (low := self._low_crown(group, name)) is not None:
            poses = np.concatenate([poses, candidates.below_crown(low, half_m=half, count=count, rng=rng)])
        if relation.distance_m is None or kind in (R.ON, R.UNDER, R.INSIDE):
            return poses
        if kind is R.FAR and name != VIEWER:  # all round the thing, not only ahead
            poses = candidates.by_relation(R.NEAR, target, half_m=half, count=count, rng=rng, room=self.site.room)
        return candidates.at_distance(poses, target, distance_m=relation.distance_m, own_m=max(half), rng=rng)

    def _low_crown(self, group: Group, name: str) -> Boxes | None:
        """The solid part of a crown that comes down so low that a group can only be under its rim: of a cypress, a weeping willow."""
        for item in self.board.members(name)[:1]:
            plan = outline(item.group.models[item.number])
            if plan.soft and plan.crown_from_m * item.scale < group.size()[1]:
                return item.boxes("crown")
        return None

    def _best(self, group: Group, number: int, poses: Reals, rng: np.random.Generator, *, fixed_yaw: bool) -> Placed | None:
        if not len(poses):
            return None
        poses = poses if fixed_yaw else self._off_sill(group, self.site.snapped(group, number, self._turned(group, poses, rng)))
        plan, scale = outline(group.models[number]), group.scales[number]
        x, z, yaw = poses.T
        rough = plan.boxes(x, z, yaw, y=0.0, scale=scale, part="foot")
        y = np.maximum(self.site.height(group, x, z, rough), self._least_height(group) - plan.low * scale)
        foot = plan.boxes(x, z, yaw, y=y, scale=scale, part="foot")
        whole = plan.boxes(x, z, yaw, y=y, scale=scale, part="whole")
        crown = plan.boxes(x, z, yaw, y=y, scale=scale, part="crown") if plan.crown_from_m < plan.high - 0.05 else None
        fine = self.site.allowed(group, foot, whole)
        flat = group.size(number)[1] <= 0.05  # rugs lie under everything
        roof = self._roof(group)
        if roof is not None and not self.site.room and roof.group.kind.stands_on == "ground":
            fine |= roof.boxes("whole").contains(foot.x, foot.z)  # where a lorry stands, a dog may lie below it
        if fine.any() and not flat:
            index = np.flatnonzero(fine)[: MOST_BENEATH if roof else None]
            clear = self.board.free(
                foot.at(index), crown.at(index) if crown else None, soft=plan.soft, clearance_m=clearance_of(group, room=self.site.room),
                ignoring=frozenset({id(roof)}) if roof else frozenset(),
            )  # fmt: skip
            if roof is not None:
                below = replace(whole, high=whole.high + AIR_M).at(index)
                clear &= fits_beneath(roof.group.models[roof.number], (roof.x, roof.y, roof.z, roof.yaw), roof.scale, below)
            fine[:] = False
            fine[index] = clear
        if not fine.any():
            return None
        upright = replace(foot, high=whole.high)  # boulders are wider above their foot, and as high as they are all the same
        score = self.site.taste(group, number, poses, upright, self.board) + 12.0 * self._kept(group, foot, whole)
        score -= NO_ROOM * self._walled_in(group, whole)
        score = np.where(fine, score + 0.5 * rng.random(len(score)), -np.inf)
        best = int(np.argmax(score))
        return Placed(group, number, float(x[best]), float(y[best]), float(z[best]), float(yaw[best]), blocks=not flat)

    def _least_height(self, group: Group) -> float:
        """How high the lowest point of what hangs in the air is at least: over the top of what it is to be above."""
        below = self.board.members(self._hung.get(group.name, "")) if group.kind.stands_on == "air" else []
        return max((float(item.boxes("whole").high) for item in below), default=-np.inf) + OVER_M + 0.5 * group.size()[1]

    def _walled_in(self, group: Group, whole: Boxes) -> NDArray[np.bool_]:
        """Where what is to be behind the group, as the visitor sees it, would have no room."""
        other = self._behind.get(group.name)
        if other is None or other.kind.stands_on not in ("floor", "ground"):
            return np.zeros(whole.x.shape, np.bool_)
        half = max(half_of(other, 0))
        beyond = 1.0 + (whole.radius + half + 0.4) / np.maximum(np.hypot(whole.x, whole.z), 0.5)
        box = replace(
            whole, x=whole.x * beyond, z=whole.z * beyond, half_width=np.full_like(whole.x, half), half_depth=np.full_like(whole.x, half)
        )
        return np.asarray(~self.site.allowed(other, box, box))

    def _turned(self, group: Group, poses: Reals, rng: np.random.Generator) -> Reals:
        out = self._aimed(group, poses, rng)
        if out is poses and not any(r.relation in (R.ALONG, R.AROUND) for r in group.asked.relations):
            out = poses.copy()
            out[:, 2] = self.site.yaws(group, out, rng)
            if (roof := self._roof(group)) is not None:  # most of them along its sides, between its legs
                out[::2, 2] = roof.yaw + np.pi / 2 * rng.integers(4, size=len(out[::2]))
        return out

    def _aimed(self, group: Group, poses: Reals, rng: np.random.Generator) -> Reals:
        """Turned to what the group faces; the poses themselves where it faces nothing."""
        facing = next((r for r in group.asked.relations if r.relation is R.FACING and self._known(r)), None)
        if facing is None:
            return poses
        target, out = self._target(facing.objects[0], 0), poses.copy()
        aim = np.arctan2(target.x - out[:, 0], target.z - out[:, 1])
        loose = np.clip(turned(out[:, 2] - aim), -PARALLEL_RAD, PARALLEL_RAD)
        out[:, 2] = aim + (loose if self.site.has_place(group) else rng.normal(0, 0.06, len(out)))
        return out

    def _kept(self, group: Group, foot: Boxes, whole: Boxes) -> Reals:
        """How many of the relations each candidate keeps."""
        kept = np.zeros(foot.x.shape)
        if (pair := self._partner(group)) is not None:
            gap = separation(foot, pair[0])
            kept += (gap >= pair[1] + ROOM_M[0]) & (gap <= pair[1] + ROOM_M[1])
        if below := self.board.members(self._hung.get(group.name, "")):
            kept += OVER * np.logical_or.reduce([holds(R.UNDER, item.boxes("whole"), whole) for item in below])
        if (sides := self._middle(group)) is not None:
            kept += separation(whole, sides[0]) <= FLANK_M
            kept += holds_between(sides[0], whole, sides[1]) if sides[1] is not None else 0
        for relation in group.asked.relations:
            if not self._known(relation):
                continue
            name = relation.objects[0]
            close = relation.relation in CLOSE
            own = replace(foot, high=whole.high) if close else whole
            if relation.relation is R.BETWEEN and len(relation.objects) == 2:
                kept += holds_between(own, self._target(name, 0), self._target(relation.objects[1], 0))
            elif name in self.site.areas:
                kept += holds_to_area(relation.relation, own, self.site.areas[name])
            else:
                others = self._compared(name, float(np.max(whole.high - whole.low)) if close else None)
                measured = relation.distance_m
                one = [holds(relation.relation, own, other, room=self.site.room, distance_m=measured) for other in others]
                kept += np.logical_and.reduce(one) if relation.relation is R.FAR else np.logical_or.reduce(one)
        return kept

    def _compared(self, name: str, height_m: float | None) -> list[Boxes]:
        """The boxes of a group that a relation is judged by: of what one is close to (`height_m` of the one) where it stands."""
        if name == VIEWER:
            return [VIEWER_BOX]
        found = []
        for item in self.board.members(name)[:12]:
            plan = outline(item.group.models[item.number])
            parts = ("whole",) if height_m is None else beside_parts(height_m, plan, item.scale)
            found += [item.boxes(part) for part in parts]
        return found

    # -- groups in formation -------------------------------------------------------------------------------------------
    def _formation(self, group: Group, rng: np.random.Generator) -> list[Reals] | None:
        """A pose per member for rows and circles: the whole formation is placed like one thing."""
        total, arrangement = len(group.models), group.asked.arrangement
        if total < 2 or arrangement in (Arrangement.SCATTERED, Arrangement.CLUSTER) or self.site.has_place(group):
            return None
        if any(r.relation in (R.ALONG, R.AROUND) and self._known(r) for r in group.asked.relations):
            return None
        offsets = offsets_of(group, arrangement)
        half = np.abs(offsets).max(axis=0) + max(half_of(group, 0))
        poses = self._poses(group, 0, rng, 2.0)
        poses[:, 2] = np.arctan2(-poses[:, 0], -poses[:, 1]) + rng.normal(0, 0.25, len(poses))
        poses = self._aimed(group, poses, rng)
        x, z, yaw = poses.T
        box = Boxes(x, z, yaw, np.full(len(x), half[0]), np.full(len(x), half[1]), np.zeros(len(x)), np.full(len(x), group.size()[1]))
        fine = self.site.allowed(group, box, box) & self.board.free(box, None, soft=False, clearance_m=0.1)
        score = 12.0 * self._kept(group, box, box) + self.site.taste(group, 0, poses, box, self.board) + np.where(fine, 6.0, -6.0)
        cx, cz, turn = poses[int(np.argmax(score))]
        cos, sin = np.cos(turn), np.sin(turn)
        found = []
        for u, v in offsets:
            own = turn if arrangement is not Arrangement.CIRCLE else np.arctan2(-(u * cos + v * sin), -(-u * sin + v * cos))
            pose = np.array([cx + u * cos + v * sin, cz - u * sin + v * cos, own])
            aim = self._aimed(group, pose[None], rng)[0, 2]
            pose[2] = aim + np.clip(turned(pose[2] - aim), -PARALLEL_RAD, PARALLEL_RAD)
            found.append(pose)
        return found
