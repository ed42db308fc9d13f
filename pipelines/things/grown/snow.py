"""Things of snow: drifts and snowmen."""

from __future__ import annotations

import numpy as np

from pipelines.scene import Mesh, Part, join_meshes
from pipelines.things.grown import wood
from pipelines.things.grown.crags import wall_faces
from pipelines.things.grown.plant import fitted, solid
from pipelines.things.grown.rocks import ball
from pipelines.things.grown.vectors import Array, level, noise, smoothstep
from pipelines.things.grown.wood import Limb
from pipelines.things.materials import material
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import cylinder


def snow_drift(order: GrownOrder) -> Shape:
    """A wind-shaped mound: a gentle back, a sharper crest and lee. Parameters: stone (material), crest (0 … 1)."""
    rng = order.rng
    size = np.asarray(order.size_m, np.float64)
    rings, around = 22, 72
    share = np.linspace(1, 0.05, rings)
    angle = np.arange(around) * 2 * np.pi / around
    seed = int(rng.integers(1 << 30))
    outline = 1 + 0.14 * np.sin(2 * angle + rng.uniform(0, 6)) + 0.08 * np.sin(3 * angle + rng.uniform(0, 6))
    flat = level(angle)[None] * (share[:, None] * outline)[..., None]
    dome = np.clip(1 - share[:, None] ** 2, 0, 1) ** 1.35
    skew = np.array([0.22, 0, 0.10]) * dome[..., None]
    height = dome * (1 + 0.16 * noise(flat.reshape(-1, 3), seed, size_m=0.6, octaves=3).reshape(rings, around))
    crest = float(order.parameters.get("crest", 0.5))
    ripple = (
        0.035
        * crest
        * np.sin(flat[..., 0] * 15 + 3 * noise(flat.reshape(-1, 3), seed + 1, size_m=0.5).reshape(rings, around))
        * smoothstep(height, 0.1, 0.5)
    )
    points = (flat * [1, 0, 1] + skew + (height + ripple)[..., None] * [0, 1, 0]) * size * [0.5, 1, 0.5]
    points[0, :, 1] = 0
    vertices = np.concatenate([points.reshape(-1, 3), points[0].mean(axis=0)[None], points[-1].mean(axis=0)[None]])
    mesh = Mesh(vertices.astype(np.float32), wall_faces(rings, around))
    name = order.material or str(order.parameters.get("stone", "snow"))
    return fitted(Shape([solid(mesh, material(name), tint=order.colour, name="drift", crease_deg=80)]), order, rooted=False)


def snowman(order: GrownOrder) -> Shape:
    """Three rolled balls, a carrot, coals, stick arms, a hat and a scarf. An ordered colour is the scarf's."""
    rng = order.rng
    height = float(order.size_m[1])
    points, faces = ball(4)
    radii = np.array([0.245, 0.18, 0.125]) * height
    middles = np.array([0.21, 0.53, 0.765]) * height
    snow = []
    for radius, rise in zip(radii, middles, strict=True):
        bumps = 1 + 0.035 * noise(points, int(rng.integers(1 << 30)), size_m=0.55, octaves=3)
        body = points * bumps[:, None] * radius * [1, 0.94, 1] + [0, rise, 0]
        body[:, 1] = np.maximum(body[:, 1], 0)
        snow.append(Mesh(body.astype(np.float32), faces.astype(np.int32)))
    head, face = middles[2], radii[2]
    carrot = Limb(
        np.array([[0, head, face * 0.8], [0, head - 0.004 * height, face * 1.5], [0.01 * height, head - 0.012 * height, face * 2.05]]),
        height * np.array([0.020, 0.014, 0.002]),
        9,
    )
    parts = [
        solid(join_meshes(snow), material("snow"), name="snow", crease_deg=80),
        solid(join_meshes(_coals(height, middles, radii)), material("coal"), name="coal", crease_deg=60),
        solid(wood.tubes([carrot]), material("fruit"), tint=(0.58, 0.20, 0.025), name="carrot", crease_deg=60),
        solid(wood.tubes(_arms(height, middles[1], radii[1], rng)), material("bark"), name="arms", crease_deg=60),
        *_hat(height, head + face * 0.72, face),
        _scarf(order, height, (middles[1] + middles[2]) / 2 + 0.02 * height, face),
    ]
    return fitted(Shape(parts), order)


def _coals(height: float, middles: Array, radii: Array) -> list[Mesh]:
    """Eyes, mouth and buttons."""
    points, faces = ball(1)
    places = []
    for side in (-1, 1):
        places.append((0.36 * side, 0.28, 2, 0.014))
    for turn in np.linspace(-0.55, 0.55, 5):
        places.append((turn, -0.38 + 0.28 * abs(turn), 2, 0.009))
    for rise in (0.55, 0.12, -0.30):
        places.append((0.0, rise, 1, 0.016))
    found = []
    for aside, rise, which, size in places:
        go = np.array([np.sin(aside) * np.cos(rise), np.sin(rise), np.cos(aside) * np.cos(rise)])
        found.append(
            Mesh((points * size * height + [0, middles[which], 0] + go * radii[which] * 0.99).astype(np.float32), faces.astype(np.int32))
        )
    return found


def _arms(height: float, middle: float, radius: float, rng: np.random.Generator) -> list[Limb]:
    found = []
    for side in (-1, 1):
        start = np.array([side * radius * 0.85, middle + 0.05 * height, 0.0])
        elbow = start + np.array([side * 0.10, 0.05 + rng.uniform(-0.02, 0.03), 0.03]) * height
        hand = elbow + np.array([side * 0.09, 0.07, 0.02]) * height
        found.append(Limb(np.stack([start, elbow, hand]), height * np.array([0.011, 0.009, 0.005]), 6))
        for spread in (-0.03, 0.015, 0.045):
            found.append(
                Limb(
                    np.stack(
                        [
                            hand,
                            hand + np.array([side * 0.02, 0.02 + spread * 0.4, spread]) * height,
                            hand + np.array([side * 0.045, 0.04 + spread, spread * 1.4]) * height,
                        ]
                    ),
                    height * np.array([0.005, 0.004, 0.002]),
                    5,
                )
            )
    return found


def _hat(height: float, rise: float, radius: float) -> list[Part]:
    brim = cylinder(radius * 1.15, 0.012 * height, sides=28, bevel=0.003 * height)
    top = cylinder(radius * 0.72, 0.125 * height, sides=28, bevel=0.006 * height, top_radius=radius * 0.78)
    band = cylinder(radius * 0.75, 0.026 * height, sides=28)

    def lifted(mesh: Mesh, by: float) -> Mesh:
        return Mesh((mesh.vertices + [0, by, 0]).astype(np.float32), mesh.faces)

    felt = join_meshes([lifted(brim, rise), lifted(top, rise + 0.066 * height)])
    return [
        solid(felt, material("fabric"), tint=(0.020, 0.020, 0.022), name="hat", crease_deg=40),
        solid(lifted(band, rise + 0.021 * height), material("fabric"), tint=(0.30, 0.03, 0.03), name="band", crease_deg=40),
    ]


def _scarf(order: GrownOrder, height: float, rise: float, radius: float) -> Part:
    turn = np.linspace(0, 2 * np.pi, 25)
    ring = np.stack([np.cos(turn), 0.10 * np.sin(turn), np.sin(turn)], axis=1) * radius * 0.98 + [0, rise, 0]
    tail = np.array(
        [
            [radius * 0.45, rise - 0.01 * height, radius * 0.92],
            [radius * 0.58, rise - 0.07 * height, radius * 1.22],
            [radius * 0.60, rise - 0.17 * height, radius * 1.36],
        ]
    )
    limbs = [Limb(ring, np.full(25, 0.026 * height), 8), Limb(tail, height * np.array([0.024, 0.024, 0.020]), 8)]
    return solid(wood.tubes(limbs), material("wool"), tint=order.colour or (0.36, 0.035, 0.035), name="scarf", crease_deg=70)
