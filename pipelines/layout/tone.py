"""Radiance to display: exposure measured on the first view, and a filmic curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Floats, Look

MIDDLE = 0.175  # where the curve's input puts the mean of the first view by day
MIDDLE_DARK = 0.125  # … and by night, which should look like night
HUE_KEPT = 0.5
SATURATION = 0.86  # of the display colours: skies and leaves in a photograph are calmer than pure materials
PAPER = (0.985, 0.97, 0.93)  # what a thinned palette is thinned towards


def exposure_for(luminance: NDArray[np.floating], weights: NDArray[np.floating], *, dark: bool) -> float:
    """The factor that brings the weighted log-mean luminance of a view to the curve's middle."""
    logs = np.log(np.maximum(luminance, 1e-4))
    mean = float(np.exp(np.average(logs, weights=weights))) if weights.sum() > 0 else 0.2
    return (MIDDLE_DARK if dark else MIDDLE) / mean


def display(radiance: Floats, exposure: float, look: Look | None = None) -> Floats:
    """Linear radiance (…, 3) → display sRGB 0 … 1.

    A filmic curve (Narkowicz 2015, a fit of ACES), half by channel and half on luminance, so that colours neither glow as by the
    first nor stay flat in the highlights as by the second; what is far too bright goes towards white. A look grades what comes out.
    """
    x = np.maximum(radiance * np.float32(exposure), 0.0)
    peak = x.max(axis=-1, keepdims=True)
    x = x + (peak - x) * np.clip((peak - 1.2) / 10.0, 0.0, 0.6)
    grey = np.maximum(luminance(x)[..., None], 1e-6)
    kept = x * (_curve(grey) / grey)
    y = HUE_KEPT * kept + (1 - HUE_KEPT) * _curve(x)
    grey = luminance(y)[..., None]
    y = np.clip(grey + (y - grey) * np.float32(SATURATION), 0.0, 1.0)
    shown = np.where(y <= 0.0031308, 12.92 * y, 1.055 * np.power(np.maximum(y, 1e-8), 1 / 2.4) - 0.055).astype(np.float32)
    return shown if look is None or look == Look() else _graded(shown, look)


def _graded(shown: Floats, look: Look) -> Floats:
    """Display colours (…, 3) with a look's saturation, contrast about the middle, tint, and thinned towards paper."""
    grey = luminance(shown)[..., None]
    y = (grey + (shown - grey) * np.float32(look.saturation)) * np.asarray(look.tint, np.float32)
    y = 0.45 + (y - 0.45) * np.float32(look.contrast)
    y = y + (np.asarray(PAPER, np.float32) - y) * np.float32(look.lift)
    return np.clip(y, 0.0, 1.0).astype(np.float32)


def _curve(x: Floats) -> Floats:
    return np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0)


def luminance(radiance: Floats) -> Floats:
    """Rec. 709 luminance of linear colours (…, 3)."""
    return (radiance @ np.array([0.2126, 0.7152, 0.0722], np.float32)).astype(np.float32)
