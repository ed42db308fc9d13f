"""Shards are small, whole, and what their sums say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.errors import WeightsError
from pipelines.flow import SHAPES, load_weights, new_parameters, save_weights
from tests.flow.conftest import stirred


def test_what_was_saved_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.flow.weights.MOST_SHARD_BYTES", 160_000)
    parameters = stirred("mini", 1)
    paths = save_weights(tmp_path, "panorama", SHAPES["mini"], parameters, {"said": 1})
    assert len(paths) > 2
    assert all(path.stat().st_size <= 160_000 for path in paths)
    loaded = load_weights("panorama", tmp_path)
    assert loaded.shape == SHAPES["mini"]
    for name, value in parameters.items():
        assert torch.equal(loaded.parameters[name], value.half().float())
    first = loaded.revision
    save_weights(tmp_path, "panorama", SHAPES["mini"], stirred("mini", 2), {})
    assert load_weights("panorama", tmp_path).revision != first


def test_altered_missing_and_foreign_shards_are_refused(tmp_path: Path) -> None:
    (path,) = save_weights(tmp_path, "panorama", SHAPES["mini"], stirred("mini", 1), {})
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(WeightsError, match="altered or cut off"):
        load_weights("panorama", tmp_path)
    path.write_bytes(whole[:1000])
    with pytest.raises(WeightsError, match="altered or cut off"):
        load_weights("panorama", tmp_path)
    path.unlink()
    with pytest.raises(WeightsError, match="cannot be read"):
        load_weights("panorama", tmp_path)
    path.write_bytes(whole)
    with pytest.raises(WeightsError, match="does not describe a network 'depth'"):
        load_weights("depth", tmp_path)
    index = json.loads((tmp_path / "model.json").read_text())
    index["networks"]["panorama"]["shape"]["code"] = 64
    (tmp_path / "model.json").write_text(json.dumps(index))
    with pytest.raises(WeightsError, match="do not fit"):
        load_weights("panorama", tmp_path)
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_weights("panorama", tmp_path)
    with pytest.raises(WeightsError, match="not in"):
        load_weights("panorama", tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["small", "large", "small-depth"])
def test_networks_that_are_shipped_fit_the_package(name: str) -> None:
    numbers = sum(int(np.prod(value.shape)) for value in new_parameters(SHAPES[name], seed=0).values())
    assert 2 * numbers < (44e6 if name == "large" else 16e6)  # bytes: together below 60 MB
