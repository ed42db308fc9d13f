"""Build: dresses an arranged scene: trees and rocks, ground cover, path edges, reeds, the far backdrop, the sky."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from pipelines.layout.arrange import Outside, outside_of
from pipelines.layout.cover import grown_cover
from pipelines.layout.footprints import Reals, pose_matrix, stance
from pipelines.layout.looks import dressed
from pipelines.layout.members import TREE_TAGS, first_known, forbidden, outline
from pipelines.layout.plan import seeded
from pipelines.layout.remade import remade
from pipelines.layout.scatter import Stands, scatter
from pipelines.layout.sky import sky_for
from pipelines.layout.streets import BACK_M
from pipelines.layout.wind import bent
from pipelines.places import Scatter
from pipelines.scene import Model, Scene, Thing
from pipelines.spec import SceneSpec, Season
from pipelines.stage import Stage, TellStage
from pipelines.things import Kind, Library, Order
from pipelines.world import World

BACKDROP = 0


@dataclass
class Build(Stage):
    """Adds what nobody named. things: folders with a user's own kinds."""

    name: ClassVar[str] = "build"
    cost: ClassVar[float] = 1.0
    things: Sequence[Path] = field(default=())

    def run(self, world: World, tell: TellStage) -> World:
        """Fill the scene's remaining things, its cover and its sky."""
        if world.spec is None or world.scene is None:
            raise ValueError("Build needs a world whose things have been arranged")
        library = Library.load(tuple(self.things))
        return replace(world, scene=build(world.spec, world.scene, library, seed=world.prompt.seed, tell=tell))


def build(spec: SceneSpec, scene: Scene, library: Library, *, seed: int, tell: TellStage | None = None) -> Scene:
    """The dressed scene."""
    say = tell or (lambda fraction, note: None)
    scene = dressed(spec, replace(scene, sky=sky_for(spec)))
    outside = outside_of(scene, spec, library, seed=seed)
    if outside is None:
        return remade(scene, scene.look)
    dresser = Dresser(spec, scene, outside, library, seed=seed)
    place = outside.site.plan.place
    for number, entry in enumerate(place.scatter):
        say(0.6 * number / max(len(place.scatter), 1), "planting")
        dresser.plant(entry, number)
    dresser.edge_the_path()
    dresser.raise_skyline()
    say(0.65, "growing ground cover")
    things = (*scene.things, *dresser.things(first=len(scene.things) + 1))
    covered = grown_cover(spec, place, outside.site, taken=dresser.taken(), seed=seed)
    if scene.sky is not None and scene.sky.lightning:
        heights = outside.site.ground.heights
        covered = tuple(bent(group, heights(group.centres[:, 0], group.centres[:, 2]), strength=1.0) for group in covered)
    return remade(replace(scene, things=things, cover=covered), scene.look)


class Dresser:
    """Plants one layer after the other, each keeping off what stands already."""

    def __init__(self, spec: SceneSpec, scene: Scene, outside: Outside, library: Library, *, seed: int) -> None:
        self.spec, self.site, self.library, self.seed = spec, outside.site, library, seed
        self._near: list[Thing] = []
        self._far: list[Thing] = []
        self._counts: dict[str, int] = {}
        for thing in scene.things:
            self._counts[thing.kind] = self._counts.get(thing.kind, 0) + 1
        self._taken = [_circle(thing) for thing in scene.things if thing.kind not in outside.features]

    def taken(self) -> Reals:
        """(T, 3) x, z, radius of everything that stands."""
        return np.array(self._taken) if self._taken else np.zeros((0, 3))

    def things(self, *, first: int) -> list[Thing]:
        """The near ones with ids from `first`, then the nameless backdrop."""
        return [replace(thing, id=first + k) for k, thing in enumerate(self._near)] + self._far

    def plant(self, entry: Scatter, number: int) -> None:
        """One entry of the place's scatter."""
        weights = self._kinds(entry)
        if not weights:
            return
        rng = seeded(self.seed, f"scatter {number}")
        typical = max(self.library.kinds[kind].size_m[1] for kind in weights)
        already = sum(self._counts.get(kind, 0) for kind in weights)
        stands = scatter(entry, self.site, taken=self._clearings(entry, weights), height_m=typical, rng=rng, already=already)
        self._stand(stands, weights, entry, rng)

    def _kinds(self, entry: Scatter) -> dict[str, float]:
        """Kinds and weights; where the words name trees, the wood is of those trees."""
        known = {
            kind: weight for kind, weight in entry.kinds.items() if weight > 0 and first_known([kind], self.library, self.spec.without)
        }
        if entry.species:
            asked = {thing.kind: float(thing.count) for thing in self.spec.things if thing.count >= 5 and self._is_tree(thing.kind)}
            if asked:
                return asked
        return known

    def _is_tree(self, kind: str) -> bool:
        found = self.library.kinds.get(kind)
        return found is not None and is_tree_kind(found) and not forbidden(found, self.spec.without)

    def _clearings(self, entry: Scatter, weights: dict[str, float]) -> Reals:
        """What keeps this entry off: everything that stands, with room for crowns where it grows tall."""
        taken = self.taken()
        if len(taken) and max(self.library.kinds[kind].size_m[1] for kind in weights) > 3:
            taken = taken + [0.0, 0.0, 0.9]
        return taken

    def _stand(self, stands: Stands, weights: dict[str, float], entry: Scatter, rng: np.random.Generator) -> None:
        """Models for the stands: a few variants per kind, the same objects again and again."""
        if not len(stands):
            return
        kinds = sorted(weights)
        share = np.array([weights[kind] for kind in kinds])
        which = rng.choice(len(kinds), len(stands), p=share / share.sum())
        variant = rng.integers(0, entry.variants, len(stands))
        heights = self.site.ground.heights(stands.x, stands.z)
        slopes = self.site.ground.slopes(stands.x, stands.z)
        season = Season(self.spec.season)
        for k in range(len(stands)):
            kind = kinds[which[k]]
            model = self.library.build(kind, Order(seed=int(variant[k]), season=season))
            scale = float(stands.scale[k])
            foot = float(np.abs(outline(model).foot).max()) * scale
            sunk = (
                0.04
                + float(slopes[k]) * min(foot, 1.5)
                + (0.16 * float(model.bounds[1, 1]) * scale if self.library.kinds[kind].family == "rocks" else 0.0)
            )
            position = (float(stands.x[k]), float(heights[k]) - min(sunk, 0.8), float(stands.z[k]))
            self._add(kind, model, position, float(stands.yaw[k]), scale, near=bool(stands.near[k]), radius_m=foot)

    def _add(
        self, kind: str, model: Model, position: tuple[float, float, float], yaw: float, scale: float, *, near: bool, radius_m: float
    ) -> None:
        matrix = pose_matrix(position, yaw, scale)
        if near:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._near.append(Thing(1, kind, f"{kind} {self._counts[kind]}", model, matrix))
            self._taken.append((position[0], position[2], radius_m))
        else:
            self._far.append(Thing(BACKDROP, kind, kind, model, matrix))

    def edge_the_path(self) -> None:
        """Stones along the edges of a path, as many per metre as the place says."""
        way = self.site.plan.place.way
        kind = first_known(["rock", "stone", "boulder"], self.library, self.spec.without)
        if way is None or kind is None or way.edge_stones <= 0:
            return
        rng = seeded(self.seed, "path edge")
        for track in self.site.ground.tracks:
            line = track.line[np.hypot(track.line[:, 0], track.line[:, 1]) < 26]
            step = np.gradient(line, axis=0)
            across = np.stack([-step[:, 1], step[:, 0]], axis=1) / np.linalg.norm(step, axis=1, keepdims=True)
            count = int(len(line) * 0.7 * way.edge_stones)
            index, side = rng.integers(1, len(line) - 1, count), rng.choice([-1.0, 1.0], count)
            point = line[index] + across[index] * (side * (track.half_width_m + rng.uniform(0.05, 0.4, count)))[:, None]
            heights = self.site.ground.heights(point[:, 0], point[:, 1])
            taken = self.taken()
            for (x, z), y in zip(point, heights, strict=True):
                if np.hypot(x, z) < 1.6 or (len(taken) and (np.hypot(taken[:, 0] - x, taken[:, 1] - z) < taken[:, 2] + 0.2).any()):
                    continue
                model = self.library.build(kind, Order(seed=int(rng.integers(4))))
                size = float(rng.uniform(0.14, 0.34)) / float(model.size_m[0])
                low = float(model.size_m[1]) * size * 0.3
                self._far.append(
                    Thing(BACKDROP, kind, kind, model, pose_matrix((float(x), float(y) - low, float(z)), float(rng.uniform(-3, 3)), size))
                )

    def raise_skyline(self) -> None:
        """Streets go on and towers rise beyond the part of a city that one can walk."""
        plan = self.site.plan
        kinds = [
            kind for kind in plan.place.skyline if kind in self.library.kinds and not forbidden(self.library.kinds[kind], self.spec.without)
        ]
        if not kinds:
            return
        rng = seeded(self.seed, "skyline")
        centre = self.site.ground.street.centre_x if self.site.ground.street else 0.0
        behind = ((0, 130.0, BACK_M + 4.0), (1, 250.0, 130.0))
        for row, near, far in ((0, -75.0, -130.0), (1, -130.0, -260.0), (2, -240.0, -480.0), *behind):
            for side in (-1, 1):
                z = near
                while z > far:
                    kind = kinds[min(int(rng.integers(0, 1 + row)), len(kinds) - 1)] if row else kinds[-1]
                    model = self.library.build(kind, Order(seed=int(rng.integers(4))))
                    width, depth = float(model.size_m[0]), float(model.size_m[2])
                    x = centre + side * (9.0 + depth / 2 + row * 24.0 + rng.uniform(0, 6 + 30 * row))
                    foot = float(self.site.ground.heights(np.array([x]), np.array([z - width / 2]))[0])  # below zero where one is on a roof
                    matrix = pose_matrix((x, min(foot, 0.0), z - width / 2), -side * np.pi / 2, 1.0)
                    self._far.append(Thing(BACKDROP, kind, kind, model, matrix))
                    z -= width + rng.uniform(0.0, 2.0 + 9.0 * row)


def is_tree_kind(kind: Kind) -> bool:
    """Whether the kind is a tree by its tags or family."""
    return bool(TREE_TAGS & {*kind.tags, kind.family, kind.family.rstrip("s")})


def _circle(thing: Thing) -> tuple[float, float, float]:
    """x, z and radius of what a thing covers near the ground."""
    box = stance(thing, part="foot", plan=outline(thing.model))
    return float(box.x), float(box.z), float(box.radius)
