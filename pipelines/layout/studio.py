"""Studio: one model on a quiet floor in soft daylight, to look at it by itself."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pipelines.camera import look_at
from pipelines.layout.sky import sky_for
from pipelines.scene import EYE_HEIGHT_M, Body, Floats, Mesh, Model, Part, Scene, Spawn, Thing
from pipelines.spec import SceneSpec, TimeOfDay
from pipelines.things import material

FIELD_OF_VIEW_DEG = 36.0  # of the camera that `in_studio` places
AZIMUTH_RAD, ELEVATION_RAD = math.radians(32), math.radians(14)
_FLOOR = (0.42, 0.43, 0.44)
_BACKDROP = (0.50, 0.50, 0.49)
_HUNG_CLEARANCE_M = 0.4


def in_studio(model: Model, *, stands_on: str = "ground") -> Scene:
    """A scene with `model` as thing 1, where and how things of its kind stand, seen from its front right by the spawn point.

    The spawn point's eye, `viewpoints[0]`, is where a camera of FIELD_OF_VIEW_DEG has the model in the middle of the picture.
    """
    size = float(np.linalg.norm(model.size_m))
    raised = np.eye(4)
    raised[1, 3] = _height_above_floor(model, stands_on)
    things = [Thing(1, model.kind, model.kind, model, raised, phrase=model.kind)]
    things.append(_backdrop(_disc(3.5 * size + 0.5), _FLOOR))
    if stands_on == "wall":
        things.append(_backdrop(_upright(6 * size + 2, behind_m=0.002), _BACKDROP))
    target = model.bounds.mean(axis=0) + raised[:3, 3]
    distance = 0.56 * size / math.tan(math.radians(FIELD_OF_VIEW_DEG) / 2) + 0.3 * size
    across, up = distance * math.cos(ELEVATION_RAD), distance * math.sin(ELEVATION_RAD)
    azimuths = AZIMUTH_RAD + np.array([0.0, 0.7, -0.7, math.pi])  # others see what the eye sees at a slant, so that no edge is coarse
    eyes = target + np.stack([across * np.sin(azimuths), np.full(4, up), across * np.cos(azimuths)], axis=1)
    eye = eyes[0]
    yaw_rad, pitch_rad = look_at(_triple(eye), _triple(target))
    spawn = Spawn(_triple(eye - [0, EYE_HEIGHT_M, 0]), yaw_rad, pitch_rad)
    sky = replace(sky_for(SceneSpec(place="meadow", time_of_day=TimeOfDay.AFTERNOON)), cloud_cover=0.15, fog_per_m=0.0)
    return Scene(tuple(things), sky=sky, spawn=spawn, viewpoints=eyes.astype(np.float32), walk_radius_m=size)


def _height_above_floor(model: Model, stands_on: str) -> float:
    lowest = float(model.bounds[0, 1])
    if stands_on in ("wall", "ceiling", "air"):
        return _HUNG_CLEARANCE_M + max(0.0, -lowest)
    return max(0.0, -lowest) if stands_on != "ground" else 0.0


def _backdrop(mesh: Mesh, tint: tuple[float, float, float]) -> Thing:
    part = Part(mesh, material("plaster"), tint=tint, double_sided=True)
    nothing = Body(1.0, 0.6, 0.0, False)
    bounds = mesh.bounds
    return Thing(0, "backdrop", "", Model("backdrop", (part,), (), (), (), nothing, bounds, bounds[:, [0, 2]]), np.eye(4))


def _disc(radius_m: float, *, sides: int = 48) -> Mesh:
    angle = np.linspace(0, 2 * math.pi, sides, endpoint=False)
    rim = np.stack([radius_m * np.sin(angle), np.zeros(sides), radius_m * np.cos(angle)], axis=1)
    vertices: Floats = np.concatenate([np.zeros((1, 3)), rim]).astype(np.float32)
    turn = np.arange(sides)
    faces = np.stack([np.zeros(sides), turn + 1, (turn + 1) % sides + 1], axis=1).astype(np.int32)
    return Mesh(vertices, faces)


def _upright(side_m: float, *, behind_m: float) -> Mesh:
    """A wall in the plane z = −behind_m that faces +z, standing on the floor."""
    half = side_m / 2
    corners = [[-half, 0, -behind_m], [half, 0, -behind_m], [half, side_m, -behind_m], [-half, side_m, -behind_m]]
    return Mesh(np.array(corners, np.float32), np.array([[0, 1, 2], [0, 2, 3]], np.int32))


def _triple(vector: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in vector)
    return x, y, z
