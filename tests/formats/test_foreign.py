"""Our files before other people's readers, and theirs before ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.formats import FORMATS, read_ply, read_sog, read_splat_glb, read_spz, write_collider_glb, write_ply, write_scene_glb
from pipelines.gaussians import Gaussians
from pipelines.mesh import build_collider
from tests.formats import foreign
from tests.formats.scenes import covariances, nearest, scene, splats


@pytest.fixture(autouse=True)
def _needs_them() -> None:
    foreign.require()


def assert_alike(found: Gaussians, truth: Gaussians, *, within_m: float, shape: float, harmonics: float) -> None:
    """The same splats up to order, axis names, and the steps of a format."""
    truth = nearest(truth, found)
    assert np.abs(found.means - truth.means).max() <= within_m
    expected = covariances(truth)
    assert (np.abs(covariances(found) - expected).max(axis=(1, 2)) / np.abs(expected).max(axis=(1, 2))).max() <= shape
    assert np.abs(found.opacities - truth.opacities).max() <= 0.004
    assert found.degree == truth.degree
    assert np.abs(found.harmonics - truth.harmonics).max() <= harmonics


@pytest.mark.parametrize(("name", "degree"), [("ply", 0), ("ply", 3), ("spz", 0), ("spz", 3), ("sog", 0), ("sog", 1)])
def test_splat_transform_reads_what_we_write(name: str, degree: int, tmp_path: Path) -> None:
    """It turns each format's axes into those of PLY by its own rules, so this proves ours."""
    before = splats(1_200, degree=degree)
    if name == "sog" and degree:
        before.harmonics[:, 1:] = before.harmonics[np.arange(1_200) % 30, 1:]
    ours = tmp_path / f"ours.{name}"
    FORMATS[name].write(before, ours)
    found = read_ply(foreign.convert(ours, tmp_path / "theirs.ply"))
    steps = {"ply": (1e-6, 1e-4, 1e-6), "spz": (2e-4, 0.08, 0.07), "sog": (0.02, 0.1, 0.12)}[name]
    assert_alike(found, before, within_m=steps[0], shape=steps[1], harmonics=steps[2])


def test_we_read_what_splat_transform_writes_as_spz_3(tmp_path: Path) -> None:
    before = splats(800, degree=2)
    write_ply(before, tmp_path / "a.ply")
    found = read_spz(foreign.convert(tmp_path / "a.ply", tmp_path / "b.spz", "--spz-version", "3"))
    assert_alike(found, before, within_m=2e-4, shape=0.08, harmonics=0.07)


def test_we_read_what_splat_transform_writes_as_sog(tmp_path: Path) -> None:
    before = splats(200)
    write_ply(before, tmp_path / "a.ply")
    assert_alike(read_sog(foreign.convert(tmp_path / "a.ply", tmp_path / "b.sog")), before, within_m=0.02, shape=0.12, harmonics=0.1)


def test_we_read_what_splat_transform_writes_as_gltf(tmp_path: Path) -> None:
    """Its engine's axes are y-up too, but half a turn about y from ours; apart from that the numbers agree."""
    before = splats(500, degree=1)
    write_ply(before, tmp_path / "a.ply")
    found = read_splat_glb(foreign.convert(tmp_path / "a.ply", tmp_path / "b.glb"))
    np.testing.assert_allclose(found.means * np.array([-1, 1, -1], np.float32), before.means, atol=1e-5)
    np.testing.assert_allclose(found.scales, before.scales, rtol=1e-5)
    np.testing.assert_allclose(found.opacities, before.opacities, atol=1e-5)
    np.testing.assert_allclose(found.harmonics[:, 0], before.harmonics[:, 0], atol=1e-6)


def test_the_validator_finds_no_fault_in_scene_and_collider(tmp_path: Path) -> None:
    write_scene_glb(scene(), tmp_path / "scene.glb")
    write_collider_glb(build_collider(scene()), tmp_path / "collider.glb")
    allowed = {"NODE_EMPTY"}  # the spawn point is a place, not a thing
    for name in ("scene.glb", "collider.glb"):
        assert [issue for issue in foreign.validate(tmp_path / name) if issue["code"] not in allowed] == []


def test_the_validator_knows_all_of_a_splat_file_but_the_new_extension(tmp_path: Path) -> None:
    FORMATS["glb"].write(splats(50, degree=3), tmp_path / "splats.glb")
    issues = foreign.validate(tmp_path / "splats.glb")
    other = [
        issue
        for issue in issues
        if not (issue["code"] == "MESH_PRIMITIVE_INVALID_ATTRIBUTE" and "KHR_gaussian_splatting:" in issue["pointer"])
        and not (issue["code"] == "UNSUPPORTED_EXTENSION" and "KHR_gaussian_splatting" in issue["message"])
    ]
    assert other == []
    assert len(issues) == 1 + 3 + 16, "rotation, scale, opacity, sixteen harmonics, and the extension itself"


def test_the_validator_would_find_a_fault(tmp_path: Path) -> None:
    """A check that cannot fail proves nothing: the bounds of an accessor are made to lie."""
    write_collider_glb(build_collider(scene()), tmp_path / "a.glb")
    data = (tmp_path / "a.glb").read_bytes()
    assert b'"count":' in data
    (tmp_path / "a.glb").write_bytes(data.replace(b'"max":[40.0', b'"max":[41.0', 1))
    assert "ACCESSOR_MAX_MISMATCH" in {issue["code"] for issue in foreign.validate(tmp_path / "a.glb")}
