"""The prompts, arranged: everything named is there, relations hold, nothing floats, sinks or intersects."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.prompts import floating, foot, intersecting, solids
from pipelines.language import read
from pipelines.layout.arrange import arrange
from pipelines.layout.build import build
from pipelines.layout.supports import surface_near
from pipelines.places import places
from pipelines.scene import Scene
from pipelines.spec import SceneSpec
from pipelines.things import Library
from pipelines.things.grown.cover import COVERS

PROMPTS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parents[1] / "prompts.toml").read_text())["prompt"]


@cache
def world(number: int) -> tuple[SceneSpec, Scene]:
    library = Library.load()
    spec = read(PROMPTS[number]["text"], library).spec
    return spec, arrange(spec, library, seed=7)


@pytest.mark.parametrize("number", range(len(PROMPTS)))
def test_everything_named_is_placed(number: int) -> None:
    spec, scene = world(number)
    for asked in spec.things:
        there = sum(thing.name == asked.name for thing in scene.things)
        long = asked.count == 1 and "lengths" in Library.load().kinds[asked.kind].tags  # one wall, of several lengths
        assert there == max(asked.count, 1) or (long and there > 1), asked.name
    ids = [thing.id for thing in scene.things]
    assert ids == list(range(1, len(ids) + 1))
    labels = [thing.label for thing in scene.things]
    assert len(set(labels)) == len(labels)


def test_relations_hold_by_final_geometry() -> None:
    checks = [check for number in range(len(PROMPTS)) for check in world(number)[1].relations]
    assert len(checks) == sum(len(thing.relations) for number in range(len(PROMPTS)) for thing in world(number)[0].things)
    failing = [f"{check.subject} {check.relation} {check.object}" for check in checks if not check.holds]
    assert len(failing) <= 0.1 * len(checks), failing


@pytest.mark.parametrize("number", range(len(PROMPTS)))
def test_nothing_floats_or_sinks(number: int) -> None:
    assert list(floating(world(number)[1], Library.load())) == []


@pytest.mark.parametrize("number", range(len(PROMPTS)))
def test_nothing_intersects(number: int) -> None:
    assert list(intersecting(world(number)[1], Library.load())) == []


def test_the_same_seed_gives_the_same_scene_and_another_seed_another() -> None:
    library = Library.load()
    spec, first = world(7)
    again, other = arrange(spec, library, seed=7), arrange(spec, library, seed=8)
    assert [thing.label for thing in first.things] == [thing.label for thing in again.things]
    for a, b in zip(first.things, again.things, strict=True):
        assert np.array_equal(a.world_from_model, b.world_from_model)
    assert first.terrain is not None and again.terrain is not None
    assert np.array_equal(first.terrain.mesh.vertices, again.terrain.mesh.vertices)
    assert any(not np.array_equal(a.world_from_model, b.world_from_model) for a, b in zip(first.things, other.things, strict=False))


def test_dressing_adds_trees_cover_and_sky_and_keeps_the_named() -> None:
    library = Library.load()
    spec, scene = world(0)
    dressed = build(spec, scene, library, seed=7)
    assert dressed.things[: len(scene.things)] == scene.things
    near = [thing for thing in dressed.things if thing.id > 0]
    assert [thing.id for thing in near] == list(range(1, len(near) + 1))
    assert sum(thing.kind == "pine" for thing in near) >= 80
    assert sum(thing.id == 0 for thing in dressed.things) > 100
    assert sum(len(cover) for cover in dressed.cover) > 5_000
    assert dressed.sky is not None
    assert scene.terrain is not None
    for cover in dressed.cover:
        feet = cover.centres[:: max(len(cover) // 500, 1)]
        assert (feet[:, 1] > scene.terrain.heights.at(feet[:, 0], feet[:, 2]) - 0.3).all()


def test_landforms_are_shaped_and_stand_far() -> None:
    library = Library.load()
    spec = read("mountains behind a meadow with a red tent", library).spec
    assert any(thing.kind == "mountain" for thing in spec.things)
    for thing in arrange(spec, library, seed=3).things:
        if thing.kind != "mountain":
            continue
        assert float(np.hypot(thing.position[0], thing.position[2])) > 200
        assert float(np.ptp(thing.bounds[:, 1])) > 100
        corners = np.concatenate([part.mesh.corners for part in thing.model.parts]).astype(np.float64)
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        assert np.linalg.norm(normals, axis=1).min() > 0  # no face without an area
        assert (normals[:, 1] > 0).mean() > 0.9


def test_without_is_honoured_everywhere() -> None:
    library = Library.load()
    spec = read("a meadow without trees, with a bench", library).spec
    dressed = build(spec, arrange(spec, library, seed=1), library, seed=1)
    assert not [thing.label for thing in dressed.things if "tree" in library.kinds[thing.kind].tags]


def test_the_visitor_has_room() -> None:
    for number in range(len(PROMPTS)):
        _, scene = world(number)
        for thing in solids(scene):
            if float(np.ptp(thing.bounds[:, 1])) > 0.06 and float(thing.bounds[0, 1]) < 1.6:
                assert not bool(foot(thing).contains(np.zeros(()), np.zeros(()), grow_m=0.3)), thing.label
        assert len(scene.viewpoints) >= 4
        np.testing.assert_allclose(scene.viewpoints[0, [0, 2]], 0.0, atol=1e-6)


@pytest.mark.parametrize(("words", "turns"), [("an autumn forest", True), ("a forest", False), ("a pine forest in autumn", False)])
def test_a_wood_turns_in_autumn_unless_the_words_name_its_trees(words: str, turns: bool) -> None:
    library = Library.load()
    spec = read(words, library).spec
    kinds = [thing.kind for thing in build(spec, arrange(spec, library, seed=2), library, seed=2).things]
    leafy, evergreen = (sum(kind in some for kind in kinds) for some in ({"birch", "beech", "maple", "oak"}, {"pine", "spruce", "fir"}))
    assert (leafy > 2 * evergreen) is turns


def test_every_place_names_known_kinds_and_covers() -> None:
    library = Library.load()
    for place in places().values():
        for scatter in place.scatter:
            assert any(kind in library.kinds for kind in scatter.kinds), (place.name, scatter.kinds)
            assert set(scatter.autumn) <= set(library.kinds), (place.name, scatter.autumn)
        for bring in place.bring:
            assert any(kind in library.kinds for kind in bring.kinds), (place.name, bring.name)
        assert [cover.name for cover in place.cover if cover.name not in COVERS] == [], place.name
        if place.room is not None:
            assert {place.room.kind, *place.room.styles.values()} <= set(library.kinds), place.name


def test_ducks_swim_piers_rise_above_deep_water_and_pairs_leave_room() -> None:
    library = Library.load()
    park = arrange(read("a park with a pond and two ducks on the pond", library).spec, library, seed=1)
    pond = next(thing for thing in park.things if thing.kind == "pond")
    level = float(pond.bounds[1, 1])
    ducks = [thing for thing in park.things if thing.kind == "duck"]
    assert len(ducks) == 2
    assert park.terrain is not None
    for duck in ducks:
        low, high = duck.bounds[:, 1]
        assert low < level < high - 0.5 * (high - low)
        assert float(park.terrain.heights.at(duck.position[:1], duck.position[2:])[0]) < level
    harbour = arrange(read("a harbour with a fishing boat beside a pier", library).spec, library, seed=1)
    pier, boat = (next(thing for thing in harbour.things if thing.kind == kind) for kind in ("pier", "fishing boat"))
    assert boat.bounds[0, 1] < pier.bounds[1, 1]  # the deck is above the keel
    meadow = arrange(read("a meadow with a campfire between two tents", library).spec, library, seed=1)
    tents = [thing for thing in meadow.things if thing.kind == "tent"]
    fire = next(thing for thing in meadow.things if thing.kind == "campfire")
    apart = float(np.hypot(*(tents[0].position - tents[1].position)[[0, 2]]))
    assert float(np.ptp(fire.bounds[:, 0])) < apart < 12.0


def test_flowers_alone_are_a_scene() -> None:
    """They are splats from the start and have no mesh, though they are what the first look turns to."""
    library = Library.load()
    scene = arrange(read("three daisies on a meadow", library).spec, library, seed=1)
    assert [thing.kind for thing in scene.things].count("daisy") == 3


@pytest.mark.parametrize(
    "words", ["a bedroom with a skateboard under the bed", "a kitchen with a cat under the table", "a mouse under a dining table"]
)
def test_what_is_under_furniture_is_between_its_legs(words: str) -> None:
    library = Library.load()
    spec = read(words, library).spec
    scene = arrange(spec, library, seed=1)
    assert all(check.holds for check in scene.relations)
    below, above = (next(thing for thing in scene.things if thing.name == name) for name in (spec.things[0].name, spec.things[1].name))
    low, high = below.bounds
    corners = np.array([[x, z] for x in (low[0], high[0]) for z in (low[2], high[2])])
    inside = (np.c_[corners, np.ones(4)][:, [0, 2, 1]] - above.position) @ above.world_from_model[:3, :3] / above.scale**2  # turned, y = 1
    heights = [one for one in surface_near(above.model, inside[:, 0], inside[:, 2], 0.0) if not np.isnan(one)]
    assert all(height * above.scale + above.position[1] >= high[1] - 0.02 for height in heights)
