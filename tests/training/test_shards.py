"""Shards give back what was put in, but for the rounding that is stated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.camera import Projection
from pipelines.errors import FileFormatError
from pipelines.language import embed
from pipelines.training.make_data import DataPlan, make_data
from pipelines.training.shards import distance_bytes, distance_from_bytes, load, panoramas, pinholes, shard_files
from pipelines.training.worlds import Split
from tests.training.conftest import plain_shot


def test_shots_come_back(data: Path) -> None:
    files = shard_files(data, Split.TRAIN)
    assert len(files) == 2
    stored = load(files[0])
    assert len(panoramas(stored)) == len(pinholes(stored)) == 4
    assert np.allclose(stored.meanings, embed(stored.captions), atol=1e-3)
    for number, shot in enumerate(stored.shots):
        true = plain_shot(shot.camera, wall_height_m=2.0 + number // 2)
        assert np.array_equal(shot.kind, true.kind)
        assert np.array_equal(np.isinf(shot.distance), np.isinf(true.distance))
        surface = np.isfinite(true.distance)
        assert np.abs(np.log(shot.distance[surface] / true.distance[surface])).max() < 0.0145
        assert np.abs(shot.rgb.astype(int) - true.rgb).mean() < 6
        assert (shot.camera.projection is Projection.PINHOLE) == (number % 2 == 1)


def test_distances_are_rounded_evenly() -> None:
    metres = np.array([0.1, 0.3, 1.0, 50.0, 400.0, 900.0, np.inf], np.float32)
    back = distance_from_bytes(distance_bytes(metres))
    assert np.allclose(back[:-1], [0.3, 0.3, 1.0, 50.0, 400.0, 400.0], rtol=0.015)
    assert np.isinf(back[-1])


def test_damaged_shards_are_refused(data: Path, tmp_path: Path) -> None:
    whole = shard_files(data, Split.TRAIN)[0].read_bytes()
    for name, content in (("cut", whole[: len(whole) // 2]), ("empty", b""), ("other", b"PK" + whole[2:100])):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(FileFormatError, match="make the data again"):
            load(path)


def test_worlds_that_are_there_are_not_made_again(data: Path) -> None:
    said: list[str] = []
    before = [path.read_bytes() for path in shard_files(data, Split.TRAIN)]
    assert make_data(DataPlan(data, worlds=2), said.append) == 0
    assert not said
    assert [path.read_bytes() for path in shard_files(data, Split.TRAIN)] == before
