"""Smaller levels are named after their size, also in a world that is too small for the largest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines import Prompt, World
from pipelines.formats import read_package, read_spz, save_package
from pipelines.gaussians import Gaussians, from_colours


def splats(count: int) -> Gaussians:
    """Grey splats in a row."""
    means = np.zeros((count, 3), np.float32)
    means[:, 0] = np.arange(count)
    turned = np.tile(np.array([[1, 0, 0, 0]], np.float32), (count, 1))
    grey = np.full((count, 3), 0.5, np.float32)
    return from_colours(
        means, np.full((count, 3), 0.05, np.float32), turned, np.full(count, 0.9, np.float32), colours=grey, thing=np.zeros(count, np.int32)
    )


@pytest.mark.parametrize("names", [(), ("100k",), ("150k", "100k"), ("500k", "150k", "100k")])
def test_levels_are_named_after_their_size(tmp_path: Path, names: tuple[str, ...]) -> None:
    counts = {"500k": 50, "150k": 15, "100k": 10}
    world = World(Prompt(text="a row"), gaussians=splats(60), levels=tuple(splats(counts[name]) for name in names))
    package = read_package(save_package(world, tmp_path / "world"))
    found = {name: len(read_spz(package.file(name))) for name in package.manifest.files if name.endswith(".spz") and name != "splats.spz"}
    assert found == {f"splats-{name}.spz": counts[name] for name in names}
