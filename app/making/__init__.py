"""Making: what a worker has done in a process of its own: worlds, exports, pictures and films."""

from __future__ import annotations

PREVIEW = "preview.spz"
"""Name of the file of coarse splats that a world has while it is being made."""

PAINTED = "painted.png"
"""Name of the file of the panorama that was painted over a layout."""

INPUT = "input"
"""The part of a world's files that it is made from; nobody downloads them."""

PASSING = ("preview", INPUT)
"""The parts of a world's files that are there until its job is done."""

DISK_FULL = {"code": "disk_full", "message": "the worker's disk is full: free some space and ask again"}
"""How a job ends that found no room for what it made; the worker says it, too, and must not load what makes worlds for it."""
