"""Camera paths as the service films them, for the studio's own tests; `python -m tests.studio.camera_paths` writes them down anew."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.splat import parse_path

FILE = Path(__file__).parents[2] / "static" / "src" / "viewer" / "engine" / "path.expected.json"

_WALK = [
    {"time": 0, "position": [0, 1.65, 0], "yaw": 0, "pitch": 0, "fov": 75},
    {"time": 2, "position": [1, 1.65, -4], "yaw": 40, "pitch": -5, "fov": 75},
    {"time": 7, "position": [-3, 2.5, -6], "yaw": -20, "pitch": 10, "fov": 50},
    {"time": 8, "position": [-3, 3.5, -9], "yaw": -30, "pitch": 12, "fov": 60},
]
PATHS: dict[str, dict[str, Any]] = {
    "walk": {"keyframes": _WALK, "loop": False},
    "loop": {"keyframes": _WALK, "loop": True},
    "resting": {"keyframes": [{**frame, "ease": k in (0, 2)} for k, frame in enumerate(_WALK)], "loop": False},
    "resting loop": {"keyframes": [{**frame, "ease": k == 0} for k, frame in enumerate(_WALK)], "loop": True},
    "full turn": {"keyframes": [{"time": 4 * k, "position": [k, 0, 0], "yaw": 360 * k} for k in range(2)], "loop": False},
    "past the back": {
        "keyframes": [{"time": t, "position": [0, 0, 0], "look_at": [x, 0, 5]} for t, x in ((0, 1), (1, -1), (3, -4))],
        "loop": False,
    },
    "alone": {"keyframes": [{"time": 0, "position": [1, 2, 3], "look_at": [4, 5, -6], "fov": 40}], "loop": True},
}


def expected(steps: int = 24) -> list[dict[str, Any]]:
    """For every path: what it is, how long it takes, and position, direction and field of view at even times."""
    found = []
    for name, body in PATHS.items():
        path = parse_path(json.dumps(body))
        shots = []
        for time in np.linspace(0, path.seconds, steps + 1):
            camera = path.camera(float(time), width_px=200, height_px=100)
            ahead = -camera.world_from_camera[:3, 2]
            fov_deg = math.degrees(2 * math.atan(100 / camera.focal_px))
            shots.append({"time": _short(time), "position": _shorts(camera.position), "ahead": _shorts(ahead), "fov": _short(fov_deg)})
        found.append({"name": name, "path": body, "seconds": path.seconds, "shots": shots})
    return found


def _short(value: Any) -> float:
    return round(float(value), 5) + 0.0


def _shorts(values: Any) -> list[float]:
    return [_short(value) for value in values]


def text() -> str:
    """What the file must hold."""
    lines = ",\n".join(json.dumps(one) for one in expected())
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
