"""Survey: the stage that finds out from measured views where the ground is, what is solid, and where a visitor can stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from pipelines.camera import Projection
from pipelines.errors import InputError
from pipelines.scene import EYE_HEIGHT_M, Floats, Mesh, Scene, Spawn, Surroundings, Terrain, join_meshes
from pipelines.stage import Stage, TellStage
from pipelines.world import MeasuredView, World

FARTHEST_M = 30.0  # what is measured beyond is scenery
MARGIN_M = 3.0  # of ground beyond what was measured
MOST_POINTS = 1_500_000
MOST_FACES = 100_000
UPWARD = 0.6  # least cosine of what can be ground
ON_THE_GROUND_M = 0.12  # surface so near to the ground is the ground
HIGHEST_M, DEEPEST_M = 14.0, 10.0  # of what is measured, above and below the starting point
BODY_RADIUS_M, KNEE_M = 0.3, 0.5
ASIDE_M = 2.0  # how far from the eye of the first view a visitor may start
FARTHEST_COLOUR = 0.08  # share of the distance by which a view may miss a vertex and still colour it


@dataclass(frozen=True)
class Points:
    """What all views see: positions and normals (N, 3), colours (N, 3) linear."""

    positions: Floats
    normals: Floats
    colours: Floats


@dataclass(frozen=True)
class Survey(Stage):
    """Measured views, and what was made up where none looked → ground, solid surroundings, and where a visitor starts."""

    name: ClassVar[str] = "survey"
    cost: ClassVar[float] = 4.0

    def run(self, world: World, tell: TellStage) -> World:
        from pipelines.mesh.bare_ground import ground_of
        from pipelines.mesh.fusion import fused, grid_for

        views = tuple(view for view in world.views if isinstance(view, MeasuredView))
        if not views:
            raise InputError("there are no distances to survey: run a stage that measures them first")
        tell(0.0, "gathering what was measured")
        points = gathered(views)
        if not len(points.positions):
            raise InputError(f"nothing was measured within {FARTHEST_M:.0f} m of the first view, so there is nothing to stand on")
        eye = views[0].camera.position
        middle = (float(eye[0]), float(eye[2]))
        low, high = _box(points, eye)
        tell(0.15, "finding the ground")
        reach = float(np.abs(np.concatenate([low[[0, 2]] - middle, high[[0, 2]] - middle])).max()) + MARGIN_M
        upward = points.normals[:, 1] > UPWARD
        terrain = ground_of(points.positions[upward], points.colours[upward], middle=middle, reach_m=reach)
        tell(0.4, "fusing surfaces")
        mesh = fused(views, grid_for(low, high), lambda share: tell(0.4 + 0.4 * share, "fusing surfaces"))
        tell(0.8, "simplifying surfaces")
        mesh = simplified(without_ground(mesh, terrain), MOST_FACES)
        if world.unseen is not None:  # plain and few, so they need no simplifying, which would bend them
            mesh = join_meshes([mesh, world.unseen])
        tell(0.9, "colouring surfaces")
        around = Surroundings(mesh, vertex_colours(mesh, views))
        spawn = start(terrain, mesh, views[0])
        x, y, z = spawn.position
        scene = Scene(
            terrain=terrain,
            surroundings=around,
            spawn=spawn,
            viewpoints=np.array([[x, y + EYE_HEIGHT_M, z]], np.float32),
            walk_radius_m=min(FARTHEST_M, reach),
            indoors=not any(np.isposinf(view.distance).mean() > 0.1 for view in views),
        )
        tell(1.0, "")
        return replace(world, scene=scene)


def gathered(views: Sequence[MeasuredView]) -> Points:
    """Points of all views within reach of the first, at most MOST_POINTS, evenly taken."""
    eye = views[0].camera.position
    total = sum(view.distance.size for view in views)
    stride = max(1, math.ceil(math.sqrt(total / MOST_POINTS)))
    found = []
    for view in views:
        positions, normals = surface_of(view)
        flat = [values[::stride, ::stride].reshape(-1, 3) for values in (positions, normals, view.rgb)]
        with np.errstate(invalid="ignore"):
            near = np.linalg.norm(flat[0] - eye, axis=1) <= FARTHEST_M
        found.append([values[near] for values in flat])
    positions, normals, rgb = (np.concatenate([part[k] for part in found]) for k in range(3))
    return Points(positions.astype(np.float32), normals.astype(np.float32), linear(rgb))


def surface_of(view: MeasuredView) -> tuple[Floats, Floats]:
    """World positions (H, W, 3), NaN where nothing was measured, and unit normals towards the eye."""
    rays = view.camera.rays()
    distance = np.where(np.isfinite(view.distance), view.distance, np.float32(np.nan))
    local = rays * distance[:, :, None]
    wraps = view.camera.projection is Projection.EQUIRECTANGULAR
    left, right = (np.roll(local, 1, 1), np.roll(local, -1, 1)) if wraps else (_shifted(local, 1, 1), _shifted(local, -1, 1))
    across = _gentler(local - left, right - local)
    down = _gentler(local - _shifted(local, 1, 0), _shifted(local, -1, 0) - local)
    normals = np.cross(down, across)
    with np.errstate(invalid="ignore", divide="ignore"):
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    normals = np.nan_to_num(normals) * -np.sign((np.nan_to_num(normals) * rays).sum(axis=-1, keepdims=True))
    return (local + view.camera.position.astype(np.float32)).astype(np.float32), normals.astype(np.float32)


def _shifted(values: Floats, by: int, axis: int) -> Floats:
    """Moved by one along an axis, NaN where nothing follows."""
    out = np.full_like(values, np.nan)
    here, there = (slice(1, None), slice(None, -1)) if by > 0 else (slice(None, -1), slice(1, None))
    if axis == 0:
        out[here] = values[there]
    else:
        out[:, here] = values[:, there]
    return out


def _gentler(first: Floats, second: Floats) -> Floats:
    """Of two steps to neighbours the shorter, for the longer may lead over an edge."""
    a = np.nan_to_num(np.linalg.norm(first, axis=-1, keepdims=True), nan=np.inf)
    b = np.nan_to_num(np.linalg.norm(second, axis=-1, keepdims=True), nan=np.inf)
    return np.where(a <= b, first, second)


def linear(rgb: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Floats:
    """sRGB bytes → linear 0 … 1 (IEC 61966-2-1)."""
    value = np.arange(256) / 255
    table = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return np.asarray(table[rgb], np.float32)


def _box(points: Points, eye: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[Floats, Floats]:
    """The box that is fused: what was measured but for strays, within reach, with the eye in it."""
    low, high = np.percentile(points.positions, [0.2, 99.8], axis=0)
    low = np.minimum(np.maximum(low - 0.2, eye - (FARTHEST_M, DEEPEST_M, FARTHEST_M)), eye - 0.5)
    high = np.maximum(np.minimum(high + 0.2, eye + (FARTHEST_M, HIGHEST_M, FARTHEST_M)), eye + 0.5)
    return low.astype(np.float32), high.astype(np.float32)


def without_ground(mesh: Mesh, terrain: Terrain) -> Mesh:
    """The surface without what the ground shows already, and without what lies beneath it."""
    from pipelines.mesh.fusion import used

    if not len(mesh.faces):
        return mesh
    corners = mesh.corners.astype(np.float64)
    middle = corners.mean(axis=1)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(normal, axis=1)
    above = middle[:, 1] - terrain.heights.at(middle[:, 0], middle[:, 2])
    tolerance = ON_THE_GROUND_M + 0.5 * terrain.heights.cell_m * UPWARD
    lies = (normal[:, 1] > UPWARD * size) & (above < tolerance)
    return used(Mesh(mesh.vertices, mesh.faces[~lies & (above > -tolerance)]))


def simplified(mesh: Mesh, most_faces: int) -> Mesh:
    """At most about that many triangles."""
    if len(mesh.faces) <= most_faces:
        return mesh
    import fast_simplification

    vertices, faces = fast_simplification.simplify(
        np.ascontiguousarray(mesh.vertices, np.float32), np.ascontiguousarray(mesh.faces, np.int32), target_count=most_faces, agg=5
    )
    return Mesh(np.asarray(vertices, np.float32), np.asarray(faces, np.int32))


def vertex_colours(mesh: Mesh, views: Sequence[MeasuredView]) -> Floats:
    """(V, 3) linear: of the views that see a vertex, the nearest count most; the nearest coloured vertex for one that none sees."""
    from scipy.spatial import cKDTree

    total, weight = np.zeros((len(mesh.vertices), 3)), np.zeros(len(mesh.vertices))
    for view in views:
        pixels, distance = view.camera.project(mesh.vertices)
        with np.errstate(invalid="ignore"):
            inside = ((pixels >= 0) & (pixels < (view.camera.width_px, view.camera.height_px))).all(axis=1)
        number = np.flatnonzero(inside)
        column, row = pixels[number].astype(np.int64).T
        with np.errstate(invalid="ignore"):
            meets = np.abs(view.distance[row, column] - distance[number]) < FARTHEST_COLOUR * distance[number] + 0.05
        number, row, column = number[meets], row[meets], column[meets]
        share = 1 / np.maximum(distance[number], 0.1) ** 2
        total[number] += linear(view.rgb[row, column]) * share[:, None]
        weight[number] += share
    seen = weight > 0
    if not seen.any():
        return np.full((len(mesh.vertices), 3), 0.3, np.float32)
    colours = total / np.maximum(weight, 1e-9)[:, None]
    if not seen.all():
        _, nearest = cKDTree(mesh.vertices[seen]).query(mesh.vertices[~seen])
        colours[~seen] = colours[seen][nearest]
    return colours.astype(np.float32)


def start(terrain: Terrain, mesh: Mesh, first: MeasuredView) -> Spawn:
    """On the ground under the eye of the first view, or as near to it as a body has room, looking where that view looks."""
    eye = first.camera.position
    forward = -first.camera.world_from_camera[:3, 2]
    yaw = math.atan2(-forward[0], -forward[2])
    turns = np.arange(12) * (2 * math.pi / 12)
    rings = [
        np.zeros((1, 2)),
        *(radius * np.stack([np.sin(turns), np.cos(turns)], axis=1) for radius in np.arange(0.25, ASIDE_M + 0.1, 0.25)),
    ]
    options = np.concatenate(rings) + (eye[0], eye[2])
    heights = terrain.heights.at(options[:, 0], options[:, 1])
    chosen = 0
    for number, (x, z) in enumerate(options):
        away = np.hypot(mesh.vertices[:, 0] - x, mesh.vertices[:, 2] - z)
        over = mesh.vertices[:, 1] - heights[number]
        if not ((away < BODY_RADIUS_M) & (over > KNEE_M) & (over < EYE_HEIGHT_M + 0.15)).any():
            chosen = number
            break
    x, z = options[chosen]
    return Spawn((float(x), float(heights[chosen]), float(z)), yaw)
