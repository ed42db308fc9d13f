"""Primitives against closed forms: volume, area, size; watertight by trimesh's own count."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import trimesh

from pipelines.scene import Mesh
from pipelines.things import solids
from pipelines.things.soft import catenary

CIRCLE_24 = 24 / 2 * math.sin(2 * math.pi / 24)  # area of a regular 24-gon in the unit circle
L_SHAPE = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]
HOLES_IN_LINE = [[(0.2 + i, 0.2), (0.8 + i, 0.2), (0.8 + i, 0.8), (0.2 + i, 0.8)] for i in range(3)]

SOLIDS: dict[str, Callable[[], Mesh]] = {
    "box": lambda: solids.box((1, 2, 3)),
    "chamfered box": lambda: solids.box((1, 2, 3), 0.1),
    "rounded box": lambda: solids.box((1, 2, 3), 0.1, segments=4),
    "cylinder": lambda: solids.cylinder(0.5, 2),
    "bevelled stump": lambda: solids.cylinder(0.5, 2, top_radius=0.3, bevel=0.04),
    "cone": lambda: solids.cone(0.5, 2),
    "prism": lambda: solids.prism(0.5, 1, sides=6, bevel=0.02),
    "sphere": lambda: solids.sphere(0.5, sides=40),
    "ellipsoid": lambda: solids.ellipsoid((1, 2, 3)),
    "capsule": lambda: solids.capsule(0.2, 1),
    "torus": lambda: solids.torus(1, 0.2),
    "cup": lambda: solids.lathe([(0, 0), (0.4, 0), (0.5, 1), (0.45, 1), (0.35, 0.1), (0, 0.1)]),
    "vase": lambda: solids.lathe([(0.2, 0), (0.4, 0.3), (0.2, 0.8), (0.3, 1)], smooth=4),
    "ring": lambda: solids.lathe([(0.5, 0), (0.6, 0), (0.6, 0.2)], closed=True),
    "extrusion": lambda: solids.extrude(L_SHAPE, 0.5, bevel=0.05),
    "extrusion with holes": lambda: solids.extrude([(0, 0), (3, 0), (3, 1), (0, 1)], 0.2, holes=HOLES_IN_LINE, bevel=0.02, axis="z"),
    "frame": lambda: solids.sweep(
        [(-0.1, -0.05), (0.1, -0.05), (0.1, 0.05), (-0.1, 0.05)], [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], closed=True
    ),
    "tube": lambda: solids.tube([0.05, 0.04, 0.02], [(0, 0, 0), (0, 1, 0), (0.5, 1.5, 0.3)], smooth=4),
    "blob": lambda: solids.blob(
        [solids.Ball((0, 0, 0), 0.3), solids.Limb((0, 0, 0), (0, 0.6, 0.2), 0.1, 0.05), solids.Egg((0, 0.7, 0.2), (0.3, 0.2, 0.4))],
        blend=0.08,
    ),
    "cushion": lambda: solids.cushion((0.5, 0.15, 0.4)),
    "curtain": lambda: solids.curtain((1, 2.2, 0.12), gather=0.8),
    "drape": lambda: solids.drape((1.2, 0.8), 0.25),
    "swag": lambda: solids.swag(2, 0.3, 0.4),
}


@pytest.mark.parametrize("name", SOLIDS)
def test_closed_and_outward(name: str) -> None:
    mesh = SOLIDS[name]()
    merged = trimesh.Trimesh(mesh.vertices, mesh.faces, process=True)
    assert merged.is_watertight
    assert merged.is_winding_consistent
    assert merged.volume > 0
    assert mesh.vertices.dtype == np.float32
    assert mesh.faces.dtype == np.int32
    assert len(np.unique(mesh.faces)) == len(mesh.vertices)


@pytest.mark.parametrize(
    ("name", "volume", "area"),
    [
        ("box", 6.0, 22.0),
        ("cylinder", CIRCLE_24 * 0.25 * 2, 2 * CIRCLE_24 * 0.25 + 24 * 2 * 0.5 * math.sin(math.pi / 24) * 2),
        ("cone", CIRCLE_24 * 0.25 * 2 / 3, None),
        ("torus", 2 * math.pi * 1 * (12 / 2 * math.sin(2 * math.pi / 12)) * 0.04, None),
        ("sphere", 4 / 3 * math.pi * 0.125, math.pi),
        ("frame", 4 * 1 * 0.2 * 0.1, None),
        ("ring", None, None),
    ],
)
def test_measures_of_closed_form(name: str, volume: float | None, area: float | None) -> None:
    mesh = SOLIDS[name]()
    merged = trimesh.Trimesh(mesh.vertices, mesh.faces)
    if volume is not None:
        assert merged.volume == pytest.approx(volume, rel=0.012)
    if area is not None:
        assert merged.area == pytest.approx(area, rel=0.012)


def test_chamfer_takes_what_geometry_says() -> None:
    width, height, depth, b = 1.0, 2.0, 3.0, 0.1
    mesh = solids.box((width, height, depth), b)
    edges = 4 * ((width - 2 * b) + (height - 2 * b) + (depth - 2 * b)) * b * b / 2
    inner = (width - 2 * b) * (height - 2 * b) * (depth - 2 * b)
    slabs = 2 * b * ((width - 2 * b) * (height - 2 * b) + (height - 2 * b) * (depth - 2 * b) + (width - 2 * b) * (depth - 2 * b))
    assert mesh.volume_m3 == pytest.approx(inner + slabs + edges + 8 * b**3 / 6, rel=1e-5)
    assert np.allclose(mesh.bounds, [[-0.5, -1, -1.5], [0.5, 1, 1.5]], atol=1e-6)


def test_round_approaches_minkowski_sum() -> None:
    size, r = np.array([1.0, 2.0, 3.0]), 0.2
    a, b, c = size - 2 * r
    steiner = a * b * c + 2 * r * (a * b + b * c + a * c) + math.pi * r**2 * (a + b + c) + 4 / 3 * math.pi * r**3
    assert solids.box(tuple(size), r, segments=6).volume_m3 == pytest.approx(steiner, rel=0.004)


def test_bevel_larger_than_the_solid_is_reduced() -> None:
    assert np.allclose(solids.box((0.1, 1, 1), 5.0).bounds, [[-0.05, -0.5, -0.5], [0.05, 0.5, 0.5]], atol=1e-6)
    thin = solids.extrude([(0, 0), (0.02, 0), (0.02, 1), (0, 1)], 0.5, bevel=0.3)
    assert trimesh.Trimesh(thin.vertices, thin.faces).is_watertight


@pytest.mark.parametrize(("axis", "size"), [("y", (2, 0.5, 2)), ("z", (2, 2, 0.5)), ("x", (0.5, 2, 2))])
def test_extrusion_axes(axis: str, size: tuple[float, float, float]) -> None:
    mesh = solids.extrude(L_SHAPE, 0.5, axis=axis)  # type: ignore[arg-type]
    assert np.allclose(mesh.bounds[1] - mesh.bounds[0], size, atol=1e-6)
    assert mesh.volume_m3 == pytest.approx(3 * 0.5, rel=1e-6)


def test_extrusion_keeps_the_side_an_outline_names() -> None:
    mesh = solids.extrude([(0, 0), (1, 0), (0, 3)], 0.2, axis="x")  # points are (z, y)
    assert np.allclose(mesh.bounds, [[-0.1, 0, 0], [0.1, 3, 1]], atol=1e-6)


def test_holes_are_cut_out() -> None:
    mesh = SOLIDS["extrusion with holes"]()
    plain = solids.extrude([(0, 0), (3, 0), (3, 1), (0, 1)], 0.2, holes=HOLES_IN_LINE)
    assert plain.volume_m3 == pytest.approx(0.2 * (3 - 3 * 0.36), rel=1e-6)
    assert 0 < mesh.volume_m3 < plain.volume_m3


@pytest.mark.parametrize("outline", [[(0, 0), (1, 0)], [(0, 0), (1, 1), (2, 2)], [(0, 0), (2, 2), (2, 0), (0, 1)]])
def test_outlines_that_enclose_nothing_are_refused(outline: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="outline"):
        solids.extrude(outline, 1.0)


def test_sweep_keeps_its_width_round_a_corner() -> None:
    square = [(-0.1, -0.1), (0.1, -0.1), (0.1, 0.1), (-0.1, 0.1)]
    elbow = solids.sweep(square, [(0, 0, 0), (1, 0, 0), (1, 0, 1)])
    assert elbow.volume_m3 == pytest.approx(0.04 * 2, rel=1e-5)  # mitred: what one leg loses, the other gains
    taper = solids.sweep(square, [(0, 0, 0), (0, 3, 0)], taper=0.5)
    assert taper.volume_m3 == pytest.approx(3 * 0.04 * (1 + 0.5 + 0.25) / 3, rel=1e-5)


def test_tube_along_a_circle_is_a_torus() -> None:
    angle = np.linspace(0, 2 * math.pi, 48, endpoint=False)
    path = np.stack([np.cos(angle), np.zeros_like(angle), np.sin(angle)], axis=1)
    ring = solids.tube(0.1, path, sides=24, closed=True)
    assert ring.volume_m3 == pytest.approx(2 * math.pi**2 * 0.01, rel=0.02)


def test_blob_of_one_ball_is_a_ball_and_blending_only_adds() -> None:
    ball = solids.blob([solids.Ball((1, 2, 3), 0.5)], cells=40)
    distance = np.linalg.norm(ball.vertices - np.array([1, 2, 3]), axis=1)
    assert np.allclose(distance, 0.5, atol=1e-3)
    pair = [solids.Ball((0, 0, 0), 0.3), solids.Ball((0.4, 0, 0), 0.3)]
    assert solids.blob(pair, blend=0.2).volume_m3 > solids.blob(pair).volume_m3 > 4 / 3 * math.pi * 0.027


def test_cushion_meets_its_size() -> None:
    assert np.allclose(np.ptp(solids.cushion((0.5, 0.2, 0.4)).vertices, axis=0), (0.5, 0.2, 0.4), atol=1e-5)


def test_drape_falls_as_far_as_told_and_covers_the_top() -> None:
    cloth = solids.drape((1.2, 0.8), 0.3, thickness=0.004)
    low, high = cloth.bounds
    assert low[1] == pytest.approx(-0.3, abs=0.005)
    assert high[1] == pytest.approx(0.002, abs=1e-4)
    assert high[0] > 0.6
    assert high[2] > 0.4


def test_catenary_obeys_its_equation() -> None:
    x = np.linspace(-1, 1, 2001)
    y = catenary(x, 2.0, 0.5)
    assert y[0] == pytest.approx(0, abs=1e-9)
    assert y.min() == pytest.approx(-0.5, abs=1e-9)
    slope = np.gradient(y, x)
    bend = np.gradient(slope, x)
    tension = bend / np.sqrt(1 + slope**2)  # constant along a hanging rope
    assert np.ptp(tension[10:-10]) / tension.mean() < 1e-3


def test_sheets_have_the_area_of_their_surface_and_no_thickness() -> None:
    shade = solids.lathe([(0.5, 0), (0.5, 1)], sides=96, sheet=True)
    assert trimesh.Trimesh(shade.vertices, shade.faces).area == pytest.approx(math.pi, rel=1e-3)
    flat = np.stack([*np.meshgrid(np.linspace(0, 2, 5), np.linspace(0, 3, 7)), np.zeros((7, 5))], axis=-1)
    sheet = solids.cloth(flat, 0.0)
    assert trimesh.Trimesh(sheet.vertices, sheet.faces).area == pytest.approx(6)
    assert len(sheet.vertices) == 35
