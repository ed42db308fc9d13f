"""Figures are what their words say, reckoned a second way, and the whole evaluation leaves weights that the stages can use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pipelines.camera import panorama
from pipelines.flow import Paint, load_weights
from pipelines.prompt import Prompt
from pipelines.training.__main__ import main
from pipelines.training.measures import ElevationGuess, PlainReader, depth_errors, features, frechet
from pipelines.world import World
from tests.training.conftest import plain_shot


def test_errors_of_distance() -> None:
    true = np.array([[2.0, 10.0], [np.inf, 4.0]], np.float32)
    found = np.array([[3.0, 10.0], [7.0, np.inf]], np.float32)
    area = np.array([[1.0, 2.0], [1.0, 0.0]], np.float32)
    errors = depth_errors([found], [true], [area])
    assert errors.abs_rel == pytest.approx((0.5 * 1 + 0 * 2) / 3)
    assert errors.within == pytest.approx(2 / 3)
    assert errors.sky == pytest.approx(3 / 4)
    doubled = depth_errors([true * 2], [true], [np.ones_like(area)])
    assert doubled.abs_rel == pytest.approx(1.0) and doubled.scaled == pytest.approx(0, abs=1e-6) and doubled.within == 0
    assert doubled.sky == 1


def test_the_guess_by_elevation_knows_level_ground() -> None:
    shots = [plain_shot(panorama((0.0, 1.5, 0.0), yaw_rad=yaw, width_px=128), wall_height_m=0.0) for yaw in (0.0, 1.0)]
    ups = [shot.camera.rays()[..., 1] for shot in shots]
    guess = ElevationGuess([shot.distance for shot in shots], ups)
    errors = depth_errors([guess(ups[0])], [shots[0].distance], [np.sqrt(1 - ups[0] ** 2)])
    assert errors.abs_rel < 0.12 and errors.sky > 0.98


def test_features_do_not_change_when_a_panorama_is_turned() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (64, 128, 3), dtype=np.uint8)
    assert np.allclose(features(picture), features(np.roll(picture, 32, axis=1)))
    assert not np.allclose(features(picture), features(picture[::-1]), atol=0.01)


def test_unlikeness_is_the_distance_between_gaussians() -> None:
    """For independent axes it is Σ (difference of means)² + (difference of spreads)², in units of the second set's spreads."""
    rng = np.random.default_rng(2)
    spreads = np.array([3.0, 2.0, 1.0])
    other = rng.normal(0, spreads, (4000, 3))
    assert frechet(other, other) == pytest.approx(0, abs=1e-6)
    moved = rng.normal(0, 2 * spreads, (4000, 3)) + np.array([3.0, 0, 0])
    assert frechet(moved, other) == pytest.approx(1 + 3, rel=0.1)
    assert frechet(other[:2], other[:2]) == pytest.approx(0, abs=1e-6), "two pictures have one axis"
    assert np.isnan(frechet(other[:1], other)), "one picture has no spread"


def test_a_plain_reader_reads() -> None:
    rng = np.random.default_rng(3)
    middles = {"day": 0.0, "night": 3.0}
    names = [name for name in middles for _ in range(40)]
    seen = np.stack([rng.normal(middles[name], 1, 6) for name in names])
    reader = PlainReader(seen, names)
    fresh = np.stack([rng.normal(middles[name], 1, 6) for name in names])
    assert reader.right(fresh, names) > 0.9
    assert reader.right(fresh, ["fog"] * 40 + ["night"] * 40) > 0.9  # what it has no name for is left out
    assert np.isnan(reader.right(fresh, ["fog"] * 80))


@pytest.mark.parametrize(("shape", "network"), [("mini", "panorama"), ("mini-depth", "depth")])
def test_train_evaluate_use(shape: str, network: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, weights = tmp_path / "training", tmp_path / "weights"
    assert main(["train", str(data), str(folder), "--shape", shape, "--steps", "2", "--batch", "2", "--device", "cpu"]) == 0
    assert main(["evaluate", str(data), str(folder), "--most", "4", "--weights", str(weights), "--device", "cpu"]) == 0
    figures = json.loads((folder / "figures.json").read_text())
    assert figures["held_out"] == 4 and figures["training"]["samples"] == 4
    assert 0 < figures["depth"]["at once"]["abs_rel"] < 1000 and 0 <= figures["depth"]["by elevation"]["within"] <= 1
    assert (folder / "samples.png").read_bytes().startswith(b"\x89PNG")
    card = (weights / "CARD.md").read_text()
    assert f"{figures['depth']['at once']['abs_rel']:.3f}" in card and "Apache-2.0" in card
    assert "AbsRel" in capsys.readouterr().out
    assert load_weights(network, weights).shape.sphere is (shape == "mini")
    if shape == "mini":
        assert set(figures["unlikeness"]) == {"painted", "outpainted", "as worlds have it", "mirrored and blurred", "nearest neighbour"}
        assert "seam:" in card
        made = Paint(weights=weights, width_px=128).run(World(prompt=Prompt(text="a lake")), lambda fraction, note: None)
        assert made.views[0].rgb.shape == (64, 128, 3)


def test_commands_say_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(tmp_path), str(tmp_path / "t"), "--shape", "mini", "--device", "cpu"]) == 2
    assert "pipelines.training data` first" in capsys.readouterr().err
    assert main(["evaluate", str(tmp_path), str(tmp_path / "t")]) == 2
    assert "pipelines.training train` first" in capsys.readouterr().err
