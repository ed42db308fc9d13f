"""Rows of stages, as recipes have them, run from words or a photograph to measured views with nothing but tiny weights."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from pipelines import Prompt
from pipelines.camera import Projection, pinhole
from pipelines.paint import Outpaint, Paint
from pipelines.stage import Progress, Stage, run_stages
from pipelines.vision import Measure
from pipelines.world import MeasuredView, View, World
from tests.vision.depth_checkpoints import depth_anything

PROMPT = Prompt(text="a meadow", seed=4)


def photographed() -> World:
    camera = pinhole((0, 1.65, 0), width_px=90, height_px=60, horizontal_fov_rad=math.radians(65))
    return World(PROMPT, views=(View(camera, np.random.default_rng(2).integers(0, 255, (60, 90, 3), np.uint8)),))


@pytest.mark.parametrize("begin", ["words", "photograph"])
def test_a_row_leaves_one_measured_panorama(checkpoints: dict[str, Path], tmp_path: Path, begin: str) -> None:
    first: Stage
    if begin == "words":
        world, first = World(PROMPT), Paint(width_px=128, steps=2, model=str(checkpoints["qwen"]))
    else:
        world, first = photographed(), Outpaint(width_px=128, steps=2, model=str(checkpoints["qwen"]))
    notes: list[Progress] = []
    row = (first, Measure(model=str(depth_anything(tmp_path / "depth", metric=True))))
    made = run_stages(world, row, notes.append)
    (view,) = made.views
    assert isinstance(view, MeasuredView)
    assert view.camera.projection is Projection.EQUIRECTANGULAR
    assert view.distance.shape == view.rgb.shape[:2] == (64, 128)
    assert not np.isnan(view.distance).any()
    assert [entry.model for entry in made.made_by] == ["qwen", "depth"]
    fractions = [note.fraction for note in notes]
    assert fractions == sorted(fractions)
