"""The weights that come with the package: whole, small, told truly on their card, and of use for a world and a photograph never seen."""

from __future__ import annotations

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import run
from pipelines.flow.weights import FOLDER, INDEX, MOST_SHARD_BYTES, load_weights
from pipelines.formats import read_package
from pipelines.things import Library
from pipelines.training.evaluate import card, example, said_distance
from pipelines.training.measures import depth_errors
from pipelines.training.shots import built, is_panorama, shots
from pipelines.training.worlds import Split, asked

MOST_BYTES = 60_000_000
UNSEEN = 910  # a suburb, which no training showed, of a seed that no evaluation had


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is installed: no folder of weights is named, no model was pulled."""
    monkeypatch.delenv("WORLDLOOM_SMALL_MODEL", raising=False)
    monkeypatch.delenv("WORLDLOOM_MEASURE_MODEL", raising=False)
    monkeypatch.setenv("WORLDLOOM_MODELS", str(tmp_path / "models"))


def test_shards_are_whole_and_the_card_says_what_the_index_says() -> None:
    networks = json.loads((FOLDER / INDEX).read_text())["networks"]
    sums = {name: digest for entry in networks.values() for name, digest in entry["sha256"].items()}
    assert set(sums) == {path.name for path in FOLDER.glob("*.safetensors")}
    for name, digest in sums.items():
        data = (FOLDER / name).read_bytes()
        assert len(data) <= MOST_SHARD_BYTES
        assert hashlib.sha256(data).hexdigest() == digest
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= MOST_BYTES
    assert (FOLDER / "CARD.md").read_text(encoding="utf-8") == card({name: entry["facts"] for name, entry in networks.items()})


def test_a_world_never_seen_is_measured_far_better_than_level_ground_would() -> None:
    order = asked(Split.HELD_OUT, UNSEEN, Library.load())
    weights = load_weights("depth")
    seen = [
        example(shot, weights.shape, np.zeros(384, np.float32), order.spec.place, "")
        for shot in shots(built(order, splats=20_000), positions=3, pinholes=3)
        if not is_panorama(shot)
    ]
    areas = [np.ones_like(one.up) for one in seen]
    true = [one.distance for one in seen]
    found = depth_errors([said_distance(weights.parameters, weights.shape, one) for one in seen], true, areas)
    level = [np.where(one.up < 0, 1.65 / np.maximum(-one.up, 1e-3), np.inf).astype(np.float32) for one in seen]
    plain = depth_errors(level, true, areas)
    assert found.abs_rel < 0.5 * plain.abs_rel
    assert found.within > plain.within
    assert found.sky > 0.9


def test_a_real_photograph_becomes_a_world_with_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = find_spec("sklearn")
    assert package is not None and package.origin is not None
    palace = Path(package.origin).parent / "datasets" / "images" / "china.jpg"
    assert run(["generate", "--image", str(palace), "--splats", "60000", "-q", "-o", str(tmp_path / "world")]) == 0, capsys.readouterr().err
    made = read_package(tmp_path / "world", verify=True)
    assert made.manifest.recipe == "worldloom-nano"
    picture, distance = made.panorama()
    height, width = distance.shape
    assert np.isinf(distance[: height // 8]).mean() > 0.9, "the sky is above, where no photograph shows it"
    assert np.isfinite(distance[-height // 4 :]).all(), "the ground is below"
    beside = distance[height // 2 - height // 10 : height // 2 - height // 20, width // 2 + width // 60 : width // 2 + width // 25]
    assert np.isinf(beside).mean() > 0.8, "the sky is beside the tower"
    middle = distance[:, width // 2 - width // 28 : width // 2 - width // 50]  # left of the middle stands the tower, before a bright sky
    assert np.isfinite(middle[height // 2 - height // 12 : height // 2]).mean() > 0.9
    shown = np.asarray(Image.open(palace).convert("RGB"), np.float32)
    sky = shown[:60, -200:].mean(axis=(0, 1))
    up = picture[int(0.4 * height), width // 2 + width // 16].astype(np.float32)
    assert np.abs(up - sky).max() < 40, "its own pixels are where they were seen"
