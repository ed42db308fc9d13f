"""A network too small to be of use, whose weights lie in a folder as those of the package do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.flow import SHAPES, new_parameters, save_weights


def stirred(name: str, seed: int) -> dict[str, Any]:
    """Parameters none of which is zero, so that every part of the network has a say."""
    import torch

    chance = torch.Generator().manual_seed(seed)
    made = new_parameters(SHAPES[name], seed=seed)
    return {key: value + 0.05 * torch.randn(value.shape, generator=chance) for key, value in made.items()}


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    save_weights(folder, "panorama", SHAPES["mini"], stirred("mini", 1), {})
    save_weights(folder, "depth", SHAPES["mini-depth"], stirred("mini-depth", 2), {})
    return folder
