"""`worldloom bench quality`: what it says of a world, for people and for programs, and what it refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from app.cli import run
from app.commands.bench import show
from pipelines.quality import Trial, examine
from pipelines.quality.trial import Off
from pipelines.scene import Spawn
from tests.app.conftest import ball


def test_a_world_is_measured_for_programs(small_world: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A ball alone in the void: all that is below the horizon is a hole but what the ball covers of it."""
    assert run(["bench", "quality", str(small_world), "--json", "--quiet"]) == 0
    figures = json.loads(capfd.readouterr().out)
    assert set(figures) == {"splats", "holes", "floaters", "seam", "pole", "widths", "aside"}
    assert [holes["metres"] for holes in figures["holes"]] == [0, 0.5, 1, 2]
    assert all(0.9 < holes["mean"] <= holes["worst"] <= 1 for holes in figures["holes"])
    assert figures["seam"] is None  # nothing is behind
    assert figures["pole"] is None
    assert figures["floaters"]["number"] == 0  # the largest group of a world never floats


def test_figures_are_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """What could not be measured is a dash, and never "nan"."""
    off = (Off("on the path", 0.0, 3, 28.04, 0.012, 0.034, 0.005), Off("up", 2.0, 0, math.nan, math.nan, math.nan, math.nan))
    trial = Trial(
        name="film", frames=48, placed=24, held_out=4, seconds={"pose": 20.0, "refine": 70.0}, cpu_s=150.0, psnr_db=31.26,
        worst_psnr_db=29.0, ssim=0.912, scale=1.013, camera_error_m=0.0031, off=off, soundness=examine(ball(), Spawn()),
    )  # fmt: skip
    show(trial)
    said = capsys.readouterr().out
    for words in ("1 min 30 s", "31.3 dB PSNR", "SSIM 0.912", "3 mm off", "28.0 dB", "3.4%", "holes 2 m away", "floaters seen", "–"):
        assert words in said
    assert "nan" not in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--frames", "48"], "leave them out, or leave out the world"),
        (["--on", "film"], "leave them out, or leave out the world"),
        (["--width", "320"], "leave them out, or leave out the world"),
    ],
)
def test_settings_of_the_recipe_are_not_for_a_world(
    small_world: Path, arguments: list[str], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["bench", "quality", str(small_world), *arguments]) == 2
    assert words in capfd.readouterr().err


def test_what_cannot_be_measured_with_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        (["--frames", "5"], "5 frames are too few"),
        (["--width", "20"], "20 pixels"),
        ([str(tmp_path / "no.zip")], "does not exist"),
    ):
        assert run(["bench", "quality", *arguments]) == 2
        assert words in capfd.readouterr().err
