"""Things in company: what stands by, below and above others keeps its relation where that takes a choice of place. Specs, not words."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from pipelines.layout import candidates
from pipelines.layout.arrange import arrange
from pipelines.layout.board import Placed
from pipelines.layout.footprints import Boxes, pose_matrix, separation, stance
from pipelines.layout.levelling import level_ground
from pipelines.layout.members import make_group
from pipelines.layout.relations import check
from pipelines.layout.supports import rests_on
from pipelines.layout.terrain import Ground
from pipelines.places import place_named
from pipelines.scene import Body, Mesh, Model, Part, Scene, Thing
from pipelines.spec import Relation, RelationName, SceneSpec, ThingSpec
from pipelines.things import MATERIALS, Library
from pipelines.things.solids import box

R = RelationName
Said = tuple[RelationName, str]


@cache
def library() -> Library:
    return Library.load()


def asked(kind: str, *relations: Said, count: int = 1) -> ThingSpec:
    return ThingSpec(
        name=kind, kind=kind, count=count, relations=tuple(Relation(relation=relation, objects=(other,)) for relation, other in relations)
    )


@cache
def arranged(place: str, *things: ThingSpec) -> Scene:
    return arrange(SceneSpec(place=place, things=things), library(), seed=1)


def named(scene: Scene, kind: str) -> list[Thing]:
    return [thing for thing in scene.things if thing.kind == kind]


def within(thing: Thing, other: Thing) -> bool:
    """Whether the middle of a thing lies within the plan of another's bounds."""
    x, z = thing.bounds[:, 0].mean(), thing.bounds[:, 2].mean()
    low, high = other.bounds
    return bool(low[0] <= x <= high[0] and low[2] <= z <= high[2])


def test_a_table_under_a_roof_with_a_floor_stands_on_that_floor() -> None:
    scene = arranged("village", asked("gazebo"), asked("picnic table", (R.UNDER, "gazebo")), asked("cake", (R.ON, "picnic table")))
    (gazebo,), (table,), (cake,) = named(scene, "gazebo"), named(scene, "picnic table"), named(scene, "cake")
    assert within(table, gazebo)
    assert table.bounds[1, 1] < gazebo.bounds[1, 1]
    assert rests_on(table, gazebo)
    assert rests_on(cake, table)


def test_who_is_beside_a_king_on_his_throne_shares_the_dais() -> None:
    scene = arranged("throne room", asked("king", (R.ON, "throne")), asked("throne"), asked("queen", (R.BESIDE, "king")))
    (king,), (queen,) = named(scene, "king"), named(scene, "queen")
    assert float(separation(stance(king), stance(queen))) < 1.2
    assert queen.bounds[0, 1] > 0.2, "not on the floor below"


def test_a_dog_lies_under_a_lorry_that_stands_on_the_roadway() -> None:
    scene = arranged("city street", asked("truck"), asked("dog", (R.UNDER, "truck")))
    (truck,), (dog,) = named(scene, "truck"), named(scene, "dog")
    assert within(dog, truck)


def test_the_clock_over_someone_on_a_platform_stands_there_too() -> None:
    scene = arranged(
        "railway station", asked("woman", (R.ON, "platform"), (R.UNDER, "station clock")), asked("platform"), asked("station clock")
    )
    (woman,), (clock,), (platform,) = named(scene, "woman"), named(scene, "station clock"), named(scene, "platform")
    assert rests_on(woman, platform)
    assert rests_on(clock, platform)
    assert float(separation(stance(woman), stance(clock))) <= 0.4


def test_dragons_fly_to_a_castle_on_a_far_hill() -> None:
    scene = arranged("meadow", asked("castle", (R.ON, "hill"), (R.UNDER, "dragon")), asked("hill"), asked("dragon"))
    (castle,), (dragon,) = named(scene, "castle"), named(scene, "dragon")
    assert within(castle, dragon) or within(dragon, castle)
    assert dragon.bounds[0, 1] > castle.bounds[1, 1]


def test_what_others_are_behind_leaves_the_corner() -> None:
    scene = arranged("spaceship corridor", asked("crate", count=2), asked("security robot", (R.BEHIND, "crate")))
    crates, (robot,) = named(scene, "crate"), named(scene, "security robot")
    assert robot.position[2] < max(crate.position[2] for crate in crates), "farther ahead than a crate at least"
    assert scene.relations[0].holds


@pytest.mark.parametrize(
    ("place", "kind", "size", "holder"),
    [
        ("vegetable garden", "rabbit", "normal", "wheelbarrow"),
        ("spaceship corridor", "astronaut", "normal", "cryo pod"),
        ("underwater reef", "octopus", "huge", "shipwreck"),
    ],
)
def test_hollow_things_hold_others_above_the_ground(place: str, kind: str, size: str, holder: str) -> None:
    scene = arranged(place, asked(holder), asked(kind, (R.INSIDE, holder)).model_copy(update={"size": size}))
    (held,), (outer,) = named(scene, kind), named(scene, holder)
    assert within(held, outer)
    assert held.bounds[0, 1] > outer.bounds[0, 1] + 0.2


def test_rotors_that_would_touch_look_along_the_road() -> None:
    line = np.stack([np.zeros(61), -np.arange(61.0)], axis=1)
    square, either = (
        candidates.along_line(
            line, 1.7, half_m=(2.7, 2.7), share=(0.0, 1.0), aside_m=1.3, side=0, either_way=turned, rng=np.random.default_rng(1)
        )
        for turned in (False, True)
    )
    assert (np.abs(np.cos(square[:, 2])) < 0.01).all(), "fronts to the road"
    along = np.abs(np.cos(either[:, 2])) > 0.99
    assert 0.4 < along.mean() < 0.6, "every second one looks along it"
    np.testing.assert_array_equal(along | (np.abs(np.cos(either[:, 2])) < 0.01), True)


@pytest.mark.parametrize(("kind", "apart_m"), [("camel", 1.1), ("street lamp", 0.9)])
def test_what_is_close_or_small_stands_level_on_a_slope(kind: str, apart_m: float) -> None:
    """In dunes: none is in the sand to its knees, which is where the terrace of the next one, or the slope itself, would rise."""
    ground = Ground(place_named("desert"), (), seed=2)
    x, z = (steps.ravel() for steps in np.meshgrid(np.arange(12.0, 60.0), np.arange(-60.0, -12.0)))
    slopes = ground.slopes(x, z, over_m=1.5)
    steepest = int(np.argmax(np.where(slopes < 0.6, slopes, 0.0)))
    group = make_group(asked(kind, count=3), library(), season=SceneSpec(place="desert").season, seed=1)
    placed = [Placed(group, k, float(x[steepest]) + k * apart_m, 0.0, float(z[steepest]), 0.0) for k in range(3)]
    feet = [item.boxes("foot") for item in placed]
    assert max(np.ptp(ground.heights(*foot.corners())) for foot in feet) > 0.12, "a slope"
    level_ground(ground, placed)
    assert max(np.ptp(ground.heights(*foot.corners())) for foot in feet) < 0.03


def block(width: float, height: float, depth: float, *, middle: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Mesh:
    mesh = box((width, height, depth))
    return Mesh(mesh.vertices + np.array([middle[0], height / 2 + middle[1], middle[2]], np.float32), mesh.faces)


def standing(name: str, number: int, at: tuple[float, float, float], *meshes: Mesh) -> Thing:
    """A thing of some meshes, the first of which is its foot."""
    corners = np.concatenate([mesh.vertices for mesh in meshes])
    bounds = np.stack([corners.min(axis=0), corners.max(axis=0)])
    parts = tuple(Part(mesh, MATERIALS["oak"]) for mesh in meshes)
    model = Model(name, parts, (), (), (), Body(1, 1, 0, True), bounds, meshes[0].bounds[:, [0, 2]])
    return Thing(number, name, f"{name} {number}", model, pose_matrix(at, 0.0, 1.0), name)


def test_one_turtle_is_above_columns_when_it_is_over_one_and_the_others_are_near() -> None:
    spec = SceneSpec(things=(asked("column", (R.UNDER, "turtle"), count=3), asked("turtle")))
    turtle = standing("turtle", 4, (0.0, 4.0, -9.0), block(1.2, 0.4, 1.2))

    def held(*places: tuple[float, float]) -> bool:
        columns = [standing("column", k, (x, 0.0, z), block(1.4, 3.6, 1.4)) for k, (x, z) in enumerate(places)]
        return check(spec, [*columns, turtle], {})[0].holds

    assert held((0.0, -9.0), (3.0, -8.0), (-3.0, -9.0))
    assert not held((2.0, -9.0), (3.0, -6.0), (-3.0, -9.0)), "over none of them"
    assert not held((0.0, -9.0), (30.0, -9.0), (-30.0, -9.0)), "the others are far off"


def test_between_is_between_where_things_stand() -> None:
    """A crane's jib reaches over the mixer and beyond the digger: its middle is nowhere near its mast."""
    between = ThingSpec(name="mixer", kind="cement mixer", relations=(Relation(relation=R.BETWEEN, objects=("digger", "crane")),))
    spec = SceneSpec(things=(asked("digger"), asked("crane"), between))
    crane = standing("crane", 1, (0.0, 0.0, -20.0), block(2.0, 20.0, 2.0), block(1.0, 1.0, 30.0, middle=(0.0, 18.0, 14.0)))
    digger, mixer = (
        standing(name, k, (0.0, 0.0, z), block(2.0, 2.0, 2.0)) for k, (name, z) in enumerate((("digger", -8.0), ("mixer", -14.0)))
    )
    assert check(spec, [crane, digger, mixer], {})[0].holds
    assert not check(spec, [crane, digger, standing("mixer", 2, (0.0, 0.0, -4.0), block(2.0, 2.0, 2.0))], {})[0].holds


def test_a_ring_of_great_things_stays_as_near_as_it_is_said_to_be() -> None:
    rng = np.random.default_rng(3)
    fountain = Boxes(*(np.asarray(value) for value in (0.0, -14.0, 0.0, 2.2, 2.2, 0.0, 3.0)))
    angles = []
    for number in range(6):
        poses = candidates.around(fountain, number=number, total=6, half_m=(5.2, 4.4), height_m=9.0, room=False, widen=1.0, rng=rng)
        assert (np.hypot(poses[:, 0], poses[:, 1] + 14.0) - 5.2 - np.hypot(2.2, 2.2) <= 12.0).all(), "three times four metres is the reach"
        angles.append(float(np.arctan2(poses[0, 0], poses[0, 1] + 14.0)))
    apart = np.abs((np.diff(angles) + np.pi) % (2 * np.pi) - np.pi)
    reach = 5.2 + 2.2 + 9.6
    assert all(2 * reach * np.sin(angle / 2) > 10.4 for angle in apart), "and the six have room side by side"
