"""Scene, Thing: what is built, with materials, poses and bodies.

World frame: x right, y up, z towards the viewer; metres; the spawn point stands on y = 0 at the origin and looks along −z.
Model frame: the same axes; the origin is the middle of the footprint on the ground (or the point of contact, for what hangs or is
mounted on a wall), and the model's front faces +z, towards a viewer who stands before it. Colours are linear sRGB reflectances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Matrix = NDArray[np.float64]
Colour = tuple[float, float, float]

EYE_HEIGHT_M = 1.65
BACKGROUND = 0  # the thing id of everything that is no thing: ground, ground cover, sky, distant backdrop


def cross(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """(…, 3) the vector product of (…, 3) and (…, 3); what `np.cross` gives, which takes most of its time to find out what it was given."""
    if first.ndim == second.ndim == 1:
        (ax, ay, az), (bx, by, bz) = first.tolist(), second.tolist()
        return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])
    product = np.empty(np.broadcast_shapes(first.shape, second.shape))
    for axis, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
        np.subtract(first[..., i] * second[..., j], first[..., j] * second[..., i], out=product[..., axis])
    return product


@dataclass(frozen=True)
class Mesh:
    """Triangles with shared vertices; counter-clockwise seen from outside."""

    vertices: Floats  # (V, 3) metres
    faces: NDArray[np.int32]  # (F, 3)

    @property
    def corners(self) -> Floats:
        """(F, 3, 3) the vertices of every face."""
        return self.vertices[self.faces]

    @property
    def bounds(self) -> Floats:
        """(2, 3) lowest and highest corner, metres."""
        return np.stack([self.vertices.min(axis=0), self.vertices.max(axis=0)])

    @cached_property
    def volume_m3(self) -> float:
        """Signed volume by the divergence theorem; meaningful for closed meshes."""
        a, b, c = self.corners.astype(np.float64).swapaxes(0, 1)
        return float(np.einsum("ij,ij->i", a, cross(b, c)).sum() / 6)

    def moved(self, matrix: NDArray[np.floating]) -> Mesh:
        """The mesh under a (4, 4) affine transform; faces are turned round where the transform mirrors."""
        vertices = self.vertices @ matrix[:3, :3].T + matrix[:3, 3]
        faces = self.faces[:, ::-1] if np.linalg.det(matrix[:3, :3]) < 0 else self.faces
        return Mesh(vertices.astype(np.float32), np.ascontiguousarray(faces))


def join_meshes(meshes: Sequence[Mesh]) -> Mesh:
    """All meshes in one, in order; vertices are not merged."""
    if not meshes:
        return Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=True)]).astype(np.int32),
    )


@dataclass(frozen=True, slots=True)
class Material:
    """How a surface looks and behaves.

    colour, second_colour: linear reflectance of the body and of the pattern's joints, veins or spots.  pattern: a name that
    `layout.patterns` knows, repeated every `pattern_size_m`.  roughness 0 = mirror … 1 = matt.  emission: radiance it gives off by
    itself (a sunlit white wall is about 3); with `glows_in_the_dark` only from dusk to dawn.
    """

    name: str
    colour: Colour
    second_colour: Colour
    pattern: str = "plain"
    pattern_size_m: float = 1.0
    roughness: float = 0.8
    metallic: float = 0.0
    opacity: float = 1.0
    translucency: float = 0.0
    emission: Colour = (0.0, 0.0, 0.0)
    glows_in_the_dark: bool = False
    density_kg_m3: float = 700.0
    friction: float = 0.6
    restitution: float = 0.2


@dataclass(frozen=True)
class Part:
    """One solid or sheet of one material. `tint` (linear reflectance) replaces the material's colour.

    model_from_part: (4, 4), the part's own axes, in which its pattern runs (grain along the longest own side).
    crease_deg: faces that meet at a smaller angle are shaded as one smooth surface; larger angles are edges.
    collides: False for what one walks through (a curtain, a flame).  double_sided: True for open sheets (cloth, paper, glass).
    """

    mesh: Mesh
    material: Material
    tint: Colour | None = None
    name: str = ""
    model_from_part: Matrix = field(default_factory=lambda: np.eye(4))
    crease_deg: float = 40.0
    collides: bool = True
    double_sided: bool = False


@dataclass(frozen=True)
class Foliage:
    """Needles, leaves, blades, petals: E small flat ellipses that become one splat each.

    Elements stand in random order, so that the first n of them, widened by √(E/n), are a thinner version of the whole.
    `depth` says how far inside the plant an element sits (0 = at the surface, 1 = deep inside).
    """

    centres: Floats  # (E, 3) metres
    directions: Floats  # (E, 3) unit, along the element
    normals: Floats  # (E, 3) unit, across its flat side
    lengths_m: Floats  # (E,) whole length
    widths_m: Floats  # (E,) whole width
    colours: Floats  # (E, 3) linear reflectance
    depth: Floats  # (E,) 0 … 1
    translucency: float = 0.35

    def __len__(self) -> int:
        return len(self.centres)

    def first(self, count: int) -> Foliage:
        """A thinner version: `count` elements, each wider, and if need be longer, until they cover the same area."""
        if count >= len(self):
            return self
        cut = slice(0, count)
        lengths, widths = coarser(self.lengths_m[cut], self.widths_m[cut], np.sqrt(len(self) / max(count, 1)))
        return Foliage(
            self.centres[cut],
            self.directions[cut],
            self.normals[cut],
            lengths,
            widths,
            self.colours[cut],
            self.depth[cut],
            self.translucency,
        )

    def moved(self, matrix: NDArray[np.floating]) -> Foliage:
        """Under a (4, 4) similarity (rotation, uniform scale, translation)."""
        linear = np.asarray(matrix[:3, :3], np.float32)
        scale = np.float32(np.cbrt(abs(np.linalg.det(linear))))
        turn = linear.T / scale
        return Foliage(
            self.centres @ linear.T + np.asarray(matrix[:3, 3], np.float32),
            self.directions @ turn,
            self.normals @ turn,
            self.lengths_m * scale,
            self.widths_m * scale,
            self.colours,
            self.depth,
            self.translucency,
        )


SLENDER = 3.5  # how many times longer than wide an element is at least when it has been made coarser


def coarser(lengths: Floats, widths: Floats, grow: ArrayLike) -> tuple[Floats, Floats]:
    """Lengths and widths of elements that cover `grow`² times their area. Slender ones grow wide first: thinned grass and twigs
    become tufts and sprays, not spikes.
    """
    factor = np.asarray(grow, np.float32)
    aspect = lengths / np.maximum(widths, 1e-9)
    turn = np.sqrt(np.clip(aspect / SLENDER, 1.0, np.maximum(factor, 1.0) ** 2))
    return (lengths * factor / turn).astype(np.float32), (widths * factor * turn).astype(np.float32)


def join_foliage(groups: Sequence[Foliage]) -> Foliage:
    """All groups in one; the caller shuffles if prefixes are to be thinner versions. Translucency is that of the first."""
    names = ("centres", "directions", "normals", "lengths_m", "widths_m", "colours", "depth")
    if not groups:
        flat, wide = np.zeros(0, np.float32), np.zeros((0, 3), np.float32)
        return Foliage(wide, wide, wide, flat, flat, wide, flat)
    joined = {name: np.concatenate([getattr(group, name) for group in groups]) for name in names}
    return Foliage(**joined, translucency=groups[0].translucency)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on a model where another thing can be: `name` is top, seat, inside, front, below, shelf, wall …

    position: middle of the spot in the model frame.  size_m: free width (x) and depth (z).  clearance_m: free height above it
    (below it, for things that hang).
    """

    name: str
    position: tuple[float, float, float]
    size_m: tuple[float, float]
    clearance_m: float = 10.0


@dataclass(frozen=True, slots=True)
class Lamp:
    """A point light in a model: `power` is radiant intensity; a candle is about 0.3, a room lamp 4, a street lamp 30."""

    position: tuple[float, float, float]
    colour: Colour
    power: float
    radius_m: float = 0.05
    glows_in_the_dark: bool = True


@dataclass(frozen=True)
class Body:
    """What physics needs to know. Fixed things (`dynamic` False) have a mass too."""

    mass_kg: float
    friction: float
    restitution: float
    dynamic: bool


@dataclass(frozen=True)
class Model:
    """The shape of a kind of thing, in its own frame; things of one look share one Model object.

    bounds: (2, 3) of the solid and leafy whole.  footprint: (2, 2) lowest and highest x, z of what touches or nears the ground
    (a trunk, not the crown).
    """

    kind: str
    parts: tuple[Part, ...]
    foliage: tuple[Foliage, ...]
    spots: tuple[Spot, ...]
    lamps: tuple[Lamp, ...]
    body: Body
    bounds: Floats
    footprint: Floats

    @property
    def size_m(self) -> Floats:
        """(3,) width, height, depth."""
        return self.bounds[1] - self.bounds[0]


@dataclass(frozen=True)
class Thing:
    """A model at its place in the world. `id` 0 marks nameless backdrop; `name` is its group in the SceneSpec."""

    id: int
    kind: str
    label: str
    model: Model
    world_from_model: Matrix  # (4, 4) rotation, uniform scale, translation
    name: str = ""
    phrase: str = ""

    @property
    def position(self) -> Matrix:
        """(3,) metres, of the model's origin."""
        return self.world_from_model[:3, 3]

    @cached_property
    def scale(self) -> float:
        """The uniform scale of its pose."""
        return float(np.cbrt(np.linalg.det(self.world_from_model[:3, :3])))

    @cached_property
    def bounds(self) -> Floats:
        """(2, 3) axis-aligned box in the world around the model's box, metres."""
        low, high = self.model.bounds
        grid = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
        corners = grid @ self.world_from_model[:3, :3].T + self.position
        box = np.stack([corners.min(axis=0), corners.max(axis=0)]).astype(np.float32)
        box.setflags(write=False)  # it is kept: many ask for it
        return box


@dataclass(frozen=True)
class HeightField:
    """Heights on a square grid: values[row, column] stands at x = west_m + column·cell_m, z = north_m + row·cell_m."""

    west_m: float
    north_m: float
    cell_m: float
    values: Floats  # (rows, columns) metres

    def at(self, x: NDArray[np.floating], z: NDArray[np.floating]) -> Floats:
        """Bilinear heights at world positions; the border value beyond the grid."""
        rows, columns = self.values.shape
        column = np.clip((np.asarray(x, np.float64) - self.west_m) / self.cell_m, 0, columns - 1.000001)
        row = np.clip((np.asarray(z, np.float64) - self.north_m) / self.cell_m, 0, rows - 1.000001)
        c, r = column.astype(np.int64), row.astype(np.int64)
        u, v = column - c, row - r
        top = self.values[r, c] * (1 - u) + self.values[r, c + 1] * u
        bottom = self.values[r + 1, c] * (1 - u) + self.values[r + 1, c + 1] * u
        return (top * (1 - v) + bottom * v).astype(np.float32)


@dataclass(frozen=True)
class Terrain:
    """The ground: one mesh from under the spawn point to the horizon, and what each vertex is made of.

    materials, weights (V, L): share of every ground material at every vertex, rows summing to 1.
    heights: the ground around the spawn point, fine enough to stand things on; agrees with the mesh.
    """

    mesh: Mesh
    materials: tuple[Material, ...]
    weights: Floats
    heights: HeightField


@dataclass(frozen=True)
class Surroundings:
    """What a camera measured round the visitor and nobody has named, and walls made up where none looked: one open mesh with a colour at
    every vertex.

    colours: (V, 3) linear, as the light of the picture left them.
    """

    mesh: Mesh
    colours: Floats


@dataclass(frozen=True, slots=True)
class Globe:
    """A planet or moon seen in the sky: unit direction, radius (and that of its ring, 0 for none) as angles, two reflectances."""

    direction: tuple[float, float, float]
    radius_rad: float
    colour: Colour
    second: Colour
    bands: bool = False
    ring_rad: float = 0.0


@dataclass(frozen=True)
class Sky:
    """Sun or moon, air and clouds. Radiances are relative: a white wall in full summer sun is about 3.

    light_direction: unit vector towards the sun (by night, the moon).  light: irradiance of that light on a facing surface, linear.
    zenith, horizon, glow: linear radiance overhead, at the horizon, and around the sun's azimuth near the horizon.
    cloud_cover 0 … 1.  fog_per_m: extinction of the air at the ground, falling off over fog_height_m; fog: its radiance.
    wetness, snow, stars 0 … 1 (stars more than 1 where there is no air).  dark: lamps and windows are lit, lamp_scale times as bright
    as their materials say (eyes and cameras adapt to the night).  exposure: factor on the measured one.  mist_per_m: of a second, low
    veil, that lies in hollows.  falling 0 … 1: rain, or snow where it lies.  fireflies, lightning: whether some are in the air.
    """

    light_direction: tuple[float, float, float]
    light: Colour
    zenith: Colour
    horizon: Colour
    glow: Colour
    cloud_cover: float
    cloud_colour: Colour
    fog_per_m: float
    fog: Colour
    fog_height_m: float = 400.0
    wetness: float = 0.0
    snow: float = 0.0
    stars: float = 0.0
    dark: bool = False
    lamp_scale: float = 1.0
    exposure: float = 1.0
    globes: tuple[Globe, ...] = ()
    land: bool = False  # whether the windows of a room look out on land
    disc: bool = True
    mist_per_m: float = 0.0
    mist_height_m: float = 3.0
    falling: float = 0.0
    fireflies: bool = False
    lightning: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What the words of style and mood make of a whole world; without any it is a photograph.

    saturation, contrast, tint: factors on display colours.  lift 0 … 1: how far they are thinned towards paper.  wash 0 … 1: uneven
    pigment, as of watercolours.  flat: one colour a surface, few and plain faces.  overgrown 0 … 1: ivy, moss, grass in ways.
    faded 0 … 1: paint and cloth that the sun has bleached.  sleek: smooth shells and cold light instead of wood and brick.
    """

    saturation: float = 1.0
    contrast: float = 1.0
    tint: Colour = (1.0, 1.0, 1.0)
    lift: float = 0.0
    wash: float = 0.0
    flat: bool = False
    overgrown: float = 0.0
    faded: float = 0.0
    sleek: bool = False


@dataclass(frozen=True, slots=True)
class Spawn:
    """Where a visitor starts: feet position, and the direction of the first look (yaw turns left, 0 looks along −z)."""

    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw_rad: float = 0.0
    pitch_rad: float = 0.0


@dataclass(frozen=True, slots=True)
class RelationCheck:
    """One stated relation and whether the finished layout keeps it; subject and object are labels."""

    subject: str
    relation: str
    object: str
    holds: bool


@dataclass(frozen=True)
class Surfels:
    """Points on all surfaces, each to become one splat: where, how large, how turned, of what. Made by sampling, read by light.

    frames: columns are the two tangents and the normal.  sizes_m: standard deviations along the two tangents and the normal.
    albedo: linear reflectance.  emission: linear radiance.  gloss: 0 matt … 1 mirror.  leaf: foliage, which light passes.
    hidden: no viewpoint sees it.
    """

    means: Floats  # (N, 3)
    frames: Floats  # (N, 3, 3)
    sizes_m: Floats  # (N, 3)
    albedo: Floats  # (N, 3)
    emission: Floats  # (N, 3)
    opacity: Floats  # (N,)
    gloss: Floats  # (N,)
    metallic: Floats  # (N,)
    translucency: Floats  # (N,)
    depth: Floats  # (N,)
    leaf: NDArray[np.bool_]  # (N,)
    thing: NDArray[np.int32]  # (N,)
    hidden: NDArray[np.bool_]  # (N,)

    def __len__(self) -> int:
        return len(self.means)


@dataclass(frozen=True)
class Scene:
    """All that is known about a world before it is turned into splats.

    things: everything with an id, and nameless backdrop with id 0.  cover: grass, flowers, litter on the ground, in the world frame.
    viewpoints: (V, 3) eye positions where visitors will be, the spawn point's first.  walk_radius_m: how far one can walk.
    """

    things: tuple[Thing, ...] = ()
    terrain: Terrain | None = None
    cover: tuple[Foliage, ...] = ()
    sky: Sky | None = None
    spawn: Spawn = Spawn()
    viewpoints: Floats = field(default_factory=lambda: np.array([[0, EYE_HEIGHT_M, 0]], np.float32))
    walk_radius_m: float = 40.0
    indoors: bool = False
    relations: tuple[RelationCheck, ...] = ()
    surfels: Surfels | None = None
    look: Look = Look()
    surroundings: Surroundings | None = None
