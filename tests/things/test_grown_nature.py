"""Grown nature: what every plant and stone must keep, measured on the built models themselves."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import trimesh

from pipelines.errors import ThingError
from pipelines.scene import Foliage, Model, join_foliage
from pipelines.spec import Season, Size
from pipelines.things import COLOURS, COVERS, Library, Order, Shape, grow_cover
from pipelines.things.grown import GROWN
from pipelines.things.grown.plant import buried, elements, stretched
from pipelines.things.grown.vectors import across, along, turned, unit
from pipelines.things.grown.wood import Limb, tubes

FAMILIES = ("trees", "plants", "rocks", "nature")
LIBRARY = Library.load()
KINDS = [name for name, kind in LIBRARY.kinds.items() if kind.family in FAMILIES]
TREES = [name for name in KINDS if LIBRARY.kinds[name].family == "trees"]
TERRAIN = [name for name, kind in LIBRARY.kinds.items() if kind.family == "terrain"]
LEAFY = ["pine", "spruce", "oak", "birch", "willow", "cherry tree", "palm", "bush", "hedge", "fern", "wheat"]


@cache
def model(kind: str, order: Order = Order()) -> Model:  # noqa: B008 - frozen
    return LIBRARY.build(kind, order)


def leaves(built: Model) -> Foliage:
    return join_foliage(built.foliage)


def measured(built: Model) -> np.ndarray:
    """Width, height above the ground, depth: of every vertex and of both ends of every leaf, one after another."""
    points = [part.mesh.vertices for part in built.parts]
    for group in built.foliage:
        for end in (-0.5, 0.5):
            points.append(group.centres + end * group.lengths_m[:, None] * group.directions)
    cloud = np.concatenate(points)
    high, low = cloud.max(axis=0), cloud.min(axis=0)
    low[1] = max(float(low[1]), 0.0)
    return np.asarray(high - low)


# ------------------------------------------------------------------------------------------------ every kind


def test_enough_kinds_of_nature() -> None:
    assert len(KINDS) >= 80
    wanted = {"pine", "spruce", "birch", "oak", "palm", "cactus", "dead tree", "tree stump", "log", "fern", "reeds", "wheat", "snowman"}
    assert wanted | {"boulder", "rock", "crystal", "iceberg", "mushroom", "alien plant", "alien tree", "driftwood", "starfish"} <= set(
        KINDS
    )


@pytest.mark.parametrize("kind", KINDS)
def test_stands_as_large_as_declared(kind: str) -> None:
    size = np.array(LIBRARY.kinds[kind].size_m)
    np.testing.assert_allclose(measured(model(kind)), size, rtol=0.03, atol=0.004)


@pytest.mark.parametrize("kind", KINDS)
def test_solid_parts_are_closed_and_face_outwards(kind: str) -> None:
    for part in model(kind).parts:
        mesh = trimesh.Trimesh(part.mesh.vertices, part.mesh.faces, process=False)
        assert mesh.is_watertight and mesh.is_winding_consistent, part.name
        assert mesh.volume > 0, part.name
        assert np.isfinite(part.mesh.vertices).all()


@pytest.mark.parametrize("kind", KINDS)
def test_elements_are_sound(kind: str) -> None:
    built = model(kind)
    for group in built.foliage:
        assert len(group) > 0
        for name in ("centres", "directions", "normals", "lengths_m", "widths_m", "colours", "depth"):
            values = getattr(group, name)
            assert np.isfinite(values).all(), name
            assert values.dtype == np.float32, name
            assert len(values) == len(group), name
        np.testing.assert_allclose(np.sqrt((group.directions.astype(np.float64) ** 2).sum(axis=1)), 1, atol=1e-4)
        np.testing.assert_allclose(np.sqrt((group.normals.astype(np.float64) ** 2).sum(axis=1)), 1, atol=1e-4)
        assert np.abs((group.normals * group.directions).sum(axis=1)).max() < 1e-3
        assert group.lengths_m.min() > 0 and group.widths_m.min() > 0
        assert group.colours.min() >= 0 and group.colours.max() <= 1
        assert group.depth.min() >= 0 and group.depth.max() <= 1
        room = 0.02 + group.lengths_m.max()
        assert (group.centres >= built.bounds[0] - room).all() and (group.centres <= built.bounds[1] + room).all()


@pytest.mark.parametrize("kind", KINDS)
def test_frugal(kind: str) -> None:
    built = model(kind)
    triangles = sum(len(part.mesh.faces) for part in built.parts)
    assert triangles <= (4500 if kind in TREES else 32_000)
    assert sum(len(group) for group in built.foliage) <= 30_000


@pytest.mark.parametrize("kind", TREES)
def test_a_tree_stands_on_its_trunk(kind: str) -> None:
    built = model(kind)
    low, high = built.footprint
    assert (low < 0).all() and (high > 0).all()
    reach = np.abs(built.footprint).max()
    assert reach < 0.5 * max(LIBRARY.kinds[kind].size_m[0], LIBRARY.kinds[kind].size_m[2]) + 1e-3
    nearest = min(float(np.abs(part.mesh.vertices[:, 1]).min()) for part in built.parts)
    assert nearest < 0.05


@pytest.mark.parametrize("kind", TERRAIN)
def test_ground_features_have_words_but_no_model(kind: str) -> None:
    assert "terrain" in LIBRARY.kinds[kind].tags
    with pytest.raises(ThingError, match="feature of the ground"):
        LIBRARY.build(kind)


def test_every_parameter_in_the_files_is_one_that_its_algorithm_reads() -> None:
    """A misspelt parameter would be ignored in silence; so compare the files with the source of the algorithms."""
    folder = Path(inspect.getfile(Library)).parent / "grown"
    read = set()
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                read.add(node.value)
    for kind in KINDS:
        definition = LIBRARY.definition(kind)
        assert definition.grown in GROWN
        assert set(definition.with_) <= read, kind


# ------------------------------------------------------------------------------------------------ chance, orders, seasons


def bytes_of(built: Model) -> bytes:
    chunks = [part.mesh.vertices.tobytes() + part.mesh.faces.tobytes() for part in built.parts]
    chunks += [group.centres.tobytes() + group.colours.tobytes() + group.normals.tobytes() for group in built.foliage]
    return b"".join(chunks)


@pytest.mark.parametrize("kind", ["oak", "spruce", "bush", "wildflowers", "boulder", "rock face", "mushroom", "alien tree", "dead tree"])
def test_seed_decides(kind: str) -> None:
    again = Library(LIBRARY._entries)
    assert bytes_of(again.build(kind, Order(seed=5))) == bytes_of(LIBRARY.build(kind, Order(seed=5)))
    assert bytes_of(LIBRARY.build(kind, Order(seed=6))) != bytes_of(LIBRARY.build(kind, Order(seed=5)))


@pytest.mark.parametrize("kind", ["pine", "oak", "palm", "bush", "boulder", "reeds"])
def test_ordered_height_is_met(kind: str) -> None:
    assert measured(model(kind, Order(height_m=3.3)))[1] == pytest.approx(3.3, rel=0.03)
    huge, normal = measured(model(kind, Order(size=Size.HUGE))), measured(model(kind))
    np.testing.assert_allclose(huge / normal, 2.2, rtol=0.05)


def crown(built: Model) -> Foliage:
    """The foliage with the largest area: the leaves, if there are any."""
    return max(built.foliage, key=lambda group: float((group.lengths_m * group.widths_m).sum()))


def mean_colour(built: Model) -> np.ndarray:
    """Area-weighted mean colour of the leaves."""
    group = crown(built)
    weight = (group.lengths_m * group.widths_m)[:, None]
    return np.asarray((group.colours * weight).sum(axis=0) / weight.sum())


@pytest.mark.parametrize("kind", ["oak", "birch", "maple", "beech", "poplar", "willow"])
def test_broadleaved_trees_know_the_seasons(kind: str) -> None:
    summer, autumn, winter = (model(kind, Order(season=season)) for season in (Season.SUMMER, Season.AUTUMN, Season.WINTER))
    green, rust = mean_colour(summer), mean_colour(autumn)
    assert green[1] > green[0] > green[2]
    assert rust[0] > rust[1] > rust[2]
    area = [float((leaves(m).lengths_m * leaves(m).widths_m).sum()) for m in (summer, autumn, winter)]
    assert area[0] > 1.15 * area[1] > 2 * area[2]
    bark = mean_colour(winter)
    assert bark[0] >= bark[1] >= bark[2] and bark.max() < 0.15


@pytest.mark.parametrize("kind", ["pine", "spruce", "fir", "cypress", "palm", "hedge"])
def test_evergreens_do_not(kind: str) -> None:
    summer, winter = model(kind), model(kind, Order(season=Season.WINTER))
    np.testing.assert_array_equal(leaves(summer).centres, leaves(winter).centres)


def test_cherry_blossoms_in_spring_and_apples_ripen_in_autumn() -> None:
    red, green, blue = mean_colour(model("cherry tree", Order(season=Season.SPRING)))
    assert red > blue > green > 0.3
    assert any(part.name == "fruit" for part in model("apple tree", Order(season=Season.AUTUMN)).parts)
    assert not any(part.name == "fruit" for part in model("apple tree", Order(season=Season.SPRING)).parts)


def test_larches_lose_their_needles() -> None:
    assert len(leaves(model("larch", Order(season=Season.WINTER)))) < 0.3 * len(leaves(model("larch")))


@pytest.mark.parametrize("kind", ["tulip", "rose", "flowering bush"])
def test_ordered_colour_is_the_flowers(kind: str) -> None:
    asked = np.array(COLOURS["blue"])
    plain, blue = leaves(model(kind)).colours, leaves(model(kind, Order(colour="blue"))).colours

    def near(colours: np.ndarray) -> int:
        hue = colours / (colours.sum(axis=1, keepdims=True) + 1e-9)
        return int((np.abs(hue - asked / asked.sum()).max(axis=1) < 0.08).sum())

    assert near(blue) > near(plain) + 50


def test_natural_colours() -> None:
    """Leaves reflect little, and green only a third more than red: no neon."""
    for kind in ("pine", "spruce", "oak", "bush", "fern", "grass tuft"):
        red, green, blue = mean_colour(model(kind))
        assert 0.02 < green < 0.2, kind
        assert 1.1 < green / red < 2.2 and 1.3 < green / blue < 5, kind


# ------------------------------------------------------------------------------------------------ shape of leafage


def covered_share(group: Foliage, box: np.ndarray, *, pixels: int = 150) -> float:
    """Share of a raster, seen from the front, that the elements' ellipses cover; painted one by one."""
    scale = pixels / float((box[1, :2] - box[0, :2]).max())
    image = np.zeros((pixels + 2, pixels + 2), bool)
    sides = np.cross(group.normals, group.directions)
    half_long = (group.directions * group.lengths_m[:, None] / 2)[:, :2] * scale
    half_wide = (sides * group.widths_m[:, None] / 2)[:, :2] * scale
    middles = (group.centres[:, :2] - box[0, :2]) * scale
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    for radius in (0.0, 0.35, 0.7, 1.0):
        for angle in turn:
            at = middles + radius * (np.cos(angle) * half_long + np.sin(angle) * half_wide)
            cell = at.astype(int)
            fine = ((cell >= 0) & (cell < pixels)).all(axis=1)
            image[cell[fine, 1], cell[fine, 0]] = True
    return float(image.mean())


@pytest.mark.parametrize("kind", LEAFY)
def test_a_prefix_is_a_thinner_version_of_the_whole(kind: str) -> None:
    built = model(kind)
    group = crown(built)
    whole = covered_share(group, built.bounds)
    for share in (0.5, 0.25) if kind in TREES else (0.5,):
        thinner = group.first(int(len(group) * share))
        area = float((thinner.lengths_m * thinner.widths_m).sum()) / float((group.lengths_m * group.widths_m).sum())
        assert area == pytest.approx(1, rel=0.1)
        assert covered_share(thinner, built.bounds) == pytest.approx(whole, rel=0.16 if share < 0.5 else 0.1)


@pytest.mark.parametrize("kind", ["oak", "spruce", "bush", "maple", "pine"])
def test_crowns_are_darker_inside_and_normals_look_out(kind: str) -> None:
    built = model(kind, Order(seed=2))
    group = crown(built)
    bright = group.colours.sum(axis=1)
    inside, outside = group.depth > np.quantile(group.depth, 0.8), group.depth < np.quantile(group.depth, 0.2)
    assert bright[inside].mean() < 0.8 * bright[outside].mean()
    out = group.centres - group.centres.mean(axis=0)
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    far = np.linalg.norm(group.centres - group.centres.mean(axis=0), axis=1) > np.quantile(
        np.linalg.norm(group.centres - group.centres.mean(axis=0), axis=1), 0.6
    )
    assert float((out * group.normals).sum(axis=1)[far].mean()) > 0.12


def test_silhouettes_tell_species_apart() -> None:
    """A pine's trunk is bare, a spruce reaches the ground, a cypress is slim, an acacia wide on top, a willow hangs low."""

    def heights(kind: str) -> np.ndarray:
        group = model(kind).foliage[-1]
        return np.asarray(group.centres[:, 1] / LIBRARY.kinds[kind].size_m[1])

    assert np.quantile(heights("pine"), 0.02) > 0.35
    assert np.quantile(heights("spruce"), 0.02) < 0.1
    assert np.quantile(heights("acacia"), 0.05) > 0.5
    assert np.quantile(heights("willow"), 0.1) < 0.42
    width, height, _ = LIBRARY.kinds["cypress"].size_m
    assert width < 0.25 * height


def test_depth_is_found_by_what_surrounds() -> None:
    """In a ball of leaves depth falls from the middle outwards; a lone leaf is not deep at all."""
    rng = np.random.default_rng(3)
    points = rng.normal(size=(6000, 3))
    points *= (rng.random(6000) ** (1 / 3) / np.linalg.norm(points, axis=1))[:, None]
    depth, away = buried(points, np.full(6000, 0.01))
    radius = np.linalg.norm(points, axis=1)
    shells = [depth[(radius >= low) & (radius < low + 0.25)].mean() for low in (0.0, 0.25, 0.5, 0.75)]
    assert shells == sorted(shells, reverse=True)
    assert float((away * points).sum(axis=1)[radius > 0.8].mean()) > 0.6
    lone, _ = buried(np.array([[0.0, 0, 0], [9.0, 9, 9]]), np.array([1e-4, 1e-4]))
    assert lone.max() < 0.1


# ------------------------------------------------------------------------------------------------ ground cover


@pytest.mark.parametrize("kind", sorted(COVERS))
@pytest.mark.parametrize("season", [Season.SUMMER, Season.WINTER])
def test_cover_stands_where_it_was_put(kind: str, season: Season) -> None:
    """Far enough from each other that every element's owner is known."""
    place = np.arange(400)
    feet = np.stack([4.0 * (place % 20), np.random.default_rng(1).uniform(3, 5, 400), -4.0 * (place // 20)], axis=1).astype(np.float32)
    grown = grow_cover(kind, feet, np.random.default_rng(2), season)
    assert len(feet) <= len(grown) <= COVERS[kind].elements * len(feet)
    gap = np.linalg.norm(grown.centres[:, None, [0, 2]] - feet[None, :, [0, 2]], axis=2)
    nearest = gap.argmin(axis=1)
    rise = grown.centres[:, 1] - feet[nearest, 1]
    assert gap.min(axis=1).max() < 1.4
    assert rise.min() > -0.12 and rise.max() < 3 * COVERS[kind].height_m + 0.1
    assert set(nearest) == set(range(400))
    np.testing.assert_allclose(np.linalg.norm(grown.normals, axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(grown.directions, axis=1), 1, atol=1e-3)
    assert np.abs((grown.normals * grown.directions).sum(axis=1)).max() < 2e-3
    assert grown.colours.min() >= 0 and grown.colours.max() <= 1 and np.isfinite(grown.centres).all()
    again = grow_cover(kind, feet, np.random.default_rng(2), season)
    assert grown.centres.tobytes() == again.centres.tobytes() and grown.colours.tobytes() == again.colours.tobytes()


@pytest.mark.parametrize("kind", ["grass", "wildflowers", "forest litter", "meadow grass"])
def test_cover_thins_evenly(kind: str) -> None:
    """The first third of the elements has its share in every quarter of the field."""
    rng = np.random.default_rng(4)
    feet = np.zeros((4000, 3), np.float32)
    feet[:, [0, 2]] = rng.uniform(-10, 10, (4000, 2))
    grown = grow_cover(kind, feet[np.argsort(feet[:, 0])], rng)
    quarter = (grown.centres[:, 0] > 0).astype(int) * 2 + (grown.centres[:, 2] > 0)
    third = len(grown) // 3
    share = np.bincount(quarter[:third], minlength=4) / np.bincount(quarter, minlength=4)
    np.testing.assert_allclose(share, 1 / 3, rtol=0.12)


def test_cover_of_nothing_and_of_an_unknown_kind() -> None:
    assert len(grow_cover("grass", np.zeros((0, 3)), np.random.default_rng(0))) == 0
    with pytest.raises(ThingError, match=r"no ground cover 'gras'.*grass"):
        grow_cover("gras", np.zeros((1, 3)), np.random.default_rng(0))


# ------------------------------------------------------------------------------------------------ arithmetic


def test_turned_and_across_agree_with_rotation_matrices() -> None:
    rng = np.random.default_rng(5)
    vectors, axes = rng.normal(size=(50, 3)), unit(rng.normal(size=(50, 3)))
    angles = rng.uniform(-3, 3, 50)
    for vector, axis, angle, result in zip(vectors, axes, angles, turned(vectors, axes, angles), strict=True):
        matrix = trimesh.transformations.rotation_matrix(angle, axis)[:3, :3]
        np.testing.assert_allclose(result, matrix @ vector, atol=1e-9)
    flat = across(axes, vectors)
    np.testing.assert_allclose((flat * axes).sum(axis=1), 0, atol=1e-9)
    assert ((flat * vectors).sum(axis=1) >= -1e-9).all()


def test_along_a_straight_path() -> None:
    path = np.array([[[0.0, 0, 0], [1, 2, 0], [2, 4, 0], [3, 6, 0]]])
    points, tangents = along(path, np.array([[0.0, 0.5, 1.0]]))
    np.testing.assert_allclose(points[0], np.array([[0, 0, 0], [1.5, 3, 0], [3, 6, 0]]), atol=1e-9)
    np.testing.assert_allclose(tangents[0], np.tile(np.array([1, 2, 0]) / np.sqrt(5), (3, 1)), atol=1e-9)


def test_a_tube_has_the_volume_of_its_frustum() -> None:
    """A straight tapering tube of many sides against the textbook volume of a frustum and of the cone that caps it."""
    mesh = tubes([Limb(np.array([[0.0, 0, 0], [0, 1, 0], [0, 2, 0]]), np.array([0.5, 0.4, 0.3]), 96)])
    frustum = np.pi * 2 / 3 * (0.5**2 + 0.5 * 0.3 + 0.3**2)
    assert mesh.volume_m3 == pytest.approx(frustum + np.pi * 0.3**2 * 0.3 / 3, rel=0.01)


def test_an_uneven_stretch_agrees_with_stretched_points() -> None:
    """The ends and sides of an element's ellipse, stretched one by one, are those of the stretched element."""
    rng = np.random.default_rng(6)
    one = elements(
        rng.normal(size=(40, 3)), rng.normal(size=(40, 3)), rng.normal(size=(40, 3)), length_m=0.2, width_m=0.1, colours=(0.1, 0.2, 0.3)
    )
    scale, shift = np.array([1.2, 0.8, 1.05]), np.array([0.3, 0.0, -2.0])
    moved = stretched(Shape([], [one]), scale, shift).foliage[0]
    tips = one.centres + one.directions * one.lengths_m[:, None] / 2
    np.testing.assert_allclose(moved.centres + moved.directions * moved.lengths_m[:, None] / 2, tips * scale + shift, atol=1e-5)
    side = np.cross(one.normals, one.directions) * scale
    np.testing.assert_allclose((moved.normals * side).sum(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose((moved.normals * moved.directions).sum(axis=1), 0, atol=1e-5)
