"""Pictures and distances: what comes back, the same bytes every time, and what another program sees."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from pipelines.errors import FileFormatError
from pipelines.formats import png_bytes, read_distance, read_rgb, webp_bytes, write_distance
from pipelines.formats.images import lossless_webp_bytes, pixels_of_webp, webp_size


def picture(height: int = 30, width: int = 52) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def distances() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    values = np.random.default_rng(1).uniform(0.1, 900, (20, 40)).astype(np.float32)
    values[:5] = np.inf
    return values


def test_png_is_exact_and_always_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_bytes(picture()))
    np.testing.assert_array_equal(read_rgb(tmp_path / "a.png"), picture())
    assert png_bytes(picture()) == png_bytes(picture())


def test_webp_is_close_and_always_the_same(tmp_path: Path) -> None:
    smooth = np.asarray(Image.fromarray(picture(4, 7)).resize((64, 36), Image.Resampling.BICUBIC))
    (tmp_path / "a.webp").write_bytes(webp_bytes(smooth))
    assert np.abs(read_rgb(tmp_path / "a.webp").astype(int) - smooth).mean() < 4
    assert webp_bytes(smooth) == webp_bytes(smooth)


@pytest.mark.parametrize("channels", [3, 4])
def test_lossless_webp_gives_every_byte_back(channels: int) -> None:
    """Colours under a transparent pixel too: they are numbers here."""
    pixels = np.random.default_rng(2).integers(0, 256, (12, 20, channels), dtype=np.uint8)
    data = lossless_webp_bytes(pixels, method=2)
    assert webp_size(data, Path("x")) == (20, 12)
    np.testing.assert_array_equal(pixels_of_webp(data, Path("x"), most_pixels=240, channels=channels), pixels)
    with pytest.raises(FileFormatError, match="20 × 12 pixels"):
        pixels_of_webp(data, Path("x"), most_pixels=239)


@pytest.mark.parametrize("options", [{"quality": 50}, {"lossless": True}, {"quality": 50, "alpha": True}])
def test_the_size_of_every_kind_of_webp_is_seen(options: dict[str, int]) -> None:
    image = Image.fromarray(picture(9, 17))
    if options.pop("alpha", False):
        image.putalpha(120)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", **options)
    assert webp_size(buffer.getvalue(), Path("x")) == (17, 9)


def test_distances_come_back_exactly_with_the_sky(tmp_path: Path) -> None:
    write_distance(distances(), tmp_path / "a.exr")
    np.testing.assert_array_equal(read_distance(tmp_path / "a.exr"), distances())
    write_distance(distances(), tmp_path / "b.exr")
    assert (tmp_path / "a.exr").read_bytes() == (tmp_path / "b.exr").read_bytes()


def test_ffmpeg_sees_the_same_distances(tmp_path: Path) -> None:
    write_distance(distances(), tmp_path / "a.exr")
    with av.open(str(tmp_path / "a.exr")) as container:
        frame = next(container.decode(video=0))
    assert frame.format.name.startswith("gray") and "f32" in frame.format.name
    plane = np.frombuffer(frame.planes[0], np.float32).reshape(frame.height, -1)[:, : frame.width]
    np.testing.assert_array_equal(plane, distances())


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"GIF89a" + bytes(100))
    for read in (read_rgb, read_distance):
        with pytest.raises(FileFormatError):
            read(tmp_path / "a")
        with pytest.raises(FileFormatError):
            read(tmp_path / "missing")
