"""Tiny checkpoints, built once; one thread, for networks as small as these spend their time on waiting for each other otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.paint.checkpoints import BUILDERS


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folder of every family's tiny model."""
    root = tmp_path_factory.mktemp("checkpoints")
    return {name: build(root / name) for name, build in BUILDERS.items()}
