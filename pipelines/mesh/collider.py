"""What one bumps into: the ground as a closed solid, and the solid parts of things, in at most 200,000 triangles.

World frame, metres. Leaves do not collide, nor does the nameless backdrop; where the budget is short, shapes are simplified first and
the things farthest from the spawn point are left out last.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from pipelines.mesh.ground import boundary_edges, closed_below, coarser
from pipelines.scene import BACKGROUND, Mesh, Model, Scene, Thing, join_meshes

MAX_TRIANGLES = 200_000
GROUND_SHARE = 0.45  # of the budget, at most
GROUND_THICKNESS_M = 5.0
SLAB_BELOW_M, SLAB_MARGIN_M = 0.02, 1.0  # a room has a floor of its own: the slab only catches what falls through
FEWEST_FACES = 60  # a part with fewer is not worth simplifying
ROUNDS = 4
LEAST_KEPT = 0.08  # of a shape's triangles; below this it no longer looks like itself


@dataclass(frozen=True)
class Collider:
    """The closed ground (None where nothing is solid), one mesh for each thing that has something solid about it, and one for what
    was measured round the visitor, open where nobody has seen it.
    """

    ground: Mesh | None
    solids: tuple[tuple[Thing, Mesh], ...]
    surroundings: Mesh | None = None

    @property
    def triangles(self) -> int:
        """How many there are in all."""
        ground = 0 if self.ground is None else len(self.ground.faces)
        around = 0 if self.surroundings is None else len(self.surroundings.faces)
        return ground + around + sum(len(mesh.faces) for _, mesh in self.solids)


def build_collider(scene: Scene, *, max_triangles: int = MAX_TRIANGLES) -> Collider:
    """The collider of a scene."""
    ground = _ground(scene, int(max_triangles * GROUND_SHARE)) or _slab(scene)
    left = max_triangles - (0 if ground is None else len(ground.faces))
    around = _surroundings(scene, left)
    left -= 0 if around is None else len(around.faces)
    spawn = np.array(scene.spawn.position)
    things = [thing for thing in scene.things if thing.id != BACKGROUND]
    things.sort(key=lambda thing: (float(np.linalg.norm(thing.position - spawn)), thing.id))
    shapes = _shapes(things, left)
    solids: list[tuple[Thing, Mesh]] = []
    for thing in things:
        shape = shapes[id(thing.model)]
        if not len(shape.faces) or len(shape.faces) > left:
            continue
        left -= len(shape.faces)
        solids.append((thing, shape.moved(thing.world_from_model)))
    solids.sort(key=lambda solid: solid[0].id)
    return Collider(ground, tuple(solids), around)


def _surroundings(scene: Scene, budget: int) -> Mesh | None:
    """What was measured round the visitor, within the budget."""
    if scene.surroundings is None or not len(scene.surroundings.mesh.faces):
        return None
    mesh = scene.surroundings.mesh
    return mesh if len(mesh.faces) <= budget else _decimated(mesh, int(0.97 * budget))


def _shapes(things: list[Thing], budget: int) -> dict[int, Mesh]:
    """The solid of each model, in the model frame, by the model's identity; all as much simplified as the budget asks for."""
    models = {id(thing.model): thing.model for thing in things}
    solids = {key: _solid_parts(model) for key, model in models.items()}
    copies = Counter(id(thing.model) for thing in things)
    keep, shapes = 1.0, {key: join_meshes(meshes) for key, meshes in solids.items()}
    for _ in range(ROUNDS):
        total = sum(len(shapes[key].faces) * number for key, number in copies.items())
        if total <= budget or keep <= LEAST_KEPT:
            break
        keep = max(LEAST_KEPT, 0.95 * keep * budget / total)  # small parts stay as they are, so one round may not do
        shapes = {key: join_meshes([_simplified(mesh, keep) for mesh in meshes]) for key, meshes in solids.items()}
    return shapes


def _solid_parts(model: Model) -> list[Mesh]:
    return [part.mesh for part in model.parts if part.collides and len(part.mesh.faces)]


def _simplified(mesh: Mesh, keep: float) -> Mesh:
    """About the share `keep` of its triangles; the mesh itself when it has few, or would fall apart."""
    if keep >= 1 or len(mesh.faces) <= FEWEST_FACES:
        return mesh
    target = max(FEWEST_FACES, int(len(mesh.faces) * keep))
    simple = _decimated(mesh, target)
    closed = len(boundary_edges(mesh.faces)) == 0
    return mesh if not len(simple.faces) or (closed and len(boundary_edges(simple.faces))) else simple


def _decimated(mesh: Mesh, target: int) -> Mesh:
    import fast_simplification

    vertices, faces = fast_simplification.simplify(
        np.ascontiguousarray(mesh.vertices, np.float32), np.ascontiguousarray(mesh.faces, np.int32), target_count=target, agg=5
    )
    return Mesh(np.asarray(vertices, np.float32), np.asarray(faces, np.int32))


def _ground(scene: Scene, budget: int) -> Mesh | None:
    """The terrain with a skirt and a bottom, closed."""
    if scene.terrain is None or not len(scene.terrain.mesh.faces):
        return None
    sheet = scene.terrain.mesh
    if len(sheet.faces) > budget:
        middle = (scene.spawn.position[0], scene.spawn.position[2])
        sheet = coarser(sheet, middle, max_triangles=int(0.97 * budget)) or _decimated(sheet, budget)
    return closed_below(sheet, GROUND_THICKNESS_M)


def _slab(scene: Scene) -> Mesh | None:
    """A closed slab under a scene without terrain, so that nothing falls for ever; None where nothing is solid."""
    boxes = [thing.bounds for thing in scene.things if thing.id != BACKGROUND and _solid_parts(thing.model)]
    if scene.surroundings is not None and len(scene.surroundings.mesh.faces):
        boxes.append(scene.surroundings.mesh.bounds)
    if not boxes:
        return None
    low, high = np.min([box[0] for box in boxes], axis=0) - SLAB_MARGIN_M, np.max([box[1] for box in boxes], axis=0) + SLAB_MARGIN_M
    top = scene.spawn.position[1] - SLAB_BELOW_M
    corners = [(low[0], low[2]), (low[0], high[2]), (high[0], high[2]), (high[0], low[2])]  # counter-clockwise from above
    vertices = np.array([[x, top, z] for x, z in corners], np.float32)
    return closed_below(Mesh(vertices, np.array([[0, 1, 2], [0, 2, 3]], np.int32)), GROUND_THICKNESS_M)
