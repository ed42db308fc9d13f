"""Beside a photograph lie turned copies of it, at the same heights, and what stands out in it is not seen again."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.camera import panorama
from pipelines.flow.encoding import CLASSES
from pipelines.flow.turned import LEAST_NOTICED, Ring, _noticed, all_around

HEIGHT, WIDTH, SMALL = 128, 256, (32, 64)
TOP, BOTTOM, LEFT, RIGHT = 44, 84, 100, 148
EYE_M = 1.6
RED = np.array([220, 20, 20])


def scene(*, tower: bool, eye_m: float = EYE_M) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ground and sky whose green says how high a pixel is, with grain; a near red tower in the right half of what is known."""
    rng = np.random.default_rng(5)
    canvas = np.zeros((HEIGHT, WIDTH, 3), np.int64)
    canvas[..., 1] = np.arange(HEIGHT)[:, None] + 60
    canvas[..., (0, 2)] = rng.integers(90, 110, (HEIGHT, WIDTH, 2))
    up = panorama((0.0, 0.0, 0.0), width_px=WIDTH).rays()[..., 1]
    seen = np.where(up < -0.02, eye_m / np.maximum(-up, 0.02), np.inf)
    if tower:
        canvas[50:70, 130:142], seen[50:70, 130:142] = RED, 4.0
    known = np.zeros((HEIGHT, WIDTH), np.bool_)
    known[TOP:BOTTOM, LEFT:RIGHT] = True
    return np.where(known[..., None], canvas, 0).astype(np.uint8), known, np.where(known, seen, np.nan).astype(np.float32)


def around(canvas: np.ndarray, known: np.ndarray, seen: np.ndarray, eye_m: float = EYE_M) -> Ring:
    up = panorama((0.0, 0.0, 0.0), width_px=SMALL[1]).rays()[..., 1].astype(np.float32)
    painted = np.full((*SMALL, 3), 0.4, np.float32)
    return all_around(canvas, known, seen, eye_m, up=up, painted=painted, kinds=np.zeros((len(CLASSES), *SMALL), np.float32))


def test_everything_stays_at_its_height() -> None:
    canvas, known, seen = scene(tower=False)
    ring = around(canvas, known, seen)
    assert np.array_equal(ring.rgb[known], canvas[known])
    assert ring.known[TOP + 4 : BOTTOM - 4].all()
    assert not ring.known[: TOP - 4].any() and not ring.known[BOTTOM + 4 :].any()
    row = np.broadcast_to(np.arange(HEIGHT)[:, None], ring.known.shape)
    assert np.abs(ring.rgb[..., 1].astype(int) - 60 - row)[ring.known].max() <= 1
    truth = np.broadcast_to(seen[:, LEFT : LEFT + 1], ring.known.shape)[ring.known]
    assert np.array_equal(ring.distance[ring.known], truth)
    assert np.isnan(ring.distance[~ring.known]).all()


@pytest.mark.parametrize("eye_m", [1.6, 0.4])
def test_what_stands_near_is_seen_once(eye_m: float) -> None:
    canvas, known, seen = scene(tower=True, eye_m=eye_m)
    ring = around(canvas, known, seen, eye_m)
    red = (ring.rgb[..., 0] > 180) & (ring.rgb[..., 1] < 60)
    assert red[known].sum() == 20 * 12
    assert not red[~known].any()
    assert ring.known[TOP + 4 : BOTTOM - 4].all()


def test_pieces_are_copied_whole() -> None:
    canvas, known, seen = scene(tower=False)
    ring = around(canvas, known, seen)
    copied = ring.rgb[64, ~known[64]].astype(int)
    given = canvas[64, LEFT:RIGHT].astype(int)
    same = (np.abs(copied[:, None] - given[None]).max(axis=-1) <= 1).any(axis=1)
    assert same.mean() > 0.7  # all but where two copies fade into each other


def test_a_photograph_over_the_left_edge_and_nothing_known() -> None:
    canvas, known, seen = (np.roll(part, 130, axis=1) for part in scene(tower=False))
    assert around(canvas, known, seen).known[TOP + 4 : BOTTOM - 4].all()
    nothing = np.zeros_like(known)
    assert around(canvas, nothing, seen).known is nothing


def test_blandness_is_hardly_noticed_and_stripes_are() -> None:
    colour, there = np.full((*SMALL, 3), 0.5, np.float32), np.zeros(SMALL, np.bool_)
    there[8:24, 10:54] = True
    colour[:, 32::2] = 0.9
    noticed = _noticed(colour, there)
    assert np.allclose(noticed[8:24, 10:24], LEAST_NOTICED)  # nor is the edge of what is known
    assert np.allclose(noticed[8:24, 36:54], 1)
