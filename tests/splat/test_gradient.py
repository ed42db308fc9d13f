"""Slopes of a loss by every parameter of a splat, against finite differences of the plain renderer in doubles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.camera import Camera, pinhole
from pipelines.gaussians import SH_C0, Gaussians
from pipelines.splat import cpu, render
from pipelines.splat.gradient import BLAME, NEARNESS, SHARE, Pulls, paint_nearness, trace_back
from pipelines.splat.project import BLUE, RED
from pipelines.splat.project_gradient import HARMONICS, LOG_SCALE, LOGIT, ROTATION, chain, nearness_of
from tests.splat.plain_renderer import plain_render
from tests.splat.scenes import scatter

BEHIND = (0.2, 0.4, 0.6)
NEAR_UNIT_M = 0.5
Floats = NDArray[np.float32]


def slopes_of(splats: Gaussians, camera: Camera, pulls: Pulls) -> tuple[Floats, Floats, cpu.Ellipses]:
    """By the parameters and by the ellipses, one row for every splat; zeros for those that are not seen."""
    ellipses = cpu.project(splats, camera, near_m=0.05, with_layers=False)
    bins = cpu.bin_ellipses(ellipses, camera)
    rgb, alpha = cpu.paint(bins, ellipses.records, camera, background=np.array(BEHIND, np.float32))
    assert np.array_equal(rgb, render(splats, camera, background=BEHIND).rgb)
    near = nearness_of(ellipses, splats, camera, near_unit_m=NEAR_UNIT_M)
    picture = paint_nearness(bins, ellipses, camera, of_slots=near, alpha=alpha)
    by_ellipses = trace_back(ellipses, bins, camera, painted=(rgb, alpha), nearness=(near, picture), pulls=pulls)
    by_parameters = chain(ellipses, splats, camera, by_ellipses, near_unit_m=NEAR_UNIT_M)
    slots = np.concatenate([np.arange(f, f + c) for f, c in zip(ellipses.firsts, ellipses.counts, strict=True)])
    both = []
    for slopes in (by_parameters, by_ellipses):
        of_splats = np.zeros((len(splats), slopes.shape[1]), np.float32)
        of_splats[ellipses.origins[slots]] = slopes[slots]
        both.append(of_splats)
    return both[0], both[1], ellipses


def pulls_for(camera: Camera, *, seed: int = 1) -> Pulls:
    rng = np.random.default_rng(seed)
    shape = (camera.height_px, camera.width_px)
    values = (rng.normal(size=(*shape, 3)), rng.normal(size=shape), rng.random(shape))
    return Pulls(*(v.astype(np.float32) for v in values))


def moved(splats: Gaussians, i: int, column: int, by: float) -> Gaussians:
    """Splat i with one parameter changed, in doubles."""
    fields = {name: np.array(getattr(splats, name), np.float64) for name in ("means", "scales", "rotations", "opacities", "harmonics")}
    if column < LOG_SCALE:
        fields["means"][i, column] += by
    elif column < ROTATION:
        fields["scales"][i, column - LOG_SCALE] *= np.exp(by)
    elif column < LOGIT:
        fields["rotations"][i, column - ROTATION] += by
    elif column == LOGIT:
        opacity = fields["opacities"][i]
        fields["opacities"][i] = 1 / (1 + (1 - opacity) / opacity * np.exp(-by))
    else:
        fields["harmonics"][i, (column - HARMONICS) // 3, (column - HARMONICS) % 3] += by
    return replace(splats, **fields)  # type: ignore[arg-type]  # doubles on purpose


def plain_loss(splats: Gaussians, camera: Camera, pulls: Pulls) -> float:
    rgb = plain_render(splats, camera, background=BEHIND).rgb
    nearness = NEAR_UNIT_M / np.linalg.norm(splats.means - camera.position, axis=1)
    grey = np.repeat((nearness[:, None, None] - 0.5) / SH_C0, 3, axis=2)
    near = plain_render(replace(splats, harmonics=grey), camera)
    return float((rgb * pulls.rgb).sum() + (near.rgb[..., 0] / near.alpha * pulls.nearness).sum())


def large_splats(degree: int = 0) -> tuple[Gaussians, Camera]:
    """A few splats that each cover the whole picture, so that no pixel crosses the cut at an alpha of 1/255 when one moves a little."""
    rng = np.random.default_rng(4)
    splats = scatter(6, seed=4, degree=degree, spread_m=0.5)
    scales = rng.uniform(0.9, 1.8, (6, 3)).astype(np.float32)
    opacities = rng.uniform(0.3, 0.7, 6).astype(np.float32)
    splats.means[:, 2] = np.linspace(-1, 1, 6)  # nor change places in the order of depth
    camera = pinhole((0.4, 0.3, 5.0), yaw_rad=0.1, pitch_rad=-0.06, width_px=37, height_px=21, horizontal_fov_rad=0.5)
    harmonics = splats.harmonics * np.array([0.7, *[0.1] * (splats.harmonics.shape[1] - 1)], np.float32)[:, None]  # no colour below 0
    return replace(splats, scales=scales, opacities=opacities, harmonics=harmonics), camera


@pytest.mark.parametrize("column", range(HARMONICS + 3))
def test_slopes_are_those_of_finite_differences(column: int) -> None:
    splats, camera = large_splats()
    assert (cpu.count(splats, camera, near_m=0.05) == len(splats)).all()
    pulls = pulls_for(camera)
    ours = slopes_of(splats, camera, pulls)[0][:, column]
    step = 2e-3
    theirs = [
        (plain_loss(moved(splats, i, column, step), camera, pulls) - plain_loss(moved(splats, i, column, -step), camera, pulls)) / 2 / step
        for i in range(len(splats))
    ]
    assert np.abs(theirs).max() > 0.1
    assert np.allclose(ours, theirs, rtol=2e-3, atol=2e-3 * np.abs(theirs).max())


def test_harmonics_of_higher_degree_have_slopes() -> None:
    splats, camera = large_splats(degree=3)
    pulls = pulls_for(camera)
    ours = slopes_of(splats, camera, pulls)[0]
    for column in range(HARMONICS, HARMONICS + 48, 5):
        change = plain_loss(moved(splats, 2, column, 1e-3), camera, pulls) - plain_loss(moved(splats, 2, column, -1e-3), camera, pulls)
        assert ours[2, column] == pytest.approx(change / 2e-3, rel=2e-3, abs=2e-4)


def test_a_picture_is_the_sum_of_what_its_splats_give() -> None:
    """Colours, nearness and shares are linear in the picture: no pair of tile and splat may be lost or counted twice."""
    splats = scatter(3000, size_m=0.1)
    camera = pinhole((0.4, 0.3, 5.0), yaw_rad=0.3, width_px=203, height_px=117)
    pulls = pulls_for(camera)
    _, by_ellipses, ellipses = slopes_of(splats, camera, pulls)
    seen = render(splats, camera, background=BEHIND)
    colours = np.zeros((len(splats), 3))
    slots = np.concatenate([np.arange(f, f + c) for f, c in zip(ellipses.firsts, ellipses.counts, strict=True)])
    colours[ellipses.origins[slots]] = ellipses.records[slots, RED : BLUE + 1]
    own = seen.rgb - (1 - seen.alpha)[..., None] * np.array(BEHIND, np.float32)
    assert (seen.rgb < 1).all()
    assert (by_ellipses[:, RED : BLUE + 1] * colours).sum() == pytest.approx((own * pulls.rgb).sum(), abs=0.05)
    assert by_ellipses[:, BLAME].sum() == pytest.approx((seen.alpha * pulls.wrong).sum(), rel=1e-4)
    assert by_ellipses[:, NEARNESS].any()
    inside = seen.alpha.sum()
    assert inside <= by_ellipses[:, SHARE].sum() < 1.2 * inside  # tiles reach beyond the picture's edges
