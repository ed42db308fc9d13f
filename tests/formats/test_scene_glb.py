"""scene.glb and collider.glb, read by trimesh and by our own reader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from pipelines.errors import FileFormatError
from pipelines.formats import Axes, Frame, Unit, read_glb, write_collider_glb, write_scene_glb
from pipelines.formats.glb import Glb, reframe_glb, write_chunks
from pipelines.formats.scene_glb import FAR_LEAVES, MAX_COVER, MAX_LEAVES
from pipelines.formats.smoothing import shaded
from pipelines.mesh import build_collider
from pipelines.scene import Part, Scene, Thing
from tests.formats.scenes import OAK, ball, leaves, model, pose, pyramid, scene


@pytest.fixture
def written(tmp_path: Path) -> Glb:
    write_scene_glb(scene(), tmp_path / "scene.glb")
    return read_glb(tmp_path / "scene.glb")


def node(glb: Glb, name: str) -> dict[str, Any]:
    return next(item for item in glb.items("nodes") if item.get("name") == name)


def test_every_thing_is_a_named_node_that_says_what_it_is(written: Glb) -> None:
    things = {item["extras"]["id"]: item for item in written.items("nodes") if "extras" in item}
    assert {number: item["name"] for number, item in things.items()} == {1: "tent 1", 2: "tent 2", 3: "brass lamp", 4: "curtain"}
    body = {"mass_kg": pytest.approx(12.5 * 1.2**3), "friction": 0.6, "restitution": 0.2, "dynamic": True}
    assert things[1]["extras"] == {"id": 1, "kind": "tent", "label": "tent", **body}
    assert {item["name"] for item in written.items("nodes")} >= {"ground", "ground cover", "backdrop 1", "spawn"}


def test_things_of_one_model_share_their_mesh(written: Glb) -> None:
    assert node(written, "tent 1")["mesh"] == node(written, "tent 2")["mesh"]
    assert len(written.items("meshes")) == 6, "ground, cover, tent, lamp, curtain, and the far tent with fewer leaves"
    near, far = (written.items("meshes")[node(written, name)["mesh"]]["primitives"] for name in ("tent 1", "backdrop 1"))
    assert near[:-1] == far[:-1], "even the far one has the same solids"
    leaves_near, leaves_far = (len(written.array(mesh[-1]["attributes"]["POSITION"])) for mesh in (near, far))
    assert leaves_far == leaves_near // FAR_LEAVES // 3 * 3


def test_materials_carry_tint_glow_and_glass(written: Glb) -> None:
    materials = {item["name"]: item for item in written.items("materials")}
    assert materials["glass"]["pbrMetallicRoughness"]["baseColorFactor"] == [0.8, 0.1, 0.1, 0.25]
    assert materials["glass"]["alphaMode"] == "BLEND" and materials["glass"]["doubleSided"]
    assert materials["oak"]["pbrMetallicRoughness"]["roughnessFactor"] == 0.6
    assert materials["lamp"]["emissiveFactor"] == [1.0, pytest.approx(2 / 3), pytest.approx(1 / 3)]
    assert materials["lamp"]["extensions"]["KHR_materials_emissive_strength"]["emissiveStrength"] == 3.0
    assert "emissiveFactor" not in materials["ember"], "it glows in the dark only"
    assert materials["leaves"]["doubleSided"]


def test_by_night_what_glows_in_the_dark_glows(tmp_path: Path) -> None:
    day = scene()
    assert day.sky is not None
    write_scene_glb(replace(day, sky=replace(day.sky, dark=True)), tmp_path / "night.glb")
    materials = {item["name"]: item for item in read_glb(tmp_path / "night.glb").items("materials")}
    assert materials["ember"]["emissiveFactor"] == [0.5, 0.1, 0.0]


def test_trimesh_finds_everything_where_it_stands(tmp_path: Path) -> None:
    world = scene()
    write_scene_glb(world, tmp_path / "scene.glb")
    loaded = trimesh.load(tmp_path / "scene.glb", merge_primitives=False)
    for thing, name in zip(world.things, ("tent 1", "tent 2", "brass lamp", "curtain"), strict=False):
        geometries = [(loaded.graph[item], loaded.geometry) for item in loaded.graph.nodes_geometry if item.split("/")[0].startswith(name)]
        assert geometries, f"{name} is not in {list(loaded.graph.nodes_geometry)}"
        corners = []
        for (matrix, key), geometry in geometries:
            corners.append(trimesh.transform_points(geometry[key].vertices, matrix))
        found = np.concatenate(corners)
        expected = np.concatenate([part.mesh.moved(thing.world_from_model).vertices for part in thing.model.parts])
        if not thing.model.foliage:
            np.testing.assert_allclose([found.min(axis=0), found.max(axis=0)], [expected.min(axis=0), expected.max(axis=0)], atol=1e-4)
        assert (found.min(axis=0) <= expected.min(axis=0) + 1e-4).all() and (found.max(axis=0) >= expected.max(axis=0) - 1e-4).all()


def test_ground_is_coloured_by_its_materials(written: Glb) -> None:
    mesh = written.items("meshes")[node(written, "ground")["mesh"]]
    primitive = mesh["primitives"][0]
    factor = np.array(written.items("materials")[primitive["material"]]["pbrMetallicRoughness"]["baseColorFactor"][:3])
    places, colours = written.array(primitive["attributes"]["POSITION"]), written.array(primitive["attributes"]["COLOR_0"])[:, :3] * factor
    oak = 0.5 + 0.5 * np.sin(places[:, 0])
    expected = oak[:, None] * [0.3, 0.2, 0.1] + (1 - oak[:, None]) * 0.9
    assert np.abs(colours - expected).max() < 0.01
    normals = written.array(primitive["attributes"]["NORMAL"])
    assert (normals[:, 1] > 0.5).all()


def test_leaves_are_thinned_to_a_sane_number_and_keep_their_area(tmp_path: Path) -> None:
    many = 3 * MAX_LEAVES
    trees = tuple(
        Thing(number + 1, "tree", "tree", model("tree", (Part(pyramid(0.1), OAK),), (leaves(many // 2, number),)), pose((number, 0, 0)))
        for number in range(2)
    )
    write_scene_glb(Scene(trees, cover=(leaves(2 * MAX_COVER),)), tmp_path / "scene.glb")
    glb = read_glb(tmp_path / "scene.glb")
    counts, areas = {"leaves": 0, "cover": 0}, {"leaves": 0.0, "cover": 0.0}
    for mesh in glb.items("meshes"):
        kind = "cover" if mesh["name"] == "ground cover" else "leaves"
        for primitive in mesh["primitives"]:
            if "indices" not in primitive:
                corners = glb.array(primitive["attributes"]["POSITION"]).reshape(-1, 3, 3).astype(np.float64)
                counts[kind] += len(corners)
                cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
                areas[kind] += float(np.linalg.norm(cross, axis=1).sum() / 2)
    assert MAX_LEAVES * 0.99 <= counts["leaves"] <= MAX_LEAVES and counts["cover"] == MAX_COVER
    for kind, foliage in (("leaves", [leaves(many // 2, 0), leaves(many // 2, 1)]), ("cover", [leaves(2 * MAX_COVER)])):
        ellipses = sum(float((leaf.lengths_m * leaf.widths_m).sum()) * np.pi / 4 for leaf in foliage)
        assert areas[kind] == pytest.approx(ellipses, rel=0.02)
    assert (tmp_path / "scene.glb").stat().st_size < 40e6


def test_edges_are_sharp_and_curves_are_smooth() -> None:
    ridged = shaded(pyramid(), crease_deg=40)
    assert len(ridged[0]) == 4 * 3 + 4, "every side stands alone, the bottom's two halves are one"
    np.testing.assert_allclose(np.linalg.norm(ridged[1], axis=1), 1, atol=1e-6)
    vertices, normals, faces = shaded(ball(16), crease_deg=40)
    assert len(vertices) == len(ball(16).vertices)
    assert (np.einsum("ij,ij->i", normals, vertices) > 0.99).all(), "a ball's normals point away from its middle"
    np.testing.assert_allclose(vertices[faces], ball(16).corners)


def test_collider_is_watertight_ground_and_solid_things(tmp_path: Path) -> None:
    collider = build_collider(scene())
    write_collider_glb(collider, tmp_path / "collider.glb")
    loaded = trimesh.load(tmp_path / "collider.glb")
    assert set(loaded.geometry) == {"ground", "tent 1", "tent 2", "brass lamp"}, "no curtain, no backdrop"
    assert all(mesh.is_watertight and mesh.is_winding_consistent for mesh in loaded.geometry.values())
    assert all(mesh.volume > 0 for mesh in loaded.geometry.values()), "faces look outwards"
    extras = {item["name"]: item.get("extras", {}).get("id") for item in read_glb(tmp_path / "collider.glb").items("nodes")}
    assert extras == {"ground": None, "tent 1": 1, "tent 2": 2, "brass lamp": 3}


def test_a_world_without_anything_solid_is_a_sound_file(tmp_path: Path) -> None:
    write_collider_glb(build_collider(Scene()), tmp_path / "collider.glb")
    write_scene_glb(Scene(), tmp_path / "scene.glb")
    assert [item["name"] for item in read_glb(tmp_path / "collider.glb").items("nodes")] == ["nothing solid"]
    assert [item["name"] for item in read_glb(tmp_path / "scene.glb").items("nodes")] == ["spawn"]


def test_a_frame_is_a_node_above_the_scene(tmp_path: Path) -> None:
    write_scene_glb(scene(), tmp_path / "a.glb")
    reframe_glb(tmp_path / "a.glb", tmp_path / "b.glb", frame=Frame(Axes.Z_UP, Unit.CENTIMETRE))
    flat, turned = (trimesh.load(tmp_path / name).to_mesh().bounds for name in ("a.glb", "b.glb"))
    expected = np.array([[flat[0][0], -flat[1][2], flat[0][1]], [flat[1][0], -flat[0][2], flat[1][1]]]) * 100
    np.testing.assert_allclose(turned, expected, rtol=1e-5, atol=1e-2)


@pytest.mark.parametrize("scenes", [[{}], [{"nodes": 5}], [{"nodes": []}], 7])
def test_a_scene_without_nodes_cannot_be_turned(scenes: object, tmp_path: Path) -> None:
    write_chunks(tmp_path / "a.glb", {"asset": {"version": "2.0"}, "scenes": scenes}, [], 0)
    with pytest.raises(FileFormatError):
        reframe_glb(tmp_path / "a.glb", tmp_path / "b.glb", frame=Frame(Axes.Z_UP))


def test_same_scene_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_scene_glb(scene(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
