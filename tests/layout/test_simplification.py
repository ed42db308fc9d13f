"""What is far off has fewer triangles, and still stands there: areas counted from the triangles themselves."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.layout.gather import MADE_AREA, NATURE_POWER
from pipelines.layout.simplification import FEW_FACES, simplified
from pipelines.scene import Mesh, Part
from pipelines.things import Library


def _areas(mesh: Mesh) -> np.ndarray:
    a, b, c = (mesh.vertices[mesh.faces[:, corner]].astype(np.float64) for corner in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def _largest(kind: str) -> Part:
    return max(Library.load().build(kind).parts, key=lambda part: len(part.mesh.faces))


@pytest.mark.parametrize("kind", ["oak", "acacia", "birch", "willow", "spruce"])
@pytest.mark.parametrize("share", [0.35, 0.12, 0.05])
def test_trees_keep_their_trunks(kind: str, share: float) -> None:
    trunk = next(part.mesh for part in Library.load().build(kind).parts if len(part.mesh.faces) > FEW_FACES)
    plain = simplified(trunk, share, area=share**NATURE_POWER)
    assert len(plain.faces) < 0.75 * len(trunk.faces)
    height = float(trunk.vertices[:, 1].max())
    for mesh, least in ((trunk, 0.0), (plain, 0.6)):
        middles = mesh.vertices[mesh.faces].mean(axis=1)[:, 1]
        low = float(_areas(mesh)[(middles > 0.05 * height) & (middles < 0.2 * height)].sum())
        if mesh is trunk:
            before = low
        assert low >= least * before


@pytest.mark.parametrize("kind", ["castle", "farmhouse", "half-timbered house", "airship", "car", "ferris wheel"])
def test_what_was_built_keeps_its_walls(kind: str) -> None:
    for part in Library.load().build(kind).parts:
        before, plain = float(_areas(part.mesh).sum()), simplified(part.mesh, 0.15, area=MADE_AREA)
        assert len(plain.faces) <= len(part.mesh.faces)
        assert _areas(plain).sum() >= 0.85 * before


def test_one_piece_gets_the_share_that_was_asked_for() -> None:
    boulder = _largest("boulder").mesh
    assert len(simplified(boulder, 0.12, area=0.5).faces) == pytest.approx(0.12 * len(boulder.faces), rel=0.05)


def test_what_is_simple_stays_as_it_is() -> None:
    crate = next(part.mesh for part in Library.load().build("crate").parts if len(part.mesh.faces) <= FEW_FACES)
    assert simplified(crate, 0.05, area=0.5) is crate
