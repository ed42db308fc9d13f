"""Agreement: which distances several views measured alike, and what they are together."""

from __future__ import annotations

import math

from pipelines.compiled import Array, f32, kernel


@kernel
def agree(
    piece: int, pieces: int, planes: Array, others: Array, sizes: Array, turn: Array, shift: Array, turn_back: Array, shift_back: Array,
    tolerance: Array, votes: Array, together: Array,
) -> None:  # fmt: skip
    """Count, for every pixel, the views that measured the same point, and take the mean of what they measured.

    planes: (H, W, 3) of this view, others (N, …) of the others, with the maps there and back.  tolerance: pixels of error after the
    way there and back, and relative difference of inverse depth.  votes (H, W) int32 and together (H, W), inverse depth, are filled.
    """
    height, width = votes.shape
    for row in range(piece, height, pieces):
        for column in range(width):
            w = planes[row, column, 0]
            u, v = f32(column), f32(row)
            count, total = 0, w
            for n in range(len(others)):
                p2 = turn[n, 2, 0] * u + turn[n, 2, 1] * v + turn[n, 2, 2] + shift[n, 2] * w
                if not p2 > f32(1e-3):
                    continue
                x = (turn[n, 0, 0] * u + turn[n, 0, 1] * v + turn[n, 0, 2] + shift[n, 0] * w) / p2
                y = (turn[n, 1, 0] * u + turn[n, 1, 1] * v + turn[n, 1, 2] + shift[n, 1] * w) / p2
                i, j = math.floor(x + f32(0.5)), math.floor(y + f32(0.5))
                if i < 0 or j < 0 or i >= sizes[n, 1] or j >= sizes[n, 0]:
                    continue
                other = others[n, j, i]
                there = other[0] + other[1] * (x - f32(i)) + other[2] * (y - f32(j))
                if not there > f32(0):
                    continue
                q2 = turn_back[n, 2, 0] * x + turn_back[n, 2, 1] * y + turn_back[n, 2, 2] + shift_back[n, 2] * there
                if not q2 > f32(1e-3):
                    continue
                a = (turn_back[n, 0, 0] * x + turn_back[n, 0, 1] * y + turn_back[n, 0, 2] + shift_back[n, 0] * there) / q2 - u
                b = (turn_back[n, 1, 0] * x + turn_back[n, 1, 1] * y + turn_back[n, 1, 2] + shift_back[n, 1] * there) / q2 - v
                back = there / q2
                if a * a + b * b <= tolerance[0] * tolerance[0] and abs(back - w) <= tolerance[1] * w + tolerance[2]:
                    count += 1
                    total += back
            votes[row, column] = count
            together[row, column] = total / f32(count + 1)
