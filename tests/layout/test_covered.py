"""Which surfels nobody can see, against arrangements where the answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines import Prompt, World
from pipelines.layout import in_studio
from pipelines.layout.covered import TUCKED_FROM_M, Cover
from pipelines.layout.gather import Surface
from pipelines.layout.surfaces import facets_of
from pipelines.layout.surfels import take_surfels
from pipelines.recipes import make_stage
from pipelines.scene import Mesh, Model, Part, Surfels
from pipelines.stage import run_stages
from pipelines.things import Library, material
from pipelines.things.solids import box

FACING_DOWN = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def sampled(parts: list[Part]) -> Surfels:
    """Surfels of a made-up model, its own only, by the stage itself."""
    model: Model = Library.load().build("crate")
    bounds = np.concatenate([part.mesh.bounds for part in parts])
    bounds = np.stack([bounds.min(axis=0), bounds.max(axis=0)])
    model = replace(model, parts=tuple(parts), foliage=(), lamps=(), spots=(), bounds=bounds, footprint=bounds[:, [0, 2]])
    world = run_stages(World(Prompt(text="test"), scene=in_studio(model)), (make_stage("sample", splats=60_000),))
    assert world.scene is not None
    surfels = world.scene.surfels
    assert surfels is not None
    mine = np.flatnonzero(surfels.thing == 1)
    return replace(surfels, **{name: getattr(surfels, name)[mine] for name in Surfels.__dataclass_fields__})


def block(size: tuple[float, float, float], at: tuple[float, float, float], *, double_sided: bool = False) -> Part:
    mesh = box(size)
    placed = Mesh(mesh.vertices + np.array(at, np.float32), mesh.faces)
    return Part(placed, material("plaster"), double_sided=double_sided)


def test_a_box_within_a_box_gets_no_splats() -> None:
    surfels = sampled([block((1, 1, 1), (0, 0.5, 0)), block((0.5, 0.5, 0.5), (0, 0.5, 0))])
    within = np.abs(surfels.means - [0, 0.5, 0]).max(axis=1) < 0.45
    assert within.mean() < 0.002  # but for rays that meet the floor, which touches the box, a hair before the box


def test_a_lone_box_keeps_all_its_sides() -> None:
    surfels = sampled([block((1, 1, 1), (0, 0.5, 0))])
    for axis, side in ((0, 1), (0, -1), (1, 1), (2, 1), (2, -1)):
        assert np.sum(surfels.frames[:, axis, 2] * side > 0.9) > 20


def test_a_board_hides_what_it_lies_on_and_no_more() -> None:
    surfels = sampled([block((1, 0.2, 1), (0, 0.1, 0)), block((0.5, 0.01, 0.5), (0, 0.205, 0))])
    under = (np.abs(surfels.means[:, 1] - 0.2) < 1e-3) & (surfels.frames[:, 1, 2] > 0.9)
    inside = under & (np.abs(surfels.means[:, [0, 2]]).max(axis=1) < 0.24)
    assert not inside.any()
    assert (under & ~inside).sum() > 20


def test_a_sheet_has_no_inside() -> None:
    surfels = sampled([block((1, 1, 1), (0, 0.5, 0), double_sided=True), block((0.5, 0.5, 0.5), (0, 0.5, 0))])
    assert (np.abs(surfels.means - [0, 0.5, 0]).max(axis=1) < 0.3).any()


def test_a_sheet_that_is_covered_on_one_side_keeps_its_splats() -> None:
    sheet = Mesh(np.array([[-0.5, 0.208, -0.5], [0.5, 0.208, -0.5], [0.5, 0.208, 0.5], [-0.5, 0.208, 0.5]], np.float32), FACING_DOWN)
    cloth = Part(sheet, material("linen"), double_sided=True)
    surfels = sampled([block((1, 0.2, 1), (0, 0.1, 0)), cloth])
    assert (np.abs(surfels.means[:, 1] - 0.208) < 1e-3).sum() > 50


def test_a_cloth_has_one_layer_of_splats_and_a_plank_two() -> None:
    for thick_m, layers in ((0.012, 1), (0.15, 2)):
        surfels = sampled([block((1, thick_m, 1), (0, 0.6, 0))])
        inner = np.abs(surfels.means[:, [0, 2]]).max(axis=1) < 0.4
        down = inner & (surfels.frames[:, 1, 2] < -0.9)
        assert (inner & (surfels.frames[:, 1, 2] > 0.9)).sum() > 20
        assert (down.sum() > 20) == (layers == 2)


def test_what_is_hidden_far_off_does_not_stick_out_behind_what_hides_it() -> None:
    away_m = TUCKED_FROM_M + 20
    wall = box((20, 4, 0.5))
    wall = Mesh(wall.vertices + np.array([0, 2, -away_m], np.float32), wall.faces)
    cover = Cover(facets_of(wall, crease_deg=30), [Surface(material("plaster"), None, 1, np.eye(4), 0, 1, False)])
    surfels = sampled([block((1, 1, 1), (0, 0.5, 0))])
    two = take_surfels(surfels, np.flatnonzero(surfels.frames[:, 2, 2] < -0.9)[:2])
    two = replace(
        two,
        means=np.array([[0, 3.5, -away_m - 0.26], [0, 2, -away_m - 0.26]], np.float32),
        sizes_m=np.full((2, 3), (0.7, 0.7, 0.07), np.float32),
        hidden=np.ones(2, np.bool_),
    )
    eye = np.array([0, 1.65, 0], np.float32)
    high, low = cover.tucked_in(two, eye).sizes_m[:, 0]
    assert 3.5 + 2 * high <= 4.05
    assert low == np.float32(0.7)
    assert (cover.tucked_in(replace(two, hidden=np.zeros(2, np.bool_)), eye).sizes_m == two.sizes_m).all()
