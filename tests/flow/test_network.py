"""The network sees a sphere: turning it round changes nothing but where things are."""

from __future__ import annotations

import numpy as np
import torch

from pipelines.camera import panorama
from pipelines.flow import CHANNELS, GROUPS, SHAPES, assembled, clean, completed, encoded, ray_channels, spread
from pipelines.flow.network import INPUTS, padded
from tests.flow.conftest import stirred

SHAPE = SHAPES["mini"]
SIZE = (SHAPE.height_px, SHAPE.width_px)


def rays() -> np.ndarray:
    return ray_channels(panorama((0.0, 0.0, 0.0), width_px=SHAPE.width_px).rays()[..., 1], 2 * np.pi / SHAPE.width_px)


def test_turning_the_input_turns_the_output() -> None:
    parameters = {name: value.double() for name, value in stirred("mini", 3).items()}
    chance = torch.Generator().manual_seed(4)
    inputs = torch.randn(2, INPUTS, *SIZE, generator=chance, dtype=torch.float64)
    time, meaning = torch.tensor([0.2, 0.9], dtype=torch.float64), torch.randn(2, 384, generator=chance, dtype=torch.float64)
    said = clean(parameters, SHAPE, inputs, time, meaning)
    assert said.shape == (2, CHANNELS, *SIZE)
    for turn in (16, 48):
        turned = clean(parameters, SHAPE, inputs.roll(turn, -1), time, meaning)
        assert torch.allclose(turned, said.roll(turn, -1), atol=1e-9)
    assert not torch.allclose(clean(parameters, SHAPE, inputs.roll(16, -2), time, meaning), said.roll(16, -2), atol=1e-3)


def test_words_and_time_have_a_say() -> None:
    parameters = stirred("mini", 3)
    inputs = torch.randn(1, INPUTS, *SIZE, generator=torch.Generator().manual_seed(4))
    said = clean(parameters, SHAPE, inputs, torch.tensor([0.2]), torch.zeros(1, 384))
    assert not torch.allclose(said, clean(parameters, SHAPE, inputs, torch.tensor([0.7]), torch.zeros(1, 384)), atol=1e-3)
    assert not torch.allclose(said, clean(parameters, SHAPE, inputs, torch.tensor([0.2]), torch.ones(1, 384) / 20), atol=1e-3)


def test_the_border_is_what_lies_there_on_the_sphere() -> None:
    camera = panorama((0.0, 0.0, 0.0), width_px=32)
    directions = torch.from_numpy(camera.rays()).permute(2, 0, 1)[None].double()
    wide = padded(directions, True)[0].permute(1, 2, 0)
    step = np.pi / 16
    for row in range(18):
        for column in (0, 1, 17, 33):
            latitude, longitude = np.pi / 2 - (row - 0.5) * step, (column - 0.5) * step - np.pi
            true = [np.sin(longitude) * np.cos(latitude), np.sin(latitude), -np.cos(longitude) * np.cos(latitude)]
            assert np.allclose(wide[row, column].numpy(), true, atol=1e-6)


def test_known_pixels_come_back_as_they_were() -> None:
    rng = np.random.default_rng(5)
    rgb = rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    distance = rng.uniform(0.5, 300, SIZE).astype(np.float32)
    kind = rng.integers(0, 8, SIZE).astype(np.uint8)
    known = encoded(rgb, distance, kind, SIZE)
    mask = (rng.random((len(GROUPS), *SIZE)) < 0.5).astype(np.float32)
    found = completed(stirred("mini", 6), SHAPE, known, mask, rays=rays(), meaning=None, seed=7, steps=3)
    every = spread(torch.from_numpy(mask)).numpy() > 0
    assert np.array_equal(found[every], known[every])
    assert not np.allclose(found[~every], known[~every], atol=0.1)
    other = known.copy()
    other[~every] = 0.3  # what is said where nothing is known has no say
    assert np.array_equal(found, completed(stirred("mini", 6), SHAPE, other, mask, rays=rays(), meaning=None, seed=7, steps=3))
    assert not np.array_equal(found, completed(stirred("mini", 6), SHAPE, known, mask, rays=rays(), meaning=None, seed=8, steps=3))


def test_unknown_channels_are_hidden_from_the_network() -> None:
    noisy, known = torch.zeros(1, CHANNELS, *SIZE), torch.ones(1, CHANNELS, *SIZE)
    mask = torch.zeros(1, len(GROUPS), *SIZE)
    mask[:, 1] = 1.0
    read = assembled(noisy, known, mask, torch.zeros(1, 3, *SIZE))
    assert read.shape[1] == INPUTS
    assert read[:, CHANNELS : 2 * CHANNELS].sum() == SIZE[0] * SIZE[1]  # one channel of distance
