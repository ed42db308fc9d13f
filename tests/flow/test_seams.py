"""Which picture is seen where, beside trying out all there are."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from pipelines.flow.seams import Prices, chosen

HEIGHT, WIDTH = 3, 4
PAIR = np.array([[0, 1, 2, 3], [1, 2, 3, 0]])  # the columns that two pictures show


def total(label: np.ndarray, cost: np.ndarray, looks: np.ndarray, noticed: np.ndarray, prices: Prices) -> float:
    """The sum of all costs, pixel by pixel."""
    paid, times = 0.0, dict.fromkeys(itertools.product(range(HEIGHT), range(WIDTH)), 1)  # once each in the photograph
    for y in range(HEIGHT):
        for x in range(WIDTH):
            a = label[y, x]
            thing = (y, int(PAIR[a, x]))
            paid += cost[a, y, x] + prices.again * noticed[thing] * times[thing]
            times[thing] += 1
            for v, u in ((y, (x + 1) % WIDTH), (y + 1, x)):
                if v == HEIGHT or a == label[v, u]:
                    continue
                b = label[v, u]
                paid += np.abs(looks[a, y, x] - looks[b, y, x]).sum() + np.abs(looks[a, v, u] - looks[b, v, u]).sum()
                leap = abs(int(PAIR[a, x] - PAIR[b, x]))
                near = min(leap, WIDTH - leap) / prices.near_px
                paid += prices.seam + prices.beside * noticed[thing] * math.exp(-near * near)
    return float(paid)


def least_and_found(seed: int, prices: Prices) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    cost, looks = (rng.random((2, HEIGHT, WIDTH, *rest), np.float32) for rest in ((), (3,)))
    looks *= np.float32(0.3)
    noticed = rng.random((HEIGHT, WIDTH), np.float32)
    found = chosen(cost, looks, PAIR, noticed, prices)
    ways = itertools.product((0, 1), repeat=HEIGHT * WIDTH)
    least = min(total(np.reshape(way, (HEIGHT, WIDTH)), cost, looks, noticed, prices) for way in ways)
    return least, total(found, cost, looks, noticed, prices)


@pytest.mark.parametrize("seed", range(6))
def test_the_sum_of_all_costs_is_the_least_there_is(seed: int) -> None:
    least, found = least_and_found(seed, Prices(seam=0.05))
    assert found == pytest.approx(least, abs=2e-3)


@pytest.mark.parametrize("seed", range(6))
def test_with_repetition_paid_for_the_sum_is_nearly_the_least(seed: int) -> None:
    least, found = least_and_found(seed, Prices(seam=0.05, beside=0.2, near_px=2.0, again=0.1))
    assert least - 1e-6 <= found <= 1.1 * least


def test_a_cheap_picture_takes_all_and_closed_pixels_take_none() -> None:
    cost, looks = np.full((3, HEIGHT, WIDTH), np.inf, np.float32), np.zeros((3, HEIGHT, WIDTH, 1), np.float32)
    columns, noticed = np.zeros((3, WIDTH), np.int64), np.zeros((HEIGHT, WIDTH), np.float32)
    assert (chosen(cost, looks, columns, noticed, Prices(seam=0.1)) == -1).all()
    cost[:, 1] = np.array([1, 1, 0])[:, None]
    found = chosen(cost, looks, columns, noticed, Prices(seam=0.1))
    assert np.array_equal(found, np.where(np.arange(HEIGHT)[:, None] == 1, 2, -1) + np.zeros((1, WIDTH), int))


def test_a_picture_is_never_seen_where_it_cannot_be() -> None:
    rng = np.random.default_rng(3)
    cost = rng.random((5, HEIGHT, WIDTH), np.float32)
    cost[rng.random(cost.shape) < 0.5] = np.inf
    cost[4] = 9.0
    looks = rng.random((*cost.shape, 2), np.float32)
    found = chosen(cost, looks, rng.integers(0, WIDTH, (5, WIDTH)), np.ones((HEIGHT, WIDTH), np.float32), Prices(0.1, 1.0, 2.0, 0.1))
    assert np.isfinite(np.take_along_axis(cost, found[None], axis=0)).all()


@pytest.mark.parametrize("noticed", [0.0, 1.0])
def test_what_is_noticed_is_seen_by_turns(noticed: float) -> None:
    part, parts = 4, 3
    width = part * parts
    column = np.arange(width)
    block, shows = (number.reshape(-1, 1) for number in np.mgrid[:parts, :parts])  # each picture shows one part in one block
    columns = shows * part + column % part
    cost = np.where(column // part == block, 0.05 * (shows > 0), np.inf)[:, None].astype(np.float32)  # the first part is a little cheaper
    prices = Prices(seam=0.01, again=0.1)
    found = chosen(cost, np.zeros((*cost.shape, 1), np.float32), columns, np.full((1, width), noticed, np.float32), prices)
    times = np.bincount(columns[found[0], column], minlength=width)
    assert list(times) == ([1] * width if noticed else [parts] * part + [0] * (width - part))
