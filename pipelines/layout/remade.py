"""Remade: models in another manner: few plain faces and crowns like cut stones, or smooth shells with cold lights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.scene import Floats, Foliage, Look, Material, Mesh, Model, Part, Scene

CLUMPS = 9  # polyhedra of a crown at most
COVER_KEPT, COVER_GROWN = 0.05, 2.6  # share of the grass that is left, and how much larger it is
SHELLS = ("planks", "logs", "brick", "stone_blocks", "plaster", "concrete")
CAPS = ("thatch", "roof_tiles", "shingles", "corrugated", "grain")
SHELL = Material("shell", (0.70, 0.72, 0.75), (0.42, 0.45, 0.50), "tiles", 1.6, roughness=0.42, density_kg_m3=1_400)
CAP = Material("graphite", (0.050, 0.056, 0.066), (0.03, 0.034, 0.04), "plain", roughness=0.26, metallic=0.3, density_kg_m3=1_800)
COLD_GLOW = (0.55, 1.9, 2.6)


def remade(scene: Scene, look: Look) -> Scene:
    """The scene's things as the look wants them; things that share a model still share one."""
    if not (look.flat or look.sleek):
        return scene
    known: dict[int, Model] = {}
    things = []
    for thing in scene.things:
        if id(thing.model) not in known:
            model = _sleek(thing.model) if look.sleek else thing.model
            known[id(thing.model)] = _plain(model) if look.flat else model
        things.append(replace(thing, model=known[id(thing.model)]))
    cover = tuple(_few(group) for group in scene.cover) if look.flat else scene.cover
    return replace(scene, things=tuple(things), cover=cover)


def _plain(model: Model) -> Model:
    """Every face for itself, and leaves in a few solid clumps."""
    parts = tuple(replace(part, crease_deg=1.0) for part in model.parts)
    groups = [group for group in model.foliage if len(group)]
    green = [group for group in groups if group.colours[:, 1].mean() > group.colours[:, 0].mean()]
    clumps = tuple(part for group in green or groups for part in _clumps(group))  # twigs beside leaves would be clods of wood
    return replace(model, parts=(*parts, *clumps), foliage=())


def _clumps(group: Foliage) -> list[Part]:
    """Polyhedra where a group's leaves are densest, each of the mean colour of its leaves."""
    rng = np.random.default_rng(len(group))
    points, colours = group.centres[:1_500], group.colours[:1_500]
    extent = np.ptp(points, axis=0)
    count = int(np.clip(len(points) // 40, 1, CLUMPS))
    middles = points[rng.choice(len(points), count, replace=False)]
    for _ in range(6):
        nearest = np.linalg.norm(points[:, None] - middles, axis=2).argmin(axis=1)
        middles = np.stack([points[nearest == k].mean(axis=0) if (nearest == k).any() else middles[k] for k in range(count)])
    parts = []
    for k in range(count):
        mine = points[nearest == k]
        if len(mine) < 3:
            continue
        half = np.clip(1.75 * mine.std(axis=0), 0.06 * float(extent.max()) + 0.01, None)
        turned = rng.normal(0, 1, (3, 3))
        axes, _ = np.linalg.qr(turned)
        ball = _icosahedron() * rng.uniform(0.88, 1.12, (12, 1))
        mesh = Mesh((ball @ axes.T * half + middles[k]).astype(np.float32), _FACES if np.linalg.det(axes) > 0 else _FACES[:, ::-1])
        r, g, b = np.clip(1.25 * colours[nearest == k].mean(axis=0), 0.01, 0.9)
        leafy = Material("facets", (float(r), float(g), float(b)), (float(r), float(g), float(b)), "plain", roughness=1.0)
        parts.append(Part(mesh, leafy, name="crown", crease_deg=1.0, collides=False))
    return parts


def _icosahedron() -> Floats:
    """(12, 3) corners on the unit sphere."""
    g = (1 + 5**0.5) / 2
    corners: list[tuple[float, float, float]] = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g)]
    corners += [(0, -1, -g), (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]
    found = np.array(corners, np.float32)
    return found / np.linalg.norm(found[0])


_FACES = np.array(
    [
        (0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6), (7, 1, 8),
        (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1),
    ],
    np.int32,
)  # fmt: skip


def _few(group: Foliage) -> Foliage:
    """A few larger strokes of ground cover instead of many."""
    kept = slice(0, int(len(group) * COVER_KEPT))
    names = ("centres", "directions", "normals", "lengths_m", "widths_m", "colours", "depth")
    few = replace(group, **{name: getattr(group, name)[kept] for name in names})
    flat = np.tile(few.colours.mean(axis=0), (len(few), 1)).astype(np.float32) if len(few) else few.colours
    return replace(few, lengths_m=few.lengths_m * COVER_GROWN * 0.6, widths_m=few.widths_m * COVER_GROWN, colours=flat)


def _sleek(model: Model) -> Model:
    """Walls become shells, roofs graphite, lit windows cold."""
    parts = []
    for part in model.parts:
        material = part.material
        if material.pattern in SHELLS:
            part = replace(part, material=SHELL, tint=None)
        elif material.pattern in CAPS:
            part = replace(part, material=CAP, tint=None)
        elif material.glows_in_the_dark:
            part = replace(part, material=replace(material, emission=COLD_GLOW))
        parts.append(part)
    return replace(model, parts=tuple(parts))
