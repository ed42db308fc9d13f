"""Noise against what the light really is: flat, with an edge, on two sides of a board."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.layout.smoothing import Pools
from pipelines.layout.surfels import take_surfels
from pipelines.scene import Surfels
from tests.layout.test_covered import block, sampled


@pytest.fixture(scope="module")
def board() -> Surfels:
    """A square board of 2 m, its top and its bottom, and its sides."""
    return sampled([block((2, 0.4, 2), (0, 0.5, 0))])


def noisy(truth: np.ndarray, spread: float) -> np.ndarray:
    """Few rays' worth of light: right on average, each of a few times its own size wrong."""
    rng = np.random.default_rng(3)
    return (truth[:, None] * rng.gamma(1 / spread**2, spread**2, (len(truth), 1)) * np.ones(3)).astype(np.float32)


def test_even_light_comes_out_even_and_as_bright(board: Surfels) -> None:
    values = noisy(np.ones(len(board)), 1.0)
    found = Pools(board).settled(values)[:, 0]
    assert values.std() > 0.9
    assert found.std() < 0.11
    assert found.mean() == pytest.approx(1.0, abs=0.04)


def test_the_edge_of_a_shadow_stays_where_it_is(board: Surfels) -> None:
    top = take_surfels(board, board.frames[:, 1, 2] > 0.9)
    truth = np.where(top.means[:, 0] < 0, 1.0, 5.0)
    found = Pools(top).settled(noisy(truth, 0.6))[:, 0]
    away = np.abs(top.means[:, 0]) > 0.2
    assert np.abs(found[away] / truth[away] - 1).mean() < 0.09
    assert np.abs(found / truth - 1).mean() < 0.2


def test_the_sides_of_a_board_do_not_share_their_light(board: Surfels) -> None:
    truth = np.where(board.frames[:, 1, 2] > 0.9, 4.0, 1.0)
    found = Pools(board).settled(noisy(truth, 0.5))[:, 0]
    assert np.abs(found / truth - 1).mean() < 0.05


def test_nothing_is_made_of_nothing(board: Surfels) -> None:
    none = take_surfels(board, np.zeros(len(board), np.bool_))
    assert Pools(none).settled(np.zeros((0, 3), np.float32)).shape == (0, 3)
    assert not Pools(board).settled(np.zeros((len(board), 3), np.float32)).any()
