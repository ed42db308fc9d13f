"""Solids from outlines: extrusions and sweeps, and the smoothing and rounding of their lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.scene import Mesh, cross

Points = NDArray[np.float64]
Axis = Literal["x", "y", "z"]

MAX_OUTLINE_POINTS = 1_500  # every edge is compared with every other


def outward(mesh: Mesh) -> Mesh:
    """The closed mesh with its faces turned outwards."""
    return mesh if mesh.volume_m3 >= 0 else Mesh(mesh.vertices, np.ascontiguousarray(mesh.faces[:, ::-1]))


def smoothed(points: Points, steps: int, *, closed: bool = False) -> Points:
    """A Catmull–Rom spline through points (N, D) with `steps` new ones between each two; a point given twice is a corner."""
    if steps <= 0 or len(points) < 3:
        return _without_twins(points)
    if closed:
        wrapped = np.concatenate([points[-1:], points, points[:2]])
        return np.concatenate([_spline(wrapped[i : i + 4], steps)[:-1] for i in range(len(points))])
    same = np.all(np.abs(np.diff(points, axis=0)) < 1e-9, axis=1)
    pieces = np.split(points, np.nonzero(same)[0] + 1)
    runs = []
    for piece in pieces:
        if len(piece) < 2:
            runs.append(piece)
            continue
        padded = np.concatenate([[2 * piece[0] - piece[1]], piece, [2 * piece[-1] - piece[-2]]])
        runs += [_spline(padded[i : i + 4], steps)[:-1] for i in range(len(piece) - 1)] + [piece[-1:]]
    return _without_twins(np.concatenate(runs))


def _spline(four: Points, steps: int) -> Points:
    """The stretch between the middle two of four points, both included."""
    t = np.linspace(0, 1, steps + 2)[:, None]
    a, b, c, d = four
    curve: Points = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return curve


def _without_twins(points: Points) -> Points:
    keep = np.concatenate([[True], np.any(np.abs(np.diff(points, axis=0)) > 1e-9, axis=1)])
    kept: Points = points[keep]
    return kept


def rounded(points: Points, radius: float, *, closed: bool, segments: int = 2) -> Points:
    """A planar line (N, 2) whose corners of more than 20° are cut by rounds of `radius`, less where the sides are short."""
    count = len(points)
    result: list[Points] = []
    for i in range(count):
        if not closed and i in (0, count - 1):
            result.append(points[i][None])
            continue
        before, here, after = points[i - 1], points[i], points[(i + 1) % count]
        first, second = before - here, after - here
        lengths = np.linalg.norm(first), np.linalg.norm(second)
        first, second = first / lengths[0], second / lengths[1]
        inner = math.acos(float(np.clip(first @ second, -1, 1)))
        if inner > math.radians(160):
            result.append(here[None])
            continue
        cut = min(radius, 0.45 * lengths[0], 0.45 * lengths[1])
        t = np.linspace(0, 1, segments + 1)[:, None]
        start, end = here + first * cut, here + second * cut
        result.append((1 - t) ** 2 * start + 2 * t * (1 - t) * here + t**2 * end)
    return np.concatenate(result)


def extrude(
    polygon: ArrayLike,
    height: float,
    *,
    holes: Sequence[ArrayLike] = (),
    bevel: float = 0.0,
    corner: float = 0.0,
    smooth: int = 0,
    axis: Axis = "y",
) -> Mesh:
    """A polygon with holes, pulled along `axis` to `height` and centred along it; the polygon's own coordinates are kept.

    axis "y": points are (x, z), a floor plan.  "z": points are (x, y), an outline seen from the front.  "x": points are (z, y),
    an outline seen from the side.  corner: radius of the outline's corners.  smooth: splines the outline.  bevel: chamfer of the
    rims.  Raises ValueError where the outline has fewer than three points or crosses itself.
    """
    rings = [_ring(polygon, corner, smooth, clockwise=False)] + [_ring(hole, corner, smooth, clockwise=True) for hole in holes]
    bevel = min(bevel, height * 0.45)
    layers = [(-height / 2, 0.0), (height / 2, 0.0)]
    if bevel > 0 and (bevel := _fitting_inset(rings, bevel)) > 0:
        layers = [(-height / 2, bevel), (-height / 2 + bevel, 0.0), (height / 2 - bevel, 0.0), (height / 2, bevel)]
    if sum(len(ring) for ring in rings) > MAX_OUTLINE_POINTS:
        raise ValueError(f"an outline and its holes have more than {MAX_OUTLINE_POINTS:,} points")
    if crossing(rings):
        raise ValueError("an outline crosses itself")
    levels = [(position, [_inset(ring, inset) for ring in rings]) for position, inset in layers]
    vertices = np.concatenate(
        [np.column_stack([ring, np.full(len(ring), position)]) for position, rings_here in levels for ring in rings_here]
    )
    faces = _walls([len(ring) for ring in rings], len(levels))
    lid = _earcut(levels[-1][1])
    top = len(vertices) - sum(len(ring) for ring in rings)
    faces = np.concatenate([faces, lid[:, ::-1], lid + top])
    order = {"y": (0, 2, 1), "z": (0, 1, 2), "x": (2, 1, 0)}[axis]
    return outward(Mesh(np.ascontiguousarray(vertices[:, order]).astype(np.float32), faces.astype(np.int32)))


def _ring(points: ArrayLike, corner: float, smooth: int, *, clockwise: bool) -> Points:
    ring = np.asarray(points, np.float64)
    if ring.ndim != 2 or len(ring) < 3 or ring.shape[1] != 2:
        raise ValueError("an outline needs at least three points of two numbers")
    ring = smoothed(ring, smooth, closed=True)
    if corner > 0:
        ring = rounded(ring, corner, closed=True, segments=3)
    x, y = ring.T
    area = float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    if abs(area) < 1e-12:
        raise ValueError("an outline encloses no area")
    return ring if (area < 0) == clockwise else ring[::-1].copy()


def _inset(ring: Points, distance: float) -> Points:
    """The ring moved to its left by `distance` with mitred corners: inwards for outlines, outwards for holes."""
    if distance == 0:
        return ring
    along = np.roll(ring, -1, axis=0) - ring
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    normals = np.stack([-along[:, 1], along[:, 0]], axis=1)
    before = np.roll(normals, 1, axis=0)
    mitre = (normals + before) / np.maximum(1 + np.sum(normals * before, axis=1, keepdims=True), 0.2)
    moved: Points = ring + mitre * distance
    return moved


def _fitting_inset(rings: list[Points], distance: float) -> float:
    """The largest of distance, /2, /4 … at which the inset outline still is one; 0 where even /16 is too much."""
    for _ in range(5):
        insets = [_inset(ring, distance) for ring in rings]
        edges = np.concatenate([np.roll(ring, -1, 0) - ring for ring in rings])
        moved = np.concatenate([np.roll(ring, -1, 0) - ring for ring in insets])
        if bool(np.all(np.sum(edges * moved, axis=1) > 0)) and not crossing(insets):
            return distance
        distance /= 2
    return 0.0


def crossing(rings: Sequence[Points]) -> bool:
    """Whether any two edges of closed rings cross; edges that only touch at an end do not."""
    start = np.concatenate(list(rings))
    end = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])

    def side(a: Points, b: Points, c: Points) -> Points:
        turn: Points = (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
        return turn

    a, b, c, d = start[:, None], end[:, None], start[None], end[None]
    apart = side(a, b, c) * side(a, b, d) < -1e-18
    return bool(np.any(apart & (side(c, d, a) * side(c, d, b) < -1e-18)))


def _walls(sizes: list[int], levels: int) -> NDArray[np.int64]:
    """Faces between neighbouring levels of the same rings; level after level, ring after ring."""
    whole = sum(sizes)
    faces = []
    for level in range(levels - 1):
        start = level * whole
        for size in sizes:
            k = np.arange(size) + start
            n = (np.arange(size) + 1) % size + start
            faces += [np.stack([k, n, n + whole], axis=1), np.stack([k, n + whole, k + whole], axis=1)]
            start += size
    return np.concatenate(faces)


def _earcut(rings: list[Points]) -> NDArray[np.int64]:
    """Counter-clockwise triangles that use every edge of the rings exactly once.

    Ear clipping joins holes by bridges, and a bridge that runs along another hole's edge leaves a crack. Then the points are
    bent a little, for the triangulation only, so that no two edges lie on one line.
    """
    points = np.concatenate(rings)
    reach = float(np.ptp(points, axis=0).max())
    for strength in (0.0, 1e-4, 3e-4, 1e-3):
        wave = np.sin(points[:, ::-1] * (7.3 / reach) + [0.4, 1.1]) * (strength * reach)
        triangles = _clipped(rings, points + wave)
        if _uses_edges_once(triangles, [len(ring) for ring in rings]):
            return triangles
    raise ValueError("an outline's holes touch each other or its edge")


def _clipped(rings: list[Points], points: Points) -> NDArray[np.int64]:
    import mapbox_earcut

    ends = np.cumsum([len(ring) for ring in rings]).astype(np.uint32)
    triangles: NDArray[np.int64] = mapbox_earcut.triangulate_float64(points, ends).astype(np.int64).reshape(-1, 3)
    x, y = points[triangles].transpose(2, 0, 1)
    if len(triangles) and np.sum((x[:, 1] - x[:, 0]) * (y[:, 2] - y[:, 0]) - (x[:, 2] - x[:, 0]) * (y[:, 1] - y[:, 0])) < 0:
        triangles = triangles[:, ::-1]
    return triangles


def _uses_edges_once(triangles: NDArray[np.int64], sizes: list[int]) -> bool:
    """Whether the triangles' border is exactly the rings."""
    edges = set(zip(triangles.ravel().tolist(), triangles[:, [1, 2, 0]].ravel().tolist(), strict=True))
    border = {edge for edge in edges if edge[::-1] not in edges}
    rings: set[tuple[int, int]] = set()
    start = 0
    for size in sizes:
        rings |= {(start + k, start + (k + 1) % size) for k in range(size)}
        start += size
    return border == rings and len(edges) == 3 * len(triangles)


def sweep(
    profile: ArrayLike,
    path: ArrayLike,
    *,
    taper: ArrayLike | float = 1.0,
    closed: bool = False,
    smooth: int = 0,
    up: Sequence[float] = (0.0, 1.0, 0.0),
) -> Mesh:
    """An outline (P, 2) carried along a path (N, 3) without twisting, mitred at corners; in place, not centred.

    The outline's first axis points to the right of the path, its second towards `up` at the start.  taper: size at the end
    relative to the start, or one factor for every point of the given path.  closed: the path returns to its start.
    """
    line = np.asarray(path, np.float64)
    factors = np.asarray(taper, np.float64)
    if factors.ndim == 0:
        lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        factors = 1 + (float(factors) - 1) * lengths / max(lengths[-1], 1e-12)
    together = smoothed(np.column_stack([line, factors]), smooth, closed=closed)
    line, factors = together[:, :3], together[:, 3]
    outline = _ring(profile, 0.0, 0, clockwise=False)
    rings = _rings_along(outline, line, factors, np.asarray(up, np.float64), closed=closed)
    count, size = len(rings), len(outline)
    faces = _walls([size], count + 1 if closed else count)
    if closed:
        faces %= count * size
    else:
        lid = _earcut([outline])
        faces = np.concatenate([faces, lid[:, ::-1], lid + (count - 1) * size])
    return outward(Mesh(rings.reshape(-1, 3).astype(np.float32), faces.astype(np.int32)))


def _rings_along(outline: Points, line: Points, factors: Points, up: Points, *, closed: bool) -> Points:
    """(N, P, 3) the outline in every point's mitre plane, carried from segment to segment by the smallest turn."""
    following = np.roll(line, -1, axis=0) - line
    if not closed:
        following[-1] = following[-2]
    following /= np.linalg.norm(following, axis=1, keepdims=True)
    arriving = np.roll(following, 1, axis=0)
    if not closed:
        arriving[0] = following[0]
    rights = [_first_right(arriving[0], up)]
    for i in range(len(line) - (0 if closed else 1)):
        rights.append(_carried(rights[-1], arriving[i], following[i]))
    twist = 0.0
    if closed:
        start, end = rights[0], rights[-1]
        twist = math.atan2(float(cross(end, start) @ arriving[0]), float(end @ start)) / len(line)
    rings = np.empty((len(line), len(outline), 3))
    for i, (point, tangent) in enumerate(zip(line, arriving, strict=True)):
        right, above = rights[i], cross(rights[i], tangent)
        cosine, sine = math.cos(twist * i), math.sin(twist * i)
        right, above = right * cosine - above * sine, above * cosine + right * sine
        offsets = (outline[:, :1] * right + outline[:, 1:] * above) * factors[i]
        plane = tangent + following[i]
        plane /= max(float(np.linalg.norm(plane)), 1e-9)
        lean = max(float(tangent @ plane), 0.35)
        rings[i] = point + offsets - tangent * ((offsets @ plane) / lean)[:, None]
    return rings


def _first_right(tangent: Points, up: Points) -> Points:
    right = cross(tangent, up)
    if np.linalg.norm(right) < 1e-3:
        right = cross(tangent, np.array([0.0, 0.0, -1.0] if abs(tangent[2]) < 0.9 else [0.0, 1.0, 0.0]))
    result: Points = right / np.linalg.norm(right)
    return result


def _carried(right: Points, before: Points, after: Points) -> Points:
    """`right` under the smallest rotation that takes one unit tangent to the next (Rodrigues)."""
    axis = cross(before, after)
    cosine = float(before @ after)
    if cosine > -0.999999:
        right = right * cosine + cross(axis, right) + axis * (axis @ right) / (1 + cosine)
    right = right - after * (right @ after)
    result: Points = right / np.linalg.norm(right)
    return result


def tube(
    radius: ArrayLike | float,
    path: ArrayLike,
    *,
    sides: int = 10,
    closed: bool = False,
    smooth: int = 0,
) -> Mesh:
    """A round rod along a path (N, 3); `radius` is one number, or one for every point of the path."""
    radii = np.asarray(radius, np.float64)
    angles = np.arange(sides) * (2 * math.pi / sides)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    taper = np.broadcast_to(radii, (len(np.asarray(path)),))
    return sweep(circle, path, taper=taper, closed=closed, smooth=smooth)
