"""Look: panoramas of every kind are read upright and right, and what is none is refused with a cure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines import Prompt, View, World
from pipelines.camera import panorama
from pipelines.errors import FileFormatError, InputError
from pipelines.formats import write_distance
from pipelines.prompt import Picture
from pipelines.vision import Look
from pipelines.world import MeasuredView
from tests.vision.measured_rooms import room

Pixels = NDArray[np.uint8]


def looked(panorama_path: Path, distance: Path | None = None) -> View:
    (view,) = Look().run(World(Prompt(panorama=panorama_path, distance=distance)), lambda fraction, note: None).views
    return view


def stored(folder: Path, *, rgb: Pixels | None = None, distance: NDArray[np.float32] | None = None) -> tuple[Path, Path]:
    view = room()
    Image.fromarray(view.rgb if rgb is None else rgb).save(folder / "p.png")
    write_distance(view.distance if distance is None else distance, folder / "d.exr")
    return folder / "p.png", folder / "d.exr"


def test_a_panorama_with_distances_is_what_was_stored(tmp_path: Path) -> None:
    seen = looked(*stored(tmp_path))
    assert isinstance(seen, MeasuredView)
    np.testing.assert_array_equal(seen.rgb, room().rgb)
    np.testing.assert_array_equal(seen.distance, room().distance)
    assert seen.camera.position == pytest.approx((0, 1.65, 0), abs=0.01)
    assert seen.camera.rays()[128, 256] @ (0, 0, -1) > 0.999, "the middle is straight ahead"


def test_a_panorama_without_distances_stands_at_eye_height(tmp_path: Path) -> None:
    seen = looked(stored(tmp_path)[0])
    assert not isinstance(seen, MeasuredView) and seen.camera.position.tolist() == [0, 1.65, 0]


@pytest.mark.parametrize("eye_m", [0.5, 1.2, 2.2])
def test_the_floor_below_the_eye_becomes_the_ground(tmp_path: Path, eye_m: float) -> None:
    seen = looked(*stored(tmp_path, distance=room(panorama((0, eye_m, 0), width_px=512)).distance))
    assert seen.camera.position[1] == pytest.approx(eye_m, abs=0.01)


def test_who_took_it_knows_best_how_high_the_camera_was(tmp_path: Path) -> None:
    panorama_file, distance_file = stored(tmp_path)
    for beside in (None, distance_file):
        prompt = Prompt(panorama=panorama_file, distance=beside, eye_height_m=1.2)
        assert Look().run(World(prompt=prompt), lambda share, note: None).views[0].camera.position.tolist() == [0, 1.2, 0]


def test_a_tower_or_a_hole_below_the_eye_is_no_floor(tmp_path: Path) -> None:
    deep = room().distance * 20
    assert looked(*stored(tmp_path, distance=deep)).camera.position[1] == 1.65


def test_distances_of_another_size_are_looked_up(tmp_path: Path) -> None:
    coarse = room(panorama((0, 1.65, 0), width_px=300))
    seen = looked(*stored(tmp_path, distance=coarse.distance))
    assert isinstance(seen, MeasuredView) and seen.distance.shape == (256, 512)
    assert set(np.unique(seen.distance)) <= set(np.unique(coarse.distance)), "nothing is mixed across an edge"
    assert np.median(np.abs(seen.distance / room().distance - 1)) < 0.01


def test_what_is_no_distance_is_not_known(tmp_path: Path) -> None:
    distance = room().distance.copy()
    distance[:40, :100], distance[:40, 100:200], distance[:40, 200:300], distance[:40, 300:] = np.nan, -1, 0, 1e10
    seen = looked(*stored(tmp_path, distance=distance))
    assert isinstance(seen, MeasuredView)
    assert np.isnan(seen.distance[:40, :300]).all() and np.isposinf(seen.distance[:40, 300:]).all()
    np.testing.assert_array_equal(seen.distance[40:], distance[40:])


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda d: np.full_like(d, np.inf), "nothing but sky"),
        (lambda d: np.full_like(d, np.nan), "0% of the panorama"),
        (lambda d: d / d.max(), "no metres"),
        (lambda d: d[:, :300], "twice as wide as high"),
    ],
)
def test_useless_distances_are_refused(tmp_path: Path, change: Callable[[NDArray[np.float32]], NDArray[np.float32]], part: str) -> None:
    with pytest.raises(FileFormatError, match=part):
        looked(*stored(tmp_path, distance=change(room().distance)))


def test_an_exr_that_is_none_or_cut_short_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    picture, distance = stored(tmp_path)
    (tmp_path / "cut.exr").write_bytes(distance.read_bytes()[:3_000])
    for wrong in (picture, tmp_path / "cut.exr", tmp_path / "missing.exr"):
        with pytest.raises(FileFormatError):
            looked(picture, wrong)
    assert capfd.readouterr() == ("", ""), "what the library prints is not for people"


def test_the_channel_of_depth_is_found_among_others(tmp_path: Path) -> None:
    picture, _ = stored(tmp_path)
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, {"A": np.zeros((256, 512), np.float32), "Z": room().distance}) as file:
        file.write(str(tmp_path / "z.exr"))
    seen = looked(picture, tmp_path / "z.exr")
    assert isinstance(seen, MeasuredView)
    np.testing.assert_array_equal(seen.distance, room().distance)


@pytest.mark.parametrize(
    ("size", "part"),
    [((500, 300), "500 × 300"), ((128, 64), "at least 256"), ((16_640, 8_320), "at most 16,384")],
)
def test_panoramas_of_a_wrong_shape_are_refused_with_their_size(tmp_path: Path, size: tuple[int, int], part: str) -> None:
    Image.new("L", size, 90).save(tmp_path / "p.png")
    with pytest.raises(FileFormatError, match=part):
        looked(tmp_path / "p.png")


def test_black_missing_and_broken_pictures_are_refused(tmp_path: Path) -> None:
    Image.new("RGB", (512, 256)).save(tmp_path / "black.png")
    (tmp_path / "text.png").write_text("no picture")
    for name, part in (("black.png", "black all over"), ("text.png", "no sound picture"), ("none.png", "does not exist")):
        with pytest.raises(FileFormatError, match=part):
            looked(tmp_path / name)
    with pytest.raises(InputError):
        Look().run(World(Prompt(text="a wood")), lambda fraction, note: None)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "RGBA", "LA"])
def test_pictures_of_every_mode_keep_their_brightness(tmp_path: Path, mode: str) -> None:
    ramp = np.repeat(np.linspace(40, 220, 512).astype(np.uint8)[None], 256, axis=0)
    grey = Image.fromarray(ramp)
    image = grey.convert("P") if mode == "P" else grey.convert("RGB").convert(mode)
    image.save(tmp_path / "p.tif")
    assert np.abs(looked(tmp_path / "p.tif").rgb.mean(axis=2) - ramp).max() < 8


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    ramp = np.repeat(np.linspace(1_000, 65_000, 512).astype(np.uint16)[None], 256, axis=0)
    Image.fromarray(ramp).save(tmp_path / "p.png")
    assert np.abs(looked(tmp_path / "p.png").rgb[:, :, 1] - ramp / 257).max() <= 1


def test_what_is_transparent_is_filled_from_around_it(tmp_path: Path) -> None:
    pixels = np.full((256, 512, 4), (200, 100, 50, 255), np.uint8)
    pixels[200:] = (0, 255, 0, 0)
    assert (looked(stored(tmp_path, rgb=pixels)[0]).rgb == (200, 100, 50)).all()


def test_a_picture_that_says_it_lies_on_its_side_is_put_upright(tmp_path: Path) -> None:
    upright = room().rgb
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90° clockwise
    Image.fromarray(np.ascontiguousarray(np.rot90(upright))).save(tmp_path / "p.png", exif=exif)
    np.testing.assert_array_equal(looked(tmp_path / "p.png").rgb, upright)


def test_a_large_panorama_is_made_smaller_by_whole_areas(tmp_path: Path) -> None:
    pixels = np.zeros((2_560, 5_120, 3), np.uint8)
    pixels[:, ::2] = 200
    Image.fromarray(pixels).save(tmp_path / "p.png", compress_level=1)
    seen = looked(tmp_path / "p.png").rgb
    assert seen.shape == (2_048, 4_096, 3) and abs(float(seen.mean()) - 100) < 1


def test_the_given_world_is_not_changed(tmp_path: Path) -> None:
    picture, distance = stored(tmp_path)
    world = World(Prompt(panorama=picture, distance=distance))
    Look().run(world, lambda fraction, note: None)
    assert world == replace(world) and world.views == ()


# -- photographs -----------------------------------------------------------------------------------------------------------------------


def photograph(path: Path, size: tuple[int, int] = (300, 200), *, film_mm: int | None = None, orientation: int | None = None) -> Path:
    """Noise, with notes of the camera or without."""
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), np.uint8))
    exif = image.getexif()
    if film_mm is not None:
        exif.get_ifd(0x8769)[0xA405] = film_mm
    if orientation is not None:
        exif[0x0112] = orientation
    image.save(path, exif=exif)
    return path


def views_of(*pictures: Picture) -> tuple[tuple[View, ...], list[str]]:
    notes: list[str] = []
    world = Look().run(World(Prompt(pictures=pictures)), lambda fraction, note: notes.append(note))
    return world.views, notes


def test_a_photograph_has_the_angle_that_its_camera_wrote_down(tmp_path: Path) -> None:
    (view,), notes = views_of(Picture(photograph(tmp_path / "a.jpg", film_mm=18)))
    assert (view.camera.width_px, view.camera.height_px) == (300, 200)
    edges = view.camera.rays()[100, [0, -1]].astype(np.float64)
    between = np.degrees(np.arccos(edges[0] @ edges[1]))
    assert between == pytest.approx(90 * 299 / 300, abs=0.3), "36 mm of film behind 18 mm of lens, from pixel centre to pixel centre"
    assert view.camera.position.tolist() == [0, 1.65, 0]
    assert "90°" in notes[-1] and "its camera" in notes[-1] and "level" in notes[-1]


def test_without_notes_an_angle_is_taken_and_said(tmp_path: Path) -> None:
    (view,), notes = views_of(Picture(photograph(tmp_path / "a.png")))
    assert math.degrees(2 * math.atan(150 / view.camera.focal_px)) == pytest.approx(67.3, abs=0.2)
    assert "taken to be 67°" in notes[-1]


def test_a_photograph_held_upright_is_as_high_as_it_was_wide(tmp_path: Path) -> None:
    (view,), _ = views_of(Picture(photograph(tmp_path / "a.jpg", film_mm=18, orientation=6)))
    assert (view.camera.width_px, view.camera.height_px) == (200, 300)
    assert view.camera.focal_px == pytest.approx(150, rel=0.01), "90° along the longer side, which stands now"


@pytest.mark.parametrize(
    ("azimuth_deg", "ahead"), [(0, (0, 0, -1)), (90, (1, 0, 0)), (180, (0, 0, 1)), (-90, (-1, 0, 0)), (None, (0, 0, -1))]
)
def test_directions_are_clockwise_from_ahead(tmp_path: Path, azimuth_deg: float | None, ahead: tuple[int, int, int]) -> None:
    (view,), _ = views_of(Picture(photograph(tmp_path / "a.png"), azimuth_deg))
    assert -view.camera.world_from_camera[:3, 2] == pytest.approx(ahead, abs=1e-6)
    assert view.camera.world_from_camera[:3, 1] == pytest.approx((0, 1, 0), abs=1e-6)


def test_photographs_that_show_nothing_are_refused(tmp_path: Path) -> None:
    Image.new("RGB", (300, 200)).save(tmp_path / "black.png")
    Image.new("RGB", (60, 40), (9, 200, 9)).save(tmp_path / "tiny.png")
    for name, part in (("black.png", "all black"), ("tiny.png", "at least 64"), ("gone.png", "there is no picture")):
        with pytest.raises(InputError, match=part):
            views_of(Picture(tmp_path / name))
    with pytest.raises(InputError, match="nothing to look at"):
        Look().run(World(Prompt(text="a lake")), lambda fraction, note: None)
