"""What is photographed of a built world is true: surfaces lie where the height field says, and the same number gives the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.camera import panorama
from pipelines.flow import CLASSES, SKY
from pipelines.spec import SceneSpec, TimeOfDay
from pipelines.training import shards, shots
from pipelines.training.worlds import Asked, Split


@pytest.fixture(scope="module")
def order() -> Asked:
    spec = SceneSpec(place="bathroom", time_of_day=TimeOfDay.NOON)
    return Asked(Split.TRAIN, 3, 3, spec, ("a bathroom at noon",))


def first_hits(corners: np.ndarray, eye: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """Metres to the nearest of (T, 3, 3) triangles for each of (R, 3) rays, without any tree (Moeller and Trumbore 1997)."""
    a, first, second = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    nearest = []
    for ray in rays:
        across = np.cross(ray, second)
        size = (first * across).sum(1)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = ((eye - a) * across).sum(1) / size
            turned = np.cross(eye - a, first)
            v = turned @ ray / size
            t = (second * turned).sum(1) / size
            hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0.01)
        nearest.append(t[hit].min() if hit.any() else np.inf)
    return np.array(nearest)


def test_distances_are_those_of_the_built_surfaces(order: Asked, tmp_path: Path) -> None:
    world = shots.built(order, splats=15_000)
    scene = world.scene
    assert scene is not None
    assert all(thing.id > 0 for thing in scene.things)
    taken = list(shots.shots(world, positions=2, pinholes=1))
    assert [shots.is_panorama(shot) for shot in taken] == [True, False, True, False]
    meshes = [part.mesh.moved(thing.world_from_model).corners for thing in scene.things for part in thing.model.parts]
    corners = np.concatenate(meshes).astype(np.float64)
    for shot in taken:
        assert np.array_equal(np.isinf(shot.distance), shot.kind == SKY)
        chosen = np.random.default_rng(1).choice(shot.distance.size, 80, replace=False)
        rays = shot.camera.rays().reshape(-1, 3)[chosen].astype(np.float64)
        true, found = first_hits(corners, shot.camera.position, rays), shot.distance.ravel()[chosen]
        both = np.isfinite(true) & np.isfinite(found)
        assert both.mean() > 0.8
        off = np.abs(found[both] / true[both] - 1)
        assert np.median(off) < 0.02 and np.mean(off < 0.15) > 0.8
    inside = CLASSES.index("inside")
    assert (taken[0].kind == inside).mean() > 0.3 and len(np.unique(taken[0].kind)) > 1
    again = list(shots.shots(world, positions=2, pinholes=1))
    for one, other in zip(taken, again, strict=True):
        assert np.array_equal(one.rgb, other.rgb) and np.array_equal(one.distance, other.distance)
    assert not np.array_equal(taken[0].rgb, taken[2].rgb)
    for name in ("one", "two"):
        shards.store(tmp_path / f"{name}{shards.SUFFIX}", order, taken)
    assert (tmp_path / f"one{shards.SUFFIX}").read_bytes() == (tmp_path / f"two{shards.SUFFIX}").read_bytes()
    assert len((tmp_path / f"one{shards.SUFFIX}").read_bytes()) < 20_000 * len(taken)


def test_what_stands_inside_something_is_no_shot() -> None:
    camera = panorama((0.0, 1.6, 0.0), width_px=32)
    distance = np.full((16, 32), 5.0, np.float32)
    shot = shots.Shot(camera, np.zeros((16, 32, 3), np.uint8), distance, np.ones((16, 32), np.uint8), 1.6)
    assert not shots.stands_inside(shot)
    distance[:4] = 0.1
    assert shots.stands_inside(shot)
