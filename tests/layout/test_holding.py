"""Things in, under and over others: judged by rays and polygons through the finished triangles, not by what placed them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from pipelines.language import read
from pipelines.layout.arrange import arrange
from pipelines.layout.cavities import room_below, room_within
from pipelines.layout.footprints import pose_matrix
from pipelines.layout.relations import check
from pipelines.scene import Body, Model, Part, Scene, Thing, join_meshes
from pipelines.spec import Relation, RelationName, SceneSpec, ThingSpec
from pipelines.things import MATERIALS, Library
from pipelines.things.solids import box

Reals = NDArray[np.float64]


@cache
def arranged(words: str) -> Scene:
    library = Library.load()
    return arrange(read(words, library).spec, library, seed=1)


def named(scene: Scene, kind: str) -> list[Thing]:
    return [thing for thing in scene.things if thing.kind == kind]


def triangles(thing: Thing, part: str = "") -> Reals:
    corners = np.concatenate([one.mesh.corners for one in thing.model.parts if not part or one.name == part]).astype(np.float64)
    return np.asarray(corners @ thing.world_from_model[:3, :3].T + thing.world_from_model[:3, 3])


def hits(soup: Reals, start: Reals, direction: tuple[float, float, float]) -> Reals:
    """Distances at which a ray meets triangles (Möller and Trumbore)."""
    one, two = soup[:, 1] - soup[:, 0], soup[:, 2] - soup[:, 0]
    across = np.cross(direction, two)
    det = (one * across).sum(axis=1)
    safe = np.where(np.abs(det) > 1e-12, det, np.inf)  # parallel ones are nowhere met
    to = start - soup[:, 0]
    beyond = np.cross(to, one)
    u, v, t = (to * across).sum(axis=1) / safe, (beyond @ np.asarray(direction)) / safe, (two * beyond).sum(axis=1) / safe
    return np.asarray(np.sort(t[(u >= 0) & (v >= 0) & (u + v <= 1) & (t > 1e-4)]))


def middle(thing: Thing) -> Reals:
    return np.asarray(thing.bounds.mean(axis=0), np.float64)


def plan(thing: Thing, part: str = "") -> shapely.Polygon:
    return shapely.MultiPoint(triangles(thing, part).reshape(-1, 3)[:, [0, 2]]).convex_hull


@pytest.mark.parametrize(
    ("words", "kind", "holder"),
    [
        ("a market with three apples in a crate", "apple", "crate"),
        ("a museum with a teddy bear in a glass case", "teddy bear", "display case"),
        ("a living room with a parrot in a birdcage on a table", "parrot", "birdcage"),
        ("a kitchen with a lemon in a bowl on the table", "lemon", "bowl"),
        ("a museum with an amphora in a display case", "amphora", "display case"),
        ("a dungeon with treasure in a chest", "treasure", "chest"),
    ],
)
def test_what_is_in_a_thing_lies_below_its_rim_with_walls_round_it(words: str, kind: str, holder: str) -> None:
    scene = arranged(words)
    around = triangles(named(scene, holder)[0])
    assert named(scene, kind)
    for thing in named(scene, kind):
        low, at = float(thing.bounds[0, 1]), middle(thing)
        assert low < around[..., 1].max() - 0.01
        assert any(hits(around, np.array([at[0], low + 0.02, at[2]]), (0, -1, 0)) < 0.06), "it rests on something of its holder"
        level = np.array([at[0], min(at[1], low + 0.05), at[2]])
        walls = [
            len(hits(around, level, (np.sin(angle), 0.0, np.cos(angle)))) > 0 for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False)
        ]
        assert sum(walls) >= 7 or holder == "birdcage", "bars can be looked through"
    assert all(one.holds for one in scene.relations)


def test_cut_flowers_share_a_vase_and_fan_out_above_it() -> None:
    scene = arranged("a dining room with five roses in a vase on the table")
    roses, vase = named(scene, "rose"), named(scene, "vase")[0]
    assert len(roses) == 5 and all(one.holds for one in scene.relations)
    foot, rim = middle(vase), float(triangles(vase)[..., 1].max())
    heads = []
    for rose in roses:
        stands, points = rose.position, np.concatenate([group.centres for group in rose.model.foliage])
        assert np.hypot(stands[0] - foot[0], stands[2] - foot[2]) < 0.03 and vase.bounds[0, 1] < stands[1] < rim - 0.05
        head = points[points[:, 1] > 0.9 * points[:, 1].max()].mean(axis=0) @ rose.world_from_model[:3, :3].T
        assert stands[1] + head[1] > rim + 0.05
        heads.append(np.arctan2(head[0], head[2]))
    turns = np.diff(np.sort(heads), append=np.sort(heads)[0] + 2 * np.pi)
    assert turns.max() < np.pi, "they lean to all sides"


def test_only_what_has_no_stated_size_becomes_smaller_to_go_into_something() -> None:
    usual, smaller, stated = (
        float(np.ptp(named(arranged(words), "amphora")[0].bounds[:, 1]))
        for words in (
            "a museum with an amphora",
            "a museum with an amphora in a display case",
            "a museum with a huge amphora in a display case",
        )
    )
    assert smaller < usual < stated


def test_a_mirror_over_the_fireplace_hangs_before_no_chimney() -> None:
    scene = arranged("a living room with a fireplace and a mirror above it")
    mirror, fireplace = named(scene, "mirror")[0], named(scene, "fireplace")[0]
    at = middle(mirror)
    assert fireplace.bounds[0, 0] < at[0] < fireplace.bounds[1, 0] and fireplace.bounds[1, 1] < at[1] + 0.3
    front = mirror.world_from_model[:3, 2].astype(np.float64)
    assert not len(hits(triangles(fireplace), at + 2.0 * front, tuple(-front))), "it is seen from the room"
    assert any(part.name == "chimney" for part in named(arranged("a living room with a fireplace"), "fireplace")[0].model.parts)


@pytest.mark.parametrize("words", ["a bedroom with a cat under the bed", "a bedroom with a suitcase under the bed"])
def test_what_is_under_a_low_bed_is_small(words: str) -> None:
    scene = arranged(words)
    small, bed = scene.things[[thing.kind in ("cat", "suitcase") for thing in scene.things].index(True)], triangles(named(scene, "bed")[0])
    at = np.array([middle(small)[0], small.bounds[1, 1] - 0.005, middle(small)[2]])
    assert all(one.holds for one in scene.relations) and len(hits(bed, at, (0, 1, 0)))


def test_a_crate_is_opened_for_what_is_put_into_it_and_closed_otherwise() -> None:
    filled = named(arranged("a market with three apples in a crate"), "crate")[0]
    plain = named(arranged("a market with a crate"), "crate")[0]
    assert [one for one in plain.model.parts if one.name == "lid"]
    assert not [one for one in filled.model.parts if one.name == "lid"]


def test_what_does_not_fit_below_a_bench_lies_on_its_lower_board() -> None:
    scene = arranged("a workshop with a red toolbox under the workbench")
    toolbox, bench = named(scene, "toolbox")[0], triangles(named(scene, "workbench")[0])
    at = middle(toolbox)
    assert float(toolbox.bounds[0, 1]) > 0.05
    assert hits(bench, np.array([at[0], toolbox.bounds[0, 1] + 0.01, at[2]]), (0, -1, 0))[0] < 0.04
    assert len(hits(bench, np.array([at[0], toolbox.bounds[1, 1], at[2]]), (0, 1, 0)))


def test_people_sit_on_seats_with_their_feet_down_and_lie_on_beds() -> None:
    scene = arranged("a man sitting on a park bench in a park")
    man, bench = named(scene, "person")[0], named(scene, "park bench")[0]
    thighs = triangles(man, "trousers").reshape(-1, 3)
    seat = [hits(triangles(bench), point + [0, 0.05, 0], (0, -1, 0)) for point in thighs[np.argsort(thighs[:, 2])][:: len(thighs) // 40]]
    assert sum(len(one) > 0 and float(one[0]) < 0.35 for one in seat) >= 5
    shoes = triangles(man, "shoes")[..., 1].min()
    assert abs(float(shoes) - float(bench.bounds[0, 1])) < 0.12
    assert float(np.ptp(man.bounds[:, 1])) < 1.5
    scene = arranged("a bedroom with a girl lying on the bed")
    girl, bed = named(scene, "child")[0], named(scene, "bed")[0]
    assert float(np.ptp(girl.bounds[:, 1])) < 0.4
    assert plan(bed).buffer(0.05).contains(plan(girl))
    assert all(one.holds for one in scene.relations)


def test_lamps_hang_over_the_table_that_they_are_said_to_hang_over() -> None:
    scene = arranged("a dining room with a ceiling lamp above the dining table")
    lamp, table = named(scene, "ceiling lamp")[0], named(scene, "dining table")[0]
    assert plan(table).contains(shapely.Point(*middle(lamp)[[0, 2]]))
    assert lamp.bounds[0, 1] > table.bounds[1, 1]


def test_a_row_faces_what_it_is_said_to_face() -> None:
    scene = arranged("four catapults in a row facing a castle")
    castle = middle(named(scene, "castle")[0])
    for catapult in named(scene, "catapult"):
        to = (castle - middle(catapult))[[0, 2]]
        front = catapult.world_from_model[:3, 2][[0, 2]]
        assert float(to @ front) / float(np.hypot(*to) * np.hypot(*front)) > np.cos(np.radians(40))


def test_elephants_around_a_pond_leave_only_the_visitors_side_open() -> None:
    scene = arranged("four elephants around a pond on the savanna")
    pond, elephants = named(scene, "pond")[0], named(scene, "elephant")
    shore, heart = plan(pond), np.array(plan(pond).centroid.coords[0])
    for elephant in elephants:
        assert 0 <= shore.distance(shapely.Point(middle(elephant)[[0, 2]])) < 6
    turns = np.sort([np.arctan2(*(middle(elephant)[[0, 2]] - heart)) for elephant in elephants])
    assert np.diff(turns, append=turns[0] + 2 * np.pi).max() < np.radians(200)


def test_somebody_stands_within_a_ring_of_stones() -> None:
    scene = arranged("a stone circle with a wizard in the middle of it")
    circle, wizard = named(scene, "stone circle")[0], named(scene, "wizard")[0]
    at = np.array([middle(wizard)[0], float(wizard.bounds[0, 1]) + 0.6, middle(wizard)[2]])
    met = [len(hits(triangles(circle), at, (np.sin(a), 0.0, np.cos(a)))) > 0 for a in np.linspace(0, 2 * np.pi, 72, endpoint=False)]
    assert plan(circle).contains(shapely.Point(at[[0, 2]])) and np.mean(met) > 0.3


def test_what_stands_before_a_house_on_a_hill_stands_on_the_hill() -> None:
    scene = arranged("a house on a hill with a gate in front of the house")
    gate, hill = named(scene, "gate")[0], triangles(named(scene, "hill")[0])
    at = middle(gate)
    below = hits(hill, np.array([at[0], float(gate.bounds[0, 1]) + 1.0, at[2]]), (0, -1, 0))
    assert len(below) and abs(float(below[0]) - 1.0) < 0.8
    assert all(one.holds for one in scene.relations)


def test_rooms_grow_until_all_cars_have_room() -> None:
    library = Library.load()
    scene = arranged("an underground parking garage with six cars in two rows")
    assert scene.things[0].model.size_m[0] > 1.3 * library.kinds["garage interior"].size_m[0]
    assert arranged("a garage with a red car").things[0].model.size_m[0] < 1.3 * library.kinds["garage interior"].size_m[0]
    cars = [plan(car) for car in named(scene, "car")]
    assert len(cars) == 6
    assert all(one.intersection(other).area < 0.02 for k, one in enumerate(cars) for other in cars[:k])


def test_sharks_swim_round_a_ship_in_the_sea() -> None:
    scene = arranged("a sailing ship in the sea with four sharks around the ship, on a beach")
    sea = next(thing for thing in scene.things if thing.kind == "sea")
    assert scene.terrain is not None
    for shark in named(scene, "shark"):
        assert shark.bounds[0, 1] < sea.bounds[1, 1] < shark.bounds[1, 1]
        assert float(scene.terrain.heights.at(shark.position[:1], shark.position[2:])[0]) < float(sea.bounds[1, 1])


# -- the room within models that one can work out by hand --------------------------------------------------------------
def built(*boards: tuple[tuple[float, float, float], tuple[float, float, float]]) -> Model:
    """A model of boxes: sizes and middles."""
    meshes = [box(size) for size, _ in boards]
    moved = [
        type(mesh)((mesh.vertices + np.array(at, np.float32)).astype(np.float32), mesh.faces)
        for mesh, (_, at) in zip(meshes, boards, strict=True)
    ]
    mesh = join_meshes(moved)
    return Model("case", (Part(mesh, MATERIALS["oak"]),), (), (), (), Body(1, 1, 0, True), mesh.bounds, mesh.bounds[:, [0, 2]])


def tray(rim_m: float) -> Model:
    """A square metre with a floor 4 cm thick and walls of some height round it."""
    walls = [((1.0, rim_m, 0.04), (0.0, rim_m / 2, side * 0.48)) for side in (-1, 1)]
    walls += [((0.04, rim_m, 0.92), (side * 0.48, rim_m / 2, 0.0)) for side in (-1, 1)]
    return built(((0.92, 0.04, 0.92), (0.0, 0.02, 0.0)), *walls)


def test_room_within_is_on_the_floor_between_the_walls() -> None:
    found = room_within(tray(0.4), (0.2, 0.1), 0.3)
    assert len(found)
    np.testing.assert_allclose(found[:, 1], 0.04, atol=1e-5)
    assert (np.abs(found[:, 0]) <= 0.46 - 0.2 + 0.03).all()
    assert (np.abs(found[:, 2]) <= 0.46 - 0.1 + 0.03).all()
    assert np.hypot(*found[0, [0, 2]]) < 0.1, "the middle comes first"
    assert not len(room_within(tray(0.4), (0.5, 0.1), 0.3)), "wider than the tray"
    assert not len(room_within(tray(0.4), (0.2, 0.1), 0.9)), "it would stand above the rim"
    assert len(room_within(tray(0.4), (0.2, 0.1), 0.9, sunk=0.3)), "which it may"


def test_there_is_no_room_within_a_block_or_a_table() -> None:
    legs = [((0.06, 0.7, 0.06), (x * 0.45, 0.35, z * 0.45)) for x in (-1, 1) for z in (-1, 1)]
    table = built(((1.0, 0.05, 1.0), (0.0, 0.725, 0.0)), *legs)
    assert not len(room_within(built(((1.0, 0.7, 1.0), (0.0, 0.35, 0.0))), (0.1, 0.1), 0.1))
    assert not len(room_within(table, (0.1, 0.1), 0.1))
    assert not len(room_below(table, (0.1, 0.1), 0.1))
    shelved = built(((1.0, 0.05, 1.0), (0.0, 0.725, 0.0)), ((0.9, 0.04, 0.9), (0.0, 0.2, 0.0)), *legs)
    below = room_below(shelved, (0.1, 0.1), 0.1)
    assert len(below)
    np.testing.assert_allclose(below[:, 1], 0.22, atol=1e-5)
    assert not len(room_below(shelved, (0.1, 0.1), 0.6)), "higher than the gap"


def test_beside_a_crown_that_one_cannot_stand_under() -> None:
    tree = built(((0.6, 3.0, 0.6), (0.0, 1.5, 0.0)), ((10.0, 4.0, 10.0), (0.0, 5.0, 0.0)))
    tree = Model("tree", tree.parts, (), (), (), tree.body, tree.bounds, np.array([[-0.3, -0.3], [0.3, 0.3]], np.float32))
    wanted = SceneSpec(
        place="meadow",
        things=(
            ThingSpec(name="it", kind="house", relations=(Relation(relation=RelationName.BESIDE, objects=("tree",)),)),
            ThingSpec(name="tree", kind="oak"),
        ),
    )

    def beside(size: tuple[float, float, float], x: float) -> bool:
        model = built((size, (0.0, size[1] / 2, 0.0)))
        things = [
            Thing(1, "it", "it", model, pose_matrix((x, 0, -20), 0.0, 1.0), "it"),
            Thing(2, "t", "t", tree, pose_matrix((0, 0, -20), 0.0, 1.0), "tree"),
        ]
        return check(wanted, things, {})[0].holds

    assert beside((1.0, 4.0, 1.0), 7.0), "a metre and a half from the crown, under which it is too tall to stand"
    assert not beside((1.0, 1.0, 1.0), 7.0), "what is low can come nearer"
    assert beside((1.0, 1.0, 1.0), 2.0)
    assert not beside((1.0, 4.0, 1.0), 14.0)
