"""A photograph, a panorama and distances become worlds in the recipe worldloom-nano as soon as the small model's weights are there."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.cli import run
from app.opening import open_world
from pipelines.camera import panorama, pinhole
from pipelines.flow.lacking import in_nano
from pipelines.formats import read_package, write_distance
from pipelines.formats.package import Package
from pipelines.prompt import Kind
from pipelines.recipes import card_for, recipe_for
from pipelines.splat import render
from tests.flow.small_weights import level_weights, plain_shot

SPLATS = 30_000
FILM_MM, FOV_RAD = 24, 2 * math.atan(36 / 2 / 24)
EYE = (0.0, 1.65, 0.0)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return level_weights(tmp_path_factory.mktemp("small"))


@pytest.fixture(autouse=True)
def small(there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The small model is here, and no other; panoramas are painted small."""
    monkeypatch.setenv("WORLDLOOM_SMALL_MODEL", str(there))
    monkeypatch.setenv("WORLDLOOM_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("WORLDLOOM_MEASURE_MODEL", raising=False)
    monkeypatch.setenv("WORLDLOOM_PANORAMA_PX", "384")
    yield


def made(tmp_path: Path, capsys: pytest.CaptureFixture[str], *words: str) -> Package:
    folder = tmp_path / "world"
    assert run(["generate", *words, "--splats", str(SPLATS), "-q", "-o", str(folder)]) == 0, capsys.readouterr().err
    capsys.readouterr()
    package = read_package(folder, verify=True)
    assert package.manifest.recipe == "worldloom-nano", "the best that this machine runs"
    assert {one.model for one in package.manifest.made_by if one.model} == {"worldloom-small"}
    assert {one.licence for one in package.manifest.made_by if one.model} == {"Apache-2.0"}
    return package


def photograph(path: Path) -> NDArray[np.uint8]:
    """Ground, a wall and the sky, with the lens in its notes."""
    camera = pinhole(EYE, width_px=240, height_px=160, horizontal_fov_rad=FOV_RAD)
    picture = plain_shot(camera, wall_height_m=3.0).rgb
    image = Image.fromarray(picture)
    exif = image.getexif()
    exif.get_ifd(0x8769)[0xA405] = FILM_MM
    image.save(path, quality=97, exif=exif)
    return picture


def test_a_photograph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = photograph(tmp_path / "a.jpg")
    package = made(tmp_path, capsys, "--image", str(tmp_path / "a.jpg"))
    assert [one.stage for one in package.manifest.made_by] == ["look", "measure", "outpaint", "lift", "survey", "finish"]
    camera = pinhole(EYE, width_px=240, height_px=160, horizontal_fov_rad=FOV_RAD)
    off = np.abs(render(package.gaussians(), camera).picture.astype(float) - picture)[8:-8, 8:-8]
    assert np.median(off) < 6, "its own pixels are kept"
    world = open_world(package.path)
    assert world.spawn.position == pytest.approx((0, 0, 0), abs=0.1), "one stands where the photographer stood"
    rgb, distance = package.panorama()
    assert np.isfinite(distance).any() and rgb.shape[0] * 2 == rgb.shape[1]
    floor = distance[-len(distance) // 8 :]
    assert np.median(floor) == pytest.approx(1.65, rel=0.1), "the ground is below one's feet, also where the photograph does not show it"
    assert package.manifest.files.keys() >= {"collider.glb"}


def test_a_panorama(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shot = plain_shot(panorama(EYE, width_px=512), wall_height_m=3.0)
    Image.fromarray(shot.rgb).save(tmp_path / "p.png")
    package = made(tmp_path, capsys, "--panorama", str(tmp_path / "p.png"), "--tier", "nano")
    assert [one.stage for one in package.manifest.made_by] == ["look", "measure", "lift", "survey", "finish"]
    shown = render(package.gaussians(), panorama(EYE, width_px=512))
    assert np.median(np.abs(shown.picture.astype(float) - shot.rgb)) < 8


def test_distances_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shot = plain_shot(panorama(EYE, width_px=256), wall_height_m=3.0)
    write_distance(shot.distance, tmp_path / "d.exr")
    package = made(tmp_path, capsys, "a wall", "--layout", str(tmp_path / "d.exr"))
    assert [one.stage for one in package.manifest.made_by] == ["repaint", "lift", "survey", "finish"]
    found = render(package.gaussians(), panorama(EYE, width_px=256), layers=("distance",)).distance
    assert found is not None
    ground = shot.camera.rays()[..., 1] < -0.3
    assert np.median(np.abs(found[ground] / shot.distance[ground] - 1)) < 0.03, "distances stay"


def test_without_weights_it_is_said_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: Path) -> None:
    nano = card_for("nano")
    assert all(not in_nano(kind) for kind in nano.rows)
    assert nano.row_for(Kind.PANORAMA) == ("look", "measure-small", "lift", "survey", "finish")
    some = tmp_path / "some"
    some.mkdir()
    index = json.loads((there / "model.json").read_text())
    (some / "model.json").write_text(json.dumps({**index, "networks": {"depth": index["networks"]["depth"]}}))
    monkeypatch.setenv("WORLDLOOM_SMALL_MODEL", str(some))
    assert "(depth and panorama)" in nano.lacking(Kind.PHOTOGRAPH), "an index without its shards is nothing"
    for shard in there.glob("depth-*"):
        (some / shard.name).write_bytes(shard.read_bytes())
    assert "the small model (panorama)" in nano.lacking(Kind.PHOTOGRAPH)
    assert "the small model (panorama)" in nano.lacking(Kind.LAYOUT)
    assert nano.lacking(Kind.PANORAMA) == "it needs weights that are not here yet (`worldloom models pull measure`)"
    monkeypatch.setenv("WORLDLOOM_MEASURE_MODEL", str(tmp_path))
    assert nano.lacking(Kind.PANORAMA) == ""
    monkeypatch.setenv("WORLDLOOM_SMALL_MODEL", str(there))
    assert nano.row_for(Kind.PANORAMA)[1] == "measure", "a model that the user named goes before ours"
    assert recipe_for("nano", kind=Kind.PHOTOGRAPH).stages[1].name == "measure"


def test_an_altered_shard_is_told_and_makes_no_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in there.iterdir():
        data = bytearray(file.read_bytes())
        if file.suffix == ".safetensors":
            data[-1] ^= 1
        (tmp_path / file.name).write_bytes(data)
    monkeypatch.setenv("WORLDLOOM_SMALL_MODEL", str(tmp_path))
    photograph(tmp_path / "a.jpg")
    assert run(["generate", "--image", str(tmp_path / "a.jpg"), "-q", "-o", str(tmp_path / "world")]) != 0
    assert "altered or cut off" in capsys.readouterr().err
    assert not (tmp_path / "world").exists()
