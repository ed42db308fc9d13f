"""Geometry gets the looks of a picture and stays what it is; depth panoramas are read as clients write them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines import Prompt
from pipelines.camera import panorama
from pipelines.errors import FileFormatError, InputError, UnavailableError
from pipelines.paint import Repaint, depth_to_rgb, read_depth
from pipelines.paint.depth_pictures import depth_picture, relief
from pipelines.paint.repaint import measured_panorama
from pipelines.world import MeasuredView, World
from tests.paint.checkpoints import CONTROLS

PROMPT = Prompt(text="a plain with a tower", seed=3)


def plain() -> NDArray[np.float32]:
    """Distances (64, 128) of level ground 1.65 m below, and of a round tower ahead; sky above."""
    rays = panorama((0, 1.65, 0), width_px=128).rays()
    distance = np.where(rays[..., 1] < -0.02, 1.65 / np.maximum(-rays[..., 1], 1e-6), np.inf).astype(np.float32)
    tower = (rays[..., 2] < -0.95 * np.hypot(rays[..., 0], rays[..., 2])) & (rays[..., 1] < 0.6)
    return np.where(tower, np.minimum(distance, 6 / np.hypot(rays[..., 0], rays[..., 2])), distance).astype(np.float32)


def world() -> World:
    return World(PROMPT, views=(measured_panorama(plain()),))


@pytest.mark.parametrize("family", ["sdxl", "qwen", "z"])
def test_a_control_network_paints_what_it_is_shown(checkpoints: dict[str, Path], tmp_path: Path, family: str) -> None:
    control = CONTROLS[family](tmp_path / "control", checkpoints[family])
    stage = Repaint(width_px=128, steps=2, model=str(checkpoints[family]), control=str(control))
    (view,) = stage.run(world(), lambda f, n: None).views
    assert isinstance(view, MeasuredView)
    assert np.array_equal(view.distance, plain())
    assert view.rgb.shape == (64, 128, 3)
    again = stage.run(world(), lambda f, n: None).views[0]
    assert np.array_equal(again.rgb, view.rgb)
    turned = World(PROMPT, views=(measured_panorama(np.roll(plain(), 40, axis=1)),))
    assert not np.array_equal(stage.run(turned, lambda f, n: None).views[0].rgb, view.rgb)  # geometry does tell


@pytest.mark.parametrize("family", ["sdxl", "qwen", "z"])
def test_without_control_the_picture_is_redrawn_as_freely_as_wanted(checkpoints: dict[str, Path], family: str) -> None:
    """A random autoencoder shows nothing as it was; so what is compared is how much depends on the picture that was there."""

    def dependence(strength: float) -> float:
        stage = Repaint(width_px=128, steps=2, model=str(checkpoints[family]), strength=strength)
        one = stage.run(world(), lambda f, n: None).views[0].rgb.astype(float)
        dark = replace(world().views[0], rgb=255 - world().views[0].rgb)
        return float(np.abs(one - stage.run(World(PROMPT, views=(dark,)), lambda f, n: None).views[0].rgb).mean())

    assert dependence(0.5) > dependence(1.0)


def test_klein_has_neither_way_and_says_so(checkpoints: dict[str, Path]) -> None:
    with pytest.raises(UnavailableError, match="klein cannot redraw pictures"):
        Repaint(width_px=128, model=str(checkpoints["klein"])).run(world(), lambda f, n: None)


def test_what_is_missing_is_said(checkpoints: dict[str, Path]) -> None:
    stage = Repaint(width_px=128, model=str(checkpoints["z"]))
    with pytest.raises(InputError, match="no geometry to paint"):
        stage.run(World(PROMPT), lambda f, n: None)
    with pytest.raises(InputError, match="no words"):
        stage.run(World(Prompt(layout=Path("x.exr"))), lambda f, n: None)
    with pytest.raises(InputError, match="strength of 0"):
        replace(stage, strength=0.0).run(world(), lambda f, n: None)


def write_exr(distance: NDArray[np.float32], path: Path) -> Path:
    import OpenEXR

    with OpenEXR.File({"type": OpenEXR.scanlineimage}, {"Y": distance}) as file:
        file.write(str(path))
    return path


def test_depth_panoramas_are_read_as_clients_write_them(tmp_path: Path) -> None:
    distance = plain()
    assert np.array_equal(read_depth(write_exr(distance, tmp_path / "a.exr")), distance)
    z_min, z_max = 0.5, 80.0
    grey = np.where(np.isfinite(distance), 1 - np.log(distance.clip(z_min, z_max) / z_min) / math.log(z_max / z_min), 0)  # as in the sample
    Image.fromarray((grey * 65535 + 0.5).astype(np.uint16)).save(tmp_path / "deep.png")
    found = read_depth(tmp_path / "deep.png", z_min=z_min, z_max=z_max)
    inside = np.isfinite(distance) & (distance < 79)
    assert found[inside] == pytest.approx(distance[inside], rel=1e-3)
    assert np.isinf(found[np.isinf(distance)]).all()
    Image.fromarray((grey * 255 + 0.5).astype(np.uint8)).convert("RGB").save(tmp_path / "flat.png")
    assert read_depth(tmp_path / "flat.png", z_min=z_min, z_max=z_max)[inside] == pytest.approx(distance[inside], rel=0.02)


def test_depth_panoramas_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    exr = write_exr(plain(), tmp_path / "a.exr")
    with pytest.raises(InputError, match="leave z_min and z_max out"):
        read_depth(exr, z_min=1, z_max=2)
    Image.fromarray(np.zeros((8, 16), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="needs 0 < z_min < z_max, not None and None"):
        read_depth(tmp_path / "a.png")
    with pytest.raises(InputError, match="not 5 and 2"):
        read_depth(tmp_path / "a.png", z_min=5, z_max=2)
    Image.fromarray(np.zeros((8, 15), np.uint8)).save(tmp_path / "b.png")
    with pytest.raises(FileFormatError, match="15 × 8"):
        read_depth(tmp_path / "b.png", z_min=1, z_max=2)
    for name, content in (("c.png", b"\x89PNG nothing"), ("d.exr", b"\x76\x2f\x31\x01 nothing")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FileFormatError, match=name):
            read_depth(tmp_path / name, **({"z_min": 1.0, "z_max": 2.0} if name == "c.png" else {}))


def test_a_depth_panorama_becomes_a_picture(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    stage = Repaint(width_px=128, steps=2, model=str(checkpoints["z"]))
    exr = write_exr(plain(), tmp_path / "a.exr")
    picture = depth_to_rgb(exr, stage, World(PROMPT), lambda f, n: None)
    assert picture.shape == (64, 128, 3)
    (view,) = stage.run(World(replace(PROMPT, layout=exr)), lambda f, n: None).views
    assert np.array_equal(view.rgb, picture)  # a prompt's layout goes the same way


def test_depth_pictures_are_white_near_and_black_in_the_sky() -> None:
    picture = depth_picture(plain())[..., 0]
    distance = plain()
    assert not picture[np.isinf(distance)].any()
    order = np.argsort(distance[np.isfinite(distance)])
    assert (np.diff(picture[np.isfinite(distance)][order].astype(int)) <= 0).all()
    assert picture.max() == 255
    assert not depth_picture(np.full((2, 4), np.inf, np.float32)).any()


def test_the_relief_of_level_ground_is_even_and_under_a_blue_sky() -> None:
    distance = np.where(panorama((0, 0, 0), width_px=128).rays()[..., 1] < 0, plain(), np.float32(np.inf))
    picture = relief(distance)
    ground = picture[50:62, :50].astype(int)  # behind and beside, steep below: nothing but ground
    assert np.ptp(ground[..., 0]) < 12
    assert (picture[:20, :, 2].astype(int) > picture[:20, :, 0]).all()
