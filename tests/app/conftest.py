"""A small world on the disk, and the command line as people meet it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipelines import Prompt, World
from pipelines.formats import save_package
from pipelines.gaussians import Gaussians, from_colours
from pipelines.scene import Scene

ROOT = Path(__file__).parents[2]

Command = Callable[..., subprocess.CompletedProcess[str]]


def ball(count: int = 20_000) -> Gaussians:
    """An orange ball of 1 m radius, 4 m before the spawn point at eye height."""
    rng = np.random.default_rng(5)
    directions = rng.normal(size=(count, 3))
    means = directions / np.linalg.norm(directions, axis=1, keepdims=True) + [0, 1.65, -4]
    rotations = np.tile([1.0, 0, 0, 0], (count, 1))
    return from_colours(
        means.astype(np.float32),
        np.full((count, 3), 0.025, np.float32),
        rotations.astype(np.float32),
        np.full(count, 0.95, np.float32),
        colours=np.tile(np.array([[1.0, 0.5, 0.1]], np.float32), (count, 1)),
        thing=np.ones(count, np.int32),
    )


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world package that holds one ball of splats."""
    folder = tmp_path_factory.mktemp("worlds") / "ball"
    save_package(World(Prompt(text="an orange ball", seed=3), scene=Scene(), gaussians=ball(), recipe="by hand"), folder)
    return folder


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Run the real command in an empty folder."""

    def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "app.cli", *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
        return subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False, **options)  # type: ignore[call-overload]

    return run
