"""The ground: no cracks, level water, y = 0 under the visitor, paths one can walk, weights that sum to one."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.layout.ground_mesh import RIM_M, terrain_of
from pipelines.layout.plan import path_to
from pipelines.layout.relief import distance_to_line, erode, fractal, slump
from pipelines.layout.terrain import Ground, Pad
from pipelines.layout.waters import Lake, River, Sea, Water
from pipelines.places import place_named, places
from pipelines.things import MATERIALS

LAKE = Lake("lake", -0.55, (8.0, -34.0), (24.0, 18.0), 0.2, 5)
SEA = Sea("sea", -0.62, (float(np.sin(0.5)), float(-np.cos(0.5))), 8.5, 3)
RIVER = River("river", -0.42, np.array([[30.0, 60.0], [12.0, 0.0], [8.0, -20.0], [-20.0, -70.0], [10.0, -160.0]]), 4.6, 9)
WATERS: dict[str, tuple[Water, ...]] = {"forest": (LAKE,), "beach": (SEA,), "meadow": (RIVER,), "desert": ()}


@pytest.fixture(scope="module", params=sorted(WATERS))
def ground(request: pytest.FixtureRequest) -> Ground:
    return Ground(place_named(request.param), WATERS[request.param], seed=11)


def test_mesh_has_no_cracks_and_faces_up(ground: Ground) -> None:
    terrain = terrain_of(ground, MATERIALS)
    faces = terrain.mesh.faces
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    pairs, uses = np.unique(edges, axis=0, return_counts=True)
    assert set(uses) == {1, 2}
    rim = terrain.mesh.vertices[np.unique(pairs[uses == 1])]
    assert np.hypot(rim[:, 0], rim[:, 2]).min() > RIM_M - 1  # the only border is the outer one
    positions = np.round(terrain.mesh.vertices.astype(np.float64), 4)
    assert len(np.unique(positions, axis=0)) == len(positions)  # no two vertices at one place: nothing merely touches
    a, b, c = np.moveaxis(terrain.mesh.corners.astype(np.float64), 1, 0)
    assert (np.cross(b - a, c - a)[:, 1] > 0).all()
    assert 30_000 <= len(faces) <= 160_000
    assert np.linalg.norm(terrain.mesh.vertices, axis=1).max() < 1_400


def test_weights_sum_to_one(ground: Ground) -> None:
    weights = terrain_of(ground, MATERIALS).weights
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)


def test_ground_is_zero_under_the_visitor_and_agrees_with_the_mesh(ground: Ground) -> None:
    zero = np.zeros(1)
    assert abs(float(ground.heights(zero, zero)[0])) < 1e-6
    terrain = terrain_of(ground, MATERIALS)
    near = np.hypot(terrain.mesh.vertices[:, 0], terrain.mesh.vertices[:, 2]) < 80
    vertices = terrain.mesh.vertices[near]
    np.testing.assert_allclose(terrain.heights.at(vertices[:, 0], vertices[:, 2]), vertices[:, 1], atol=2e-3)
    # between vertices too: the middle of every near face lies on the height field, within the sag of a cell
    corners = terrain.mesh.corners
    middle = corners.mean(axis=1)[np.hypot(*corners.mean(axis=1)[:, [0, 2]].T) < 20]
    assert np.abs(terrain.heights.at(middle[:, 0], middle[:, 2]) - middle[:, 1]).max() < 0.05


def test_water_is_level_and_meets_the_ground_at_its_shore(ground: Ground) -> None:
    for water in ground.waters:
        sheet = water.surface()
        assert np.ptp(sheet.vertices[:, 1]) == 0
        assert sheet.vertices[0, 1] == pytest.approx(water.level_m)
        assert -0.8 <= water.level_m <= -0.3
        near = sheet.vertices[np.hypot(sheet.vertices[:, 0], sheet.vertices[:, 2]) < 60]
        signed = water.signed_distance(near[:, 0], near[:, 2])
        heights = ground.heights(near[:, 0], near[:, 2])
        assert (heights[signed < -0.4] < water.level_m).all()  # wet inside
        assert (heights[signed > 0.8] > water.level_m).all()  # the sheet's rim is hidden under the banks
        assert near[:, 0].size and signed.max() > 0.5


def test_signed_distance_is_a_distance() -> None:
    rng = np.random.default_rng(1)
    for water in (LAKE, SEA, RIVER):
        x, z = rng.uniform(-40, 40, (2, 4000))
        here = water.signed_distance(x, z)
        step = 0.05
        slope = np.hypot(water.signed_distance(x + step, z) - here, water.signed_distance(x, z + step) - here) / step
        close = np.abs(here) < 5
        assert np.median(slope[close]) == pytest.approx(1.0, abs=0.15)
        x0, z0 = water.middle()
        assert float(water.signed_distance(np.array([x0]), np.array([z0]))[0]) < 0


def test_paths_can_be_walked() -> None:
    for name in ("forest", "mountain lake", "village"):
        ground = Ground(place_named(name), (), seed=4)
        track = path_to((7.0, -24.0), (-0.2, 1.0), side=1, width_m=1.5, material="soil")
        ground.add_track(track)
        line = track.line[np.hypot(track.line[:, 0], track.line[:, 1]) < 60]
        heights = ground.heights(line[:, 0], line[:, 1])
        rise = np.abs(np.diff(heights)) / np.linalg.norm(np.diff(line, axis=0), axis=1)
        assert np.degrees(np.arctan(rise)).max() < 20
        assert np.hypot(*np.diff(line, axis=0).T).max() < 1.5
        assert float(ground.heights(np.zeros(1), np.zeros(1))[0]) == pytest.approx(0.0, abs=1e-6)


def test_pads_are_level() -> None:
    ground = Ground(place_named("forest"), (), seed=2)
    ground.add_pad(Pad(30.0, -41.0, 4.0, 3.0, 0.6, 1.234))
    u, v = np.meshgrid(np.linspace(-4, 4, 15), np.linspace(-3, 3, 15))
    x = 30.0 + u * np.cos(0.6) + v * np.sin(0.6)
    z = -41.0 - u * np.sin(0.6) + v * np.cos(0.6)
    np.testing.assert_allclose(ground.heights(x, z), 1.234, atol=1e-4)


def test_a_roof_is_level_up_to_its_edge_and_the_street_lies_below() -> None:
    place = place_named("rooftop")
    roof = place.relief.roof
    assert roof is not None
    ground = Ground(place, (), seed=11)
    across = np.linspace(-roof.half_width_m, roof.half_width_m, 9)
    along = np.linspace(-roof.half_length_m, roof.half_length_m, 9) - roof.ahead_m
    x, z = np.meshgrid(across, along)
    assert np.abs(ground.heights(x, z)).max() < 0.05
    beyond = np.concatenate([x.ravel() + 2 * roof.half_width_m + 2.0, x.ravel() - 2 * roof.half_width_m - 2.0])
    assert ground.heights(beyond, np.tile(z.ravel(), 2)).max() < 0.05 - roof.drop_m


def test_noise_is_smooth_bounded_and_seeded() -> None:
    x, z = np.meshgrid(np.linspace(-50, 50, 201), np.linspace(-50, 50, 201))
    one, other = fractal(x, z, 17.0, seed=1), fractal(x, z, 17.0, seed=2)
    assert np.array_equal(one, fractal(x, z, 17.0, seed=1))
    assert np.abs(one).max() < 1.3
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.2
    assert np.abs(np.diff(one, axis=0)).max() < 0.35


def test_erosion_smooths_steep_ground_and_slumping_bounds_it() -> None:
    rng = np.random.default_rng(3)
    hills = rng.normal(0, 12, (48, 48)).cumsum(axis=0).cumsum(axis=1) * 0.05
    slid = slump(hills, 10.0, 0.5, 200)
    assert slid.sum() == pytest.approx(hills.sum())  # what slides is not lost
    inner = slid[2:-2, 2:-2]
    assert np.abs(np.diff(inner, axis=1)).max() <= max(0.55 * 10.0, 0.0) + 1e-6
    starts = rng.uniform(4, 44, (500, 2))
    worn = erode(hills, 10.0, starts, 30, 0.7)
    assert np.isfinite(worn).all()
    assert not np.array_equal(worn, hills)


def test_distance_to_line_against_brute_force() -> None:
    rng = np.random.default_rng(5)
    line = rng.uniform(-10, 10, (6, 2))
    x, z = rng.uniform(-12, 12, (2, 50))
    distance, along = distance_to_line(x, z, line)
    dense = np.concatenate([a + (b - a) * np.linspace(0, 1, 4000)[:, None] for a, b in zip(line[:-1], line[1:], strict=True)])
    expected = np.hypot(x[:, None] - dense[None, :, 0], z[:, None] - dense[None, :, 1]).min(axis=1)
    np.testing.assert_allclose(distance, expected, atol=5e-3)
    assert along.max() <= np.linalg.norm(np.diff(line, axis=0), axis=1).sum() + 1e-9


def test_every_place_names_known_materials() -> None:
    for place in places().values():
        if place.room is not None:
            continue
        names = [place.base, *(layer.material for layer in place.layers)] + ([place.way.material] if place.way else [])
        assert [name for name in names if name not in MATERIALS] == [], place.name
