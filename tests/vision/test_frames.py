"""The frames that are kept of a video, and the videos that are refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from pipelines.errors import Cancelled, InputError
from pipelines.vision import key_frames
from pipelines.vision.motion import choose, shift
from tests.vision.films import encode, pan, turned, wallpaper


def deaf(fraction: float, note: str) -> None:
    assert 0 <= fraction <= 1
    assert note is not None


def test_kept_frames_are_sharp_and_spaced_by_the_way_of_the_camera(tmp_path: Path) -> None:
    """A camera that stands, moves and stands again; every third picture is blurred."""
    scene = wallpaper(180, 1_000)
    columns = [0] * 15 + [int(6 * k) for k in range(90)] + [534] * 15
    frames = pan(scene, columns)
    for k in range(0, len(frames), 3):
        frames[k] = np.asarray(Image.fromarray(frames[k]).filter(ImageFilter.GaussianBlur(3)))
    kept = key_frames(encode(tmp_path / "pan.mp4", frames), deaf)
    at = [round(moment * 10) for moment in kept.moments_s]
    assert 24 <= len(kept.rgb) == len(at) <= 60
    assert kept.used == pytest.approx(1)
    assert kept.seconds == pytest.approx(12, abs=0.2)
    steps = np.diff([columns[k] for k in at])
    assert steps.max() <= 18  # the whole way in 24 to 60 steps
    assert sum(columns[k] in (0, 534) for k in at) <= 6  # not the third of the film in which the camera stood
    assert sum(k % 3 == 0 for k in at) <= 0.1 * len(at) + 2
    for rgb, k in zip(kept.rgb, at, strict=True):
        assert rgb.shape == (180, 320, 3)
        assert np.abs(rgb.astype(int) - frames[k]).mean() < 6


def test_a_way_that_is_too_long_for_its_frames_is_cut() -> None:
    total = np.linspace(0, 100, 1_001)
    kept = choose(total, np.ones(1_001), most=60)
    assert len(kept) == 60
    assert np.diff(total[kept]).max() < 0.4
    assert total[kept[-1]] < 16


def test_shift_is_that_of_the_picture() -> None:
    scene = wallpaper(108, 400).mean(axis=2).astype(np.float32)
    moved, textured = shift(scene[:, 50:242], scene[:, 57:249])
    assert moved == pytest.approx(7)
    assert textured > 0.9


def test_a_video_is_turned_as_its_header_says(tmp_path: Path) -> None:
    frames = pan(wallpaper(180, 700), range(0, 300, 8))
    video = turned(encode(tmp_path / "lying.mp4", frames), tmp_path / "upright.mp4")
    kept = key_frames(video, deaf, longest_px=160)
    assert kept.rgb[0].shape == (160, 90, 3)
    wanted = np.asarray(Image.fromarray(frames[0]).transpose(Image.Transpose.ROTATE_270).resize((90, 160)))
    assert np.abs(kept.rgb[0].astype(int) - wanted).mean() < 8


def still(folder: Path) -> Path:
    return encode(folder / "still.mp4", pan(wallpaper(180, 320), [0] * 40))


def wall(folder: Path) -> Path:
    shade = np.linspace(180, 200, 700)[None, :, None]
    return encode(folder / "wall.mp4", pan(np.broadcast_to(shade, (180, 700, 3)).astype(np.uint8), range(0, 300, 8)))


def black(folder: Path) -> Path:
    return encode(folder / "dark.mp4", [np.full((180, 320, 3), 3 + k % 2, np.uint8) for k in range(20)])


def four_frames(folder: Path) -> Path:
    return encode(folder / "short.mp4", pan(wallpaper(180, 700), range(0, 300, 80)))


def four_hours(folder: Path) -> Path:
    return encode(folder / "long.mp4", pan(wallpaper(180, 700), range(0, 192, 8)), rate=Fraction(1, 600))


def no_pictures(folder: Path) -> Path:
    return encode(folder / "sound.mp4", [], sound_s=2.0)


def truncated(folder: Path) -> Path:
    whole = encode(folder / "whole.mp4", pan(wallpaper(180, 700), range(0, 300, 8))).read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    return folder / "cut.mp4"


def without_end(folder: Path) -> Path:
    whole = encode(folder / "whole.mkv", pan(wallpaper(180, 700), range(0, 300, 8))).read_bytes()
    (folder / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    return folder / "cut.mkv"


def tiny(folder: Path) -> Path:
    return encode(folder / "tiny.mp4", pan(wallpaper(48, 700), range(0, 300, 8), height_px=48, width_px=48))


def words(folder: Path) -> Path:
    (folder / "words.mp4").write_text("no video at all " * 1_000)
    return folder / "words.mp4"


def playlist(folder: Path) -> Path:
    encode(folder / "part.mp4", pan(wallpaper(180, 700), range(0, 300, 8)))
    (folder / "list.mp4").write_text("ffconcat version 1.0\nfile part.mp4\n")
    return folder / "list.mp4"


def nothing(folder: Path) -> Path:
    return folder / "missing.mp4"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (still, "nothing moves in still.mp4: walk"),
        (wall, "a surface without details"),
        (black, "dark.mp4 is all black: film again with more light"),
        (four_frames, "short.mp4 has only 4 pictures: film"),
        (four_hours, "long.mp4 lasts 4.0 hours: cut it to at most 10 minutes"),
        (no_pictures, "sound.mp4 holds no pictures, only sound"),
        (truncated, "cut.mp4 breaks off"),
        (without_end, "cut.mkv breaks off"),
        (tiny, "tiny.mp4 has 48 × 48 pixels: export it with at least 64"),
        (words, "words.mp4 is damaged, or no video"),
        (playlist, "list.mp4 is damaged, or no video"),
        (nothing, "there is no video"),
    ],
)
def test_what_no_place_can_be_made_from_is_refused(make: Callable[[Path], Path], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=sentence):
        key_frames(make(tmp_path), deaf)


def test_watching_a_video_can_be_stopped(tmp_path: Path) -> None:
    video = encode(tmp_path / "pan.mp4", pan(wallpaper(180, 700), range(0, 300, 8)))
    told = []

    def stop(fraction: float, note: str) -> None:
        told.append((time.monotonic(), note))
        if note.startswith("watching"):
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        key_frames(video, stop)
    assert told
