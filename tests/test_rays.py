"""The caster against the textbook, ray by ray and triangle by triangle (Möller and Trumbore 1997)."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.rays import Caster

RNG = np.random.default_rng(11)
TRIANGLES = (RNG.uniform(-3, 3, (200, 1, 3)) + RNG.normal(0, 0.7, (200, 3, 3))).astype(np.float32)
STARTS, TOWARDS = RNG.uniform(-4, 4, (500, 3)).astype(np.float32), RNG.normal(0, 1.5, (500, 3)).astype(np.float32)


def _distances(starts: NDArray[np.floating], towards: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, T) in lengths of the rays, inf where they miss."""
    a, b, c = (TRIANGLES[:, k].astype(np.float64) for k in range(3))
    across = np.cross(towards[:, None], c - a)
    det = np.einsum("ntk,tk->nt", across, b - a)
    offset = starts[:, None] - a
    u = np.einsum("ntk,ntk->nt", offset, across) / det
    turned = np.cross(offset, b - a)
    v = np.einsum("nk,ntk->nt", towards, turned) / det
    away = np.einsum("tk,ntk->nt", c - a, turned) / det
    return np.where((u >= 0) & (v >= 0) & (u + v <= 1) & (away > 0), away, np.inf)


def test_first_hits_and_how_far_they_are() -> None:
    every = _distances(STARTS, TOWARDS)
    hits, away = Caster(TRIANGLES).trace(STARTS, TOWARDS)
    assert 50 < (hits >= 0).sum() < 450
    assert (hits == np.where(np.isfinite(every.min(axis=1)), every.argmin(axis=1), -1)).all()
    assert np.allclose(away, every.min(axis=1), rtol=1e-3)


def test_blocked_within_reach() -> None:
    reach = RNG.uniform(0.1, 3, len(STARTS))
    nearest = _distances(STARTS, TOWARDS).min(axis=1)
    clear = np.abs(nearest - reach) > 1e-3
    found = Caster(TRIANGLES).blocked(STARTS, TOWARDS, reach)
    assert (found == (nearest < reach))[clear].all()
    assert found.any()
    assert not found.all()


def test_one_row_serves_all() -> None:
    caster = Caster(TRIANGLES)
    one, many = np.array([[0.2, -1, 0.1]]), np.repeat([[0.2, -1, 0.1]], len(STARTS), axis=0)
    assert (caster.first_hits(STARTS, one) == caster.first_hits(STARTS, many)).all()
    assert (caster.blocked(one, TOWARDS, np.array([2.0])) == caster.blocked(many, TOWARDS, np.full(len(TOWARDS), 2.0))).all()


def test_no_rays_and_no_triangles() -> None:
    nothing = np.zeros((0, 3), np.float32)
    assert Caster(TRIANGLES).blocked(TOWARDS[:1], nothing, np.array([0.99])).shape == (0,)
    assert Caster(TRIANGLES).first_hits(nothing, TOWARDS[:1]).shape == (0,)
    hits, away = Caster(np.zeros((0, 3, 3), np.float32)).trace(STARTS, TOWARDS)
    assert (hits == -1).all()
    assert np.isinf(away).all()


def test_rays_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        Caster(TRIANGLES).first_hits(STARTS, TOWARDS[:7])
