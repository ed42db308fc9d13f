"""Sampling and light against closed forms: one wall, one box, one sky, worked out a second way."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from pipelines.layout.light import Light, direct_light, gathered_light, lamp_light
from pipelines.layout.occluders import occluders_of
from pipelines.layout.patterns import PATTERNS, paint
from pipelines.layout.sample import Sample
from pipelines.layout.sky import DOME_RADIUS_M, air_light, dome, radiance, sky_for
from pipelines.layout.surfels import morton_order
from pipelines.layout.tone import display
from pipelines.prompt import Prompt
from pipelines.scene import Body, HeightField, Lamp, Mesh, Model, Part, Scene, Sky, Surfels, Terrain, Thing
from pipelines.spec import SceneSpec, TimeOfDay, Weather
from pipelines.things.materials import material, materials
from pipelines.things.solids import box
from pipelines.world import World

SPLATS = 30_000


def _ground() -> Terrain:
    corners = np.array([[-40, 0, -40], [-40, 0, 40], [40, 0, 40], [40, 0, -40]], np.float32)
    mesh = Mesh(corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    heights = HeightField(-40, -40, 80, np.zeros((2, 2), np.float32))
    return Terrain(mesh, (material("concrete"),), np.ones((4, 1), np.float32), heights)


def _thing(part: Part, *, lamps: tuple[Lamp, ...] = ()) -> Thing:
    bounds = part.mesh.bounds
    model = Model("block", (part,), (), (), lamps, Body(1, 1, 1, False), bounds, bounds[:, (0, 2)])
    return Thing(1, "block", "block", model, np.eye(4))


def _block(*, at: tuple[float, float, float] = (0, 1, -6), name: str = "plaster") -> Thing:
    matrix = np.eye(4)
    matrix[:3, 3] = at
    return _thing(Part(box((2, 2, 2)).moved(matrix), material(name)))


def _sky(time: TimeOfDay = TimeOfDay.NOON, weather: Weather = Weather.CLEAR) -> Sky:
    return sky_for(SceneSpec(time_of_day=time, weather=weather))


def _sampled(scene: Scene, splats: int = SPLATS) -> Scene:
    done = Sample(splats=splats).run(World(Prompt(text="a test"), scene=scene), lambda share, note: None).scene
    assert done is not None
    return done


def _scene(*things: Thing, sky: Sky | None = None) -> Scene:
    return _sampled(Scene(things=things, terrain=_ground(), sky=sky or _sky()))


def _surfels(scene: Scene) -> Surfels:
    assert scene.surfels is not None
    return scene.surfels


def test_the_budget_is_met_and_never_exceeded() -> None:
    world = World(Prompt(text="a test"), scene=Scene(things=(_block(),), terrain=_ground(), sky=_sky()))
    lit = Light().run(Sample(splats=SPLATS).run(world, lambda *_: None), lambda *_: None)
    assert lit.gaussians is not None
    assert 0.95 * SPLATS <= len(lit.gaussians) <= SPLATS


def test_splats_stay_within_the_faces_of_a_box() -> None:
    surfels = _surfels(_scene(_block()))
    mine = surfels.means[surfels.thing == 1] - np.array([0, 1, -6])
    assert np.abs(mine).max() <= 1.0 + 1e-4
    reach = np.abs(surfels.frames[surfels.thing == 1] * surfels.sizes_m[surfels.thing == 1][:, None, :]).sum(axis=2)
    beyond = (np.abs(mine) + reach).max(axis=1) - 1.0  # one standard deviation past an edge is seen as fringe
    assert np.percentile(beyond, 99) < 0.035


def test_splats_leave_no_hole_in_a_wall() -> None:
    surfels = _surfels(_scene(_block()))
    front = (surfels.thing == 1) & (surfels.frames[:, 2, 2] > 0.9)
    grid = np.stack(np.meshgrid(np.linspace(-0.97, 0.97, 160), np.linspace(0.03, 1.97, 160)), axis=-1).reshape(-1, 2)
    clear = np.ones(len(grid))
    for mean, frame, size, opacity in zip(
        surfels.means[front], surfels.frames[front], surfels.sizes_m[front], surfels.opacity[front], strict=True
    ):
        offset = grid - mean[:2]
        u, v = offset @ frame[:2, 0] / size[0], offset @ frame[:2, 1] / size[1]
        near = (u * u + v * v) < 12
        clear[near] *= 1 - opacity * np.exp(-0.5 * (u * u + v * v)[near])
    assert np.mean(clear > 0.25) < 0.01


def test_nearer_surfaces_get_finer_splats() -> None:
    surfels = _surfels(_scene())
    away = np.linalg.norm(surfels.means, axis=1)
    near, far = surfels.sizes_m[away < 4, 0].mean(), surfels.sizes_m[(away > 15) & (away < 25), 0].mean()
    assert far > 2.5 * near


def test_open_ground_gets_the_sun_times_the_cosine() -> None:
    scene = _scene()
    surfels, sky = _surfels(scene), scene.sky
    assert sky is not None
    light = direct_light(surfels, scene, occluders_of(scene))
    expected = np.asarray(sky.light) * sky.light_direction[1]
    assert np.allclose(np.median(light, axis=0), expected, rtol=0.01)


def test_a_box_throws_a_shadow_where_geometry_says() -> None:
    scene = _scene(_block())
    surfels, sky = _surfels(scene), scene.sky
    assert sky is not None
    light = direct_light(surfels, scene, occluders_of(scene))[:, 0]
    flat = surfels.thing == 0
    towards = np.asarray(sky.light_direction)
    steps = np.linspace(0.02, 4, 120)
    path = surfels.means[:, None, :] + steps[None, :, None] * towards
    inside = (np.abs(path - np.array([0, 1, -6])) < 1.0).all(axis=2)
    deep = np.array([row.sum() > 12 for row in inside]) & flat
    clear = ~inside.any(axis=1) & flat & (np.linalg.norm(surfels.means - np.array([0, 0, -6]), axis=1) > 5)
    assert deep.sum() > 50
    assert light[deep].mean() < 0.05 * light[clear].mean()


def test_open_ground_gathers_what_integrating_the_sky_gives() -> None:
    scene = _scene()
    surfels, sky = _surfels(scene), scene.sky
    assert sky is not None
    gathered = gathered_light(surfels, scene, occluders_of(scene), None).mean(axis=0)
    elevation, azimuth = np.meshgrid((np.arange(400) + 0.5) / 400 * math.pi / 2, (np.arange(400) + 0.5) / 400 * 2 * math.pi)
    directions = np.stack([np.cos(elevation) * np.sin(azimuth), np.sin(elevation), np.cos(elevation) * np.cos(azimuth)], axis=-1).reshape(
        -1, 3
    )
    solid = (np.cos(elevation) * np.sin(elevation)).ravel() * (math.pi / 2 / 400) * (2 * math.pi / 400)
    expected = (radiance(sky, directions.astype(np.float32)) * solid[:, None]).sum(axis=0)
    assert np.allclose(gathered, expected, rtol=0.05)


def test_a_lamp_falls_off_with_the_square_of_the_distance() -> None:
    lamp = Lamp((0.0, 3.0, -6.0), (1.0, 1.0, 1.0), 5.0, glows_in_the_dark=False)
    far = np.eye(4)
    far[:3, 3] = (0, 1, 30)
    scene = _scene(_thing(Part(box((1, 1, 1)).moved(far), material("plaster")), lamps=(lamp,)), sky=_sky(TimeOfDay.NIGHT))
    surfels, sky = _surfels(scene), scene.sky
    assert sky is not None
    light = lamp_light(surfels, scene, occluders_of(scene))[:, 0]
    ground = np.flatnonzero((surfels.thing == 0) & (np.linalg.norm(surfels.means - np.array([0, 0, -6]), axis=1) < 6))
    offset = np.array([0, 3, -6]) - surfels.means[ground]
    distance = np.linalg.norm(offset, axis=1)
    expected = sky.lamp_scale * 5.0 * (offset[:, 1] / distance) / distance**2
    assert np.allclose(light[ground], expected, rtol=0.02)


def test_light_is_neither_lost_nor_made_when_it_bounces_in_a_closed_room() -> None:
    """All that leaves a wall arrives at a wall: the mean over the walls after n bounces is a geometric row, whatever the room's shape."""
    walls = box((6, 3, 4))
    inward = Mesh(walls.vertices, walls.faces[:, ::-1].copy())
    lamp = Lamp((0.4, 0.3, -0.6), (1.0, 1.0, 1.0), 5.0, glows_in_the_dark=False)
    paint = material("plaster")
    paint = replace(paint, second_colour=paint.colour)
    eye = np.zeros((1, 3), np.float32)
    scene = Scene(things=(_thing(Part(inward, paint), lamps=(lamp,)),), sky=_sky(TimeOfDay.NIGHT), indoors=True, viewpoints=eye)
    assert scene.sky is not None
    met = occluders_of(scene)
    _, square = np.unique(np.floor(met.middle / 0.5 + 1e-4), axis=0, return_inverse=True)  # half metres of wall, equal in size
    of_squares = [np.bincount(square, met.radiance[:, channel]) / np.bincount(square) for channel in range(3)]
    shown = np.mean(of_squares, axis=1)
    albedo = np.asarray(paint.colour)
    direct = 4 * math.pi * lamp.power * scene.sky.lamp_scale / (2 * (6 * 3 + 6 * 4 + 3 * 4))
    expected = albedo / math.pi * direct * (1 + albedo + albedo**2 + albedo**3)
    assert np.allclose(shown, expected, rtol=0.03)


def test_air_takes_what_integrating_its_density_along_the_ray_gives() -> None:
    sky = replace(_sky(weather=Weather.FOG), fog_per_m=0.02, fog_height_m=15.0)
    eye = np.array([0, 1.65, 0], np.float32)
    points = np.array([[0, 1.65, -30], [5, 20, -60], [40, -3, 10], [0, 200, -1]], np.float32)
    transmittance, _ = air_light(sky, points, eye)
    for point, found in zip(points, transmittance, strict=True):
        steps = np.linspace(0, 1, 4001)
        height = eye[1] + (point[1] - eye[1]) * (steps[1:] + steps[:-1]) / 2
        depth = 0.02 * np.exp(-height / 15.0).mean() * np.linalg.norm(point - eye)
        assert found == pytest.approx(math.exp(-depth), rel=0.02)


def test_a_mirror_shows_the_sky_it_faces_and_glass_shows_more_of_it_at_a_slant() -> None:
    tilted = np.eye(4)
    tilted[:3, 3] = (0, 1.6, -5)
    scene = _sampled(Scene(things=(_thing(Part(box((2, 2, 0.05)).moved(tilted), material("mirror"))),), terrain=_ground(), sky=_sky()))
    world = Light().run(World(Prompt(text="a test"), scene=scene), lambda *_: None)
    assert world.gaussians is not None
    assert world.gaussians.degree == 1
    front = (world.gaussians.thing == 1) & (np.abs(world.gaussians.means[:, 2] + 4.975) < 0.02) & (world.gaussians.means[:, 1] > 2.2)
    colours = world.gaussians.colours[front]
    assert colours[:, 2].mean() > colours[:, 0].mean()  # blue sky behind the visitor


def test_the_dome_closes_over_the_horizon_in_all_directions() -> None:
    far = dome(_sky(), 6_000)
    reach = np.linalg.norm(far.means, axis=1)
    assert reach.max() <= DOME_RADIUS_M * 1.15, "the finest at its radius, what is coarser behind"
    directions = far.means / np.linalg.norm(far.means, axis=1, keepdims=True)
    rng = np.random.default_rng(1)
    probe = rng.normal(size=(300, 3))
    probe[:, 1] = np.abs(probe[:, 1])
    probe /= np.linalg.norm(probe, axis=1, keepdims=True)
    angle = np.arccos(np.clip(probe @ directions.T, -1, 1))
    cover = 1 - np.prod(1 - far.opacity * np.exp(-0.5 * (angle * DOME_RADIUS_M / far.sizes_m[:, 0]) ** 2), axis=1)
    assert cover.min() > 0.9


@pytest.mark.parametrize("time", list(TimeOfDay))
@pytest.mark.parametrize("weather", list(Weather))
def test_every_hour_and_weather_has_a_sound_sky(time: TimeOfDay, weather: Weather) -> None:
    sky = _sky(time, weather)
    assert np.linalg.norm(sky.light_direction) == pytest.approx(1)
    directions = np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1], [0.6, 0.8, 0]], np.float32)
    values = radiance(sky, directions, clouds=True)
    assert np.isfinite(values).all()
    assert (values > 0).all()


def test_night_is_darker_than_dusk_and_dusk_than_noon() -> None:
    up = np.array([[0, 1, 0]], np.float32)
    night, dusk, noon = (radiance(_sky(time), up).sum() for time in (TimeOfDay.NIGHT, TimeOfDay.DUSK, TimeOfDay.NOON))
    assert night < dusk < noon


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_is_finite_repeatable_and_calms_down_when_seen_from_afar(pattern: str) -> None:
    rng = np.random.default_rng(5)
    points = rng.uniform(-3, 3, (4_000, 3)).astype(np.float32)
    normals = rng.normal(size=(4_000, 3)).astype(np.float32)
    near, far = np.full(4_000, 0.002, np.float32), np.full(4_000, 3.0, np.float32)
    fine = paint(points, normals, near, pattern=pattern, size_m=0.25, grain=0, seed=3)
    again = paint(points, normals, near, pattern=pattern, size_m=0.25, grain=0, seed=3)
    coarse = paint(points, normals, far, pattern=pattern, size_m=0.25, grain=0, seed=3)
    assert all(np.array_equal(a, b) and np.isfinite(a).all() for a, b in zip(fine, again, strict=True))
    assert coarse[0].std() <= fine[0].std() + 1e-6


def test_every_material_names_a_pattern_that_exists() -> None:
    assert {entry.pattern for entry in materials().values()} <= set(PATTERNS)


def test_the_tone_curve_rises_and_stays_within_the_display() -> None:
    grey = np.repeat(np.geomspace(1e-4, 1e3, 200, dtype=np.float32)[:, None], 3, axis=1)
    shown = display(grey, 1.0)
    assert (np.diff(shown[:, 0]) >= -1e-6).all()
    assert shown.min() >= 0
    assert shown.max() <= 1


def test_the_curve_keeps_neighbours_together() -> None:
    points = np.random.default_rng(2).uniform(-5, 5, (5_000, 3)).astype(np.float32)
    ordered = points[morton_order(points)]
    step = np.linalg.norm(np.diff(ordered, axis=0), axis=1).mean()
    assert step < 0.25 * np.linalg.norm(np.diff(points, axis=0), axis=1).mean()


def test_the_soft_edge_of_a_lamps_shadow_is_as_dark_as_the_share_of_the_lamp_that_is_hidden() -> None:
    lamp = Lamp((0.0, 3.0, -6.0), (1.0, 1.0, 1.0), 5.0, radius_m=0.3, glows_in_the_dark=False)
    sky = _sky(TimeOfDay.NIGHT)
    at = np.eye(4)
    at[:3, 3] = (0, 1.5, -6)
    board = Part(box((1, 0.01, 1)).moved(at), material("plaster"))
    scene = _scene(_thing(board, lamps=(lamp,)), sky=sky)
    surfels = _surfels(scene)
    light = lamp_light(surfels, scene, occluders_of(scene))[:, 0]
    ground = np.flatnonzero((surfels.thing == 0) & (np.abs(surfels.means - np.array([0, 0, -6])).max(axis=1) < 2.2))
    offset = np.array([0, 3, -6]) - surfels.means[ground]
    distance = np.linalg.norm(offset, axis=1)
    seen = light[ground] * (distance**2 + 0.3**2) * distance / offset[:, 1] / (sky.lamp_scale * 5.0)
    ball = np.random.default_rng(2).normal(size=(600, 3))
    ends = np.array([0, 3, -6]) + 0.3 * ball / np.linalg.norm(ball, axis=1, keepdims=True)
    share = 1.5 / ends[:, 1]
    crossing = surfels.means[ground, None] + share[None, :, None] * (ends[None] - surfels.means[ground, None])
    expected = (np.abs(crossing - np.array([0, 1.5, -6]))[..., [0, 2]].max(axis=2) > 0.5).mean(axis=1)
    edge = (expected > 0.1) & (expected < 0.9)
    assert edge.sum() > 150
    assert np.abs(seen - expected)[edge].mean() < 0.13  # one ray for each surfel: 0.157
