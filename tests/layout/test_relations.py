"""Relations by cases that a person can judge, and plans by geometry worked out in another way."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import shapely.affinity

from pipelines.layout.footprints import Boxes, overlap_depth, plan_of, pose_matrix, separation, stance
from pipelines.layout.relations import VIEWER_BOX, Area, check, holds, holds_between, holds_to_area
from pipelines.layout.supports import rests_on, top_heights
from pipelines.scene import Body, Mesh, Model, Part, Thing
from pipelines.spec import Relation, RelationName, SceneSpec, ThingSpec
from pipelines.things import MATERIALS
from pipelines.things.solids import box

R = RelationName


def at(x: float, z: float, *, half: float = 0.5, yaw: float = 0.0, low: float = 0.0, high: float = 1.0) -> Boxes:
    return Boxes(*(np.asarray(float(value)) for value in (x, z, yaw, half, half, low, high)))


def block(width: float, height: float, depth: float) -> Model:
    mesh = box((width, height, depth))
    mesh = Mesh(mesh.vertices + np.array([0, height / 2, 0], np.float32), mesh.faces)
    part = Part(mesh, MATERIALS["oak"])
    return Model("block", (part,), (), (), (), Body(1, 1, 0, True), mesh.bounds, mesh.bounds[:, [0, 2]])


def thing(model: Model, x: float, y: float, z: float, *, yaw: float = 0.0, name: str = "block", label: str = "block") -> Thing:
    return Thing(1, "block", label, model, pose_matrix((x, y, z), yaw, 1.0), name)


HOUSE = at(0, -12, half=4, high=6)


@pytest.mark.parametrize(("relation", "place", "expected"), [
    (R.IN_FRONT_OF, (0.5, -6), True), (R.IN_FRONT_OF, (0, -18), False), (R.IN_FRONT_OF, (14, -12), False),
    (R.BEHIND, (1, -20), True), (R.BEHIND, (0, -5), False), (R.BEHIND, (30, -12), False),
    (R.LEFT_OF, (-7, -12), True), (R.LEFT_OF, (7, -12), False), (R.RIGHT_OF, (7, -12), True), (R.RIGHT_OF, (-7, -12), False),
    (R.BESIDE, (6, -12), True), (R.BESIDE, (20, -12), False), (R.NEAR, (10, -12), True), (R.NEAR, (40, -12), False),
    (R.FAR, (40, -12), True), (R.FAR, (8, -12), False), (R.ON, (1, -12), True), (R.ON, (9, -12), False),
])  # fmt: skip
def test_relations_to_a_house(relation: RelationName, place: tuple[float, float], expected: bool) -> None:
    assert bool(holds(relation, at(*place), HOUSE)) is expected


def test_relations_to_the_viewer() -> None:
    assert bool(holds(R.IN_FRONT_OF, at(1, -5), VIEWER_BOX))
    assert bool(holds(R.BEHIND, at(1, 5), VIEWER_BOX))
    assert bool(holds(R.LEFT_OF, at(-4, -5), VIEWER_BOX))
    assert not bool(holds(R.LEFT_OF, at(4, -5), VIEWER_BOX))
    assert bool(holds(R.FAR, at(0, -40), VIEWER_BOX))


def test_facing_between_and_under() -> None:
    assert bool(holds(R.FACING, at(0, -4, yaw=np.pi), HOUSE))  # a front at yaw π looks along −z
    assert not bool(holds(R.FACING, at(0, -4, yaw=0.0), HOUSE))
    left, right = at(-4, -6), at(4, -6)
    assert bool(holds_between(at(0.3, -6.2), left, right))
    assert not bool(holds_between(at(6, -6), left, right))
    assert not bool(holds_between(at(0, -12), left, right))
    crown = at(3, -9, half=4, high=9)
    assert bool(holds(R.UNDER, at(4, -8, high=0.8), crown))
    assert not bool(holds(R.UNDER, at(12, -8, high=0.8), crown))


def test_below_a_window_is_under_it_though_the_wall_is_between() -> None:
    window = Boxes(*(np.asarray(value) for value in (2.0, -6.0, 0.0, 0.6, 0.1, 0.9, 2.1)))
    assert bool(holds(R.UNDER, at(2.3, -5.3, high=0.4), window))
    assert not bool(holds(R.UNDER, at(4.0, -5.3, high=0.4), window))  # aside of it
    assert not bool(holds(R.UNDER, at(2.3, -4.0, high=0.4), window))  # in the middle of the room
    assert not bool(holds(R.UNDER, at(2.3, -5.3, high=2.0), window))  # before it


def test_what_lies_below_a_rim_is_inside_and_what_stands_on_a_block_is_not() -> None:
    bowl = block(2.0, 0.1, 2.0)
    rim = bowl.parts[0].mesh.vertices * np.array([0.05, 5.0, 1.0], np.float32) + np.array([0.9, 0, 0], np.float32)
    walled = Part(Mesh(rim.astype(np.float32), bowl.parts[0].mesh.faces), MATERIALS["oak"])
    mesh_bounds = np.stack([bowl.bounds[0], np.array([bowl.bounds[1][0], 0.5, bowl.bounds[1][2]])]).astype(np.float32)
    basin = Model("basin", (*bowl.parts, walled), (), (), (), Body(1, 1, 0, True), mesh_bounds, mesh_bounds[:, [0, 2]])
    tool = block(0.1, 1.2, 0.1)
    wanted = SceneSpec(
        place="meadow",
        things=(
            ThingSpec(name="tool", kind="block", relations=(Relation(relation=R.INSIDE, objects=("basin",)),)),
            ThingSpec(name="basin", kind="block"),
        ),
    )
    inside = [thing(tool, 0, 0.1, -8, name="tool", label="tool"), thing(basin, 0, 0, -8, name="basin", label="basin")]
    upon = [thing(tool, 0, 0.1, -8, name="tool", label="tool"), thing(block(2.0, 0.1, 2.0), 0, 0, -8, name="basin", label="basin")]
    assert [one.holds for one in check(wanted, inside, {})] == [True]
    assert [one.holds for one in check(wanted, upon, {})] == [False]


def test_relations_to_water() -> None:
    lake = Area(lambda x, z: np.hypot(x, np.asarray(z) + 30) - 12.0, (0.0, -30.0), 10.0, is_water=True)
    assert bool(holds_to_area(R.BESIDE, at(0, -14), lake))
    assert not bool(holds_to_area(R.BESIDE, at(0, 30), lake))
    assert bool(holds_to_area(R.ON, at(2, -28), lake))
    assert not bool(holds_to_area(R.ON, at(0, -10), lake))
    assert bool(holds_to_area(R.FACING, at(0, -14, yaw=np.pi), lake))
    assert not bool(holds_to_area(R.FACING, at(0, -14, yaw=0.0), lake))


def test_check_judges_a_whole_scene() -> None:
    table, cup, chair = block(1.6, 0.76, 0.9), block(0.1, 0.1, 0.1), block(0.5, 0.9, 0.5)
    spec = SceneSpec(things=(
        ThingSpec(name="table", kind="table"),
        ThingSpec(name="cup", kind="cup", relations=(Relation(relation=R.ON, objects=("table",)),)),
        ThingSpec(name="chairs", kind="chair", count=4, relations=(Relation(relation=R.AROUND, objects=("table",)),)),
    ))  # fmt: skip
    ring = [thing(chair, x, 0, z, name="chairs", label="chair") for x, z in ((1.2, -5), (-1.2, -5), (0, -4.2), (0, -5.8))]
    whole = [thing(table, 0, 0, -5, name="table", label="table"), thing(cup, 0.3, 0.76, -5.1, name="cup", label="cup"), *ring]
    assert [one.holds for one in check(spec, whole, {}, room=True)] == [True, True]
    hovering = [whole[0], thing(cup, 0.3, 0.9, -5.1, name="cup", label="cup"), *ring[:1], *ring[:1], *ring[:1], *ring[:1]]
    assert [one.holds for one in check(spec, hovering, {}, room=True)] == [False, False]
    assert [one.holds for one in check(spec, whole[:1], {}, room=True)] == [False, False]


def test_separation_against_polygons() -> None:
    rng = np.random.default_rng(4)
    for _ in range(300):
        values = rng.uniform(-3, 3, (2, 2)), rng.uniform(-3, 3, 2), rng.uniform(0.2, 2.5, (2, 2))
        boxes = [Boxes(*(np.asarray(v) for v in (*values[0][k], values[1][k], *values[2][k], 0.0, 1.0))) for k in range(2)]
        shapes = []
        for one in boxes:
            flat = shapely.box(-float(one.half_width), -float(one.half_depth), float(one.half_width), float(one.half_depth))
            turned = shapely.affinity.rotate(flat, -float(one.yaw), origin=(0, 0), use_radians=True)
            shapes.append(shapely.affinity.translate(turned, float(one.x), float(one.z)))
        gap, distance = float(separation(*boxes)), shapes[0].distance(shapes[1])
        if distance > 1e-9:
            assert 0 < gap <= distance + 1e-9
        else:
            assert gap <= 1e-9
            assert float(overlap_depth(*boxes)) == pytest.approx(min(-gap, 1.0))
        x, z = boxes[0].corners()
        np.testing.assert_allclose(sorted(zip(x, z, strict=True)), sorted(list(shapes[0].exterior.coords)[:-1]), atol=1e-9)


def test_surfaces_and_rest() -> None:
    table, cup = block(1.6, 0.76, 0.9), block(0.1, 0.12, 0.1)
    heights = top_heights(table, np.array([0.0, 0.7, 0.9]), np.array([0.0, -0.4, 0.0]))
    np.testing.assert_allclose(heights[:2], 0.76, atol=1e-6)
    assert np.isnan(heights[2])
    carrier = thing(table, 2.0, 0.1, -3.0, yaw=0.7)
    assert rests_on(thing(cup, 2.3, 0.86, -3.1, yaw=1.0), carrier)
    assert not rests_on(thing(cup, 2.3, 0.95, -3.1), carrier)
    assert not rests_on(thing(cup, 4.3, 0.86, -3.1), carrier)


def test_stance_is_the_box_of_the_turned_model() -> None:
    model = block(2.0, 1.0, 0.6)
    placed = thing(model, 1.0, 0.2, -4.0, yaw=0.9)
    corners = stance(placed, plan=plan_of(model)).corners()
    world = model.parts[0].mesh.vertices @ placed.world_from_model[:3, :3].T + placed.position
    assert max(corners[0]) == pytest.approx(world[:, 0].max(), abs=1e-5)
    assert min(corners[1]) == pytest.approx(world[:, 2].min(), abs=1e-5)
    assert float(stance(placed).high) == pytest.approx(1.2, abs=1e-5)
