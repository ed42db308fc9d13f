"""Masks: what is known of a panorama in training: nothing, a photograph's part, colours, distances, or patches of anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import torch
from torch.nn import functional

from pipelines.flow import GROUPS


class Job(StrEnum):
    """What the model is asked for, by what is known."""

    PAINT = "paint"  # nothing is known but words
    OUTPAINT = "outpaint"  # a photograph's part, with or without distances
    MEASURE = "measure"  # all colours
    REPAINT = "repaint"  # distances, with or without kinds of surface
    PATCHES = "patches"  # random regions of each


JOBS = tuple(Job)
SHARES: Mapping[Job, float] = {Job.PAINT: 0.15, Job.OUTPAINT: 0.35, Job.MEASURE: 0.25, Job.REPAINT: 0.15, Job.PATCHES: 0.10}
"""Of the samples of a model that does everything."""

FOV_RAD = (math.radians(45), math.radians(100))
ASPECTS = (0.6, 1.7)  # width over height
PITCH_RAD = 0.14  # standard deviation
MEASURED_SHARE, KINDS_SHARE = 0.6, 0.7  # how often a photograph's distances are known, and kinds of surface beside distances
PATCHES = (4, 8)  # rows and columns of the chance that regions are cut from


def chosen_jobs(count: int, shares: Mapping[Job, float], chance: Any) -> Any:
    """(B,) numbers in JOBS, drawn by their shares."""
    weights = torch.tensor([shares.get(job, 0.0) for job in JOBS], device=chance.device)
    return torch.multinomial(weights, count, replacement=True, generator=chance)


def masks_for(jobs: Any, rays: Any, chance: Any) -> Any:
    """(B, groups, H, W) float32: 1 where a group of channels is known. rays: (H, W, 3) of the panorama."""
    count = len(jobs)
    height, width = rays.shape[:2]
    mask = torch.zeros(count, len(GROUPS), height, width, device=rays.device)
    seen = footprints(count, rays, chance)
    coin = torch.rand(count, 2, generator=chance, device=rays.device)[:, :, None, None]
    outpaint, measure, repaint = (_is(jobs, job) for job in (Job.OUTPAINT, Job.MEASURE, Job.REPAINT))
    measured = (coin[:, 0] < MEASURED_SHARE).float()
    mask[:, 0] = torch.maximum(outpaint * seen, measure)
    mask[:, 1] = torch.maximum(outpaint * seen * measured, repaint)
    mask[:, 2] = torch.maximum(outpaint * seen * measured, repaint * (coin[:, 1] < KINDS_SHARE))
    coarse = torch.rand(count, len(GROUPS), *PATCHES, generator=chance, device=rays.device)
    fine = functional.interpolate(coarse, (height, width), mode="bilinear")
    return torch.maximum(mask, _is(jobs, Job.PATCHES)[:, None] * (fine > 0.5))


def footprints(count: int, rays: Any, chance: Any) -> Any:
    """(B, H, W) 1 where a level panorama shows what a random pinhole camera in its middle saw."""

    def uniform(low: float, high: float) -> Any:
        return low + (high - low) * torch.rand(count, generator=chance, device=rays.device)

    yaw, fov, aspect = uniform(0, 2 * math.pi), uniform(*FOV_RAD), uniform(*ASPECTS)
    pitch = PITCH_RAD * torch.randn(count, generator=chance, device=rays.device)
    sin_yaw, cos_yaw, sin_pitch, cos_pitch = yaw.sin(), yaw.cos(), pitch.sin(), pitch.cos()
    zero = torch.zeros_like(yaw)
    right = torch.stack([cos_yaw, zero, -sin_yaw], -1)
    ahead = torch.stack([-sin_yaw * cos_pitch, sin_pitch, -cos_yaw * cos_pitch], -1)
    up = torch.linalg.cross(right, ahead)
    x, y, z = (torch.einsum("hwc,bc->bhw", rays, axis) for axis in (right, up, ahead))
    reach = torch.tan(fov / 2)[:, None, None]
    wide, tall = reach * aspect.clamp(max=1)[:, None, None], reach / aspect.clamp(min=1)[:, None, None]
    return ((z > 0) & (x.abs() < wide * z) & (y.abs() < tall * z)).float()


def _is(jobs: Any, job: Job) -> Any:
    return (jobs == JOBS.index(job)).float()[:, None, None]
