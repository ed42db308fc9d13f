"""Survey: walls stand where they were measured, the ground carries one everywhere, and a world without words is saved whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from pipelines import Prompt, World
from pipelines.camera import look_at, panorama, pinhole
from pipelines.errors import InputError
from pipelines.formats import FORMATS, read_package, save_package
from pipelines.gaussians import Gaussians
from pipelines.mesh import MAX_TRIANGLES, Survey, build_collider
from pipelines.mesh.bare_ground import ground_of
from pipelines.mesh.fusion import fused, grid_for
from pipelines.mesh.ground import boundary_edges
from pipelines.mesh.survey import linear
from pipelines.scene import EYE_HEIGHT_M, Mesh, Scene
from pipelines.splat import Finish, Lift, render
from pipelines.world import MeasuredView
from tests.vision.measured_rooms import HIGH, LOW, box_distance, field, room

EYE = np.array([0.0, 1.65, 0.0])


def surveyed(*views: MeasuredView) -> Scene:
    scene = Survey().run(World(Prompt(text="measured"), views=views), lambda fraction, note: None).scene
    assert scene is not None and scene.terrain is not None and scene.surroundings is not None
    return scene


@pytest.fixture(scope="module")
def box() -> Scene:
    return surveyed(room())


def struck(mesh: Mesh, origin: NDArray[np.floating], ways: NDArray[np.floating]) -> NDArray[np.float64]:
    """Metres from origin along unit ways (N, 3) to the mesh, inf where it is missed; by trimesh's own ray casting."""
    body = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    places, rays, _ = body.ray.intersects_location(np.tile(origin, (len(ways), 1)), ways, multiple_hits=False)
    out = np.full(len(ways), np.inf)
    out[rays] = np.linalg.norm(places - origin, axis=1)
    return out


def around(count: int, *, lowest: float = -0.9, highest: float = 0.9) -> NDArray[np.float64]:
    y = np.linspace(lowest, highest, count)
    turn = np.arange(count) * 2.399963
    flat = np.sqrt(1 - y * y)
    return np.stack([np.cos(turn) * flat, y, np.sin(turn) * flat], axis=1)


def test_walls_stand_where_they_were_measured(box: Scene) -> None:
    collider = build_collider(box)
    assert collider.ground is not None and collider.surroundings is not None and collider.triangles <= MAX_TRIANGLES
    ways = around(400)
    wanted, _ = box_distance(EYE, ways)
    found = np.minimum(struck(collider.surroundings, EYE, ways), struck(collider.ground, EYE, ways))
    error = np.abs(found - wanted)
    assert np.isfinite(found).mean() > 0.97, "the box is closed as seen from within"
    assert np.median(error) < 0.03 and np.percentile(error[np.isfinite(found)], 95) < 0.12


def test_walls_face_the_visitor(box: Scene) -> None:
    assert box.surroundings is not None
    corners = box.surroundings.mesh.corners.astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    towards = ((EYE - corners.mean(axis=1)) * normal).sum(axis=1)
    area = np.linalg.norm(normal, axis=1)
    assert area[towards > 0].sum() > 0.93 * area.sum()


def test_the_ground_is_closed_level_and_wider_than_the_room(box: Scene) -> None:
    ground = build_collider(box).ground
    assert ground is not None and box.terrain is not None
    solid = trimesh.Trimesh(ground.vertices, ground.faces, process=False)
    assert solid.is_watertight and solid.is_winding_consistent and solid.volume > 0 and not len(boundary_edges(ground.faces))
    x, z = np.meshgrid(np.linspace(LOW[0] - 2, HIGH[0] + 2, 40), np.linspace(LOW[2] - 2, HIGH[2] + 2, 40))
    assert np.abs(box.terrain.heights.at(x, z)).max() < 0.03
    np.testing.assert_allclose(box.terrain.weights.sum(axis=1), 1, atol=1e-5)


def test_a_visitor_starts_on_the_ground_and_looks_as_the_first_view_does(box: Scene) -> None:
    assert box.spawn.position == pytest.approx((0, 0, 0), abs=0.03) and box.spawn.yaw_rad == 0 and box.indoors
    turned = surveyed(room(panorama((0.5, 1.65, -1.0), yaw_rad=1.2, width_px=256)))
    assert turned.spawn.yaw_rad == pytest.approx(1.2) and turned.spawn.position == pytest.approx((0.5, 0, -1.0), abs=0.05)


def test_surfaces_keep_their_colours(box: Scene) -> None:
    assert box.surroundings is not None
    vertices, colours = box.surroundings.mesh.vertices, box.surroundings.colours
    red = (np.abs(vertices[:, 0] - LOW[0]) < 0.05) & (np.abs(vertices[:, 1] - 1.3) < 0.8) & (np.abs(vertices[:, 2]) < 1.5)
    mean = linear(np.array([[[200, 60, 60]], [[140, 42, 42]]], np.uint8)).mean(axis=(0, 1))
    assert red.sum() > 50
    np.testing.assert_allclose(colours[red].mean(axis=0), mean, atol=0.06)


def test_ground_passes_under_what_stands_on_it() -> None:
    """A slope of 10 % with a table 1.5 m wide on it and a hole in what was measured; the slope is the truth everywhere."""
    rng = np.random.default_rng(4)
    plan = rng.uniform(-6, 6, (60_000, 2)).astype(np.float32)
    height = 0.1 * plan[:, 0]
    table = (np.abs(plan - (2, 1)) < 0.75).all(axis=1)
    points = np.stack([plan[:, 0], np.where(table, height + 0.75, height), plan[:, 1]], axis=1).astype(np.float32)
    points = points[np.hypot(plan[:, 0] + 3, plan[:, 1]) > 1.0]
    terrain = ground_of(points, np.full_like(points, 0.2), middle=(0.0, 0.0), reach_m=5.5)
    x, z = np.meshgrid(np.linspace(-5, 5, 50), np.linspace(-5, 5, 50))
    assert np.abs(terrain.heights.at(x, z) - 0.1 * x).max() < 0.06
    colours = terrain.weights @ np.array([material.colour for material in terrain.materials])
    np.testing.assert_allclose(colours, 0.2, atol=1e-5)


def test_outdoors_a_ball_is_solid_and_the_field_is_ground() -> None:
    scene = surveyed(field())
    assert scene.surroundings is not None and scene.terrain is not None and not scene.indoors
    off = np.abs(np.linalg.norm(scene.surroundings.mesh.vertices - (0, 1.0, -5.0), axis=1) - 1.0)
    near = np.linalg.norm(scene.surroundings.mesh.vertices - (0, 1.0, -5.0), axis=1) < 2.5
    assert near.sum() > 100 and np.median(off[near]) < 0.08
    assert struck(scene.surroundings.mesh, EYE, np.array([[0.0, -0.1, -1.0]]) / np.sqrt(1.01)) == pytest.approx(4.15, abs=0.4)
    x, z = np.meshgrid(np.linspace(-20, 20, 40), np.linspace(-20, 20, 40))
    assert np.abs(scene.terrain.heights.at(x, z)).max() < 0.1, "under the ball, too"
    assert struck(scene.surroundings.mesh, EYE, around(60, lowest=0.5, highest=0.95)).min() == np.inf, "the sky is open"


def test_many_pinholes_agree_on_one_surface_and_the_unseen_stays_open() -> None:
    cameras = [
        pinhole((x, 1.6, 0.0), yaw_rad=look_at((x, 1.6, 0.0), (0, 1.6, -4))[0], width_px=120, height_px=90) for x in (-0.8, -0.2, 0.4, 0.9)
    ]
    mesh = fused([room(camera) for camera in cameras], grid_for(LOW - 0.3, HIGH + 0.3))
    ahead = struck(mesh, EYE, around(300))
    wanted, wall = box_distance(EYE, around(300))
    assert np.isinf(ahead[wall == 5]).all(), "nobody looked back"
    seen = (wall == 4) & np.isfinite(ahead)
    assert seen.sum() > 10 and np.abs(ahead - wanted)[seen].max() < 0.06


def test_nobody_walks_through_what_was_made_up_where_no_camera_looked() -> None:
    """Towards every splat of a wall or ceiling that is made up, a ray from where the visitor stands meets the collider first."""
    cameras = [
        pinhole((x, 1.6, 0.0), yaw_rad=look_at((x, 1.6, 0.0), (0, 1.6, -4))[0], width_px=160, height_px=120) for x in (-0.8, -0.2, 0.4, 0.9)
    ]
    world = World(Prompt(text="measured"), views=tuple(room(camera) for camera in cameras))
    world = Survey().run(Lift(60_000).run(world, lambda share, note: None), lambda share, note: None)
    assert world.scene is not None and world.gaussians is not None and world.unseen is not None
    assert len(world.unseen.faces) < 2_000, "plain walls are few triangles"
    collider = build_collider(world.scene)
    assert collider.surroundings is not None and collider.ground is not None
    means = world.gaussians.means.astype(np.float64)
    x, y, z = means.T
    behind = means[(z > 1.0) & (y > 0.3)]  # nobody looked there: all of it is made up
    assert len(behind) > 200
    ways = behind - EYE
    away_m = np.linalg.norm(ways, axis=1)
    met_m = struck(collider.surroundings, EYE, ways / away_m[:, None])
    assert (met_m < away_m + 0.02).all()
    assert np.median(np.abs(met_m - away_m)) < 0.02, "where the splats are"
    floor = means[(z > 1.0) & (y < 0.05)]
    down = np.tile((0.0, -1.0, 0.0), (len(floor), 1))
    body = trimesh.Trimesh(collider.ground.vertices, collider.ground.faces, process=False)
    places, rays, _ = body.ray.intersects_location(floor + (0, 1, 0), down, multiple_hits=False)
    assert len(floor) > 100 and len(rays) == len(floor), "floors that are made up carry, too"
    assert np.abs(places[:, 1] - floor[rays, 1]).max() < 0.1
    x, y, z = collider.surroundings.corners.mean(axis=1).T
    middle = np.array([(x.min() + x.max()) / 2, 1.3, (z.min() + z.max()) / 2])
    unseen = world.unseen.corners.astype(np.float64)
    normals = np.cross(unseen[:, 1] - unseen[:, 0], unseen[:, 2] - unseen[:, 0])
    assert ((normals * (middle - unseen[:, 0])).sum(axis=1) > 0).all(), "they face the visitor"


def test_a_start_inside_something_is_moved_aside() -> None:
    view = room()
    scene = surveyed(view)
    assert scene.surroundings is not None and scene.terrain is not None
    from pipelines.mesh.survey import start

    post = scene.surroundings.mesh.vertices.copy()
    post[:200] = np.stack([np.zeros(200), np.linspace(0.6, 1.6, 200), np.zeros(200)], axis=1)
    x, _, z = start(scene.terrain, Mesh(post, scene.surroundings.mesh.faces), view).position
    assert 0.25 < np.hypot(x, z) < 1.0


def test_views_without_surfaces_within_reach_are_refused() -> None:
    view = room()
    with pytest.raises(InputError, match="within 30 m"):
        surveyed(replace(view, distance=np.full_like(view.distance, 80)))
    with pytest.raises(InputError, match="no distances"):
        Survey().run(World(Prompt(text="measured")), lambda fraction, note: None)


def test_a_world_without_words_is_saved_opened_and_exported(tmp_path: Path) -> None:
    """All files of the package, in every format; foreign readers find ground and surroundings, and other pictures another id."""
    world = World(Prompt(panorama=Path("p.png"), distance=Path("d.exr")), views=(room(panorama((0.0, 1.65, 0.0), width_px=256)),))
    for stage in (Lift(20_000), Survey(), Finish()):
        world = stage.run(world, lambda fraction, note: None)
    assert world.spec is None and world.gaussians is not None
    package = read_package(save_package(world, tmp_path / "w", export=tuple(FORMATS)), verify=True)
    for name in ("scene.glb", "collider.glb"):
        opened = trimesh.load(package.file(name), force="scene")
        assert {"ground", "surroundings"} <= set(opened.graph.nodes_geometry), name
        low, high = opened.bounds
        assert low[1] < 0.01 and high[1] == pytest.approx(HIGH[1], abs=0.15)
    assert package.manifest.spawn.position == pytest.approx((0, 0, 0), abs=0.05)
    assert np.abs(np.array(package.manifest.bounds_m) - np.stack([LOW, HIGH])).max() < 0.3
    camera = pinhole((0.0, EYE_HEIGHT_M, 0.0), width_px=120, height_px=68)
    picture = render(package.gaussians(), camera).rgb
    assert np.sqrt(((picture - room(camera).rgb / 255) ** 2).mean()) < 0.1
    brighter = replace(world, gaussians=_brighter(world.gaussians))
    assert read_package(save_package(brighter, tmp_path / "v")).manifest.id != package.manifest.id


def _brighter(gaussians: Gaussians) -> Gaussians:
    return replace(gaussians, harmonics=(gaussians.harmonics + 0.1).astype(np.float32))
