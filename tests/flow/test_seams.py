"""Which picture is seen where, beside trying out all there are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pipelines.flow.seams import LEAST, chosen

HEIGHT, WIDTH = 3, 4


def total(label: np.ndarray, cost: np.ndarray, looks: np.ndarray, turned: np.ndarray, turning: float) -> float:
    """The sum of all costs, pixel by pixel."""
    paid = 0.0
    for y in range(HEIGHT):
        for x in range(WIDTH):
            paid += cost[label[y, x], y, x]
            for v, u in ((y, (x + 1) % WIDTH), (y + 1, x)):
                if v == HEIGHT or label[y, x] == label[v, u]:
                    continue
                a, b = label[y, x], label[v, u]
                paid += np.abs(looks[a, y, x] - looks[b, y, x]).sum() + np.abs(looks[a, v, u] - looks[b, v, u]).sum()
                paid += LEAST + turning * (turned[a] != turned[b])
    return paid


@pytest.mark.parametrize("seed", range(8))
def test_the_sum_of_all_costs_is_the_least_there_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost, looks = (rng.random((2, HEIGHT, WIDTH, *rest), np.float32) for rest in ((), (3,)))
    looks *= np.float32(0.3)
    turned = np.array([False, True])
    found = chosen(cost, looks, np.ones((HEIGHT, WIDTH), np.bool_), turned, 0.1)
    ways = itertools.product((0, 1), repeat=HEIGHT * WIDTH)
    least = min(total(np.reshape(way, (HEIGHT, WIDTH)), cost, looks, turned, 0.1) for way in ways)
    assert total(found, cost, looks, turned, 0.1) == pytest.approx(least, abs=2e-3)


def test_a_cheap_picture_takes_all_and_closed_pixels_take_none() -> None:
    cost, looks = np.ones((3, HEIGHT, WIDTH), np.float32), np.zeros((3, HEIGHT, WIDTH, 1), np.float32)
    cost[2] = 0
    open_ = np.zeros((HEIGHT, WIDTH), np.bool_)
    open_[1] = True
    found = chosen(cost, looks, open_, np.zeros(3, np.bool_), 0.0)
    assert np.array_equal(found, np.where(open_, 2, 0))
    assert not chosen(cost, looks, np.zeros_like(open_), np.zeros(3, np.bool_), 0.0).any()
