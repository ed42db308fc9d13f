"""Arrange: SceneSpec → Scene: the ground, and every named thing at its place with the stated relations kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from pipelines.layout.afloat import lying_ashore
from pipelines.layout.board import Placed
from pipelines.layout.first_look import first_look
from pipelines.layout.ground_mesh import terrain_of
from pipelines.layout.ground_things import ground_things
from pipelines.layout.indoors import Indoors
from pipelines.layout.levelling import level_ground, settled
from pipelines.layout.members import (
    LAND_KINDS,
    Group,
    brought,
    holders,
    hung_over,
    in_order,
    inherited,
    is_feature,
    make_group,
    within_what,
)
from pipelines.layout.outdoors import Outdoors
from pipelines.layout.plan import Plan, make_plan, path_to, seeded, winding_path
from pipelines.layout.postures import airborne, below_pictures, lesser_hills, lowered, posture
from pipelines.layout.relations import Area, check
from pipelines.layout.solver import OVER_M, Solver
from pipelines.layout.stacking import made_to_fit
from pipelines.layout.streets import BACK_M
from pipelines.layout.terrain import Ground, Street, Track
from pipelines.places import Place, Way, place_named
from pipelines.scene import EYE_HEIGHT_M, Floats, Scene, Terrain, Thing
from pipelines.spec import Relation, RelationName, SceneSpec, ThingSpec, Viewpoint
from pipelines.stage import Stage, TellStage
from pipelines.things import MATERIALS, Library
from pipelines.world import World

FLAT_M = 0.06  # what is lower is no obstacle
ATTEMPTS = 4


@dataclass(frozen=True)
class Outside:
    """What building needs to know of the arrangement beyond the scene: the site, and which kinds are ground features."""

    site: Outdoors
    features: frozenset[str]


_outside: deque[tuple[Terrain, Outside]] = deque(maxlen=4)


def outside_of(scene: Scene, spec: SceneSpec, library: Library, *, seed: int) -> Outside | None:
    """The site that a scene was arranged on, None indoors. The last few are remembered; others are arranged again."""
    if scene.terrain is None:
        return None
    found = next((outside for terrain, outside in _outside if terrain is scene.terrain), None)
    if found is None:
        again = arrange(spec, library, seed=seed)
        found = next(outside for terrain, outside in _outside if terrain is again.terrain)
    return found


WALK_RADIUS_M = 40.0
RAISED: Mapping[Viewpoint, tuple[float, float, float]] = {
    Viewpoint.LOW: (0.0, 0.0, 0.22),
    Viewpoint.BALCONY: (3.2, 0.0, -0.2),
    Viewpoint.ROOFTOP: (11.0, 4.0, -0.48),
    Viewpoint.ABOVE: (22.0, 7.0, -0.85),
}
"""Metres up from the ground, metres back from the spawn point, and the pitch of the first look, in radians."""


@dataclass
class Arrange(Stage):
    """Places every thing of the spec. things: folders with a user's own kinds."""

    name: ClassVar[str] = "arrange"
    cost: ClassVar[float] = 1.5
    things: Sequence[Path] = field(default=())

    def run(self, world: World, tell: TellStage) -> World:
        """Fill `scene` with terrain, placed things, spawn, viewpoints and relations."""
        if world.spec is None:
            raise ValueError("Arrange needs a world whose words have been read")
        library = Library.load(tuple(self.things))
        scene = arrange(world.spec, library, seed=world.prompt.seed, tell=tell)
        return replace(world, scene=scene)


def arrange(spec: SceneSpec, library: Library, *, seed: int, tell: TellStage | None = None) -> Scene:
    """The arranged scene of a spec: indoors or outdoors by its place."""
    place = place_named(spec.place).in_season(spec.season)
    say = tell or (lambda fraction, note: None)
    groups = _groups(spec, place, library, seed=seed, say=say)
    say(0.5, "placing")
    if place.room is not None:
        return _arrange_room(spec, place, groups, library, seed=seed)
    return _seen_from(spec.view, _arrange_land(spec, place, groups, seed=seed))


def _groups(spec: SceneSpec, place: Place, library: Library, *, seed: int, say: TellStage) -> dict[str, Group]:
    """The models of everything named or brought, by name; ground features are left to the ground."""
    found = {}
    added, customs = brought(spec, place, library, seed=seed)
    entries = [(_by_custom(thing, customs), None) for thing in spec.things if not is_feature(thing.kind)]
    every = [*entries, *added]
    named = {asked.name: asked.kind for asked, _ in every}
    for number, (asked, bring) in enumerate(every):
        say(0.5 * number / max(len(every), 1), f"building {asked.name}")
        if (style := posture(asked, library.kinds, named)) is not None:
            asked = asked.model_copy(update={"style": style})
        found[asked.name] = make_group(asked, library, season=spec.season, seed=seed, bring=bring, without=spec.without)
    for name in holders(found):  # without its lid, or its own flowers
        group = make_group(found[name].asked, library, season=spec.season, seed=seed, without=spec.without, opened=True)
        contents = {other.name: made_to_fit(other, group) for other in found.values() if within_what(other) == name}
        if all(contents.values()):
            found |= {name: group} | {within: one for within, one in contents.items() if one is not None}
    for name in below_pictures(found):  # without its chimney, which would stand before them
        found[name] = make_group(found[name].asked, library, season=spec.season, seed=seed, without=spec.without, opened=True)

    def built(asked: ThingSpec, top_m: float = 0.0) -> Group:
        return make_group(asked, library, season=spec.season, seed=seed, without=spec.without, top_m=top_m)

    return inherited(airborne(lesser_hills(lowered(found, built), built)))


def _by_custom(thing: ThingSpec, customs: Mapping[str, tuple[Relation, ...]]) -> ThingSpec:
    """The thing where it usually stands, unless the words say where."""
    return thing if thing.relations else thing.model_copy(update={"relations": customs.get(thing.name, ())})


# -- outdoors --------------------------------------------------------------------------------------------------------
def _arrange_land(spec: SceneSpec, place: Place, groups: dict[str, Group], *, seed: int) -> Scene:
    grounded = {name: group for name, group in groups.items() if group.kind.stands_on in ("ground", "floor")}
    sizes = {name: group.size() for name, group in grounded.items() if group.kind.name not in LAND_KINDS}
    flying = {name: groups[above] for above, name in hung_over(groups).items() if groups[above].kind.stands_on == "air"}
    for name in flying.keys() & sizes.keys():  # a castle stands farther off, so that the dragon over it is in the picture
        width, height, depth = sizes[name]
        sizes[name] = (width, height + OVER_M + 1.5 * flying[name].size()[1], depth)
    buildings = frozenset(name for name, group in groups.items() if group.is_building)
    plan = make_plan(spec, place, sizes, seed=seed, buildings=buildings)
    waters = tuple(named.water for named in plan.waters)
    ground_seed = int(seeded(seed, "ground").integers(1 << 30))
    ground = Ground(place, waters, seed=ground_seed, street=_street(place) if plan.street else None)
    site = Outdoors(ground, plan, ashore=lying_ashore(groups))
    solver = Solver(site, seed=seed)
    order = in_order(groups, flanking=solver.leave_room(groups))
    _place_land(order, groups, plan, site, solver, ground)
    _repair(spec, groups, order, solver, site.areas, room=False)
    level_ground(ground, solver.board.placed)
    placed = _settle(site, solver.board.placed)
    things = _numbered([*ground_things(plan, ground), *_as_things(placed, spec)])
    terrain = terrain_of(ground, MATERIALS)
    viewpoints = _land_viewpoints(ground, solver, plan, seed=seed)
    relations = check(spec, things, site.areas, room=False)
    scene = Scene(things=things, terrain=terrain, viewpoints=viewpoints, walk_radius_m=WALK_RADIUS_M, relations=relations)
    if spec.view not in RAISED:
        stated = {relation.relation for thing in spec.things for relation in thing.relations}
        may_turn = not plan.street and not stated & {RelationName.LEFT_OF, RelationName.RIGHT_OF}
        upon = [
            thing.name for thing in spec.things if any(r.relation is RelationName.ON and plan.subject in r.objects for r in thing.relations)
        ]
        hills = {name for name, group in groups.items() if group.kind.name in LAND_KINDS}
        crowned = [t.name for t in spec.things if any(r.relation is RelationName.ON and r.objects[0] in hills for r in t.relations)]
        upon += crowned[:1] if plan.subject not in grounded or groups[plan.subject].bring is not None else []
        over = {flying[plan.subject].name} if plan.subject in flying else set()
        scene = replace(scene, spawn=first_look(scene, {plan.subject, *upon, *over}, may_turn=may_turn))
    features = {named.water.kind for named in plan.waters} | ({plan.way.kind} if plan.way else set()) | {"cave roof", "quay wall"}
    _outside.append((terrain, Outside(site, frozenset(features))))
    return scene


def _place_land(order: Sequence[str], groups: Mapping[str, Group], plan: Plan, site: Outdoors, solver: Solver, ground: Ground) -> None:
    """Place group after group; the path is laid as soon as its goal stands, and what lines it comes after it."""
    waiting = plan.way is not None
    said = groups[plan.subject].asked.relations if plan.subject in groups else ()
    follows = plan.way is not None and any(r.relation is RelationName.ALONG and plan.way.name in r.objects for r in said)
    if waiting and (plan.street or plan.subject not in groups or follows):
        _lay_way(plan, site, solver, ground)
        waiting = False
    if waiting:  # what the subject refers to comes first anyway; then the subject, then the path, then all others
        before = _upto(order, plan.subject, groups)
        for name in before:
            solver.place_group(groups[name])
        _lay_way(plan, site, solver, ground)
        order = [name for name in order if name not in set(before)]
    for name in order:
        solver.place_group(groups[name])


def _upto(order: Sequence[str], subject: str, groups: Mapping[str, Group]) -> list[str]:
    """The subject and all that it refers to, in order."""
    needed, stack = set(), [subject]
    while stack:
        name = stack.pop()
        if name in needed or name not in groups:
            continue
        needed.add(name)
        stack += [target for relation in groups[name].asked.relations for target in relation.objects]
    return [name for name in order if name in needed]


def _lay_way(plan: Plan, site: Outdoors, solver: Solver, ground: Ground) -> None:
    assert plan.way is not None
    style = plan.place.way or Way(material="soil", width_m=1.4)
    if plan.street:
        street = _street(plan.place)
        line = np.stack([np.full(76, street.centre_x), np.linspace(BACK_M, -86.0, 76)], axis=1)
        track = Track(line, street.half_width_m, style.material)
    else:
        wide = style.width_m if plan.way.kind == "path" or plan.place.way else 3.4
        material = style.material
        goals = solver.board.members(plan.subject)
        track = _path(plan, goals[0] if goals else None, wide, material, ground)
    ground.add_track(track, sunk_m=0.0 if plan.street else 0.05)
    for name in {plan.way.name, plan.way.kind, "path", "road"} - {""}:
        site.add_way(name, track.line, track.half_width_m)


def _street(place: Place) -> Street:
    """The roadway, its edges on whole half metres; the visitor stands a little left of its middle."""
    assert place.way is not None
    return Street(centre_x=1.5, half_width_m=round(place.way.width_m) / 2)


def _path(plan: Plan, goal: Placed | None, width_m: float, material: str, ground: Ground) -> Track:
    """The path to the subject's front that stays dry, or one that winds away."""
    if goal is None:
        return winding_path(side=plan.side, width_m=width_m, material=material, waters=ground.waters)
    box = goal.boxes("foot")
    front = (float(np.sin(goal.yaw)), float(np.cos(goal.yaw)))
    reach = float(box.half_depth) + (0.5 if goal.group.is_building else 0.9)
    end = (float(box.x) + front[0] * reach, float(box.z) + front[1] * reach)
    best: tuple[float, Track] | None = None
    for side in (plan.side, -plan.side):
        track = path_to(end, front, side=side, width_m=width_m, material=material)
        wet = float((ground.shore(track.line[:, 0], track.line[:, 1]) < 1.2).sum()) if ground.waters else 0.0
        crossing = float(box.contains(track.line[:, 0], track.line[:, 1], grow_m=0.2).sum())
        if best is None or wet + crossing < best[0]:
            best = (wet + crossing, track)
    assert best is not None
    return best[1]


def _repair(
    spec: SceneSpec, groups: Mapping[str, Group], order: Sequence[str], solver: Solver, areas: Mapping[str, Area], *, room: bool
) -> None:
    """Place again what fails its relations, and keep the best board of a few attempts."""
    best_board, best = solver.board, _failing(spec, solver, areas, room=room)
    ordered = [groups[name] for name in order]
    for attempt in range(1, ATTEMPTS):
        if not best:
            break
        moved = {name for name in best if name in groups}
        if attempt > 1:  # what they refer to may stand in the way
            asked = [groups[name].asked for name in moved]
            moved |= {target for thing in asked for relation in thing.relations for target in relation.objects if target in groups}
        _retry(solver, ordered, sorted(moved), attempt=attempt)
        failing = _failing(spec, solver, areas, room=room)
        if len(failing) < len(best) and len(solver.board.placed) >= len(best_board.placed):
            best_board, best = solver.board, failing
        else:
            solver.board = best_board.rebuilt(best_board.placed)
    solver.board = best_board


def _retry(solver: Solver, groups: Sequence[Group], failing: Sequence[str], *, attempt: int) -> None:
    """Take the groups whose relations fail off the board, with all that stands on them, and place them again."""
    off = set(failing)
    while True:
        carried = {item.group.name for item in solver.board.placed if item.on is not None and item.on.group.name in off} - off
        if not carried:
            break
        off |= carried
    solver.board = solver.board.rebuilt([item for item in solver.board.placed if item.group.name not in off])
    for group in groups:
        if group.name in off:
            solver.place_group(group, attempt=attempt)


def _failing(spec: SceneSpec, solver: Solver, areas: Mapping[str, Area], *, room: bool) -> list[str]:
    """Names whose relations fail on the present board."""
    things = [item.thing(1, item.group.kind_of(item.number)) for item in solver.board.placed]
    checks = check(spec, things, areas, room=room)
    stated = [(thing.name, relation) for thing in spec.things for relation in thing.relations]
    return [name for (name, _), result in zip(stated, checks, strict=True) if not result.holds]


def _settle(site: Outdoors, placed: Sequence[Placed]) -> list[Placed]:
    """Everything at its final height on the finished ground; what is carried goes up and down with its carrier."""
    final: dict[int, Placed] = {}
    for item in placed:
        if item.on is not None:
            carrier = final[id(item.on)]
            final[id(item)] = replace(item, y=item.y + carrier.y - item.on.y, on=carrier)
        elif (item.group.kind.stands_on not in ("air", "water", "wall") and not site.floats(item.group)) or item.group.name in site.ashore:
            final[id(item)] = replace(item, y=settled(site.ground, item))
        else:
            final[id(item)] = item
    return [final[id(item)] for item in placed]


def _land_viewpoints(ground: Ground, solver: Solver, plan: Plan, *, seed: int) -> Floats:
    """The spawn point's eye, and seven more where a visitor would stop: dry, free, spread out, most of them ahead."""
    rng = seeded(seed, "viewpoints")
    angle, reach = rng.uniform(-np.pi, np.pi, 400), rng.uniform(3.0, 15.0, 400)
    x, z = np.sin(angle) * reach, -np.abs(np.cos(angle)) * reach * np.where(rng.random(400) < 0.75, 1, -1)
    fine = np.ones(400, bool)
    if ground.waters:
        fine &= ground.shore(x, z) > 0.8
    for box in (item.boxes("foot") for item in solver.board.placed):
        if float(box.high - box.low) > FLAT_M:  # one can stand on the lines of a pitch
            fine &= ~np.asarray(box.contains(x, z, grow_m=0.6))
    points = np.stack([x, z], axis=1)[fine]
    chosen = [np.zeros(2)]
    while len(chosen) < 8 and len(points):
        apart = np.min([np.hypot(*(points - other).T) for other in chosen], axis=0)
        chosen.append(points[int(np.argmax(apart))])
    found = np.array(chosen)
    heights = ground.heights(found[:, 0], found[:, 1]) + EYE_HEIGHT_M
    return np.stack([found[:, 0], heights, found[:, 1]], axis=1).astype(np.float32)


def _seen_from(view: Viewpoint, scene: Scene) -> Scene:
    """The scene first looked at from a balcony, a roof or the air; the ground below stays where visitors walk."""
    if view not in RAISED:
        return scene
    up_m, back_m, pitch_rad = RAISED[view]
    x, y, z = scene.spawn.position
    spawn = replace(scene.spawn, position=(x, y + up_m, z + back_m), pitch_rad=pitch_rad)
    viewpoints = np.concatenate([scene.viewpoints[:1] + np.array([[0, up_m, back_m]], np.float32), scene.viewpoints])
    return replace(scene, spawn=spawn, viewpoints=viewpoints.astype(np.float32))


# -- indoors ---------------------------------------------------------------------------------------------------------
def _arrange_room(spec: SceneSpec, place: Place, groups: dict[str, Group], library: Library, *, seed: int) -> Scene:
    site = Indoors(spec, place, library, groups, seed=seed)
    solver = Solver(site, seed=seed)
    solver.leave_room(groups)
    order = in_order(groups, named_first=True)
    for name in order:
        solver.place_group(groups[name])
    _repair(spec, groups, order, solver, site.areas, room=True)
    things = _numbered([site.shell(), *_as_things(solver.board.placed, spec)])
    relations = check(spec, things, site.areas, room=True)
    spawn, viewpoints = site.first_look(spec.view), site.viewpoints(solver.board)
    if spawn.position[1] > 0:
        viewpoints = np.concatenate([viewpoints[:1] + np.asarray(spawn.position, np.float32), viewpoints])
    return Scene(
        things=things, terrain=None, spawn=spawn, viewpoints=viewpoints,
        walk_radius_m=site.walk_radius_m, indoors=True, relations=relations,
    )  # fmt: skip


# -- things ----------------------------------------------------------------------------------------------------------
def _as_things(placed: Sequence[Placed], spec: SceneSpec) -> list[Thing]:
    """Finished things: the named ones first, in the order of the spec."""
    rank = {thing.name: number for number, thing in enumerate(spec.things)}
    ordered = sorted(placed, key=lambda item: (rank.get(item.group.name, len(rank)), item.number if item.group.name in rank else 0))
    return [item.thing(1, item.group.kind_of(item.number)) for item in ordered]


def _numbered(things: Sequence[Thing]) -> tuple[Thing, ...]:
    """Ids 1 … n, and labels with a number where a kind stands several times."""
    labels = [thing.label for thing in things]
    seen: dict[str, int] = {}
    found = []
    for number, thing in enumerate(things, start=1):
        label = thing.label
        if labels.count(label) > 1:
            seen[label] = seen.get(label, 0) + 1
            label = f"{label} {seen[label]}"
        found.append(replace(thing, id=number, label=label))
    return tuple(found)
