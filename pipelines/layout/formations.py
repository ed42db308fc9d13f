"""Formations: rows, blocks of rows and circles, whose members keep their places to each other."""

from __future__ import annotations

import numpy as np

from pipelines.layout.footprints import Reals
from pipelines.layout.members import LENGTHS, Group, half_of
from pipelines.spec import Arrangement


def jittered(template: Reals, rng: np.random.Generator, widen: float) -> Reals:
    """The template itself, and places closer and closer round it."""
    count = 24
    poses = np.repeat(template[None, :], count, axis=0)
    poses[1:, :2] += rng.normal(0, 0.25 * widen**3, (count - 1, 2))
    return poses


def offsets_of(group: Group, arrangement: Arrangement) -> Reals:
    """Places (n, 2) of the members of a formation round its middle, along its width and depth."""
    total = len(group.models)
    width, depth = max(2 * half_of(group, k)[0] for k in range(total)), max(2 * half_of(group, k)[1] for k in range(total))
    step = width if LENGTHS in group.kind.tags else 1.25 * width + (2.2 if group.is_tree else 0.25)
    if arrangement is Arrangement.CIRCLE:
        radius = max(total * max(step, depth) / (2 * np.pi), 1.1 * max(width, depth))
        angle = 2 * np.pi * np.arange(total) / total
        return np.stack([np.sin(angle) * radius, np.cos(angle) * radius], axis=1)
    rows = 1 if arrangement is Arrangement.ROW else max(2, round(np.sqrt(total / 2.5)))
    columns = -(-total // rows)
    index = np.arange(total)
    u = (index % columns - (columns - 1) / 2) * step
    v = (index // columns - (rows - 1) / 2) * (depth * 1.3 + (2.5 if group.is_tree else 0.8))
    return np.stack([u, v], axis=1)
