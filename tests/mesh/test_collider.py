"""Colliders: closed, true to what they stand for, and within the budget."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from pipelines.mesh import MAX_TRIANGLES, build_collider
from pipelines.mesh.ground import boundary_edges, boundary_loops, closed_below, coarser
from pipelines.scene import Mesh, Part, Scene, Thing
from tests.formats.scenes import OAK, ball, hill_height, hills, model, pose, pyramid, scene


def solid(mesh: Mesh) -> trimesh.Trimesh:
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)


def test_a_fine_ground_is_measured_anew_and_stays_true() -> None:
    ground = build_collider(Scene(terrain=hills(420)), max_triangles=30_000).ground
    assert ground is not None and len(ground.faces) <= 30_000
    assert solid(ground).is_watertight and solid(ground).is_winding_consistent and solid(ground).volume > 0
    upper = ground.vertices[ground.vertices[:, 1] > -2]
    near = upper[np.hypot(upper[:, 0], upper[:, 2]) < 20]
    assert len(near) > 1_500, "fine where one walks"
    assert np.abs(near[:, 1] - hill_height(near[:, 0], near[:, 2])).max() < 0.01


def test_a_coarse_ground_is_kept_as_it_is() -> None:
    terrain = hills(20)
    ground = build_collider(Scene(terrain=terrain)).ground
    assert ground is not None
    np.testing.assert_array_equal(ground.vertices[: len(terrain.mesh.vertices)], terrain.mesh.vertices)
    assert solid(ground).is_watertight


def test_a_ground_with_a_hole_is_closed_too() -> None:
    mesh = hills(12).mesh
    middle = mesh.corners.mean(axis=1)
    holed = Mesh(mesh.vertices, mesh.faces[np.hypot(middle[:, 0], middle[:, 2]) > 12])
    assert len(boundary_loops(holed.faces)) == 2
    closed = closed_below(holed, 2.0)
    assert solid(closed).is_watertight and solid(closed).is_winding_consistent
    assert coarser(holed, (0, 0), max_triangles=1_000) is None, "rings cannot stand for a ground with a hole"


def test_border_of_a_sheet_runs_with_its_faces() -> None:
    terrain = hills(7)
    (loop,) = boundary_loops(terrain.mesh.faces)
    assert len(loop) == 4 * 7 and len(set(loop.tolist())) == 28
    assert len(boundary_edges(ball(6).faces)) == 0


def test_many_things_are_simplified_to_the_budget() -> None:
    shape = model("boulder", (Part(ball(60), OAK),))
    things = tuple(Thing(number + 1, "boulder", "boulder", shape, pose((3.0 * number, 0, -5))) for number in range(60))
    assert 60 * len(shape.parts[0].mesh.faces) > 4 * MAX_TRIANGLES
    collider = build_collider(Scene(things))
    assert collider.triangles <= MAX_TRIANGLES
    assert [thing.id for thing, _ in collider.solids] == list(range(1, 61)), "all of them are kept"
    for thing, mesh in collider.solids:
        assert solid(mesh).is_watertight
        distance = np.linalg.norm(mesh.vertices - thing.position, axis=1)
        assert np.abs(distance - 1).max() < 0.03, "still a ball of one metre"


def test_the_farthest_are_left_out_when_nothing_else_helps() -> None:
    shape = model("boulder", (Part(ball(40), OAK),))
    things = tuple(Thing(number + 1, "boulder", "boulder", shape, pose((0, 0, -10.0 * (80 - number)))) for number in range(80))
    collider = build_collider(Scene(things), max_triangles=20_000)
    assert collider.triangles <= 20_000
    kept = [thing.id for thing, _ in collider.solids]
    assert 0 < len(kept) < 80 and kept == list(range(81 - len(kept), 81)), "the near ones stay"


def test_poses_are_applied_and_nameless_backdrop_is_not_solid() -> None:
    collider = build_collider(scene())
    assert [thing.id for thing, _ in collider.solids] == [1, 2, 3]
    thing, mesh = collider.solids[0]
    expected = np.concatenate([part.mesh.moved(thing.world_from_model).vertices for part in thing.model.parts])
    np.testing.assert_allclose(mesh.bounds, [expected.min(axis=0), expected.max(axis=0)], atol=1e-5)


@pytest.mark.parametrize("spawn_x", [0.0, 15.0])
def test_ground_is_the_same_from_any_spawn_point(spawn_x: float) -> None:
    base = Scene(terrain=hills(300))
    corner = 39.0
    ground = build_collider(replace(base, spawn=replace(base.spawn, position=(spawn_x, 0, 0))), max_triangles=20_000).ground
    assert ground is not None
    caster = solid(ground).ray
    origins = np.array([[x, 50.0, z] for x in (-9.0, 0.3, corner) for z in (-7.0, 0.2, -corner)])
    hits, rays, _ = caster.intersects_location(origins, np.tile([0, -1.0, 0], (9, 1)), multiple_hits=False)
    assert len(rays) == 9
    np.testing.assert_allclose(hits[:, 1], hill_height(origins[rays, 0], origins[rays, 2]), atol=0.03)


def test_a_room_stands_on_a_slab() -> None:
    room = model("room", (Part(pyramid(3.0), OAK),))
    ground = build_collider(Scene(things=(Thing(1, "room", "room", room, pose((0, 0, -2))),))).ground
    assert ground is not None and solid(ground).is_watertight and solid(ground).volume > 0
    low, high = ground.bounds
    assert high[1] == pytest.approx(-0.02) and low[0] <= -4 and high[0] >= 4 and low[2] <= -6


def test_nothing_solid_is_no_error() -> None:
    flame = model("flame", (Part(pyramid(), OAK, collides=False),))
    collider = build_collider(Scene(things=(Thing(1, "flame", "flame", flame, pose((0, 0, 0))),)))
    assert collider.ground is None and collider.solids == () and collider.triangles == 0
