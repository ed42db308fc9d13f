"""Worlds from pictures, panoramas and video through the real command, by a recipe that tells what has reached it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.cli import run
from pipelines import recipes
from pipelines.errors import PromptError, UnavailableError
from pipelines.formats import read_package, write_distance
from pipelines.prompt import Kind
from pipelines.recipes import CARDS, card_for, recipe_for
from tests.app.conftest import ROOT
from tests.service.looking import BLUE, GREEN, LOOKING, RECIPE, RED, heaps, plain
from tests.service.strange_files import video


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, colour in (("red.png", RED), ("green.png", GREEN), ("blue.png", BLUE)):
        (tmp_path / name).write_bytes(plain(colour))
    (tmp_path / "sphere.png").write_bytes(plain(BLUE, (64, 32)))
    distance_m = np.full((32, 64), 3.0, np.float32)
    distance_m[:8] = np.inf
    write_distance(distance_m, tmp_path / "sphere.exr")
    (tmp_path / "walk.mp4").write_bytes(video(tmp_path, frames=12))
    (tmp_path / "notes.txt").write_text("words")
    return tmp_path


@pytest.fixture
def generate(files: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The real command, with the recipe installed as outsiders install theirs."""

    def made(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, RECIPE))), "NO_COLOR": "1"}
        arguments = [sys.executable, "-m", "app.cli", "generate", *words]
        return subprocess.run(arguments, cwd=files, env=environment, capture_output=True, text=True, timeout=300, check=False)

    return made


@pytest.mark.parametrize(
    ("words", "kind", "folder", "expected"),
    [
        (("--image", "red.png"), Kind.PHOTOGRAPH, "red-0", [([0, 0, 0], RED)]),
        (
            ("--image", "red.png", "--image", "green.png", "--image", "blue.png", "--seed", "4"),
            Kind.PICTURES,
            "red-4",
            [([0, 0, 0], RED), ([0, 1, 0], GREEN), ([0, 2, 0], BLUE)],
        ),
        (
            ("a yard", "--image", "blue.png", "--azimuth", "-90", "--image", "red.png", "--azimuth", "0"),
            Kind.PHOTOGRAPH,
            "a-yard-0",
            [([-4, 1.65, 0], BLUE), ([0, 1.65, -4], RED)],
        ),
        (("--panorama", "sphere.png"), Kind.PANORAMA, "sphere-0", [([0, 1.65, -4], BLUE)]),
        (("--panorama", "sphere.png", "--depth", "sphere.exr"), Kind.MEASURED_PANORAMA, "sphere-0", [([0, 1.65, -3], BLUE)]),
        (("--panorama", "sphere.png", "--eye-height", "1.2"), Kind.PANORAMA, "sphere-0", [([0, 1.2, -4], BLUE)]),
        (("a cabin", "--layout", "sphere.exr"), Kind.LAYOUT, "a-cabin-0", [([0, 1.65, -3], (127, 127, 127))]),
    ],
    ids=["photograph", "pictures", "directions", "panorama", "measured panorama", "tripod", "layout"],
)
def test_what_is_given_arrives(
    generate: Callable[..., subprocess.CompletedProcess[str]],
    files: Path,
    words: tuple[str, ...],
    kind: Kind,
    folder: str,
    expected: list[tuple[list[float], tuple[int, int, int]]],
) -> None:
    done = generate(*words, "--tier", "looking")
    assert (done.returncode, done.stderr) == (0, "")
    assert "made from" in done.stdout
    package = read_package(files / "worlds" / folder, verify=True)
    found = heaps(package.gaussians(), kind)
    assert np.allclose([where for where, _ in found], [where for where, _ in expected], atol=0.02)
    assert np.allclose([colour for _, colour in found], [colour for _, colour in expected], atol=2)


def test_a_video_arrives_whole(generate: Callable[..., subprocess.CompletedProcess[str]], files: Path) -> None:
    done = generate("--video", "walk.mp4", "--tier", "looking", "-o", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert "a video: walk" in done.stdout
    first, last = heaps(read_package(files / "out").gaussians(), Kind.VIDEO)
    assert last[0] == pytest.approx([0, 12, -4], abs=0.02), "twelve frames"
    assert first[1] != last[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--image", "red.png", "--video", "walk.mp4"), "from --image or from --video, not from both"),
        (("--panorama", "sphere.png", "--layout", "sphere.exr"), "from --panorama or from --layout, not from both"),
        (("--depth", "sphere.exr"), "--depth belongs to a panorama"),
        (("--image", "red.png", "--depth", "sphere.exr"), "--depth belongs to a panorama"),
        (("--image", "red.png", "--image", "blue.png", "--azimuth", "0"), "2 × --image and 1 × --azimuth"),
        (("a yard", "--azimuth", "0"), "0 × --image and 1 × --azimuth"),
        (("--image", "red.png", "--azimuth", "nan"), "an --azimuth is a number of degrees"),
        (("--image", "red.png", "--eye-height", "0"), "an eye height of 0 m cannot be"),
        (("--video", "walk.mp4", "--eye-height", "100.5"), "an eye height of 100.5 m cannot be"),
        (("--panorama", "sphere.png", "--eye-height", "nan"), "an eye height of nan m cannot be"),
        (("a yard", "--eye-height", "1.2"), "leave it out for a world from words"),
        (("--image", "gone.png"), "gone.png is not there"),
        (("--image", "."), "is a folder"),
        (("--image", "notes.txt"), "notes.txt is no picture or video that is known here: give a PNG, JPEG, WebP or TIFF file"),
        (("--image", "empty.png"), "empty.png is empty"),
        (("--image", "moving.gif"), "moving.gif is a GIF picture: give a PNG"),
        (("--image", "walk.mp4"), "walk.mp4 is a file of the kind MP4: give a PNG"),
        (("--video", "red.png"), "red.png is a file of the kind PNG: give an MP4"),
        (("--panorama", "sphere.exr"), "sphere.exr is a file of the kind EXR"),
        (("--panorama", "sphere.png", "--depth", "sphere.png"), "give an EXR file with metres along the ray"),
        (("--layout", "sphere.png"), "give an EXR file with metres along the ray"),
        (("--image", "red.png", "--spec", "spec.json", "--tier", "looking"), "specification"),
    ],
)
def test_what_does_not_fit_is_refused_before_any_work(
    capfd: pytest.CaptureFixture[str], files: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], sentence: str
) -> None:
    (files / "empty.png").touch()
    (files / "moving.gif").write_bytes(b"GIF89a" + bytes(40))
    (files / "spec.json").write_text('{"place": "forest"}')
    monkeypatch.chdir(files)
    monkeypatch.setattr(recipes, "cards", lambda: (*CARDS, LOOKING))
    before = sorted(files.iterdir())
    assert run(["generate", *words]) == 2
    said = capfd.readouterr()
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert sorted(files.iterdir()) == before


def test_a_file_that_may_not_be_read(capfd: pytest.CaptureFixture[str], files: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (files / "red.png").chmod(0)
    assert run(["generate", "--image", str(files / "red.png")]) == 2
    assert "cannot be read" in capfd.readouterr().err


# -- which recipe ----------------------------------------------------------------------------------------------------------------------


def lacks_a_gpu(kind: Kind) -> str:
    return "it needs a GPU, and this machine has none" if kind is not Kind.VIDEO else ""


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """nano without the small model, a better recipe that lacks a GPU for all but videos, and an outsider's."""
    monkeypatch.setenv("WORLDLOOM_SMALL_MODEL", str(tmp_path))  # where no weights are
    large = replace(CARDS[0], name="large", tier="large", rows=dict.fromkeys(Kind, ("read",)), lacks=f"{__name__}:lacks_a_gpu")
    monkeypatch.setattr(recipes, "CARDS", (CARDS[0], large))
    monkeypatch.setattr(recipes, "cards", lambda: (CARDS[0], large, LOOKING))


@pytest.mark.usefixtures("three")
def test_a_tier_that_is_not_named_is_the_best_that_takes_this_here() -> None:
    chosen = {kind: card_for(None, kind).tier for kind in Kind}
    assert chosen[Kind.TEXT] == "nano", "the better one lacks a GPU"
    assert chosen[Kind.VIDEO] == "large"
    assert chosen[Kind.LAYOUT] == "looking", "nothing built in makes it here"
    assert card_for("large", Kind.TEXT).tier == "large"
    with pytest.raises(UnavailableError, match=r"large cannot make a world from words here: it needs a GPU"):
        recipe_for("large")
    with pytest.raises(PromptError, match="choose one of nano, large, looking"):
        card_for("huge")


def test_where_nothing_takes_it_the_refusal_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    only = replace(CARDS[0], rows={Kind.TEXT: ("read",)})
    monkeypatch.setattr(recipes, "CARDS", (only,))
    monkeypatch.setattr(recipes, "cards", lambda: (only,))
    for kind, cure in ((Kind.PHOTOGRAPH, "give several pictures"), (Kind.PANORAMA, "give its distances"), (Kind.VIDEO, "words")):
        with pytest.raises(UnavailableError, match=cure):
            recipe_for(None, kind=kind)
        with pytest.raises(UnavailableError, match=cure):
            recipe_for("nano", kind=kind)
    large = replace(only, name="large", tier="large", rows={Kind.PHOTOGRAPH: ("read",)}, lacks=f"{__name__}:lacks_a_gpu")
    monkeypatch.setattr(recipes, "CARDS", (only, large))
    monkeypatch.setattr(recipes, "cards", lambda: (only, large))
    with pytest.raises(UnavailableError, match="the recipe large would, but it needs a GPU"):
        recipe_for(None, kind=Kind.PHOTOGRAPH)


def test_every_kind_has_its_words_and_its_cure() -> None:
    assert set(recipes.WORDS) == set(recipes.CURES) == set(recipes.FIELDS) == set(Kind)
