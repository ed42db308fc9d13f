"""Hiding: what stands before what, as the visitor sees it from the spawn point."""

from __future__ import annotations

import numpy as np

from pipelines.layout.board import Board
from pipelines.layout.footprints import Boxes, Reals, bearing, turned


def hidden_share(poses: Reals, foot: Boxes, board: Board, *, names_only: bool = True) -> Reals:
    """How much of each candidate (in bearing) stands behind nearer things, or hides named things that are farther, 0 … about 2.

    foot: the candidates' feet, as high as the whole things are.
    """
    own_bearing, own_distance = bearing(poses[:, 0], poses[:, 1]), np.hypot(poses[:, 0], poses[:, 1])
    own_half = np.arctan2(np.maximum(foot.radius, 0.15), np.maximum(own_distance, 0.5))
    total = np.zeros(len(poses))
    for other in board.placed:
        if names_only and not other.group.name:
            continue
        box = other.boxes("foot")
        distance = float(np.hypot(box.x, box.z))
        half = float(np.arctan2(box.radius, max(distance, 0.5)))
        apart = np.abs(turned(own_bearing - float(bearing(box.x, box.z))))
        shared = np.clip(own_half + half - apart, 0, 2 * np.minimum(own_half, half))
        own_height, other_height = foot.high - foot.low, float(other.boxes("whole").high - box.low)
        nearer = own_distance < distance
        # what is nearer hides as much as it rises, seen from 1.65 m, into what stands behind it
        front, rear = np.where(nearer, own_height, other_height), np.where(nearer, other_height, own_height)
        ratio = np.where(nearer, distance / np.maximum(own_distance, 0.5), own_distance / max(distance, 0.5))
        covered = np.clip((1.65 + (front - 1.65) * ratio) / np.maximum(rear, 0.2), 0, 1)
        total += covered * shared / (2 * np.maximum(np.where(nearer, half, own_half), 0.02))
    return total
