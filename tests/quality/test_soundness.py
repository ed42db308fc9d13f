"""Holes, widths, seam and poles of worlds that were made to have them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from pipelines.gaussians import Gaussians, join
from pipelines.quality import examine
from pipelines.quality.soundness import holes_around, seam_and_poles, widths
from pipelines.scene import Spawn
from tests.splat.scenes import sheet

EYE = np.array([0.0, 1.65, 0.0])


def shell(half_m: float = 4.0, *, height_m: float = 3.0, count: int = 4_000) -> Gaussians:
    """A closed room: floor, ceiling, four walls."""
    x, y, z = np.array([2 * half_m, 0, 0]), np.array([0, height_m, 0]), np.array([0, 0, 2 * half_m])
    low, corner = np.array([-half_m, 0, -half_m]), np.array([half_m, 0, half_m])
    panels = [(low, x, z), (low + y, x, z), (low, x, y), (low, z, y), (corner, -x, y), (corner, -z, y)]
    return join([sheet(*panel, count=count) for panel in panels])


def without(gaussians: Gaussians, low: tuple[float, float], high: tuple[float, float]) -> Gaussians:
    """With a hole cut into the floor: x and z from low to high."""
    at = gaussians.means
    gone = (at[:, 1] < 0.01) & (at[:, 0] > low[0]) & (at[:, 0] < high[0]) & (at[:, 2] > low[1]) & (at[:, 2] < high[1])
    return gaussians.take(~gone)


def test_a_closed_room_has_no_holes_and_a_cut_one_has_as_much_as_was_cut() -> None:
    assert holes_around(shell(), EYE, 0.0).worst == 0
    cut = without(shell(), (-1.0, -3.0), (1.0, -2.0))
    grid = (np.arange(400) + 0.5) / 400
    x, z = np.meshgrid(-1 + 2 * grid, -3 + grid)
    solid = (EYE[1] / (x**2 + EYE[1] ** 2 + z**2) ** 1.5).mean() * 2.0  # of the rectangle, steradians
    found = holes_around(cut, EYE, 0.0)
    assert found.mean == found.worst == pytest.approx(solid / (2 * math.pi), rel=0.15)


def test_around_means_eight_points_and_none_of_those_in_things() -> None:
    cut = without(shell(), (-1.0, -3.0), (1.0, -2.0))
    around = holes_around(cut, EYE, 1.0)
    assert around.worst > holes_around(cut, EYE, 0.0).worst > 0
    assert around.mean < around.worst
    assert math.isnan(holes_around(shell(0.2), EYE, 0.1).mean)  # in a cupboard nobody stands


def test_widths_are_angles() -> None:
    """A disc of 10 cm standard deviation, 2 m away, is 0.2355 m wide at half height."""
    one = shell().take(np.array([0]))
    disc = Gaussians(
        np.array([[0, 1.65, -2]], np.float32), np.full((1, 3), 0.1, np.float32), one.rotations, one.opacities, one.harmonics, one.thing
    )
    found = widths(disc, EYE)
    assert found.widest_deg == pytest.approx(math.degrees(2 * math.atan(0.11774 / 2)), abs=0.01)
    assert found.wide == 1
    assert widths(disc.moved((0, 0, -5)), EYE).wide == 0
    assert widths(disc.moved((0, 0, -9)), EYE).widest_deg == 0  # beyond 10 m


def test_a_seam_behind_is_found_where_the_visitor_looks_away_from_it() -> None:
    """One half of the wall behind is darker: looking ahead, the step lies where a panorama's edges meet; turned a little, it does not."""
    room = join([shell(), sheet(np.array([-2.0, 0, 3.9]), np.array([4.0, 0, 0]), np.array([0, 3.0, 0]), count=60_000)])
    harmonics = room.harmonics.copy()
    harmonics[(room.means[:, 0] < 0) & (room.means[:, 2] > 3.5), 0] -= 1.0
    parted = replace(room, harmonics=harmonics)
    seam, pole = seam_and_poles(parted, Spawn())
    assert seam > 3
    assert seam_and_poles(parted, Spawn(yaw_rad=math.radians(10)))[0] < seam / 3
    assert seam_and_poles(room, Spawn())[0] < seam / 3
    assert 0 < pole < 2


def test_a_sound_room_is_sound() -> None:
    told: list[float] = []
    found = examine(shell(), Spawn(), lambda share, note: told.append(share))
    assert told == sorted(told)
    assert found.splats == len(shell())
    assert found.floaters.number == 0
    assert [(holes.metres, holes.worst) for holes in found.holes] == [(0, 0), (0.5, 0), (1, 0), (2, 0)]
    assert 0 < found.aside.popping < found.aside.change < 0.05
