"""Seams and poles: the measures say what they claim, and mending is measured by them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipelines.camera import panorama
from pipelines.paint import mend_poles, pole_error, seam_error


def texture(height: int = 128, seed: int = 0) -> np.ndarray:
    """A picture whose rows are all painted alike, closed at its edges: waves of many lengths."""
    random = np.random.default_rng(seed)
    frequency = np.fft.rfftfreq(2 * height)
    spectrum = np.fft.rfft(random.normal(size=(height, 2 * height, 3)), axis=1) * np.exp(-((frequency / 0.15) ** 2))[None, :, None]
    waves = np.fft.irfft(spectrum, n=2 * height, axis=1)
    return (128 + 40 * waves / waves.std()).clip(0, 255).astype(np.uint8)


def on_sphere(height: int = 128) -> np.ndarray:
    """Waves in space, seen on the sphere: as fine at the poles as anywhere, and closed."""
    rays = panorama((0, 0, 0), width_px=2 * height).rays()
    waves = np.stack([np.sin(9 * rays @ np.array(axis)) for axis in ((1, 2, 3), (-2, 1, 1), (3, 1, -2))], axis=-1)
    return (128 + 100 * waves).astype(np.uint8)


def test_a_closed_picture_has_no_seam_and_a_cut_one_has() -> None:
    closed = texture()
    assert 0.8 < seam_error(closed) < 1.2
    cut = np.concatenate([closed[:, : closed.shape[1] // 2], closed[:, : closed.shape[1] // 2][:, ::-1]], axis=1)
    assert seam_error(np.roll(cut, 40, axis=1)) == pytest.approx(1.0, abs=0.25)  # the cut lies elsewhere
    slope = np.linspace(0, 200, closed.shape[1])[None, :, None].repeat(128, axis=0)
    assert seam_error(slope) == pytest.approx(closed.shape[1] - 1)  # from 200 back to 0 in one step


def test_seam_of_nothing_is_nothing() -> None:
    assert seam_error(np.full((8, 16, 3), 9)) == 0
    assert pole_error(np.full((8, 16, 3), 9)) == 0


def test_waves_in_space_have_sound_poles_and_rows_alike_have_stars() -> None:
    assert 0.6 < pole_error(on_sphere()) < 1.3
    assert pole_error(texture()) == pytest.approx(1 / math.sin(math.radians(10)), rel=0.15)


def test_poles_are_mended_and_the_rest_stays() -> None:
    starry = texture()
    mended = mend_poles(starry)
    assert pole_error(mended) <= 1.2
    rows = np.arange(128)
    far = np.minimum(rows + 0.5, 127.5 - rows) / 128 * 180 > 35
    assert np.array_equal(mended[far], starry[far])
    assert np.abs(mended[0].astype(int) - mended[0].mean(axis=0)).max() < np.abs(starry[0].astype(int) - starry[0].mean(axis=0)).max() / 3
    assert seam_error(mended) < 1.2
    assert mend_poles(on_sphere()) is not None
    assert np.array_equal(mend_poles(on_sphere()), on_sphere())  # sound poles keep every byte
