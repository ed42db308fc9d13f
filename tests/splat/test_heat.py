"""Heat maps: counts by brute force, colours that rise with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.camera import panorama, pinhole
from pipelines.splat import heat
from tests.splat.plain_renderer import plain_render
from tests.splat.scenes import scatter


def test_counts_are_those_of_single_splats() -> None:
    """With splats too faint to hide each other, a pixel's count is the number of splats that each alone colour it."""
    splats = scatter(90, seed=4, spread_m=0.6)
    faint = splats.take(splats.opacities < 0.3)
    for camera in (pinhole((0, 0, 5), width_px=60, height_px=40), panorama((0, 0, 3), width_px=80)):
        picture, counts = heat(faint, camera)
        alone = [plain_render(faint.take(np.array([i])), camera).alpha >= 1 / 255 for i in range(len(faint))]
        assert np.mean(np.sum(alone, axis=0) == counts) > 0.995  # single pixels lie on the limit of 1/255
        assert counts.max() >= 3
        order = np.argsort(counts.ravel(), kind="stable")
        assert (np.diff(picture.reshape(-1, 3)[order].astype(int).sum(axis=1)) >= 0).all()


def test_what_hides_behind_opaque_splats_does_not_count() -> None:
    camera = pinhole((0, 0, 5), width_px=30, height_px=30)
    splats = replace(scatter(1, size_m=1.0, spread_m=0.01), opacities=np.array([0.9], np.float32))
    counts = heat(splats.take(np.zeros(80, int)), camera)[1]
    assert counts[15, 15] < 10 and counts.max() <= 80
    assert np.array_equal(heat(splats.take(slice(0, 0)), camera)[1], np.zeros((30, 30)))
