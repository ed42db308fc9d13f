"""Distances: faces of a panorama come together as one, scales and gaps are found, the sky is far; truth comes from a known room."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from pipelines import Prompt
from pipelines.camera import Camera, panorama, pinhole
from pipelines.errors import GraphicsMemoryError, InputError, UnavailableError
from pipelines.vision import Measure
from pipelines.vision.depth_network import DepthNetwork, from_inverse, open_network
from pipelines.vision.faces import aligned_scales, along_rays, cut_faces, face_cameras, fused
from pipelines.vision.measure import completed, measured, scale_by_ground, standing
from pipelines.vision.measured_sky import sky_mask
from pipelines.world import MeasuredView, View, World
from tests.vision.depth_checkpoints import depth_anything, segmenter

EYE = (0.0, 1.65, 0.0)
LOW, HIGH = np.array([-3.0, 0.0, -5.0]), np.array([4.0, 2.8, 2.0])  # corners of a room


def room(camera: Camera) -> NDArray[np.float32]:
    """Distance (H, W) from a camera in the room to its walls."""
    rays = camera.rays().astype(np.float64)
    with np.errstate(divide="ignore"):
        reach = np.where(rays > 0, (HIGH - camera.position) / rays, (LOW - camera.position) / rays)
    return reach.min(axis=-1).astype(np.float32)


class Surveyor(DepthNetwork):
    """A network that knows the room, but whose scale differs from picture to picture."""

    def __init__(self, *, metric: bool = True, spread: float = 0.0) -> None:
        self.metric = metric
        self.factors = np.exp(np.random.default_rng(1).normal(size=40) * spread)
        self.asked = 0

    def depth(self, rgb: np.ndarray, camera: Camera) -> np.ndarray:
        along_axis = camera.rays() @ -camera.world_from_camera[:3, 2].astype(np.float32)
        self.asked += 1
        return (room(camera) * along_axis * self.factors[self.asked - 1]).astype(np.float32)


def quiet(fraction: float, note: str) -> None:
    assert 0 <= fraction <= 1


def view_of(camera: Camera) -> View:
    shade = (room(camera) * 30).clip(0, 255).astype(np.uint8)
    return View(camera, np.repeat(shade[..., None], 3, axis=2))


def test_faces_cover_the_sphere_and_show_what_the_panorama_shows() -> None:
    around = panorama(EYE, yaw_rad=0.7, width_px=256)
    colours = (127 + 100 * around.rays()).astype(np.uint8)
    for face in cut_faces(View(around, colours)):
        assert np.abs(face.rgb - (127 + 100 * face.camera.rays())).max() <= 3
    rays = around.rays().reshape(-1, 3)
    seen = np.zeros(len(rays), int)
    for camera in face_cameras(around):
        pixels, _ = camera.project(rays + camera.position)
        with np.errstate(invalid="ignore"):
            seen += ((pixels >= 0) & (pixels <= camera.width_px)).all(axis=1)
    assert seen.min() >= 1
    assert (seen >= 2).mean() > 0.2


def test_faces_of_one_scale_become_the_room_again() -> None:
    around = panorama(EYE, width_px=256)
    found = measured(view_of(around), Surveyor(), quiet)
    fault = np.abs(np.log(found / room(around)))
    assert np.median(fault) < 0.002
    assert np.percentile(fault, 99) < 0.03


def test_scales_that_differ_are_brought_together() -> None:
    around = panorama(EYE, yaw_rad=0.3, width_px=256)
    surveyor = Surveyor(spread=0.3)
    found = measured(view_of(around), surveyor, quiet)
    ratio = found / room(around)
    assert np.std(np.log(ratio)) < 0.02  # one factor for the whole sphere
    assert np.median(ratio) == pytest.approx(np.exp(np.log(surveyor.factors[:6]).mean()), rel=0.02)  # the faces' mean
    cameras = face_cameras(around)
    raw = [along_rays(surveyor.depth(np.zeros(1), camera), camera) for camera in cameras]
    assert np.std(np.log(fused(raw, cameras, around) / room(around))) > 0.1  # it was not so before
    scales = aligned_scales(raw, cameras, around)
    assert scales * surveyor.factors[6:12] == pytest.approx(np.full(6, np.exp(np.log(surveyor.factors[6:12]).mean())), rel=0.01)


def test_sky_and_the_unknown_are_not_averaged_with_walls() -> None:
    around = panorama(EYE, width_px=128)
    cameras = face_cameras(around)
    distances = []
    for camera in cameras:
        distance = room(camera)
        distances.append(np.where(camera.rays()[..., 1] > 0.3, np.float32(np.inf), distance))
    found = fused(distances, cameras, around)
    up = around.rays()[..., 1]
    assert np.isinf(found[up > 0.35]).all()
    assert np.isfinite(found[up < 0.25]).all()
    nothing = [np.full((camera.height_px, camera.width_px), np.nan, np.float32) for camera in cameras]
    assert np.isnan(fused(nothing, cameras, around)).all()


def test_a_pinhole_view_is_measured_along_its_rays() -> None:
    camera = pinhole(EYE, yaw_rad=0.4, width_px=90, height_px=60)
    assert measured(view_of(camera), Surveyor(), quiet) == pytest.approx(room(camera), rel=1e-4)


def test_the_ground_gives_the_scale() -> None:
    around = panorama(EYE, width_px=128)
    assert scale_by_ground(room(around) * np.float32(0.2), around.rays(), 1.65) == pytest.approx(5.0, rel=0.02)
    up = pinhole(EYE, pitch_rad=0.9, width_px=60, height_px=40)
    with pytest.raises(UnavailableError, match="too little ground"):
        scale_by_ground(room(up), up.rays(), 1.65)


@pytest.mark.parametrize(
    ("floor_m", "eye_m", "scale"), [(2.0, 1.65, 1.65 / 2.0), (1.3, 1.65, 1.65 / 1.3), (4.0, 4.0, 1.0), (0.8, 0.8, 1.0)]
)
def test_the_floor_comes_to_lie_at_zero(floor_m: float, eye_m: float, scale: float) -> None:
    """Nearly where it is for one who stands: the metres are brought to that. Far from it: the camera was held lower or higher."""
    camera = panorama((0, 1.65, 0), width_px=128)
    with np.errstate(divide="ignore"):
        distance = np.where(camera.rays()[..., 1] < 0, -floor_m / camera.rays()[..., 1], 50).clip(0, 50).astype(np.float32)
    moved, metres = standing(camera, distance)
    assert moved.position == pytest.approx((0, eye_m, 0), abs=1e-3)
    assert np.allclose(metres, distance * scale, rtol=1e-3)
    assert (moved.position + camera.rays()[-1, 0] * metres[-1, 0])[1] == pytest.approx(0, abs=0.01)
    said, scaled = standing(camera, distance, is_sure=True)
    assert said is camera and np.allclose(scaled, distance * (1.65 / floor_m), rtol=1e-3), "whoever took it said how high the camera was"


def test_gaps_are_filled_at_the_scale_of_what_is_known() -> None:
    camera = pinhole(EYE, width_px=90, height_px=60)
    truth = room(camera)
    given = truth.copy()
    given[20:40, 30:50] = np.nan
    filled = completed(given, (truth**0.8 * 3).astype(np.float32))  # too flat, and of another scale
    assert np.array_equal(filled[~np.isnan(given)], given[~np.isnan(given)])
    assert filled[20:40, 30:50] == pytest.approx(truth[20:40, 30:50], rel=0.02)
    assert np.array_equal(completed(truth, truth * 9), truth)


def test_inverse_depth_becomes_depth() -> None:
    depth = np.linspace(1, 60, 400, dtype=np.float32).reshape(20, 20)
    found = from_inverse((7 / depth + 2).astype(np.float32))
    near = depth < 20
    assert np.corrcoef(np.log(found[near]), np.log(depth[near]))[0, 1] > 0.99
    assert (np.diff(found.ravel()) >= 0).all()
    assert (from_inverse(np.full((4, 4), 3, np.float32)) == 1).all()


def test_the_sky_is_far_upward_and_blue() -> None:
    camera = pinhole(EYE, width_px=120, height_px=80)
    rays = camera.rays()
    distance = np.where(rays[..., 1] < -0.02, 1.65 / np.maximum(-rays[..., 1], 0.02), 90).astype(np.float32)
    rgb = np.where(rays[..., 1:2] > 0, np.array([110, 160, 230]), np.array([90, 120, 60])).astype(np.uint8)
    rgb[25:45, 20:40] = (150, 60, 40)  # a red house, as far as the network can tell
    mask = sky_mask(rgb, distance, rays)
    assert mask[:20].all()
    assert not mask[27:43, 22:38].any()
    assert not mask[rays[..., 1] < 0].any()
    ceiling = np.full((80, 120), 2.5, np.float32)
    assert not sky_mask(np.full((80, 120, 3), 240, np.uint8), ceiling, rays).any()  # white and above, but near


def test_a_model_that_names_what_it_sees_finds_the_sky(tmp_path: Path) -> None:
    net = str(depth_anything(tmp_path / "net", metric=True))
    world = World(Prompt(text="a field"), views=(view_of(pinhole(EYE, width_px=64, height_px=48)),))
    for sees, all_sky in ((2, True), (0, False)):  # as ADE20K and others write their names
        names = segmenter(tmp_path / f"names{sees}", ("wall", "skyscraper", "sky"), sees=sees)
        (view,) = Measure(model=net, sky_model=str(names)).run(world, quiet).views
        assert isinstance(view, MeasuredView)
        assert np.isinf(view.distance).all() == all_sky
        assert np.isinf(view.distance).any() == all_sky
    with pytest.raises(UnavailableError, match="no word for the sky"):
        Measure(model=net, sky_model=str(segmenter(tmp_path / "no", ("wall", "skyscraper"), sees=0))).run(world, quiet)


@pytest.mark.parametrize("metric", [True, False])
def test_a_transformers_model_measures_panoramas_and_photographs(tmp_path: Path, metric: bool) -> None:
    folder = depth_anything(tmp_path / "net", metric=metric)
    around, ahead = panorama(EYE, width_px=128), pinhole(EYE, pitch_rad=-0.5, width_px=64, height_px=48)
    texture = np.random.default_rng(0).integers(0, 255, (64, 128, 3), np.uint8)
    stage = Measure(model=str(folder))
    world = World(Prompt(text="a room"), views=(View(around, texture), View(ahead, texture[:48, :64])))
    views = stage.run(world, quiet).views
    for view, before in zip(views, world.views, strict=True):
        assert isinstance(view, MeasuredView)
        assert view.distance.dtype == np.float32
        assert view.distance.shape == before.rgb.shape[:2]
        assert (view.distance[np.isfinite(view.distance)] > 0).all()
        assert np.isfinite(view.distance).mean() > 0.3
    assert stage.model == "net"
    again = stage.run(world, quiet).views
    for one, other in zip(views, again, strict=True):
        assert isinstance(one, MeasuredView)
        assert isinstance(other, MeasuredView)
        assert np.array_equal(one.distance, other.distance, equal_nan=True)


def test_known_distances_stay(tmp_path: Path) -> None:
    camera = pinhole(EYE, width_px=64, height_px=48)
    whole = MeasuredView(camera, view_of(camera).rgb, room(camera))
    holey = room(camera)
    holey[10:30, 20:40] = np.nan
    stage = Measure(model=str(depth_anything(tmp_path / "net", metric=True)))
    world = World(Prompt(text="a room"), views=(whole, MeasuredView(camera, whole.rgb, holey)))
    first, second = stage.run(world, quiet).views
    assert isinstance(first, MeasuredView)
    assert isinstance(second, MeasuredView)
    assert np.array_equal(first.distance, whole.distance)
    assert np.array_equal(second.distance[np.isfinite(holey)], holey[np.isfinite(holey)])
    assert not np.isnan(second.distance).any()


def test_what_cannot_be_measured_is_said(tmp_path: Path) -> None:
    prompt = Prompt(text="a room")
    with pytest.raises(InputError, match="nothing to measure"):
        Measure(model=str(tmp_path)).run(World(prompt), quiet)
    world = World(prompt, views=(view_of(pinhole(EYE, width_px=32, height_px=32)),))
    with pytest.raises(UnavailableError, match=r"holds no .safetensors file"):
        Measure(model=str(tmp_path)).run(world, quiet)
    for name, words in (("DA3METRIC-LARGE", "needs the package depth_anything_3"), ("moge-3-vitl", "a pickle, which is never opened")):
        (tmp_path / name).mkdir()
        save_file({"a": np.zeros(1, np.float32)}, tmp_path / name / "model.safetensors")
        with pytest.raises(UnavailableError, match=words):
            Measure(model=str(tmp_path / name)).run(world, quiet)


def test_depth_anything_3_is_asked_in_its_own_units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """metres = output · focal / 300, the focal length being that of the shrunken picture that the network saw."""
    import sys
    from types import ModuleType, SimpleNamespace

    class Api:
        @classmethod
        def from_pretrained(cls, folder: str) -> Any:
            return cls()

        def to(self, device: object) -> Any:
            return self

        def inference(self, pictures: list[np.ndarray]) -> Any:
            return SimpleNamespace(depth=np.full((1, 24, 32), 6.0, np.float32))

    package, api = ModuleType("depth_anything_3"), ModuleType("depth_anything_3.api")
    api.DepthAnything3 = Api  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "depth_anything_3", package)
    monkeypatch.setitem(sys.modules, "depth_anything_3.api", api)

    camera = pinhole(EYE, width_px=64, height_px=48, horizontal_fov_rad=math.radians(90))  # focal 32 px, 16 px in the network's picture
    depth = open_network(tmp_path, "depth-anything/DA3METRIC-LARGE").depth(np.zeros((48, 64, 3), np.uint8), camera)
    assert depth == pytest.approx(np.full((48, 64), 6 * 16 / 300))


def test_memory_that_runs_out_is_told_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from transformers import DepthAnythingForDepthEstimation

    def full(*args: object, **settings: object) -> object:
        raise torch.OutOfMemoryError("CUDA out of memory")

    stage = Measure(model=str(depth_anything(tmp_path / "net", metric=True)))
    world = World(Prompt(text="a room"), views=(View(pinhole(EYE, width_px=64, height_px=48), np.zeros((48, 64, 3), np.uint8)),))
    monkeypatch.setattr(DepthAnythingForDepthEstimation, "forward", full)
    with pytest.raises(GraphicsMemoryError, match=r"too little memory for \S+net in the stage measure: use the tier nano"):
        stage.run(world, quiet)


def test_the_same_network_waits_for_the_next_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.models import warm

    opened: list[str] = []

    def open_it(folder: Path, name: str) -> DepthNetwork:
        opened.append(name)
        return open_network(folder, name)

    monkeypatch.setattr("pipelines.vision.measure.open_network", open_it)
    monkeypatch.setattr(warm, "budget_bytes", 10**8)
    folder = depth_anything(tmp_path / "net", metric=True)
    world = World(Prompt(text="a room"), views=(View(pinhole(EYE, width_px=64, height_px=48), np.zeros((48, 64, 3), np.uint8)),))
    try:
        first, again = (Measure(model=str(folder)).run(world, quiet).views[0] for _ in range(2))
    finally:
        warm.clear()
    assert opened == ["net"]
    assert isinstance(first, MeasuredView)
    assert isinstance(again, MeasuredView)
    assert np.array_equal(first.distance, again.distance)
