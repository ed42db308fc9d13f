"""The recipe worldloom-super through the command line, whole, with tiny models: every kind of prompt becomes a world."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.cli import run
from app.opening import open_world
from pipelines.camera import panorama, pinhole
from pipelines.formats import read_package, write_distance
from pipelines.formats.package import Package
from pipelines.splat import render
from tests.tiny_models import LICENCES, tiny_models
from tests.vision.measured_rooms import room

SPLATS = 10_000
FILM_MM = 24  # of the photograph's lens: wide, 73.7° along the longer side of 3:2
EYE = (0.0, 1.65, 0.0)

Make = Callable[..., Package]


@pytest.fixture(scope="module", autouse=True)
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tiny models in the place of all others, and one thread, for they spend their time on waiting otherwise."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in tiny_models(tmp_path_factory.mktemp("models"), width_px=192).items():
            patch.setenv(name, value)
        yield
    torch.set_num_threads(before)


@pytest.fixture
def make(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Make:
    """Run `worldloom generate`, and open what it wrote, every byte compared."""

    def made(*words: str) -> Package:
        folder = tmp_path / "world"
        assert run(["generate", *words, "--tier", "super", "--splats", str(SPLATS), "-q", "-o", str(folder)]) == 0, capsys.readouterr().err
        capsys.readouterr()
        package = read_package(folder, verify=True)
        assert package.manifest.recipe == "worldloom-super"
        assert 0.6 * SPLATS <= len(package.gaussians()) <= SPLATS
        return package

    return made


def models(package: Package) -> set[tuple[str, str, str]]:
    """(stage, folder, licence) of what made it; each says which weights by a digest."""
    assert all(one.revision is not None and one.revision.startswith("sha256:") for one in package.manifest.made_by if one.model)
    return {(one.stage, one.model, one.licence or "") for one in package.manifest.made_by if one.model}


def signed(stage: str, name: str) -> tuple[str, str, str]:
    return (stage, name, LICENCES[name])


def photograph(path: Path, colour: tuple[int, int, int], *, film_mm: int = FILM_MM) -> NDArray[np.uint8]:
    """A soft picture of 240 × 160, brighter to the right and below, that says with which lens it was taken."""
    across, down = np.linspace(0.4, 1, 240)[None, :, None], np.linspace(0.6, 1, 160)[:, None, None]
    picture = (np.array(colour) * across * down).astype(np.uint8)
    image = Image.fromarray(picture)
    exif = image.getexif()
    exif.get_ifd(0x8769)[0xA405] = film_mm
    image.save(path, quality=97, exif=exif)
    return picture


def seen(package: Package, azimuth_deg: float) -> NDArray[np.uint8]:
    """The world by the camera of a photograph of `photograph`, from the starting point."""
    fov = 2 * math.atan(36 / 2 / FILM_MM)  # 240 × 160 has the shape of film
    camera = pinhole(EYE, yaw_rad=-math.radians(azimuth_deg), width_px=240, height_px=160, horizontal_fov_rad=fov)
    return render(package.gaussians(), camera).picture


def test_words(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = make("a meadow")
    assert {signed("paint", "painter"), signed("measure", "ruler")} <= models(package)
    assert [one.stage for one in package.manifest.made_by] == [
        "paint", "measure", "lift", "fill", "measure", "lift", "refine", "survey", "finish"
    ]  # fmt: skip
    spawn = open_world(package.path).spawn
    assert spawn.position == pytest.approx((0, 0, 0), abs=0.1), "the floor of the cube, brought to where a visitor stands"
    _, distance = package.panorama()
    assert np.isfinite(distance).mean() > 0.97, "closed all round, but for chinks between pixels as coarse as these"
    assert np.median(distance) == pytest.approx(1.65 * 1.22, rel=0.1), "of a cube with sides of 3.3 m, seen from its middle"
    assert run(["info", str(package.path)]) == 0
    said = capsys.readouterr().out
    assert "painter" in said and "ruler" in said and "apache-2.0" in said and "cc-by-4.0" in said
    assert run(["info", str(package.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_photographs_look_where_they_looked(make: Make, tmp_path: Path) -> None:
    ahead, behind = (photograph(tmp_path / f"{name}.jpg", colour) for name, colour in (("a", (250, 120, 90)), ("b", (80, 140, 250))))
    package = make("--image", str(tmp_path / "a.jpg"), "--azimuth", "0", "--image", str(tmp_path / "b.jpg"), "--azimuth", "180")
    assert {signed("outpaint", "painter"), signed("measure", "ruler")} <= models(package)
    for picture, azimuth_deg in ((ahead, 0.0), (behind, 180.0)):
        off = np.abs(seen(package, azimuth_deg).astype(float) - picture)[12:-12, 12:-12]
        assert off.mean() < 6, "the photograph's own pixels, as far as a panorama of 192 shows them"


def test_a_single_photograph(make: Make, tmp_path: Path) -> None:
    picture = photograph(tmp_path / "a.jpg", (90, 200, 110))
    off = np.abs(seen(make("a garden", "--image", str(tmp_path / "a.jpg")), 0.0).astype(float) - picture)[12:-12, 12:-12]
    assert off.mean() < 6


def test_a_panorama(make: Make, tmp_path: Path) -> None:
    view = room(panorama(EYE, width_px=256))
    Image.fromarray(view.rgb).save(tmp_path / "p.png")
    package = make("--panorama", str(tmp_path / "p.png"))
    assert signed("measure", "ruler") in models(package)
    shown = render(package.gaussians(), view.camera)
    assert np.abs(shown.picture.astype(float) - view.rgb).mean() < 12
    assert (shown.alpha > 0.5).mean() > 0.995


def test_what_a_measured_panorama_hides_is_painted(make: Make, tmp_path: Path) -> None:
    view = room(panorama(EYE, width_px=256), ball=True)
    Image.fromarray(view.rgb).save(tmp_path / "p.png")
    write_distance(view.distance, tmp_path / "d.exr")
    package = make("a room with a ball", "--panorama", str(tmp_path / "p.png"), "--depth", str(tmp_path / "d.exr"))
    assert {signed("fill", "filler"), signed("measure", "ruler")} <= models(package)
    shown = render(package.gaussians(), view.camera, layers=("distance",))
    assert shown.distance is not None
    assert np.median(np.abs(shown.distance / view.distance - 1)) < 0.02, "what was known stays"
    aside = render(package.gaussians(), pinhole((1.0, 1.65, 0.0), yaw_rad=math.radians(17), width_px=96, height_px=72))
    assert (aside.alpha > 0.5).mean() > 0.98, "no hole behind the ball"


def test_distances_alone_are_painted(make: Make, tmp_path: Path) -> None:
    view = room(panorama(EYE, width_px=256), ball=True)
    write_distance(view.distance, tmp_path / "d.exr")
    package = make("a cabin", "--layout", str(tmp_path / "d.exr"))
    assert models(package) == {signed("repaint", "painter")}
    shown = render(package.gaussians(), view.camera, layers=("distance",))
    assert shown.distance is not None
    assert np.median(np.abs(shown.distance / view.distance - 1)) < 0.02


@pytest.mark.parametrize(("name", "sentence"), [("black", "all black"), ("tiny", "at least 64 on each side")])
def test_photographs_that_show_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, sentence: str) -> None:
    size = (40, 30, 3) if name == "tiny" else (160, 240, 3)
    Image.fromarray(np.zeros(size, np.uint8)).save(tmp_path / "p.png")
    assert run(["generate", "--image", str(tmp_path / "p.png"), "--tier", "super", "-o", str(tmp_path / "world")]) == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1
    assert not (tmp_path / "world").exists()


def test_what_cannot_be(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text('{"place": "forest"}')
    assert run(["generate", "--spec", str(tmp_path / "spec.json"), "--tier", "super", "-o", str(tmp_path / "world")]) == 2
    assert "paints words, and does not build" in capsys.readouterr().err
    monkeypatch.setenv("WORLDLOOM_PANORAMA_PX", "wide")
    assert run(["generate", "a meadow", "--tier", "super", "-o", str(tmp_path / "world")]) == 2
    assert "WORLDLOOM_PANORAMA_PX=wide" in capsys.readouterr().err
