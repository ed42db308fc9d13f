"""The small model's stages keep what is known, say what is unknown, and refuse what they cannot do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.camera import panorama, pinhole
from pipelines.errors import InputError, WeightsError
from pipelines.flow import Measure, Outpaint, Paint, Repaint
from pipelines.paint import seam_error
from pipelines.prompt import Prompt
from pipelines.scene import EYE_HEIGHT_M
from pipelines.stage import Stage
from pipelines.world import MeasuredView, View, World

EYE = (0.0, EYE_HEIGHT_M, 0.0)


def silent(fraction: float, note: str) -> None:
    assert 0 <= fraction <= 1


def photograph(width: int = 200, height: int = 150) -> View:
    camera = pinhole(EYE, pitch_rad=0.05, width_px=width, height_px=height, horizontal_fov_rad=1.2)
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([x * 255 // width, y * 255 // height, np.full_like(x, 90)], -1).astype(np.uint8)
    return View(camera, rgb)


def asked(words: str = "a lake at dusk", seed: int = 5) -> World:
    return World(prompt=Prompt(text=words, seed=seed))


def test_paint_makes_a_measured_panorama(weights: Path) -> None:
    told: list[float] = []
    made = Paint(weights=weights, width_px=256).run(asked(), lambda fraction, note: told.append(fraction))
    (view,) = made.views
    assert isinstance(view, MeasuredView)
    assert view.rgb.shape == (128, 256, 3) and view.distance.shape == (128, 256)
    assert not np.isnan(view.distance).any() and (view.distance > 0).all()
    assert seam_error(view.rgb) < 1.6
    assert len(told) >= 8 and told[-1] == 1.0
    again = Paint(weights=weights, width_px=256).run(asked(), silent).views[0]
    assert np.array_equal(view.rgb, again.rgb)
    assert not np.array_equal(view.rgb, Paint(weights=weights, width_px=256).run(asked(seed=6), silent).views[0].rgb)
    assert not np.array_equal(view.rgb, Paint(weights=weights, width_px=256).run(asked("a sunny kitchen"), silent).views[0].rgb)


def test_outpaint_keeps_the_photograph_and_its_distances(weights: Path) -> None:
    from pipelines.paint.outpaint import on_the_sphere

    view = photograph()
    down = -view.camera.rays()[..., 1]
    distance = np.where(down > 0.02, EYE_HEIGHT_M / np.maximum(down, 0.02), np.inf).astype(np.float32)
    world = replace(asked(), views=(MeasuredView(view.camera, view.rgb, distance),))
    (made,) = Outpaint(weights=weights, width_px=512).run(world, silent).views
    assert isinstance(made, MeasuredView)
    canvas, known = on_the_sphere((view,), panorama(EYE, width_px=512))
    assert 0.02 < known.mean() < 0.3
    assert np.array_equal(made.rgb[known], canvas[known])
    ground = known & (made.camera.rays()[..., 1] < -0.1)
    assert np.allclose(made.distance[ground] * -made.camera.rays()[..., 1][ground], EYE_HEIGHT_M, rtol=0.05)
    sky = known & (made.camera.rays()[..., 1] > 0.05)
    assert np.isinf(made.distance[sky]).all()
    assert not np.isnan(made.distance).any()
    drop = -made.camera.rays()[..., 1]
    low = ~known & (drop > 0.5)
    assert (made.distance[low] * drop[low] <= EYE_HEIGHT_M * 1.001).all()  # nobody floats above the place that was stood on
    unmeasured = Outpaint(weights=weights, width_px=512).run(replace(asked(), views=(view,)), silent).views[0]
    assert isinstance(unmeasured, MeasuredView) and not np.isnan(unmeasured.distance).any()


def test_measure_keeps_what_is_known(weights: Path) -> None:
    view, around = photograph(), View(panorama(EYE, width_px=128), np.full((64, 128, 3), 99, np.uint8))
    given = np.full(view.rgb.shape[:2], 7.0, np.float32)
    holed = given.copy()
    holed[:40] = np.nan
    views = (view, around, MeasuredView(view.camera, view.rgb, given), MeasuredView(view.camera, view.rgb, holed))
    made = Measure(weights=weights).run(replace(asked(), views=views), silent).views
    for before, after in zip(views, made, strict=True):
        assert isinstance(after, MeasuredView)
        assert after.distance.shape == before.rgb.shape[:2] and not np.isnan(after.distance).any()
        assert np.array_equal(after.rgb, before.rgb)
    distances = [view.distance for view in made if isinstance(view, MeasuredView)]
    assert np.array_equal(distances[2], given)
    assert np.array_equal(distances[3][40:], given[40:])


def test_from_twice_as_high_everything_is_twice_as_far(weights: Path) -> None:
    """A picture alone cannot tell its scale; how high the camera was can."""
    low, high = photograph(), photograph()
    raised = high.camera.world_from_camera.copy()
    raised[1, 3] = 2 * EYE_HEIGHT_M
    high = replace(high, camera=replace(high.camera, world_from_camera=raised))
    near, far = Measure(weights=weights).run(replace(asked(), views=(low, high)), silent).views
    assert isinstance(near, MeasuredView) and isinstance(far, MeasuredView)
    assert np.allclose(far.distance, 2 * near.distance)


def test_repaint_keeps_the_geometry(weights: Path) -> None:
    camera = panorama(EYE, width_px=256)
    down = -camera.rays()[..., 1]
    distance = np.where(down > 0.01, EYE_HEIGHT_M / np.maximum(down, 0.01), np.inf).astype(np.float32)
    clay = np.full((*distance.shape, 3), 128, np.uint8)
    world = replace(asked(), views=(MeasuredView(camera, clay, distance),))
    (made,) = Repaint(weights=weights).run(world, silent).views
    assert isinstance(made, MeasuredView)
    assert np.array_equal(made.distance, distance)
    assert made.rgb.shape == clay.shape and not np.array_equal(made.rgb, clay)


@pytest.mark.parametrize("stage", [Paint, Outpaint, Measure, Repaint])
def test_missing_weights_are_told(stage: Callable[..., Stage], tmp_path: Path) -> None:
    camera = panorama(EYE, width_px=64)
    known = MeasuredView(camera, np.zeros((32, 64, 3), np.uint8), np.ones((32, 64), np.float32))
    world = replace(asked(), views=(known if stage is Repaint else photograph(40, 30),))
    with pytest.raises(WeightsError, match="weights are not in"):
        stage(weights=tmp_path).run(world, silent)


def test_what_cannot_be_done_is_said(weights: Path) -> None:
    wordless = World(prompt=Prompt(layout=Path("layout.exr")))
    with pytest.raises(InputError, match="no words"):
        Paint(weights=weights).run(wordless, silent)
    with pytest.raises(InputError, match="no words"):
        Repaint(weights=weights).run(wordless, silent)
    with pytest.raises(InputError, match="no photograph"):
        Outpaint(weights=weights).run(asked(), silent)
    with pytest.raises(InputError, match="nothing to measure"):
        Measure(weights=weights).run(asked(), silent)
    around = View(panorama(EYE, width_px=64), np.zeros((32, 64, 3), np.uint8))
    with pytest.raises(InputError, match="leave this stage out"):
        Outpaint(weights=weights).run(replace(asked(), views=(around,)), silent)
