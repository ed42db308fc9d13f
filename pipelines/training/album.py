"""Album: all shots of a split in memory, and batches of them as the network reads them, turned, mirrored, relit and masked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from pipelines.camera import panorama
from pipelines.errors import InputError
from pipelines.flow import CHANNELS, CLASSES, COLOUR, DISTANCE, KIND, PANORAMA_PIXEL_RAD, Shape, assembled, log_distance, spread
from pipelines.training.disturb import photographed, relit
from pipelines.training.masks import JOBS, Job, chosen_jobs, masks_for
from pipelines.training.shards import load, shard_files
from pipelines.training.shots import Shot, learnt

SILENCE_SHARE = 0.15  # of samples that are told no words, for classifier-free guidance (Ho and Salimans 2022)
PLAIN_SHARE = 0.5  # of measuring samples that are asked for one answer at once, without noise
TIME_MEAN, TIME_SPREAD = -0.8, 0.8  # of the logit of the time, as in "Back to basics"
LEAST_CROP = 0.6
PITCH_ERROR_RAD = 0.06  # standard deviation of what is believed of a photograph's pitch


@dataclass(frozen=True)
class Batch:
    """What the network reads and should say. weights (B, C, H, W): how much each value counts; 0 where it is known."""

    inputs: Any
    time: Any
    meaning: Any
    target: Any
    noisy: Any
    weights: Any
    plain: Any  # (B,) 1 where one answer at once is wanted


class Album:
    """Shots of a split that fit a network: panoramas for a sphere, pinhole pictures otherwise."""

    def __init__(self, folder: Path, split: str, shape: Shape, device: str = "cpu") -> None:
        self.folder, self.split, self.shape, self.device = folder, split, shape, device
        self._read: set[Path] = set()
        self._kept: dict[str, Any] = {}
        self.refresh()
        if not len(self):
            raise InputError(f"{folder / split} holds no shots for this network: run `python -m pipelines.training data` first")
        camera = panorama((0.0, 0.0, 0.0), width_px=shape.width_px)
        self._rays: Any = torch.from_numpy(camera.rays()).to(device) if shape.sphere else None

    def __len__(self) -> int:
        return len(self._kept.get("colour", ()))

    @property
    def worlds(self) -> int:
        """How many worlds the shots are of."""
        return len(self._read)

    def refresh(self) -> None:
        """Take in shards that have been made meanwhile."""
        new = [path for path in shard_files(self.folder, self.split) if path not in self._read]
        rows: dict[str, list[Any]] = {}
        for path in new:
            self._read.add(path)
            stored = load(path, sphere=self.shape.sphere)
            for shot in stored.shots:
                for name, value in _row(shot, stored.meanings, self.shape).items():
                    rows.setdefault(name, []).append(value)
        for name, values in rows.items():
            stack = torch.from_numpy(np.stack(values)).to(self.device)
            self._kept[name] = torch.cat([self._kept[name], stack]) if name in self._kept else stack

    def batch(self, count: int, *, chance: Any, shares: Mapping[Job, float]) -> Batch:
        """So many samples by chance, all on the album's device."""
        index = torch.randint(len(self), (count,), generator=chance, device=self.device)
        mirrored = torch.rand(count, generator=chance, device=self.device) < 0.5
        colours, distances, kinds, rays = (
            self._turned(index, mirrored, chance) if self.shape.sphere else self._cropped(index, mirrored, chance)
        )
        target = torch.empty(count, CHANNELS, *colours.shape[-2:], device=self.device)
        target[:, COLOUR], target[:, DISTANCE] = relit(colours, kinds, chance), distances[:, None]
        target[:, KIND] = functional.one_hot(kinds.long(), len(CLASSES)).permute(0, 3, 1, 2) * 2.0 - 1
        if self.shape.sphere:
            jobs = chosen_jobs(count, shares, chance)
            mask = masks_for(jobs, self._rays, chance)
            coin = torch.rand(count, generator=chance, device=self.device) < PLAIN_SHARE
            plain = ((jobs == JOBS.index(Job.MEASURE)) & coin).float()
            only_words = mask[:, :1].amax(dim=(2, 3), keepdim=True) == 0  # say what its colours are: they are as the world has them
            target[:, COLOUR] = torch.where(only_words, colours, target[:, COLOUR])
        else:
            mask = torch.zeros(count, 3, *colours.shape[-2:], device=self.device)
            mask[:, 0], plain = 1.0, torch.ones(count, device=self.device)
        wording = torch.randint(self._kept["meaning"].shape[1], (count,), generator=chance, device=self.device)
        told = (torch.rand(count, 1, generator=chance, device=self.device) > SILENCE_SHARE).float()
        return self._batch(target, mask, rays, plain, self._kept["meaning"][index, wording] * told, chance)

    def _batch(self, target: Any, mask: Any, rays: Any, plain: Any, meaning: Any, chance: Any) -> Batch:
        count = len(target)
        time = torch.sigmoid(TIME_MEAN + TIME_SPREAD * torch.randn(count, generator=chance, device=self.device)) * (1 - plain)
        noise = torch.randn(target.shape, generator=chance, device=self.device)
        noisy = (time[:, None, None, None] * target + (1 - time[:, None, None, None]) * noise) * (1 - plain)[:, None, None, None]
        known = target.clone()
        known[:, COLOUR] = photographed(target[:, COLOUR], chance)
        area = rays[:, 1:2] if self.shape.sphere else torch.ones_like(rays[:, 1:2])  # the cosine of latitude
        return Batch(assembled(noisy, known, mask, rays), time, meaning, target, noisy, (1 - spread(mask)) * area, plain)

    def _turned(self, index: Any, mirrored: Any, chance: Any) -> tuple[Any, Any, Any, Any]:
        """Panoramas that begin at any longitude, every second one mirrored."""
        width = self.shape.width_px
        begin = torch.randint(width, (len(index), 1), generator=chance, device=self.device)
        column = (torch.arange(width, device=self.device)[None] + begin) % width
        column = torch.where(mirrored[:, None], column.flip(1), column)[:, None, :].expand(-1, self.shape.height_px, -1)
        row = torch.arange(self.shape.height_px, device=self.device)[None, :, None]
        colour, distance, kind = (self._kept[name][index[:, None, None], row, column] for name in ("colour", "distance", "kind"))
        up = self._rays[..., 1]
        rays = torch.stack([up, (1 - up**2).clamp(min=0).sqrt(), torch.full_like(up, math.log(2 * math.pi / width / PANORAMA_PIXEL_RAD))])
        return _plain(colour), distance.float(), kind, rays[None].expand(len(index), -1, -1, -1)

    def _cropped(self, index: Any, mirrored: Any, chance: Any) -> tuple[Any, Any, Any, Any]:
        """Parts of pinhole pictures, of any shape, with what their rays are believed to be."""
        count, height, width = len(index), self.shape.height_px, self.shape.width_px
        sizes = LEAST_CROP + (1 - LEAST_CROP) * torch.rand(count, 2, generator=chance, device=self.device)
        middles = (1 - sizes) * (2 * torch.rand(count, 2, generator=chance, device=self.device) - 1)
        x = middles[:, :1] + sizes[:, :1] * ((torch.arange(width, device=self.device) + 0.5) / width * 2 - 1)
        y = middles[:, 1:] + sizes[:, 1:] * ((torch.arange(height, device=self.device) + 0.5) / height * 2 - 1)
        x = torch.where(mirrored[:, None], x.flip(1), x)
        grid = torch.stack([x[:, None].expand(-1, height, -1), y[:, :, None].expand(-1, -1, width)], -1)
        colour = functional.grid_sample(
            _plain(self._kept["colour"][index]), grid, mode="bilinear", padding_mode="border", align_corners=False
        )
        flat = torch.stack([self._kept["distance"][index].float(), self._kept["kind"][index].float()], 1)
        flat = functional.grid_sample(flat, grid, mode="nearest", padding_mode="border", align_corners=False)
        reach = self._kept["reach"][index]  # (B, 2) tangents from the middle to the edges
        level = torch.stack(
            [grid[..., 0] * reach[:, None, None, 0], -grid[..., 1] * reach[:, None, None, 1], -torch.ones_like(grid[..., 0])], -1
        )
        pitch = self._kept["pitch"][index] + PITCH_ERROR_RAD * torch.randn(count, generator=chance, device=self.device)
        up = (level[..., 1] * pitch.cos()[:, None, None] - level[..., 2] * pitch.sin()[:, None, None]) / level.norm(dim=-1)
        pixel = torch.sqrt((reach * sizes * 2).prod(1) / (height * width))
        wide = torch.log(pixel / PANORAMA_PIXEL_RAD)[:, None, None].expand_as(up)
        return colour, flat[:, 0], flat[:, 1].round(), torch.stack([up, (1 - up**2).clamp(min=0).sqrt(), wide], 1)


def _row(shot: Shot, meanings: Any, shape: Shape) -> dict[str, Any]:
    """What is kept of a shot, at the network's size."""
    shot = learnt(shot, shape.height_px, shape.width_px)
    row: dict[str, Any] = {
        "colour": shot.rgb,
        "distance": log_distance(shot.distance).astype(np.float16),
        "kind": shot.kind,
        "meaning": meanings.astype(np.float32),
    }
    if not shape.sphere:
        camera = shot.camera
        row["reach"] = np.array([camera.width_px, camera.height_px], np.float32) / np.float32(2 * camera.focal_px)
        row["pitch"] = np.float32(math.asin(np.clip(-camera.world_from_camera[1, 2], -1, 1)))
    return row


def _plain(colours: Any) -> Any:
    """(B, H, W, 3) uint8 → (B, 3, H, W) in −1 … 1."""
    return colours.permute(0, 3, 1, 2).float() / 127.5 - 1
