"""How fast the CPU renders: clean synthetic rooms at three sizes."""

from __future__ import annotations

import resource
import statistics
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from pipelines.camera import Camera, pinhole
from pipelines.gaussians import Gaussians, from_colours, join, quaternions_from_frames
from pipelines.splat import cpu

_FRAMES = 7
_ROOM_M = (8.0, 3.0, 6.0)
_CASES = ((640, 360, 100_000, None), (1280, 720, 200_000, 80.0), (1280, 720, 1_000_000, 150.0))  # width, height, splats, target in ms


def bench_renderer() -> list[dict[str, object]]:
    """One row per case: median milliseconds of a frame, as wall time, and as CPU time (user and system) on two ideal cores."""
    return [_measure(*case) for case in _CASES]


def measure(console: Console) -> list[dict[str, object]]:
    """`bench_renderer`, with its table shown."""
    rows = bench_renderer()
    table = Table("splats", "picture", "CPU time / 2 (ms)", "wall (ms)", "aim (ms)", title="a frame on the CPU", box=None)
    for row in rows:
        aim = "" if row["target_ms"] is None else f"{row['target_ms']:.0f}"
        table.add_row(f"{row['splats']:,}", f"{row['width_px']} × {row['height_px']}", str(row["cpu_half_ms"]), str(row["wall_ms"]), aim)
    console.print(table)
    return rows


def _measure(width_px: int, height_px: int, splats: int, target_ms: float | None) -> dict[str, object]:
    room = clean_room(splats)
    camera = pinhole((0.3, 1.6, 2.7), yaw_rad=0.2, pitch_rad=-0.1, width_px=width_px, height_px=height_px)
    _frame(room, camera)  # machine code is loaded, or compiled, before the clock runs
    wall, cpu_time = zip(*(_frame(room, camera) for _ in range(_FRAMES)), strict=True)
    return {
        "what": f"render {len(room):,} splats at {width_px}×{height_px}",
        "splats": len(room),
        "width_px": width_px,
        "height_px": height_px,
        "wall_ms": round(1e3 * statistics.median(wall), 1),
        "cpu_half_ms": round(1e3 * statistics.median(cpu_time) / 2, 1),
        "target_ms": target_ms,
    }


def _frame(room: Gaussians, camera: Camera) -> tuple[float, float]:
    """(wall, CPU) seconds of one frame on the CPU, whatever GPU there may be."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    cpu.render(room, camera, background=(0.0, 0.0, 0.0), near_m=0.05, layers=())
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def clean_room(count: int) -> Gaussians:
    """About `count` surface discs on the walls of a room and of ten boxes in it, opacity 0.76 to 0.95, spaced evenly with some jitter."""
    rng = np.random.default_rng(0)
    size = np.array(_ROOM_M)
    boxes = [(np.array([-size[0] / 2, 0, -size[2] / 2]), size)]
    for _ in range(10):
        low = np.array([rng.uniform(-3.5, 2.5), 0.0, rng.uniform(-2.5, 0.5)])
        boxes.append((low, rng.uniform(0.3, 1.0, 3)))
    faces = []
    for low, extent in boxes:
        for axis in range(3):
            along, across = np.zeros(3), np.zeros(3)
            along[(axis + 1) % 3], across[(axis + 2) % 3] = extent[(axis + 1) % 3], extent[(axis + 2) % 3]
            for side in (0.0, 1.0):
                faces.append((low + side * extent * np.eye(3)[axis], along, across))
    spacing = np.sqrt(sum(np.linalg.norm(along) * np.linalg.norm(across) for _, along, across in faces) / count)
    return join([_face(rng, *face, spacing=float(spacing)) for face in faces])


def _face(rng: np.random.Generator, origin: np.ndarray, along: np.ndarray, across: np.ndarray, *, spacing: float) -> Gaussians:
    length, width = float(np.linalg.norm(along)), float(np.linalg.norm(across))
    columns, rows = max(1, round(length / spacing)), max(1, round(width / spacing))
    u, v = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
    count = u.size
    u, v = (u.ravel() + rng.uniform(-0.4, 0.4, count)) / columns, (v.ravel() + rng.uniform(-0.4, 0.4, count)) / rows
    means = origin + u[:, None] * along + v[:, None] * across
    frame = np.stack([along / length, across / width, np.cross(along, across) / (length * width)], axis=-1)
    scales = spacing * np.array([0.6, 0.6, 0.06]) * np.exp(rng.normal(0, 0.15, (count, 1)))
    return from_colours(
        means.astype(np.float32),
        scales.astype(np.float32),
        quaternions_from_frames(np.tile(frame, (count, 1, 1))),
        rng.uniform(0.76, 0.95, count).astype(np.float32),
        colours=(0.5 + 0.4 * np.sin(3 * means)).astype(np.float32),
        thing=np.zeros(count, np.int32),
    )
