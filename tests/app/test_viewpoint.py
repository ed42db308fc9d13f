"""Cameras in words look where the words say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.viewpoint import WORDS, Frame, camera_for, frame_of
from pipelines.camera import Projection
from pipelines.errors import InputError
from pipelines.scene import Spawn

FRAME = Frame(64, 36)


def middle_ray(words: str, spawn: Spawn) -> np.ndarray:
    """The direction through the picture's centre, from the rays around it."""
    rays = camera_for(words, spawn, FRAME).rays()
    middle = rays[17:19, 31:33].reshape(-1, 3).mean(axis=0)
    return np.asarray(middle / np.linalg.norm(middle))


@pytest.mark.parametrize(("words", "direction"), [("spawn", (0, 0, -1)), ("left", (-1, 0, 0)), ("right", (1, 0, 0)), ("back", (0, 0, 1))])
def test_turns_from_the_spawn_point(words: str, direction: tuple[float, float, float]) -> None:
    assert middle_ray(words, Spawn()) == pytest.approx(direction, abs=1e-6)


def test_turns_follow_a_turned_spawn_point() -> None:
    turned = Spawn((3.0, 0.0, 5.0), yaw_rad=math.pi / 2)  # looks along −x
    assert middle_ray("spawn", turned) == pytest.approx((-1, 0, 0), abs=1e-6)
    assert middle_ray("left", turned) == pytest.approx((0, 0, 1), abs=1e-6)
    assert camera_for("ahead", turned, FRAME).position == pytest.approx((-7.0, 1.65, 5.0))


@pytest.mark.parametrize("words", ["side", "above"])
def test_views_from_elsewhere_keep_the_place_before_the_spawn_point_in_the_middle(words: str) -> None:
    camera = camera_for(words, Spawn(), FRAME)
    pixel, distance = camera.project(np.array([[0.0, 1.65, -13.0]]))
    assert pixel[0] == pytest.approx((32, 18), abs=1e-6)
    assert distance[0] > 9


def test_numbers_are_metres_and_degrees() -> None:
    camera = camera_for("-1, 2.5,3, 90 , -45", Spawn(), FRAME)
    assert camera.position == pytest.approx((-1, 2.5, 3))
    pixel, _ = camera.project(np.array([[-1.0 - 4.0, 2.5 - 4.0, 3.0]]))
    assert pixel[0] == pytest.approx((32, 18), abs=1e-6)


def test_panorama_sees_everything() -> None:
    camera = camera_for("panorama", Spawn(), frame_of("512x300", 75))
    assert camera.projection is Projection.EQUIRECTANGULAR
    assert (camera.width_px, camera.height_px) == (512, 256)


@pytest.mark.parametrize("words", ["", "1,2", "1,2,3,4,5,6", "nan,0,0", "inf,0,0", "heaven", "1;2;3", "1e9,0,0"])
def test_other_words_are_refused_with_the_choice(words: str) -> None:
    with pytest.raises(InputError, match=WORDS[0]):
        camera_for(words, Spawn(), FRAME)


@pytest.mark.parametrize("size", ["", "1280", "0x720", "1280x-1", "99999x99999", "axb", "15x16"])
def test_strange_sizes_are_refused(size: str) -> None:
    with pytest.raises(InputError, match="pixels"):
        frame_of(size, 75)


@pytest.mark.parametrize("fov", [0.0, -5.0, 179.0, math.nan])
def test_strange_fields_of_view_are_refused(fov: float) -> None:
    with pytest.raises(InputError, match="field of view"):
        frame_of("640x360", fov)
