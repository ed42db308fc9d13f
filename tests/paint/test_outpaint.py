"""Photographs keep their pixels on the sphere, and the rest is painted around them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from pipelines import Picture, Prompt
from pipelines.camera import panorama, pinhole
from pipelines.errors import InputError, UnavailableError
from pipelines.paint import Outpaint, pole_error
from pipelines.paint.filling import blended, extended, guessed, softened
from pipelines.paint.outpaint import caption, on_the_sphere
from pipelines.world import View, World
from tests.paint.checkpoints import captioner

EYE = (0.0, 1.65, 0.0)
PROMPT = Prompt(text="a meadow", seed=2)


def colours_of(rays: np.ndarray) -> np.ndarray:
    """A smooth world: what lies in a direction has a colour that is known."""
    return (127 + 100 * np.sin(3 * rays + np.array([0.0, 1.0, 2.0]))).astype(np.uint8)


def photograph(yaw_deg: float = 0.0, width_px: int = 96) -> View:
    camera = pinhole(
        EYE, yaw_rad=math.radians(yaw_deg), width_px=width_px, height_px=width_px * 2 // 3, horizontal_fov_rad=math.radians(70)
    )
    return View(camera, colours_of(camera.rays()))


def test_a_photograph_lies_where_it_looked(width_px: int = 256) -> None:
    around = panorama(EYE, width_px=width_px)
    canvas, known = on_the_sphere([photograph(yaw_deg=90, width_px=600)], around)
    truth = colours_of(around.rays())
    assert np.abs(canvas[known].astype(int) - truth[known]).max() <= 6
    columns = np.flatnonzero(known.any(axis=0))
    middle = (columns.min() + columns.max() + 1) / 2 / width_px  # yaw 90° is a quarter turn to the left of the middle
    assert middle == pytest.approx(0.25, abs=0.01)
    assert np.ptp(columns) / width_px * 360 == pytest.approx(70, abs=3)
    assert not canvas[~known].any()


def test_a_photograph_over_the_edge_and_two_that_overlap() -> None:
    around = panorama(EYE, width_px=256)
    canvas, known = on_the_sphere([photograph(180), photograph(150)], around)
    assert known[64, 0]
    assert known[64, -1]
    assert np.abs(canvas[known].astype(int) - colours_of(around.rays())[known]).max() <= 12


def test_guesses_and_blends_keep_what_is_known() -> None:
    known = np.zeros((32, 64), bool)
    known[10:20, 58:] = True
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[known] = 200
    filled = guessed(picture, known)
    assert np.array_equal(filled[known], picture[known])
    assert np.abs(filled.astype(int) - 200).max() <= 1
    result = blended(picture, known, np.full_like(picture, 50), feather_px=4)
    assert np.array_equal(result[known], picture[known])
    assert abs(int(result[15, 0, 0]) - 200) < 60  # the first pixel beyond the panorama's edge is nearly as the known one beside it
    assert np.abs(result[15, 20:40].astype(int) - 50).max() <= 2  # far away it is as it was painted
    assert np.all(np.diff(result[15, :20, 0].astype(int)) <= 0)  # fading, without waves


@pytest.mark.parametrize("family", ["sdxl", "qwen", "z", "klein"])
def test_the_rest_is_painted_around_a_photograph(checkpoints: dict[str, Path], family: str) -> None:
    stage = Outpaint(width_px=128, steps=3, model=str(checkpoints[family]))
    world = World(PROMPT, views=(photograph(),))
    (view,) = stage.run(world, lambda f, n: None).views
    canvas, known = on_the_sphere(world.views, view.camera)
    assert 0.03 < known.mean() < 0.3
    assert np.array_equal(view.rgb[known], canvas[known])
    assert view.rgb[~known].std() > 3
    assert pole_error(view.rgb) <= 1.25
    again = Outpaint(width_px=128, steps=3, model=str(checkpoints[family])).run(world, lambda f, n: None).views[0]
    assert np.array_equal(again.rgb, view.rgb)


def test_without_photographs_or_with_a_panorama_it_says_so(checkpoints: dict[str, Path]) -> None:
    stage = Outpaint(width_px=128, model=str(checkpoints["z"]))
    with pytest.raises(InputError, match="no photograph to begin from"):
        stage.run(World(PROMPT), lambda f, n: None)
    around = panorama(EYE, width_px=64)
    with pytest.raises(InputError, match="nothing painted around it"):
        stage.run(World(PROMPT, views=(View(around, colours_of(around.rays())),)), lambda f, n: None)


def test_a_captioner_finds_words_for_a_photograph_without(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    folder = captioner(tmp_path / "captioner")
    words = caption(photograph().rgb, str(folder))
    assert words.startswith("word")
    assert caption(photograph().rgb, str(folder)) == words
    wordless = World(Prompt(pictures=(Picture(Path("a.jpg")),)), views=(photograph(),))
    stage = Outpaint(width_px=128, steps=1, model=str(checkpoints["z"]), caption_model=str(folder))
    notes: list[str] = []
    assert stage.run(wordless, lambda f, n: notes.append(n)).views[0].rgb.shape == (64, 128, 3)
    with pytest.raises(UnavailableError, match="describe the photograph"):
        caption(photograph().rgb, str(tmp_path))


def test_a_soft_picture_goes_on_where_nothing_is_known() -> None:
    picture = np.zeros((64, 128, 3), np.uint8)
    known = np.zeros((64, 128), np.bool_)
    known[20:44, :64], picture[20:44, :64] = True, (200, 100, 50)
    known[20:44, 64:], picture[20:44, 64:] = True, (0, 0, 150)
    wide = extended(picture, known)
    assert np.array_equal(wide[known], picture[known])
    assert (wide[:, :64] == (200, 100, 50)).all() and (wide[:, 64:] == (0, 0, 150)).all()
    soft = softened(picture, known).astype(int)
    assert np.abs(soft[:, 28:36] - (200, 100, 50)).max() <= 2
    assert np.abs(soft[:, 0] - soft[:, -1]).max() < 100  # left and right edges meet
    assert np.array_equal(guessed(picture, known), np.where(known[..., None], picture, soft))
