"""Painted ground has the grain of the photographed ground, and nothing else has."""

from __future__ import annotations

import numpy as np

from pipelines.flow.detail import STRENGTH, grained

HEIGHT, WIDTH, COARSE = 128, 256, 8.0
GROUND = np.repeat(np.arange(HEIGHT)[:, None] >= 70, WIDTH, axis=1)
KNOWN = np.zeros((HEIGHT, WIDTH), np.bool_)
KNOWN[40:100, 100:160] = True


def picture(painted: tuple[int, int, int]) -> np.ndarray:
    """Green ground with speckles that was photographed, and smooth ground all around; a speckled sky above."""
    speckles = np.random.default_rng(3).integers(-15, 16, (HEIGHT, WIDTH, 1))
    made = np.full((HEIGHT, WIDTH, 3), painted, np.int64)
    made[KNOWN] = (np.array([90, 140, 60]) + speckles)[KNOWN]
    return made.astype(np.uint8)


def spread(values: np.ndarray, where: np.ndarray) -> float:
    return float((values.mean(axis=-1)[where] / values.mean(axis=-1)[where].mean()).std())


def test_painted_ground_gets_the_grain_of_the_known_ground() -> None:
    plain = picture((90, 140, 60))
    inside = KNOWN & GROUND
    made = grained(plain, inside, GROUND & ~KNOWN, COARSE)
    around = GROUND & ~KNOWN & (np.abs(np.arange(WIDTH) - 130) > 45)[None]
    assert spread(plain, around) == 0
    assert 0.4 * STRENGTH < spread(made, around) / spread(plain, inside) < 1.2  # brought between pixels, it is softer
    assert np.array_equal(made[KNOWN], plain[KNOWN])
    assert np.array_equal(made[~GROUND], plain[~GROUND])


def test_ground_of_another_hue_stays_as_it_was_painted() -> None:
    plain = picture((140, 90, 200))
    far = GROUND & ~KNOWN & (np.abs(np.arange(WIDTH) - 130) > 45)[None]
    assert spread(grained(plain, KNOWN & GROUND, GROUND & ~KNOWN, COARSE), far) < 0.01


def test_without_known_ground_nothing_changes() -> None:
    plain = picture((90, 140, 60))
    assert grained(plain, np.zeros_like(KNOWN), GROUND, COARSE) is plain
    assert grained(plain, KNOWN & GROUND, np.zeros_like(KNOWN), COARSE) is plain
    narrow = KNOWN & GROUND & (np.arange(HEIGHT) < 71)[:, None]
    assert grained(plain, narrow, GROUND & ~narrow, COARSE) is plain
