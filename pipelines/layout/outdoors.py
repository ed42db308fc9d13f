"""Outdoors: which ground is free, how high it is, and what makes a good first picture on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.layout import candidates
from pipelines.layout.afloat import reaches_water, swims
from pipelines.layout.board import Board
from pipelines.layout.footprints import Boxes, Reals, bearing, turned
from pipelines.layout.hiding import hidden_share
from pipelines.layout.hollows import off_roof, way_out
from pipelines.layout.members import LAND_KINDS, Group
from pipelines.layout.plan import Plan
from pipelines.layout.relations import Area, Distance
from pipelines.layout.streets import StreetPlaces
from pipelines.layout.terrain import Ground
from pipelines.layout.waters import Island, Sea
from pipelines.spec import RelationName

R = RelationName
EDGE_M = 88.0
VIADUCT_M = 25.0  # how long a bridge is that is looked at from afar instead of from its end
HILLOCK_M = 80.0  # a narrower hill stands near
SPAWN_FREE_M = 1.5
STEPPED_ON_M = 0.06  # what is lower, a visitor may stand on: slabs of a runway
PAD_FROM_M = 0.9
DRY_M = 0.3  # above the sea, what no relation brings to it
DECK_M = 0.8  # of a pier above the water
LINE_FREE_M = 1.5
IN_SIGHT, LOWEST_FLIGHT_M = 0.24, 3.0  # the rise of the line to what flies; above the ground
TALL_M, FACED_M = 4.0, 4.5  # what is taller needs as much room before it as a house, and this at least
HUNG_M = 1.9  # from the ground to what hangs
CROWN_HIDES = 12.0
FILLER_HIDES = 16.0  # what it costs a thing that nobody asked for to stand before one that was named; a relation kept is worth 12
PROBED_M, MOST_PROBES = 1.2, 6  # how often the ground is looked at along the edges of a thing
STEEPEST = 0.9  # rise over run


class Outdoors:
    """The open ground as a site for the solver."""

    room = False

    def __init__(self, ground: Ground, plan: Plan, *, ashore: frozenset[str] = frozenset()) -> None:
        self.ground, self.plan = ground, plan
        waters: dict[str, float] = {}
        areas: dict[str, Area] = {}
        lines: dict[str, tuple[Reals, Reals, float]] = {}
        for named in plan.waters:
            area = Area(
                named.water.signed_distance, named.water.middle(), 10.0, is_water=True, endless=isinstance(named.water, Sea | Island)
            )
            for name in {named.name, named.water.kind, "water"} - {""}:
                areas.setdefault(name, area)
                waters[name] = named.water.level_m
        self.areas: Mapping[str, Area] = areas
        self.lines: Mapping[str, tuple[Reals, Reals, float]] = lines
        self._levels = waters
        self.ashore = ashore
        self._lined: dict[str, Reals] = {}  # where things in lines belong; they stand there or nowhere
        way = plan.place.way
        self.streets = StreetPlaces(ground.street, way.pavement_m if way else 0.0)

    def add_way(self, name: str, line: Reals, half_width_m: float) -> None:
        """Make a path known as a ground feature; only the part of it within view serves things along it."""
        track = next(track for track in self.ground.tracks if track.line is line)
        ahead = line[(line[:, 1] < -2.0) & (np.hypot(line[:, 0], line[:, 1]) < 60)]
        middle = ahead[len(ahead) // 2] if len(ahead) else line[len(line) // 2]
        area = Area(track.distance, (float(middle[0]), float(middle[1])), 3.0)
        self.areas = {**self.areas, name: area}
        if len(ahead) > 3:
            whole = line[(line[:, 1] < 22.0) & (np.hypot(line[:, 0], line[:, 1]) < 60)]
            self.lines = {**self.lines, name: (ahead, whole, half_width_m)}

    # -- what the solver asks ------------------------------------------------------------------------------------
    def allowed(self, group: Group, foot: Boxes, whole: Boxes) -> NDArray[np.bool_]:
        """Dry (or wet) enough, off the path, not on the visitor's toes, level enough for its size."""
        x, z = _probes(foot)
        boundless = group.kind.name in LAND_KINDS or group.kind.stands_on == "air"  # dragons fly to a castle on a far hill
        fine = np.hypot(foot.x, foot.z) < (1_000.0 if boundless else EDGE_M)
        if group.kind.name in LAND_KINDS:
            fine &= np.hypot(foot.x, foot.z) > 1.15 * foot.radius + 12.0
            if self._by_the_sea(group):
                fine &= self.ground.shore(foot.x, foot.z) > 0.4 * foot.radius
            return np.asarray(fine)
        if group.size()[1] > STEPPED_ON_M:
            fine &= ~foot.contains(np.zeros(()), np.zeros(()), grow_m=SPAWN_FREE_M)
            if group.size()[1] > TALL_M and not group.is_tree and group.bring is None:  # not a wall before one's eyes
                fine &= ~whole.contains(np.zeros(()), np.zeros(()), grow_m=FACED_M)
        if group.bring is not None and group.bring.at in ("line", "around"):
            known = self._lined.get(group.name, np.zeros((0, 3)))
            apart = np.hypot(foot.x[..., None] - known[:, 0], foot.z[..., None] - known[:, 1])
            fine &= (apart < LINE_FREE_M).any(axis=-1)
        if (roof := self.plan.place.relief.roof) is not None and not group.is_building:
            fine &= (off_roof(x, z, roof) == 0.0).all(axis=1)
        if self.plan.place.cavern is not None:
            fine &= way_out(x, z, self.plan.place.cavern, seed=self.ground.seed).max(axis=1) < 0.98
        if self.ground.waters and group.kind.stands_on != "air":
            shore = self.ground.shore(x, z)
            if self.floats(group):
                fine &= shore[:, -1] < -(0.25 + np.minimum(foot.half_width, foot.half_depth))
            elif not reaches_water(group):
                fine &= shore.min(axis=1) > (0.8 if not group.is_building else 1.6)
                if isinstance(sea := self.plan.waters[0].water, Sea | Island) and not group.asked.relations:
                    fine &= self.ground.heights(x, z).min(axis=1) > sea.level_m + DRY_M  # where a flat beach is wet from every wave
        if not self.floats(group) and not reaches_water(group) and group.kind.stands_on != "air":  # nothing stands on the face of a cliff
            fine &= self.ground.slopes(foot.x, foot.z, over_m=1.5) < STEEPEST
        framing = group.bring is not None and group.bring.at == "frame"
        if group.is_tree and not group.asked.relations and group.name != self.plan.subject and not framing:
            fine &= self.corridor(foot.x, foot.z, margin_m=min(3.0, 0.16 * group.size()[1])) < 0.5
        if self.plan.street:
            fine &= self.streets.allowed(group, x, z)
        elif self.ground.tracks and not _stands_on_way(group, self.areas):
            free = 0.15 if min(group.size()[:2]) < 0.6 else 0.3
            fine &= self.ground.track(x, z).min(axis=1) > free
        if group.is_building and not self.plan.street:
            fine &= ~foot.contains(np.zeros(()), np.zeros(()), grow_m=6.5)
        if group.is_building or foot.radius.max() > 1.2:
            heights = self.ground.heights(x, z)
            fine &= np.ptp(heights, axis=1) < 0.35 * 2 * foot.radius + 0.3
        return np.asarray(fine)

    def height(self, group: Group, x: Reals, z: Reals, foot: Boxes | None = None) -> Reals:
        """On the water, on the ground, or in the air."""
        if self.floats(group):
            level = self.plan.waters[0].water.level_m
            draught_m = 0.25 * group.size()[1] if group.is_animal else 0.0  # what swims is in the water, not on it
            return np.full(x.shape, level - draught_m)
        ground = self.ground.heights(x, z)
        if group.kind.stands_on == "air" and "low" in group.kind.tags:  # what swims or hovers, at the height of one's eyes
            return ground + 0.9 + 0.6 * group.size()[1] + 1.1 * (np.sin(3.1 * x + 1.7 * z) ** 2)
        if group.kind.stands_on == "wall":  # there are no walls: over the heads, or on the ground if it is as tall as a person
            low, high = group.models[0].bounds[:, 1] * group.scales[0]
            return ground + (HUNG_M if high - low < HUNG_M else 0.0) - low
        if group.kind.stands_on == "air":
            high = group.size()[1]
            seen = IN_SIGHT * np.hypot(x, z) - 0.5 * high  # its middle, seen from the spawn point, is in the picture
            return ground + np.clip(seen, LOWEST_FLIGHT_M + 0.1 * high, np.maximum(6.0, 3.0 * high))
        if foot is not None and foot.radius.max() < PAD_FROM_M:
            corner_x, corner_z = foot.corners()
            ground = np.minimum(ground, self.ground.heights(corner_x, corner_z).min(axis=1))
        if self.ground.waters and reaches_water(group) and group.kind.stands_on == "water":  # a pier's deck is above any depth
            ground = np.maximum(ground, self.plan.waters[0].water.level_m + DECK_M - group.size()[1])
        return np.asarray(ground)

    def free_candidates(self, group: Group, number: int, rng: np.random.Generator) -> Reals:
        """The subject at its third, small things in the near middle ground, trees as a frame."""
        width, height, depth = group.size(number)
        if self.plan.waters and reaches_water(group) and width < VIADUCT_M:
            return self._landing_places(group, number, rng)
        if self.plan.waters and (self.floats(group) or group.name in self.ashore):
            relation = R.ON if self.floats(group) else R.BESIDE
            area = self.areas[self.plan.waters[0].water.kind]
            return candidates.by_area(relation, area, half_m=(width / 2, depth / 2), count=160, rng=rng, wet=True)
        if self.plan.street:
            return self.streets.candidates(group, number, rng)
        if group.kind.name in LAND_KINDS:
            reach = (0.85 * width + 12.0, 1.3 * width + 20.0) if width < HILLOCK_M else (1.2 * width + 15.0, 2.6 * width + 60.0)
            wide = self._by_the_sea(group)
            return candidates.in_view(distance_m=reach, half_angle_rad=1.2 if wide else 0.36, count=240 if wide else 120, rng=rng)
        if group.name == self.plan.subject and number == 0:
            x = self.plan.anchor[0] + rng.normal(0, 1.6, 140)
            z = self.plan.anchor[1] + rng.normal(0, 2.0, 140)
            x[0], z[0] = self.plan.anchor
            return np.stack([x, z, candidates.toward_viewer(x, z)], axis=1)
        if group.bring is not None and group.bring.at == "frame":
            side = self.plan.side * (1.0 if number % 2 else -1.0) * np.where(np.arange(120) < 80, 1, -1)  # or the other one, where it hides
            turn, away = side * rng.uniform(0.36, 0.62, 120), rng.uniform(*group.bring.distance_m, 120)
            x, z = np.sin(turn) * away, -np.cos(turn) * away
            return np.stack([x, z, candidates.toward_viewer(x, z)], axis=1)
        if group.bring is not None and group.bring.at in ("line", "around"):
            poses = self._in_line(group, number, rng) if group.bring.at == "line" else self._around(group, number)
            self._lined[group.name] = np.concatenate([self._lined.get(group.name, poses[:0]), poses])
            return poses
        if group.bring is not None and group.bring.at == "scenic":
            return candidates.in_view(distance_m=group.bring.distance_m, half_angle_rad=0.75, count=160, rng=rng)
        if group.is_tree:
            many = len(group.models) > 7
            farthest, angle = (46.0, 1.7) if many else (30.0, 0.75)
            reach = (max(6.0, 0.55 * height), farthest)
            return candidates.in_view(distance_m=reach, half_angle_rad=angle, count=90 if many else 160, rng=rng)
        if group.kind.stands_on == "air":
            return candidates.in_view(distance_m=(14.0 + 2 * width, 30.0 + 5 * width), half_angle_rad=0.4, count=120, rng=rng)
        near = wished_distance(group, number)
        return candidates.in_view(distance_m=(0.75 * near, 1.6 * near + 2.0), half_angle_rad=0.52, count=200, rng=rng)

    def taste(self, group: Group, number: int, poses: Reals, foot: Boxes, board: Board) -> Reals:
        """Seen, not hidden, at a distance that suits its size; trees beside the view, nothing before the subject and the water."""
        x, z = poses[:, 0], poses[:, 1]
        distance, angle = np.hypot(x, z), bearing(x, z)
        if group.bring is not None and group.bring.at in ("line", "around"):
            return np.zeros(len(x))
        if self.plan.street and group.bring is not None and group.bring.at != "scenic":
            return np.asarray(0.5 * z)  # rows grow from the visitor on into the distance
        score = -2.5 * np.clip((np.abs(angle) - 0.5) / 0.3, 0, 3)
        if not group.is_tree:  # neither on the visitor's toes nor cut off by the picture's edge
            close = distance - foot.radius
            tall = group.is_building or group.size(number)[1] > TALL_M
            score -= (6.0 if tall else 3.0) * np.clip((6.5 if tall else 3.4) - close, 0, 3)
            cut = np.clip((np.abs(angle) + np.arctan2(0.8 * foot.radius, distance) - 0.6) / 0.2, 0, 2)
            score -= 2.0 * cut
        if group.name == self.plan.subject:
            edge = np.abs(angle) + np.arctan2(0.85 * foot.radius, distance)
            score -= 9.0 * np.clip((edge - 0.58) / 0.3, 0, 3)
            score -= 0.4 * np.hypot(x - self.plan.anchor[0], z - self.plan.anchor[1])
        relations = {relation.relation for relation in group.asked.relations}
        if not relations & {R.FAR, R.BEHIND, R.AROUND, R.ALONG, R.ON, R.BETWEEN}:
            wish = wished_distance(group, number)
            score -= 1.6 * np.abs(np.log(np.maximum(distance, 0.5) / wish))
        if group.is_tree:
            framing = np.clip((np.abs(angle) - 0.1) / 0.3, 0, 1) * 3.0
            if group.bring is not None:
                crown = min(0.4 * group.size(number)[0], 0.5 * float(distance.min()) + 1.0)
                wide = replace(foot, half_width=np.full(len(x), crown), half_depth=np.full(len(x), crown))
                score -= CROWN_HIDES * hidden_share(poses, wide, board)
            score += framing + self.corridor(x, z, margin_m=1.5) * -4.0
        else:
            score -= (5.0 if group.bring is None else FILLER_HIDES) * hidden_share(poses, foot, board)
            if group.size(number)[1] > 1.2 and group.name != self.plan.subject and R.IN_FRONT_OF not in relations:
                score -= 3.0 * self.corridor(x, z, margin_m=float(np.mean(foot.radius)))
        heights = np.ptp(self.ground.heights(*foot.corners()), axis=1)
        return np.asarray(score - 2.0 * heights)

    def yaws(self, group: Group, poses: Reals, rng: np.random.Generator) -> Reals:
        """Fronts to the visitor, three-quarter; animals and vehicles in profile; what has no front at random."""
        count = len(poses)
        if group.bring is not None and group.bring.at in ("line", "around"):
            return poses[:, 2]
        if self.plan.street:
            return self.streets.yaws(group, poses, rng)
        if reaches_water(group):
            return poses[:, 2]
        face = candidates.toward_viewer(poses[:, 0], poses[:, 1])
        if group.is_tree or group.kind.family in ("rocks", "plants", "trees"):
            return rng.uniform(-np.pi, np.pi, count)
        if group.is_building or group.name == self.plan.subject:
            inward = np.sign(poses[:, 0])  # the far wall leads the eye back into the picture
            return face - inward * rng.uniform(0.25, 0.55, count)
        if group.is_animal or group.kind.family in ("vehicles", "boats") or "vehicle" in group.kind.tags:
            return face + rng.choice([-1.0, 1.0], count) * rng.uniform(0.5, 1.15, count)
        return face + rng.normal(0, 0.28, count)

    def has_place(self, group: Group) -> bool:
        """Open ground has no grids."""
        del group
        return False

    def floats(self, group: Group) -> bool:
        """Whether it lies on the water: boats and the like, unless what is said of them keeps them ashore; animals said to be on it."""
        if not self.ground.waters or reaches_water(group) or group.name in self.ashore:
            return False
        return group.kind.stands_on == "water" or swims(group, self.areas)

    def _by_the_sea(self, group: Group) -> bool:
        """Whether a landform has to be looked for on the land beside a sea, in which only cliffs rise."""
        sea = bool(self.plan.waters) and isinstance(self.plan.waters[0].water, Sea | Island)
        return sea and group.kind.name != "cliff" and not group.asked.relations

    def _in_line(self, group: Group, number: int, rng: np.random.Generator) -> Reals:
        """Number after number along the line that the place draws ahead, to the subject's side of the visitor."""
        assert group.bring is not None
        bring, (width, _, depth) = group.bring, group.size(number)
        turn = float(np.radians(bring.turn_deg))
        long = abs(np.cos(turn)) * width + abs(np.sin(turn)) * depth  # across the line of sight when it faces the middle
        loose = min(0.12, 0.2 * bring.spacing_m)
        z = -(bring.distance_m[0] + 0.5 * long + number * (long + bring.spacing_m)) + rng.uniform(-loose, loose, 9)
        x = self.plan.side * (bring.beside_m + rng.uniform(-loose, loose, 9))
        side = np.sign(x) if bring.beside_m else np.ones(len(x))
        return np.stack([x, z, -side * (np.pi / 2 - turn)], axis=1)

    def _around(self, group: Group, number: int) -> Reals:
        """Side by side on the far side, the right and then the left of a court round the visitor; fronts to its middle."""
        assert group.bring is not None
        half_width, half_length = group.bring.distance_m
        middle = -(group.bring.back_m or 0.55 * half_length)
        widths = np.array([group.size(k)[0] for k in range(len(group.models))])
        beside = half_length - 0.5 * max(group.size(k)[2] for k in range(len(widths)))  # between the rows before and behind
        halves = (half_width, beside, half_width, beside)
        ends = np.cumsum(halves) / sum(halves)
        side = np.searchsorted(ends, (np.cumsum(widths) - 0.5 * widths) / widths.sum())  # of every member
        mine = np.flatnonzero(side == side[number])
        gap = (2 * halves[side[number]] - widths[mine].sum()) / len(mine)
        before = widths[mine[mine < number]].sum() + gap * (mine < number).sum()
        run = before + 0.5 * (gap + widths[number]) - halves[side[number]] + max(gap, 0.0) * np.linspace(-0.3, 0.3, 7)
        level, none = np.full(7, half_length), np.full(7, half_width)
        x, z, yaw = ((run, -level, 0.0), (none, run, -np.pi / 2), (-run, level, np.pi), (-none, -run, np.pi / 2))[side[number]]
        return np.stack([x, z + middle, np.full(7, yaw)], axis=1)

    def _landing_places(self, group: Group, number: int, rng: np.random.Generator) -> Reals:
        """Docks reach out from the shore; bridges cross where the river is ahead."""
        width, _, depth = group.size(number)
        water = self.plan.waters[0].water
        angle, reach = rng.uniform(-0.7, 0.7, 260), rng.uniform(5.0, 26.0, 260)
        x, z = np.sin(angle) * reach, -np.cos(angle) * reach
        for _ in range(3):  # walk to the shore along the steepest way
            gap, east, south = _gradient(water.signed_distance, x, z)
            x, z = x - gap * east, z - gap * south
        _, east, south = _gradient(water.signed_distance, x, z)
        toward_land = np.arctan2(east, south)
        if "bridge" in group.kind.name:
            out = np.full(len(x), 1.5)
            for _ in range(8):
                deeper = water.signed_distance(x - east * (out + 0.4), z - south * (out + 0.4)) < water.signed_distance(
                    x - east * out, z - south * out
                )
                out = np.where(deeper, out + 0.4, out)
            yaw = toward_land + (np.pi / 2 if width > depth else 0.0)
            return np.stack([x - east * out, z - south * out, yaw], axis=1)
        away = depth / 2 - min(0.25 * depth, 1.2)
        return np.stack([x - east * away, z - south * away, toward_land], axis=1)

    def snapped(self, group: Group, number: int, poses: Reals) -> Reals:
        """Open ground leaves candidates where they are; streets bring vehicles onto the roadway."""
        del number
        return self.streets.snapped(group, poses) if self.plan.street else poses

    # -- composition ---------------------------------------------------------------------------------------------
    def corridor(self, x: Reals, z: Reals, *, margin_m: float) -> Reals:
        """1 where something tall would stand in the view of the subject or of the water, or on the path; 0 where it does not matter."""
        out = ease_out(np.hypot(x, z), 4.0, 6.0)
        targets = [self.plan.anchor] if self.plan.subject or self.plan.way else []
        targets += [_near_point(named.water.middle(), 0.85) for named in self.plan.waters]
        distance = np.hypot(x, z)
        for tx, tz in targets:
            reach = float(np.hypot(tx, tz))
            apart = np.abs(turned(bearing(x, z) - float(bearing(tx, tz)))) * np.maximum(distance, 1.0)
            free = 2.2 + margin_m + 0.09 * distance
            out = np.maximum(out, ease_out(apart, free, free + 1.5) * ease_out(distance, reach, reach + 4.0))
        if self.ground.tracks:
            out = np.maximum(out, ease_out(self.ground.track(x, z), 0.6 + margin_m * 0.5, 1.6 + margin_m))
        return np.asarray(out)


def ease_out(value: Reals, low: float | Reals, high: float | Reals) -> Reals:
    """1 below low, 0 above high."""
    return np.asarray(np.clip((high - value) / (high - low), 0, 1))


def _probes(foot: Boxes) -> tuple[Reals, Reals]:
    """Points (n, k) on plans where the ground has to be fit for them: middles, corners, and more along the edges of what is long."""
    x, z = foot.corners()
    steps = int(np.clip(np.ceil(2 * max(foot.half_width.max(), foot.half_depth.max()) / PROBED_M), 1, MOST_PROBES))
    share = np.arange(steps) / steps

    def along(corners: Reals) -> Reals:
        edges = corners[..., None] + (np.roll(corners, -1, axis=-1) - corners)[..., None] * share
        return np.concatenate([edges.reshape(len(corners), -1), corners.mean(axis=-1, keepdims=True)], axis=1)

    return along(x), along(z)


def _near_point(point: tuple[float, float], share: float) -> tuple[float, float]:
    return point[0] * share, point[1] * share


def wished_distance(group: Group, number: int) -> float:
    """How far ahead a thing of its size looks best, metres; farther when great things are to stand round it."""
    width, height, depth = group.size(number)
    return float(np.clip(2.8 + 1.8 * max(width, height, 0.6 * depth), 4.2, 40.0))


def _gradient(distance: Distance, x: Reals, z: Reals) -> tuple[Reals, Reals, Reals]:
    """A signed distance and the unit direction in which it grows (x, z)."""
    step = 0.1
    here = distance(x, z)
    east, south = (distance(x + step, z) - here) / step, (distance(x, z + step) - here) / step
    length = np.maximum(np.hypot(east, south), 1e-6)
    return here, east / length, south / length


def _stands_on_way(group: Group, areas: Mapping[str, Area]) -> bool:
    """Vehicles on the road, a cart on the path, an arch over it: the words say so, or it is a bridge."""
    if reaches_water(group):
        return True
    on = {R.ON, R.INSIDE, R.UNDER}
    return any(relation.relation in on and relation.objects[0] in areas for relation in group.asked.relations)
