"""Photographs of every kind become upright 8-bit sRGB of a workable size, or are refused with a cure."""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipelines.errors import FileFormatError, InputError
from pipelines.vision import open_picture
from pipelines.vision.pictures import require_detail
from tests.vision.films import wallpaper

SCENE = wallpaper(300, 400)
FOCAL, FOCAL_35MM, PLANE_X, PLANE_UNIT, PIXELS_X, EXIF = 0x920A, 0xA405, 0xA20E, 0xA210, 0xA002, 0x8769


def difference(rgb: np.ndarray, wanted: np.ndarray) -> float:
    assert rgb.dtype == np.uint8
    return float(np.abs(rgb.astype(int) - wanted).mean())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_as_the_camera_says(orientation: int, tmp_path: Path) -> None:
    """The file is written as a camera that was held so would: the definition of each orientation, in numpy."""
    undo = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(undo[orientation](SCENE))
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    photo = open_picture(tmp_path / "a.png")
    assert photo.rgb.shape == SCENE.shape
    assert difference(photo.rgb, SCENE) == 0
    assert photo.long_fov_rad is None
    assert photo.focal_px is None


def test_other_kinds_of_pixels(tmp_path: Path) -> None:
    picture = Image.fromarray(SCENE)
    picture.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    grey = SCENE.mean(axis=2)
    Image.fromarray((grey * 257).astype(np.uint16)).save(tmp_path / "sixteen.png")
    picture.quantize(64).save(tmp_path / "palette.png")
    alpha = np.dstack([SCENE, np.full(SCENE.shape[:2], 255, np.uint8)])
    alpha[:, :200, 3] = 0
    Image.fromarray(alpha).save(tmp_path / "alpha.png")
    assert difference(open_picture(tmp_path / "cmyk.jpg").rgb, SCENE) < 4
    assert difference(open_picture(tmp_path / "sixteen.png").rgb, grey[..., None].repeat(3, axis=2)) < 1
    assert difference(open_picture(tmp_path / "palette.png").rgb, SCENE) < 12
    seen = open_picture(tmp_path / "alpha.png").rgb
    assert (seen[:, :200] == 255).all()
    assert difference(seen[:, 200:], SCENE[:, 200:]) == 0


def test_a_colour_profile_is_obeyed_and_a_broken_one_is_not(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    picture = Image.fromarray(SCENE)
    for name, profile in (("broken", b"no profile"), ("misfit", lab.tobytes())):
        picture.save(tmp_path / f"{name}.png", icc_profile=profile)
        assert difference(open_picture(tmp_path / f"{name}.png").rgb, SCENE) == 0


def test_scaled_down_by_averaging(tmp_path: Path) -> None:
    """A board of single black and white pixels becomes grey, not a pattern."""
    board = (np.indices((600, 1_600)).sum(axis=0) % 2 * 255).astype(np.uint8)
    Image.fromarray(board).save(tmp_path / "board.png")
    rgb = open_picture(tmp_path / "board.png", longest_px=640).rgb
    assert rgb.shape == (240, 640, 3)
    assert 126 <= rgb[8:-8, 8:-8].min() <= rgb[8:-8, 8:-8].max() <= 129


def tagged(path: Path, **tags: float) -> Path:
    exif = Image.Exif()
    exif.get_ifd(EXIF).update({globals()[name]: value for name, value in tags.items()})
    Image.fromarray(SCENE).save(path, exif=exif)
    return path


def test_field_of_view_from_what_the_camera_wrote(tmp_path: Path) -> None:
    film = open_picture(tagged(tmp_path / "film.jpg", FOCAL_35MM=28))
    diagonal_deg = math.degrees(2 * math.atan(math.hypot(36, 24) / 2 / 28))
    assert film.focal_px == pytest.approx(250 / math.tan(math.radians(diagonal_deg / 2)))  # the picture's diagonal is 500 px
    plane = open_picture(tagged(tmp_path / "plane.jpg", FOCAL=5.0, PLANE_X=4000 / 6.0, PLANE_UNIT=4, PIXELS_X=4_000))
    assert plane.long_fov_rad == pytest.approx(2 * math.atan(3 / 5), rel=1e-3)  # 4,000 pixels on 6 mm, at 5 mm
    assert open_picture(tagged(tmp_path / "zero.jpg", FOCAL_35MM=0, FOCAL=5.0)).long_fov_rad is None
    assert open_picture(tagged(tmp_path / "odd.jpg", FOCAL_35MM=65_000)).long_fov_rad is None


def test_damaged_notes_do_not_spoil_a_picture(tmp_path: Path) -> None:
    Image.fromarray(SCENE).save(tmp_path / "a.png", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x00" * 7)
    assert difference(open_picture(tmp_path / "a.png").rgb, SCENE) == 0


def huge(path: Path, side_px: int) -> Path:
    """A small PNG whose header promises so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1_000)) + chunk(b"IEND", b""))
    return path


def test_refused(tmp_path: Path) -> None:
    Image.fromarray(SCENE[:40]).save(tmp_path / "tiny.png")
    with pytest.raises(InputError, match=r"tiny.png has 400 × 40 pixels: use a picture with at least 64"):
        open_picture(tmp_path / "tiny.png")
    with pytest.raises(InputError, match=r"huge.png has (far too many|30,000 × 30,000) pixels: scale it down to at most 40 megapixels"):
        open_picture(huge(tmp_path / "huge.png", 30_000))
    with pytest.raises(InputError, match=r"large.png has 8,000 × 8,000 pixels: scale it down"):
        open_picture(huge(tmp_path / "large.png", 8_000))
    with pytest.raises(InputError, match=r"there is no picture .*missing.png"):
        open_picture(tmp_path / "missing.png")
    (tmp_path / "words.jpg").write_text("no picture")
    with pytest.raises(FileFormatError, match=r"words.jpg cannot be read as a picture"):
        open_picture(tmp_path / "words.jpg")
    Image.fromarray(SCENE).save(tmp_path / "whole.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:9_000])
    with pytest.raises(FileFormatError, match=r"cut.jpg cannot be read as a picture"):
        open_picture(tmp_path / "cut.jpg")


@pytest.mark.parametrize(("level", "word"), [(0, "black"), (255, "white"), (120, "of a single colour")])
def test_a_picture_of_nothing_is_named(level: int, word: str) -> None:
    with pytest.raises(InputError, match=f"it.png is all {word}"):
        require_detail("it.png", np.full((90, 160, 3), level, np.uint8))
    require_detail("scene", SCENE)
