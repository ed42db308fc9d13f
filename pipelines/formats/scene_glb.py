"""The scene and its collider as glTF: a named node a thing, shared meshes, plain materials, leaves as triangles.

Metres, y up: glTF's frame is the world's. Every thing's node carries `extras` {id, kind, label, mass_kg, friction, restitution, dynamic}.
Surfaces have their material's colour, gloss, metal, glow and opacity; the fine patterns of bark and brick live in the splats only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.formats.frames import WORLD, Frame
from pipelines.formats.glb import ELEMENT_ARRAY_BUFFER, GlbWriter, Json
from pipelines.formats.manifest import body_of
from pipelines.gaussians import quaternions_from_frames
from pipelines.mesh import Collider
from pipelines.scene import (
    BACKGROUND,
    Colour,
    Foliage,
    Material,
    Mesh,
    Model,
    Part,
    Scene,
    Surroundings,
    Terrain,
    Thing,
    join_foliage,
    join_meshes,
)

Floats = NDArray[np.float32]

MAX_LEAVES = 220_000  # triangles of all models' foliage together
MAX_DRAWN_LEAVES = 2_000_000  # and of all things', which share them
FAR_LEAVES = 8  # the nameless backdrop has this many times fewer
MAX_COVER = 60_000  # and of the ground cover
EMISSIVE_STRENGTH = "KHR_materials_emissive_strength"
LEAF_GROWTH = math.sqrt(math.pi / 2)  # a triangle covers as much as its ellipse when it is this much longer and wider


def write_scene_glb(scene: Scene, path: Path, *, frame: Frame = WORLD) -> None:
    """Write everything that is built: ground, things, leaves, backdrop."""
    builder = _SceneBuilder(scene)
    if scene.terrain is not None:
        builder.terrain(scene.terrain)
    if scene.surroundings is not None:
        builder.surroundings(scene.surroundings)
    builder.cover(scene.cover)
    builder.things(scene.things)
    builder.spawn()
    builder.writer.write(path, frame=frame)


def write_collider_glb(collider: Collider, path: Path, *, frame: Frame = WORLD) -> None:
    """Write the collider: a node `ground`, one for the `surroundings` that were measured, and one a thing, all in world coordinates."""
    writer = GlbWriter()
    if collider.ground is not None:
        writer.add("nodes", {"name": "ground", "mesh": _bare_mesh(writer, collider.ground, "ground")})
    if collider.surroundings is not None:
        writer.add("nodes", {"name": "surroundings", "mesh": _bare_mesh(writer, collider.surroundings, "surroundings")})
    names = _names([thing for thing, _ in collider.solids])
    for name, (thing, mesh) in zip(names, collider.solids, strict=True):
        writer.add("nodes", {"name": name, "mesh": _bare_mesh(writer, mesh, name), "extras": _extras(thing)})
    if not collider.triangles:
        writer.add("nodes", {"name": "nothing solid"})
    writer.write(path, frame=frame)


def _bare_mesh(writer: GlbWriter, mesh: Mesh, name: str) -> int:
    used = np.unique(mesh.faces)
    faces = np.searchsorted(used, mesh.faces)
    attributes = {"POSITION": writer.accessor(mesh.vertices[used], bounded=True)}
    return writer.add("meshes", {"name": name, "primitives": [{"attributes": attributes, "indices": _indices(writer, faces, len(used))}]})


def _indices(writer: GlbWriter, faces: NDArray[np.integer], vertices: int) -> int:
    small = vertices < 65_535  # the largest number restarts a strip, so it names no vertex
    return writer.accessor(faces.ravel().astype(np.uint16 if small else np.uint32), target=ELEMENT_ARRAY_BUFFER)


def _names(things: list[Thing]) -> list[str]:
    """Labels, with the id where two things have the same."""
    labels = [thing.label or thing.kind for thing in things]
    twice = {label for label in labels if labels.count(label) > 1} if len(labels) < 2_000 else set(labels)
    return [f"{label} {thing.id}" if label in twice else label for label, thing in zip(labels, things, strict=True)]


def _extras(thing: Thing) -> Json:
    return {"id": thing.id, "kind": thing.kind, "label": thing.label, **body_of(thing)}


class _SceneBuilder:
    """Meshes by model and materials by look, so that a hundred pines are one mesh and a hundred nodes."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.writer = scene, GlbWriter()
        self._materials: dict[tuple[object, ...], int] = {}
        self._meshes: dict[tuple[int, bool], int | None] = {}
        self._primitives: dict[int, list[Json]] = {}
        models = {id(thing.model): thing.model for thing in scene.things}
        leaves = sum(len(foliage) for model in models.values() for foliage in model.foliage)
        drawn = sum(len(leaf) // (1 if thing.id else FAR_LEAVES) for thing in scene.things for leaf in thing.model.foliage)
        self._leaf_share = min(1.0, MAX_LEAVES / max(leaves, 1), MAX_DRAWN_LEAVES / max(drawn, 1))

    def terrain(self, terrain: Terrain) -> None:
        """The ground, coloured at its vertices by the materials that lie there."""
        from pipelines.formats.smoothing import shaded  # numba

        vertices, normals, faces = shaded(terrain.mesh, crease_deg=180)
        kept = np.unique(terrain.mesh.faces)  # smoothed all round, every vertex in use stays single and in order
        colours = terrain.weights[kept] @ np.array([material.colour for material in terrain.materials], np.float32)
        rough = float((terrain.weights.mean(axis=0) * [material.roughness for material in terrain.materials]).sum())
        attributes, factor = self._coloured(vertices, colours)
        attributes["NORMAL"] = self.writer.accessor(normals)
        material = self._material("ground", factor, roughness=rough)
        primitive = {"attributes": attributes, "indices": _indices(self.writer, faces, len(vertices)), "material": material}
        self.writer.add("nodes", {"name": "ground", "mesh": self.writer.add("meshes", {"name": "ground", "primitives": [primitive]})})

    def surroundings(self, around: Surroundings) -> None:
        """What was measured round the visitor, with the colours that its vertices had in the pictures; seen from behind, too."""
        from pipelines.formats.smoothing import shaded  # numba

        if not len(around.mesh.faces):
            return
        vertices, normals, faces = shaded(around.mesh, crease_deg=180)
        attributes, factor = self._coloured(vertices, around.colours[np.unique(around.mesh.faces)])
        attributes["NORMAL"] = self.writer.accessor(normals)
        material = self._material("surroundings", factor, double_sided=True)
        primitive = {"attributes": attributes, "indices": _indices(self.writer, faces, len(vertices)), "material": material}
        mesh = self.writer.add("meshes", {"name": "surroundings", "primitives": [primitive]})
        self.writer.add("nodes", {"name": "surroundings", "mesh": mesh})

    def cover(self, cover: tuple[Foliage, ...]) -> None:
        """Grass, flowers and litter, thinned."""
        total = sum(len(foliage) for foliage in cover)
        thin = [foliage.first(max(1, int(len(foliage) * min(1.0, MAX_COVER / total)))) for foliage in cover if len(foliage)]
        if thin:
            mesh = self.writer.add("meshes", {"name": "ground cover", "primitives": [self._leaves(join_foliage(thin))]})
            self.writer.add("nodes", {"name": "ground cover", "mesh": mesh})

    def things(self, things: tuple[Thing, ...]) -> None:
        """A node for each; the nameless backdrop too, without extras."""
        named = [thing for thing in things if thing.id != BACKGROUND]
        for name, thing, pose in zip(_names(named), named, self._poses(named), strict=True):
            self.writer.add("nodes", {"name": name, **pose, "extras": _extras(thing)})
        for number, pose in enumerate(self._poses([thing for thing in things if thing.id == BACKGROUND])):
            self.writer.add("nodes", {"name": f"backdrop {number + 1}", **pose})

    def spawn(self) -> None:
        """An empty node where visitors start; it looks along its −z."""
        spawn = self.scene.spawn
        rotation = [0.0, math.sin(spawn.yaw_rad / 2), 0.0, math.cos(spawn.yaw_rad / 2)]
        self.writer.add("nodes", {"name": "spawn", "translation": [float(x) for x in spawn.position], "rotation": rotation})

    def _poses(self, things: list[Thing]) -> Iterator[Json]:
        turned = np.array([thing.world_from_model[:3, :3] / thing.scale for thing in things]).reshape(-1, 3, 3)
        return map(self._pose, things, quaternions_from_frames(turned))

    def _pose(self, thing: Thing, turn: Floats) -> Json:
        node: Json = {"translation": [float(x) for x in thing.position]}
        scale = thing.scale
        if abs(turn[0]) < 1 - 1e-7:
            node["rotation"] = [float(turn[i]) for i in (1, 2, 3, 0)]
        if abs(scale - 1) > 1e-6:
            node["scale"] = [scale] * 3
        mesh = self._mesh(thing.model, far=thing.id == BACKGROUND and bool(thing.model.foliage))
        if mesh is not None:
            node["mesh"] = mesh
        return node

    def _mesh(self, model: Model, *, far: bool) -> int | None:
        key = (id(model), far)
        if key not in self._meshes:
            if id(model) not in self._primitives:
                self._primitives[id(model)] = self._solids(model.parts)
            primitives = list(self._primitives[id(model)])
            share = self._leaf_share / (FAR_LEAVES if far else 1)
            leaves = [leaf.first(max(1, int(len(leaf) * share))) for leaf in model.foliage if len(leaf)]
            primitives += [self._leaves(join_foliage(leaves))] if leaves else []
            self._meshes[key] = self.writer.add("meshes", {"name": model.kind, "primitives": primitives}) if primitives else None
        return self._meshes[key]

    def _solids(self, parts: tuple[Part, ...]) -> list[Json]:
        """One primitive for all parts of a model that look the same."""
        from pipelines.formats.smoothing import shaded  # numba

        groups: dict[int, list[tuple[Floats, Floats, NDArray[np.uint32]]]] = {}
        for part in parts:
            if len(part.mesh.faces):
                groups.setdefault(self._look(part), []).append(shaded(part.mesh, crease_deg=part.crease_deg))
        primitives = []
        for material, group in groups.items():
            joined = join_meshes([Mesh(vertices, faces.astype(np.int32)) for vertices, _, faces in group])
            attributes = {
                "POSITION": self.writer.accessor(joined.vertices, bounded=True),
                "NORMAL": self.writer.accessor(np.concatenate([normals for _, normals, _ in group])),
            }
            indices = _indices(self.writer, joined.faces, len(joined.vertices))
            primitives.append({"attributes": attributes, "indices": indices, "material": material})
        return primitives

    def _leaves(self, foliage: Foliage) -> Json:
        """A triangle an element, from its foot to its tip; engines light them flat, as leaves are."""
        across = np.cross(foliage.normals, foliage.directions) * (foliage.widths_m[:, None] * (LEAF_GROWTH / 2))
        along = foliage.directions * (foliage.lengths_m[:, None] * (LEAF_GROWTH / 2))
        foot = foliage.centres - along
        corners = np.stack([foot - across, foot + across, foliage.centres + along], axis=1).astype(np.float32)
        attributes, factor = self._coloured(corners.reshape(-1, 3), np.repeat(foliage.colours, 3, axis=0))
        return {"attributes": attributes, "material": self._material("leaves", factor, double_sided=True)}

    def _coloured(self, vertices: Floats, colours: Floats) -> tuple[Json, Colour]:
        """Attributes with a colour a vertex in bytes, and the factor that brings its brightest to 255."""
        factor = np.clip(colours.max(axis=0), 1e-3, 1)
        values = np.full((len(colours), 4), 255, np.uint8)
        values[:, :3] = np.clip(colours / factor, 0, 1) * 255 + 0.5
        attributes = {"POSITION": self.writer.accessor(vertices, bounded=True), "COLOR_0": self.writer.accessor(values, normalized=True)}
        red, green, blue = (round(float(value), 4) for value in factor)
        return attributes, (red, green, blue)

    def _look(self, part: Part) -> int:
        """The place of a part's material, made when it is the first of its look."""
        material = part.material
        dark = self.scene.sky is not None and self.scene.sky.dark
        glow = (0.0, 0.0, 0.0) if material.glows_in_the_dark and not dark else material.emission
        colour = material.colour if part.tint is None else part.tint
        key = (material, tuple(map(float, colour)), part.double_sided, glow)
        if key not in self._materials:
            self._materials[key] = self._pbr(material, colour, glow, part.double_sided)
        return self._materials[key]

    def _pbr(self, material: Material, colour: Colour, glow: Colour, double_sided: bool) -> int:
        item: Json = {
            "name": material.name,
            "pbrMetallicRoughness": {
                "baseColorFactor": [*(float(np.clip(value, 0, 1)) for value in colour), float(np.clip(material.opacity, 0, 1))],
                "metallicFactor": float(np.clip(material.metallic, 0, 1)),
                "roughnessFactor": float(np.clip(material.roughness, 0, 1)),
            },
        }
        strength = max(glow)
        if strength > 0:
            item["emissiveFactor"] = [float(value / max(strength, 1)) for value in glow]
            if strength > 1:
                self.writer.use(EMISSIVE_STRENGTH)
                item["extensions"] = {EMISSIVE_STRENGTH: {"emissiveStrength": float(strength)}}
        if material.opacity < 1:
            item["alphaMode"] = "BLEND"
        if double_sided:
            item["doubleSided"] = True
        return self.writer.add("materials", item)

    def _material(self, name: str, factor: Colour, *, roughness: float = 0.8, double_sided: bool = False) -> int:
        """A material whose colour stands at the vertices."""
        key = (name, factor, roughness)
        if key not in self._materials:
            looks = {"baseColorFactor": [*factor, 1.0], "metallicFactor": 0.0, "roughnessFactor": round(roughness, 4)}
            item: Json = {"name": name, "pbrMetallicRoughness": looks}
            if double_sided:
                item["doubleSided"] = True
            self._materials[key] = self.writer.add("materials", item)
        return self._materials[key]
