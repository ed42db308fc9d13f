"""What people build: sizes kept, solids closed, openings open, doors reachable, the same seed the same bytes."""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np
import pytest
import trimesh

from pipelines.rays import Caster
from pipelines.scene import Model
from pipelines.things.definition import SPOT_NAMES
from pipelines.things.grown.buildings import BUILDINGS
from pipelines.things.grown.joinery import arch, inset, loft, panel, rectangle
from pipelines.things.grown.rooms import room
from pipelines.things.library import Library, grower
from pipelines.things.shape import GrownOrder, Order, Shape

FAMILIES = ("buildings", "street", "vehicles", "camp", "people")
MOST_TRIANGLES = {"buildings": 21_000, "street": 9_000, "vehicles": 8_500, "camp": 8_000, "people": 15_000}
KINDS = sorted(name for name, kind in Library.load().kinds.items() if kind.family in FAMILIES)
HOUSES = (
    "log cabin", "cottage", "house", "half-timbered house", "farmhouse", "stone cottage", "brick house", "townhouse", "hut", "shed",
)  # fmt: skip


@cache
def built(kind: str, seed: int = 0) -> Model:
    return Library.load().build(kind, Order(seed=seed))


def digest(model: Model) -> int:
    value = 0
    for part in model.parts:
        value = zlib.crc32(part.mesh.vertices.tobytes() + part.mesh.faces.tobytes() + repr((part.name, part.tint)).encode(), value)
    for leaves in model.foliage:
        value = zlib.crc32(leaves.centres.tobytes() + leaves.colours.tobytes(), value)
    return value


def made_room(parameters: dict[str, float | str], size: tuple[float, float, float] = (6.4, 2.8, 5.4)) -> Shape:
    return room(GrownOrder(size, np.random.Generator(np.random.PCG64(3)), parameters=parameters))


def solid(shape: Shape | Model) -> trimesh.Trimesh:
    """All parts that stop light, in one mesh: everything but panes."""
    opaque = [part for part in shape.parts if part.material.name not in ("glass", "window_glass")]
    return trimesh.util.concatenate([trimesh.Trimesh(part.mesh.vertices, part.mesh.faces, process=False) for part in opaque])


def free(mesh: trimesh.Trimesh, start: tuple[float, float, float], direction: tuple[float, float, float], reach: float) -> bool:
    caster = Caster(np.asarray(mesh.triangles, np.float32))
    ray = np.asarray([direction], np.float32) / np.linalg.norm(direction)
    return not caster.blocked(np.asarray([start], np.float32), ray, np.asarray([reach], np.float32))[0]


def test_there_are_kinds_enough() -> None:
    assert len(KINDS) >= 45
    assert len([name for name in KINDS if Library.load().kinds[name].family == "buildings"]) >= 20


@pytest.mark.parametrize("name", sorted(BUILDINGS))
def test_every_name_of_the_table_leads_to_a_function(name: str) -> None:
    assert callable(grower(name))


@pytest.mark.parametrize("kind", KINDS)
def test_size_is_what_it_says(kind: str) -> None:
    points = np.concatenate([part.mesh.vertices for part in built(kind).parts])
    for leaves in built(kind).foliage:
        reach = leaves.directions * leaves.lengths_m[:, None] / 2
        points = np.concatenate([points, leaves.centres - reach, leaves.centres + reach])
    if Library.load().kinds[kind].stands_on == "ground":
        points[:, 1] = np.maximum(points[:, 1], 0)  # what is in the ground does not count
    np.testing.assert_allclose(np.ptp(points, axis=0), Library.load().kinds[kind].size_m, rtol=0.03)


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_is_closed_and_faces_outwards(kind: str) -> None:
    """Every directed edge occurs once, and once in the other direction: that is a closed, consistently turned surface."""
    for part in built(kind).parts:
        faces = part.mesh.faces.astype(np.int64)
        edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
        there, back = (np.sort(edges[:, i] * len(part.mesh.vertices) + edges[:, 1 - i]) for i in (0, 1))
        np.testing.assert_array_equal(there, back, err_msg=part.name)
        assert len(np.unique(there)) == len(there), part.name
        assert part.mesh.volume_m3 > 0, part.name


@pytest.mark.parametrize("kind", KINDS)
def test_triangles_and_spots_are_within_bounds(kind: str) -> None:
    model = built(kind)
    assert sum(len(part.mesh.faces) for part in model.parts) <= MOST_TRIANGLES[Library.load().kinds[kind].family]
    assert all(spot.name in SPOT_NAMES for spot in model.spots)
    assert all(part.name for part in model.parts)


@pytest.mark.parametrize("kind", ["log cabin", "house", "stone wall", "ruin"])
def test_same_seed_same_bytes_other_seed_other_bytes(kind: str) -> None:
    again = Library(Library.load()._entries).build(kind, Order(seed=0))
    assert digest(again) == digest(built(kind))
    assert digest(built(kind, 1)) != digest(built(kind))


@pytest.mark.parametrize("kind", HOUSES)
def test_a_house_has_what_makes_a_house(kind: str) -> None:
    names = {part.name for part in built(kind).parts}
    assert {"wall", "roof", "door", "window", "window frame", "plinth"} <= names
    if kind != "shed":
        assert "chimney" in names


@pytest.mark.parametrize("kind", HOUSES)
def test_panes_are_seen_from_outside(kind: str) -> None:
    """From in front of every pane's middle, the first thing that is hit is glass, never a wall before it."""
    model = built(kind)
    corners = np.concatenate([part.mesh.corners for part in model.parts])
    is_pane = np.concatenate([np.full(len(part.mesh.faces), part.material.name == "window_glass") for part in model.parts])
    low, high = model.bounds
    seen = 0
    columns = np.linspace(low[0], high[0], 160)
    rows = np.linspace(low[1], high[1], 120)
    x, y = (grid.ravel() for grid in np.meshgrid(columns, rows))
    origins = np.column_stack([x, y, np.full(len(x), high[2] + 4.0)]).astype(np.float32)
    hits = Caster(corners).first_hits(origins, np.tile(np.array([0, 0, -1], np.float32), (len(origins), 1)))
    seen = int(is_pane[hits[hits >= 0]].sum())
    share = seen / max(int((hits >= 0).sum()), 1)
    assert 0.01 < share < 0.4


@pytest.mark.parametrize("kind", HOUSES)
def test_doors_are_reachable(kind: str) -> None:
    """A person-wide way leads from the front spot to the door, at the height of a knee, of a hand and of eyes."""
    model = built(kind)
    spot = next(spot for spot in model.spots if spot.name == "front")
    door = np.concatenate([part.mesh.vertices for part in model.parts if part.name == "door"])
    face, foot = float(door[:, 2].max()), float(door[:, 1].min())
    middle = float(door[:, 0].min() + door[:, 0].max()) / 2
    assert abs(spot.position[0] - middle) < 0.3
    mesh = solid(model)
    for x in (middle - 0.25, middle, middle + 0.25):
        for y in (0.5, 1.0, 1.6):
            assert free(mesh, (x, foot + y, spot.position[2] + 0.5), (0, 0, -1), spot.position[2] + 0.5 - face - 0.15)


def test_the_colour_goes_where_people_mean_it() -> None:
    green = Library.load().build("house", Order(colour="green"))
    tints = {part.name: part.tint for part in green.parts}
    usual = {part.name: part.tint for part in built("house").parts}
    assert tints["wall"] != usual["wall"]
    assert tints["door"] == usual["door"]


def test_windows_of_a_room_are_open_to_the_outside() -> None:
    shell = made_room({"north_windows": 2, "east_windows": 1, "sill_height": 0.85, "window_height": 1.35})
    mesh = solid(shell)
    panes = [part for part in shell.parts if part.material.name == "glass"]
    assert len(panes) == 2  # one part for each wall that has some
    middles = [component.vertices.mean(axis=0) for part in panes
               for component in trimesh.Trimesh(part.mesh.vertices, part.mesh.faces).split(only_watertight=False)]  # fmt: skip
    assert len(middles) == 3 * 2 * 2  # four lights in each of three windows
    for middle in middles:
        assert free(mesh, (0.0, 1.5, 0.0), tuple(np.asarray(middle) - [0.0, 1.5, 0.0]), 30.0)


def test_walls_of_a_room_are_closed_where_nothing_was_ordered() -> None:
    mesh = solid(made_room({"north_windows": 2, "south_door": 1}))
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    for height in (0.2, 2.5):
        for angle in angles:
            assert not free(mesh, (0.0, height, 0.0), (float(np.sin(angle)), 0.0, float(np.cos(angle))), 30.0)
    assert not free(mesh, (0.3, 1.5, 0.3), (0, 1, 0), 30.0)
    assert not free(mesh, (0.3, 1.5, 0.3), (0, -1, 0), 30.0)


def test_a_room_has_its_clear_size_and_its_spots() -> None:
    shell = made_room({"west_door": 1, "north_windows": 1, "thickness": 0.2}, (6.0, 2.8, 5.0))
    inside = solid(shell)
    caster = Caster(np.asarray(inside.triangles, np.float32))
    start = np.tile(np.array([0.0, 2.45, 0.0], np.float32), (4, 1))
    ways = np.array([[1, 0, 0], [-1, 0, 0], [0, 0, 1], [0, 0, -1]], np.float32)
    np.testing.assert_allclose(caster.distances(start, ways), [2.8, 2.8, 2.3, 2.3], atol=0.03)
    assert {spot.name for spot in shell.spots} >= {"floor", "ceiling", "wall", "front"}
    door = [part for part in shell.parts if part.name == "door"]
    assert door and np.concatenate([part.mesh.vertices for part in door])[:, 0].max() < -2.6


@pytest.mark.parametrize("side", ["north", "east", "south", "west"])
def test_a_door_never_shares_its_place_with_a_window(side: str) -> None:
    shell = made_room({f"{side}_door": 1, f"{side}_windows": 3})
    door = np.concatenate([part.mesh.vertices for part in shell.parts if part.name == "door frame"])
    axis = 0 if side in ("north", "south") else 2
    for part in shell.parts:
        if part.material.name == "glass":
            for pane in trimesh.Trimesh(part.mesh.vertices, part.mesh.faces).split(only_watertight=False):
                low, high = pane.vertices[:, axis].min(), pane.vertices[:, axis].max()
                assert high < door[:, axis].min() or low > door[:, axis].max()


def test_a_panel_loses_just_the_area_of_its_holes() -> None:
    hole = arch(1.0, 2.0, bottom=0.1, rise=0.5)
    area = 1.0 * 1.5 + 0.5 * 10 * np.sin(np.pi / 10) * 0.25  # rectangle, and ten triangles of the half circle
    plate = panel(rectangle(4.0, 3.0, at=(0.0, 1.5)), 0.3, [hole])
    assert plate.volume_m3 == pytest.approx((12.0 - area) * 0.3, rel=1e-5)


def test_insets_keep_their_distance() -> None:
    np.testing.assert_allclose(np.ptp(inset(rectangle(4.0, 3.0), 0.25), axis=0), [3.5, 2.5])
    np.testing.assert_allclose(np.ptp(inset(rectangle(4.0, 3.0), -0.25), axis=0), [4.5, 3.5])


def test_a_loft_of_equal_rings_is_a_prism() -> None:
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(24)])
    mesh = loft(np.stack([ring, ring + [0, 0, 1.0], ring + [0, 0, 3.0]]))
    assert mesh.volume_m3 == pytest.approx(12 * np.sin(2 * np.pi / 24) * 3, rel=1e-5)
