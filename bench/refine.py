"""Refine measured: held-out frames of a filmed world before and after, with seconds and milliseconds a step."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from pipelines.gaussians import Gaussians, from_colours, join
from pipelines.quality.filming import filmed, meadow, sidestep
from pipelines.splat import quality, thin
from pipelines.splat.fitting import Plan, fit
from pipelines.world import MeasuredView

STEPS = 1_000
SPLATS = 100_000
SKY_M = 500.0


@dataclass(frozen=True)
class Figures:
    """Means over the held-out frames; cpu_s: of all cores together."""

    start: str
    splats: int
    psnr_db: float
    worst_psnr_db: float
    ssim: float
    distance_error: float
    wall_s: float
    cpu_s: float


def measure(console: Console, *, steps: int = STEPS) -> list[dict[str, Any]]:
    """Frames 640 × 360 of one walk: every fourth is used, those between are held out."""
    place, spawn = meadow()
    frames = filmed(place, sidestep(spawn, frames=97))
    used, held = frames[::4], frames[2::8]
    eye = used[len(used) // 2].camera.position
    thinned = thin(lifted(used[::4]), SPLATS, eye=(float(eye[0]), float(eye[1]), float(eye[2])))
    rows = []
    for name, start in (("lifted", thinned), ("5,000 points", _points(lifted(used[::4])))):
        rows.append(_figures(f"{name}, before", start, held))
        wall, cpu = time.perf_counter(), time.process_time()
        refined = fit(start, used, Plan(steps=steps, splats=SPLATS), seed=1)
        seconds = (time.perf_counter() - wall, time.process_time() - cpu)
        rows.append(_figures(f"{name}, after {steps:,} steps", refined, held, seconds=seconds))
    table = Table("start", "splats", "PSNR (dB)", "worst", "SSIM", "distance error", "wall (s)", "all cores (s)", box=None)
    for row in rows:
        numbers = [f"{row.psnr_db:.2f}", f"{row.worst_psnr_db:.2f}", f"{row.ssim:.3f}", f"{row.distance_error:.2%}"]
        table.add_row(row.start, f"{row.splats:,}", *numbers, f"{row.wall_s:.0f}", f"{row.cpu_s:.0f}")
    console.print(table)
    return [asdict(row) for row in rows]


def _figures(name: str, splats: Gaussians, held: list[MeasuredView], *, seconds: tuple[float, float] = (0.0, 0.0)) -> Figures:
    seen = quality(splats, held)
    psnr = [view.psnr_db for view in seen]
    return Figures(
        name,
        len(splats),
        float(np.mean(psnr)),
        min(psnr),
        float(np.mean([view.ssim for view in seen])),
        float(np.nanmean([view.distance_error for view in seen])),
        *seconds,
    )


def lifted(views: list[MeasuredView]) -> Gaussians:
    """A round splat for every 2 × 2 pixels of some views, at the measured distance."""
    parts = []
    for view in views:
        distance = view.distance[1::2, 1::2]
        distance = np.where(np.isinf(distance), np.float32(SKY_M), distance)
        known = ~np.isnan(distance)
        height, width = distance.shape
        colours = view.rgb[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3).mean(axis=(1, 3)) / 255
        means = view.camera.position + view.camera.rays()[1::2, 1::2][known] * distance[known][:, None]
        count = len(means)
        parts.append(
            from_colours(
                means.astype(np.float32),
                np.repeat((distance[known] / view.camera.focal_px)[:, None], 3, axis=1).astype(np.float32),
                np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
                np.full(count, 0.7, np.float32),
                colours=colours[known].astype(np.float32),
                thing=np.zeros(count, np.int32),
            )
        )
    return join(parts)


def _points(known: Gaussians, *, count: int = 5_000) -> Gaussians:
    """Few of them, a hundredth of their distance off, and as large as the gaps between them."""
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(0)
    some = known.take(np.sort(rng.choice(len(known), count, replace=False)))
    away = np.linalg.norm(some.means, axis=1)
    means = (some.means + rng.normal(0, 0.01, (count, 3)) * away[:, None]).astype(np.float32)
    gaps = cKDTree(means).query(means, 4)[0][:, 1:].mean(axis=1)
    sizes = np.repeat(0.7 * np.minimum(gaps, 0.1 * away)[:, None], 3, axis=1).astype(np.float32)
    return Gaussians(means, sizes, some.rotations, np.full(count, 0.5, np.float32), some.harmonics, some.thing)
