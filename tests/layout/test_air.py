"""Air, weather and looks against closed forms and plain counting: mist, moon, what drifts, puddles, wind, and what words do to a world."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipelines.language import lexicon
from pipelines.layout.aged import styled
from pipelines.layout.drifting import drifting
from pipelines.layout.looks import AIRS, LOOKS, dressed, look_for
from pipelines.layout.occluders import occluders_of
from pipelines.layout.remade import remade
from pipelines.layout.sample import Sample
from pipelines.layout.sky import air_light, dome, sky_for
from pipelines.layout.surfels import puddles
from pipelines.layout.tone import display
from pipelines.layout.wind import BEND, HEADING, bent
from pipelines.prompt import Prompt
from pipelines.scene import Foliage, HeightField, Look, Mesh, Scene, Surfels, Terrain, Thing
from pipelines.spec import SceneSpec, Season, TimeOfDay, Weather
from pipelines.things import Library, Order
from pipelines.things.materials import material
from pipelines.world import World


def _ground(name: str = "concrete") -> Terrain:
    corners = np.array([[-40, 0, -40], [-40, 0, 40], [40, 0, 40], [40, 0, -40]], np.float32)
    mesh = Mesh(corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    return Terrain(mesh, (material(name),), np.ones((4, 1), np.float32), HeightField(-40, -40, 80, np.zeros((2, 2), np.float32)))


def _spec(time: TimeOfDay = TimeOfDay.NOON, weather: Weather = Weather.CLEAR, **more: Any) -> SceneSpec:
    return SceneSpec(time_of_day=time, weather=weather, **more)


def _sampled(scene: Scene, splats: int = 20_000) -> Surfels:
    done = Sample(splats=splats).run(World(Prompt(text="a test"), scene=scene), lambda share, note: None).scene
    assert done is not None and done.surfels is not None
    return done.surfels


def _blades(count: int = 60) -> Foliage:
    rng = np.random.default_rng(3)
    at = np.stack([rng.uniform(-9, 9, count), np.full(count, 0.2), rng.uniform(-9, 9, count)], axis=1).astype(np.float32)
    up, side = np.tile(np.array([0, 1, 0], np.float32), (count, 1)), np.tile(np.array([0, 0, 1], np.float32), (count, 1))
    flat = np.full(count, 0.4, np.float32)
    return Foliage(at, up, side, flat, flat * np.float32(0.05), np.full((count, 3), 0.2, np.float32), flat * 0)


def test_mist_is_what_a_ray_gathers_step_by_step() -> None:
    sky = replace(sky_for(_spec()), mist_per_m=0.02, mist_height_m=2.5)
    eye, points = np.array([0, 1.6, 0], np.float32), np.array([[40, 0.2, -3], [5, 9, 1], [-20, 1.6, 8]], np.float32)
    found, _ = air_light(sky, points, eye)
    share = (np.arange(4_000) + 0.5) / 4_000
    for point, clear in zip(points, found, strict=True):
        height = eye[1] + share * (point[1] - eye[1])
        dense = sky.fog_per_m * np.exp(-height / sky.fog_height_m) + sky.mist_per_m * np.exp(-height / sky.mist_height_m)
        assert clear == pytest.approx(math.exp(-dense.mean() * np.linalg.norm(point - eye)), rel=1e-3)


def test_the_moon_stands_where_the_light_of_a_clear_night_comes_from() -> None:
    sky = sky_for(_spec(TimeOfDay.NIGHT))
    far = dome(replace(sky, stars=0.0), 6_000)
    brightest = far.means[far.radiance.sum(axis=1) > 1.5]
    towards = brightest.mean(axis=0) / np.linalg.norm(brightest.mean(axis=0))
    assert len(brightest) > 100
    assert towards @ np.asarray(sky.light_direction) > math.cos(math.radians(0.5))
    assert not (dome(replace(sky_for(_spec(TimeOfDay.NIGHT, Weather.RAIN)), stars=0.0), 6_000).radiance.sum(axis=1) > 1.5).any()


@pytest.mark.parametrize(
    ("time", "weather", "season", "expected"),
    [
        (TimeOfDay.DUSK, Weather.CLEAR, Season.SUMMER, True),
        (TimeOfDay.NIGHT, Weather.CLOUDY, Season.SPRING, True),
        (TimeOfDay.NOON, Weather.CLEAR, Season.SUMMER, False),
        (TimeOfDay.NIGHT, Weather.RAIN, Season.SUMMER, False),
        (TimeOfDay.NIGHT, Weather.CLEAR, Season.WINTER, False),
    ],
)
def test_fireflies_come_out_over_grass_on_still_summer_nights(time: TimeOfDay, weather: Weather, season: Season, expected: bool) -> None:
    assert sky_for(_spec(time, weather, season=season)).fireflies is expected
    assert not sky_for(_spec(time, weather, season=season, place="desert")).fireflies


def test_fireflies_hover_a_little_above_the_ground() -> None:
    scene = Scene(terrain=_ground("grass"), sky=sky_for(_spec(TimeOfDay.DUSK)))
    found = drifting(scene, occluders_of(scene).caster, 1.0, splats=20_000, seed=1)
    assert len(found.means) > 200
    assert found.means[:, 1].min() > 0.2 and found.means[:, 1].max() < 6


def test_rain_falls_in_the_open_and_not_under_a_roof() -> None:
    scene = Scene(terrain=_ground(), sky=sky_for(_spec(weather=Weather.RAIN)))
    open_ = drifting(scene, occluders_of(scene).caster, 1.0, splats=400_000, seed=1)
    corners = np.array([[-30, 30, -30], [30, 30, -30], [30, 30, 30], [-30, 30, 30]], np.float32)
    roof = replace(
        _ground(),
        mesh=Mesh(np.concatenate([_ground().mesh.vertices, corners]), np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]], np.int32)),
    )
    roofed = replace(scene, terrain=replace(roof, weights=np.ones((8, 1), np.float32)))
    assert len(open_.means) > 500
    assert len(drifting(roofed, occluders_of(roofed).caster, 1.0, splats=400_000, seed=1).means) == 0


def test_puddles_stand_on_wet_level_ground_and_mirror() -> None:
    wet = Scene(terrain=_ground(), sky=sky_for(_spec(weather=Weather.RAIN)))
    surfels = _sampled(wet)
    pool = puddles(surfels, wet)
    near = np.hypot(surfels.means[:, 0], surfels.means[:, 2]) < 30
    assert 0.04 < (pool[near] > 0.5).mean() < 0.6
    assert (surfels.gloss[pool > 0.9] > 0.75).all() and (surfels.gloss[pool == 0] < 0.62).all()
    tilted = replace(surfels, frames=surfels.frames[:, (1, 0, 2)])
    assert puddles(tilted, wet).max() == 0


def test_a_storm_bends_grass_about_its_foot() -> None:
    still = _blades()
    blown = bent(still, np.zeros(len(still), np.float32), strength=1.0)
    foot = blown.centres - blown.directions * (blown.lengths_m / 2)[:, None]
    before = still.centres - still.directions * (still.lengths_m / 2)[:, None]
    assert np.abs(foot - before).max() < 0.03
    lean = blown.directions @ np.array([HEADING[0], 0, HEADING[1]]) / blown.directions[:, 1]
    assert lean.min() > 0.2 * BEND and (blown.centres[:, 1] < still.centres[:, 1]).all()
    assert np.allclose(np.linalg.norm(blown.directions, axis=1), 1, atol=1e-5)


def test_every_look_is_a_style_or_mood_of_the_lexicon() -> None:
    told = yaml.safe_load((Path(lexicon.__file__).parent / "lexicon.yaml").read_text("utf-8"))
    assert {*LOOKS, *AIRS} <= {*told["styles"], *told["moods"]}


def test_words_add_up_and_no_words_change_nothing() -> None:
    assert look_for(_spec()) == Look()
    both = look_for(_spec(style="watercolour", mood=("cheerful",)))
    assert both.saturation == pytest.approx(LOOKS["watercolour"].saturation * LOOKS["cheerful"].saturation)
    assert both.wash == LOOKS["watercolour"].wash
    colours = np.random.default_rng(1).random((50, 3)).astype(np.float32)
    assert np.array_equal(display(colours, 1.0, Look()), display(colours, 1.0))
    washed = display(colours, 1.0, look_for(_spec(style="watercolour")))
    assert np.ptp(washed) < np.ptp(display(colours, 1.0)) and washed.min() > 0.15


def test_where_nobody_lives_any_more_no_lamp_burns() -> None:
    scene = Scene(terrain=_ground(), sky=sky_for(_spec(TimeOfDay.NIGHT)))
    lived = dressed(_spec(TimeOfDay.NIGHT), scene).sky
    left = dressed(_spec(TimeOfDay.NIGHT, style="abandoned"), scene).sky
    assert lived is not None and lived.dark and left is not None and not left.dark


def test_an_overgrown_wall_has_ivy_from_the_ground_up() -> None:
    model = Library.load(()).build("log cabin", Order(seed=1))
    cabin = Thing(1, "log cabin", "log cabin", model, np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, -9], [0, 0, 0, 1]], float))
    scene = Scene(things=(cabin,), terrain=_ground(), sky=sky_for(_spec()))
    plain = _sampled(scene, 40_000)
    grown = styled(plain, replace(scene, look=Look(overgrown=0.8)))
    ivy = grown.leaf & ~plain.leaf
    assert 0.03 < ivy[plain.thing == 1].mean() < 0.7
    assert grown.means[ivy, 1].mean() < plain.means[plain.thing == 1, 1].mean() + 0.3
    assert (grown.albedo[ivy, 1] > grown.albedo[ivy, 0]).all()
    assert styled(plain, scene) is plain


def test_low_poly_trees_are_few_plain_faces_within_the_tree() -> None:
    oak = Library.load(()).build("oak", Order(seed=1))
    scene = Scene(things=tuple(Thing(k + 1, "oak", "oak", oak, np.eye(4)) for k in range(2)))
    first, second = remade(scene, Look(flat=True)).things
    assert first.model is second.model and not first.model.foliage
    crown = [part for part in first.model.parts if part.name == "crown"]
    assert 1 <= len(crown) <= 9 * len(oak.foliage) and all(len(part.mesh.faces) == 20 for part in crown)
    assert all(part.mesh.volume_m3 > 0 for part in crown)
    low, high = oak.bounds
    slack = 0.35 * (high - low)
    for part in crown:
        assert (part.mesh.vertices > low - slack).all() and (part.mesh.vertices < high + slack).all()
    assert remade(scene, Look()) is scene
