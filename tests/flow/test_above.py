"""Over the upper edge of a ring the sky stays soft, and what was cut off goes on as its own mirror image."""

from __future__ import annotations

import numpy as np

from pipelines.flow.above import FADE_RAD, continued, tones
from pipelines.flow.turned import Ring

HEIGHT, WIDTH = 128, 256
TOP, BOTTOM, HALF = 40, 90, 64
GREY = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)


def ring(*, sky: bool) -> Ring:
    """Rows whose colours differ a little from each other, as far as a wall or as the sky; ground below."""
    known = np.zeros((HEIGHT, WIDTH), np.bool_)
    known[TOP:BOTTOM] = True
    values = np.where(known, 150 + np.arange(HEIGHT)[:, None] % 5 * 6, 0)
    distance = np.where(known, np.where((np.arange(HEIGHT)[:, None] < HALF) & sky, np.inf, 5.0), np.nan)
    return Ring(np.repeat(values[..., None], 3, axis=-1).astype(np.uint8), known, distance.astype(np.float32))


def test_a_wall_goes_on_mirrored_and_fades() -> None:
    wall = ring(sky=False)
    found = continued(wall, GREY).astype(int)
    for step in range(3):
        near, mirrored = found[TOP - 1 - step, :, 0], int(wall.rgb[TOP + step, 0, 0])
        assert np.abs(near - mirrored).max() <= (mirrored - 90) * 0.3
    reach = min(HALF - TOP, round(FADE_RAD / np.pi * HEIGHT))
    away = np.abs(found - 90).mean(axis=(1, 2))
    assert away[TOP - reach // 2] < 0.7 * away[TOP - 1]
    assert np.array_equal(found[: TOP - reach], GREY[: TOP - reach])
    assert np.array_equal(found[HALF:], GREY[HALF:])


def test_over_the_sky_nothing_goes_on() -> None:
    assert np.array_equal(continued(ring(sky=True), GREY), GREY)


def test_another_thing_below_the_edge_is_not_seen_again_overhead() -> None:
    wall = ring(sky=False)
    wall.rgb[TOP + 8 : HALF] = (220, 20, 20)
    found = continued(wall, GREY).astype(int)
    assert (found[: TOP - 8, :, 0] - found[: TOP - 8, :, 1]).max() < 10


def test_things_do_not_tone_the_sky() -> None:
    open_air = ring(sky=True)
    open_air.rgb[TOP:HALF, 100:110], open_air.distance[TOP:HALF, 100:110] = 0, 4.0
    soft = tones(open_air)[:TOP].astype(int)
    assert soft.min() > 140


def test_where_nothing_is_known_nothing_changes() -> None:
    nothing = Ring(GREY, np.zeros((HEIGHT, WIDTH), np.bool_), np.full((HEIGHT, WIDTH), np.nan, np.float32))
    assert np.array_equal(continued(nothing, GREY), GREY)
