"""Batches: however a picture is turned, mirrored, cropped and relit, its distances, kinds and rays still belong together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.camera import panorama
from pipelines.errors import InputError
from pipelines.flow import CHANNELS, CLASSES, COLOUR, DISTANCE, GROUPS, KIND, SHAPES, distance_of, kind_of, spread
from pipelines.scene import EYE_HEIGHT_M
from pipelines.training.album import Album, Batch
from pipelines.training.disturb import blurred, photographed, quantised, relit
from pipelines.training.masks import JOBS, SHARES, Job, chosen_jobs, footprints, masks_for
from pipelines.training.shards import load, shard_files
from pipelines.training.shots import learnt

RAYS = slice(2 * CHANNELS + len(GROUPS), None)


def chance(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", ["mini", "mini-depth"])
def test_ground_stays_level(name: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a pixel shows the ground, its distance times the sine of its depression is the eye's height, whatever was done to it."""
    monkeypatch.setattr("pipelines.training.album.PITCH_ERROR_RAD", 0.0)
    batch = Album(data, "train", SHAPES[name]).batch(24, chance=chance(1), shares=SHARES)
    heights = []
    for target, inputs in zip(batch.target.numpy(), batch.inputs.numpy(), strict=True):
        up, level, _ = inputs[RAYS]
        assert np.allclose(up**2 + level**2, 1, atol=1e-5)
        ground = (kind_of(target) == CLASSES.index("ground")) & (up < -0.15)
        heights += list(distance_of(target)[ground] * -up[ground])
    assert len(heights) > 2000
    assert abs(np.median(heights) - EYE_HEIGHT_M) < 0.02 * EYE_HEIGHT_M  # whoever took it stands upright
    assert np.mean(np.abs(np.array(heights) / EYE_HEIGHT_M - 1) < 0.12) > 0.97  # nearest pixels, rounded distances


def test_a_batch_is_what_its_chance_makes_it(data: Path) -> None:
    album = Album(data, "train", SHAPES["mini"])
    one, same, other = (album.batch(4, chance=chance(seed), shares=SHARES) for seed in (1, 1, 2))
    assert torch.equal(one.inputs, same.inputs) and torch.equal(one.target, same.target)
    assert not torch.equal(one.target, other.target)


def test_what_is_known_has_no_weight(data: Path) -> None:
    album = Album(data, "train", SHAPES["mini"])
    batch = album.batch(40, chance=chance(3), shares=SHARES)
    mask = batch.inputs[:, 2 * CHANNELS : 2 * CHANNELS + len(GROUPS)]
    assert ((batch.weights > 0) == (spread(mask) == 0)).all()
    plain = batch.plain > 0
    assert 0 < plain.sum() < 40
    assert (batch.noisy[plain] == 0).all() and (batch.time[plain] == 0).all()
    silent = (batch.meaning == 0).all(dim=1)
    assert 0 < silent.sum() < 20


def test_a_time_of_one_is_the_picture(data: Path) -> None:
    album = Album(data, "train", SHAPES["mini"])
    batch: Batch = album.batch(30, chance=chance(5), shares={Job.PAINT: 1.0})
    noise = (batch.noisy - batch.time[:, None, None, None] * batch.target) / (1 - batch.time)[:, None, None, None]
    assert abs(float(noise.mean())) < 0.01 and abs(float(noise.std()) - 1) < 0.01


def test_masks_ask_for_their_jobs() -> None:
    rays = torch.from_numpy(panorama((0.0, 0.0, 0.0), width_px=64).rays())
    jobs = torch.arange(len(JOBS)).repeat(50)
    masks = masks_for(jobs, rays, chance(1))
    area = rays[..., 1].square().neg().add(1).sqrt()
    shares = {job: (masks[jobs == number] * area).sum((-1, -2)) / area.sum() for number, job in enumerate(JOBS)}
    assert float(shares[Job.PAINT].max()) == 0
    assert torch.allclose(shares[Job.MEASURE], torch.tensor([1.0, 0.0, 0.0]))
    assert torch.allclose(shares[Job.REPAINT][:, :2], torch.tensor([0.0, 1.0])) and 0 < shares[Job.REPAINT][:, 2].mean() < 1
    seen = shares[Job.OUTPAINT][:, 0]
    assert float(seen.min()) > 0.01 and float(seen.max()) < 0.25  # a square of 100° covers 0.2 of the sphere
    measured = shares[Job.OUTPAINT][:, 1]
    assert ((measured == 0) | (measured == seen)).all() and 0 < (measured > 0).float().mean() < 1
    assert all(0.1 < float(share) < 0.9 for share in shares[Job.PATCHES].mean(0))
    drawn = torch.bincount(chosen_jobs(4000, SHARES, chance(2)), minlength=len(JOBS)) / 4000
    assert torch.allclose(drawn, torch.tensor([SHARES[job] for job in JOBS]), atol=0.03)


def test_a_footprint_is_what_a_pinhole_camera_sees() -> None:
    """Its rows and columns of sight are straight: it is convex on the sphere, and level at its upper and lower edge's middle."""
    rays = torch.from_numpy(panorama((0.0, 0.0, 0.0), width_px=128).rays())
    for seen in footprints(12, rays, chance(3)):
        inside = rays[seen > 0]
        middle = inside.mean(0)
        on_plane = inside / (inside @ (middle / middle.norm()))[:, None]  # gnomonic: great circles are straight there
        between = (on_plane[:1] + on_plane) / 2
        direction = between / between.norm(dim=1, keepdim=True)
        column = ((torch.atan2(direction[:, 0], -direction[:, 2]) / (2 * np.pi) + 0.5) * 128).long().clamp(0, 127)
        row = ((0.5 - torch.asin(direction[:, 1].clamp(-1, 1)) / np.pi) * 64).long().clamp(0, 63)
        assert seen[row, column].mean() > 0.97


def test_cameras_disturb_only_so_much() -> None:
    colours = torch.rand(4, 3, 32, 64, generator=chance(1)) * 2 - 1
    kinds = torch.randint(8, (4, 32, 64), generator=chance(2))
    for made in (relit(colours, kinds, chance(3)), photographed(colours, chance(3))):
        assert made.shape == colours.shape and made.min() >= -1 and made.max() <= 1
        assert not torch.allclose(made, colours, atol=0.02)
    fine, coarse = (quantised(colours, torch.full((4, 1, 1, 1), step)) for step in (1e-5, 0.5))
    assert torch.allclose(fine, colours, atol=1e-4)
    assert 0.02 < float((coarse - colours).abs().mean()) < 0.5
    even = torch.full((2, 3, 16, 16), 0.3)
    assert torch.allclose(blurred(even, torch.tensor([0.5, 1.0])[:, None, None, None]), even, atol=1e-5)
    softer = blurred(colours, torch.full((4, 1, 1, 1), 1.0))
    assert softer.std() < 0.6 * colours.std()


def test_an_empty_album_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no shots for this network"):
        Album(tmp_path, "train", SHAPES["mini"])


def test_targets_are_the_stored_pictures(data: Path) -> None:
    batch = Album(data, "train", SHAPES["mini"]).batch(6, chance=chance(9), shares=SHARES)
    assert torch.equal(batch.target[:, KIND].sum(1), torch.full_like(batch.target[:, 0], 2.0 - len(CLASSES)))
    assert batch.target[:, DISTANCE].abs().max() <= 1 and batch.target[:, COLOUR].abs().max() <= 1


@pytest.mark.parametrize(("job", "as_stored"), [(Job.PAINT, True), (Job.REPAINT, True), (Job.OUTPAINT, False)])
def test_colours_that_only_words_tell_of_are_as_stored(data: Path, job: Job, as_stored: bool) -> None:
    """No sentence says how a camera was set: where no colour is known they are the world's, turned and mirrored."""
    shape = SHAPES["mini"]
    shots = [shot for path in shard_files(data, "train") for shot in load(path, sphere=True).shots]
    stored = {learnt(shot, shape.height_px, shape.width_px).rgb.mean(axis=1).round(3).tobytes() for shot in shots}
    batch = Album(data, "train", shape).batch(8, chance=chance(2), shares={job: 1.0})
    rows = ((batch.target[:, COLOUR].numpy() + 1) * 127.5).round().astype(np.uint8).transpose(0, 2, 3, 1).mean(axis=2).round(3)
    assert all((one.tobytes() in stored) is as_stored for one in rows)
