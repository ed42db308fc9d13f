"""Shots of a world that needs no building: level ground, a wall ahead, and the sky, each known in every pixel by arithmetic."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flow.small_weights import EYE_M, plain_data, plain_shot

__all__ = ["EYE_M", "data", "plain_shot"]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight panoramas and eight pinhole pictures of two splits."""
    return plain_data(tmp_path_factory.mktemp("data"))
