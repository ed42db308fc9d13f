"""Shots: panoramas and pinhole pictures of a built world, with the distance and the kind of surface in every pixel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection, panorama, pinhole
from pipelines.errors import InputError
from pipelines.flow import CLASSES, resized
from pipelines.prompt import Prompt
from pipelines.scene import BACKGROUND, EYE_HEIGHT_M, Scene
from pipelines.spec import SceneSpec
from pipelines.splat import render
from pipelines.stage import Stage
from pipelines.things import Library
from pipelines.training.worlds import Asked
from pipelines.world import World

PANORAMA_WIDTH_PX = 256
PINHOLE_PX = (160, 120)  # width, height: what the depth network reads, and a quarter more for crops
SPLATS = 80_000  # of a world: as sharp as panoramas of this size can show
SKY_DISTANCE_M = 1_400.0  # farther away there is only the sky's dome
ASIDE_M = {True: 0.3, False: 0.8}  # spread of positions around viewpoints: indoors, outdoors
HEIGHTS_M = (0.7, 2.4)  # of the eye above the ground
FOV_RAD = (math.radians(40), math.radians(95))
PITCH_RAD = (math.radians(-4), math.radians(10))  # mean and standard deviation: people look down a little
TOO_NEAR_M, TOO_NEAR_SHARE = 0.3, 0.04  # a shot with so large a share of such pixels stands inside something
TRIES = 4

FAMILIES = {
    "plant": ("plants", "trees"),
    "rock": ("rocks",),
    "building": ("buildings", "landmarks", "sacred", "works", "glasshouse"),
    "inside": ("rooms",),
}
"""Kind of surface → families of the library; other things are things."""

WATERS = ("lake", "pond", "river", "sea", "stream")
_MOST_RELATIVE_TURN = 2 * math.pi


@dataclass(frozen=True)
class Shot:
    """What a camera sees of a world: rgb (H, W, 3) uint8; distance (H, W) metres along the ray, inf = sky; kind (H, W) in CLASSES.

    eye_m: how high the camera is above the ground below it.
    """

    camera: Camera
    rgb: NDArray[np.uint8]
    distance: NDArray[np.float32]
    kind: NDArray[np.uint8]
    eye_m: float


def built(order: Asked, *, splats: int = SPLATS) -> World:
    """The world of an order; things that do not fit there are left out."""
    try:
        return _built(order.spec, order.seed, splats)
    except InputError:
        return _built(order.spec.model_copy(update={"things": ()}), order.seed, splats)


def _built(spec: SceneSpec, seed: int, splats: int) -> World:
    from pipelines.language import Read
    from pipelines.layout import Arrange, Build, Light, Sample

    world = World(prompt=Prompt(text=spec.place, seed=seed))
    stages: tuple[Stage, ...] = (Read(spec=spec), Arrange(), Build(), Sample(splats=splats), Light())
    for stage in stages:
        if stage.name == "sample":  # by now all things stand: backdrop gets ids, too, so that every pixel's kind is known
            assert world.scene is not None
            things = tuple(replace(thing, id=number) for number, thing in enumerate(world.scene.things, 1))
            world = replace(world, scene=replace(world.scene, things=things))
        stage.load()
        world = stage.run(world, lambda fraction, note: None)
    return world


def shots(world: World, *, positions: int, pinholes: int) -> Iterator[Shot]:
    """From so many places near the world's viewpoints a panorama each, and so many pinhole pictures; deterministic by the world's seed."""
    assert world.gaussians is not None and world.scene is not None
    kinds = kinds_of_things(world.scene)
    for number in range(positions):
        rng = np.random.default_rng([world.prompt.seed, 23, number])
        for _ in range(TRIES):
            eye, eye_m = _eye(world.scene, number, rng)
            turned = panorama(eye, yaw_rad=float(rng.uniform(0, _MOST_RELATIVE_TURN)), width_px=PANORAMA_WIDTH_PX)
            around = _seen(world, turned, kinds, eye_m)
            if not stands_inside(around):
                break
        else:
            continue
        yield around
        for _ in range(pinholes):
            taken = _seen(world, _pinhole(eye, rng), kinds, eye_m)
            if not stands_inside(taken):
                yield taken


def learnt(shot: Shot, height_px: int, width_px: int) -> Shot:
    """The shot at a network's size, in a world of another scale, in which whoever took it stands upright.

    A picture alone cannot tell its scale; how high the camera was is known where the network is used. Colours are means over what a pixel
    covers, distances and kinds those at its middle.  camera: as it was.
    """
    high, wide = shot.distance.shape
    rows = ((np.arange(height_px) + 0.5) * high / height_px).astype(int)
    columns = ((np.arange(width_px) + 0.5) * wide / width_px).astype(int)
    colours = resized(shot.rgb.astype(np.float32), height_px, width_px, sphere=is_panorama(shot))
    return Shot(
        shot.camera,
        (colours + 0.5).clip(0, 255).astype(np.uint8),
        shot.distance[rows][:, columns] * np.float32(EYE_HEIGHT_M / shot.eye_m),
        shot.kind[rows][:, columns],
        EYE_HEIGHT_M,
    )


def stands_inside(shot: Shot) -> bool:
    """Whether something is right before the lens."""
    return bool((shot.distance < TOO_NEAR_M).mean() > TOO_NEAR_SHARE)


def kinds_of_things(scene: Scene) -> NDArray[np.uint8]:
    """The number in CLASSES of every thing by its id."""
    library = Library.load()
    of_family = {family: name for name, families in FAMILIES.items() for family in families}
    table = np.full(max((thing.id for thing in scene.things), default=0) + 1, CLASSES.index("thing"), np.uint8)
    table[BACKGROUND] = CLASSES.index("ground")
    for thing in scene.things:
        known = library.kinds.get(thing.kind)
        name = "water" if thing.kind in WATERS else of_family.get(known.family if known else "", "thing")
        table[thing.id] = CLASSES.index(name)
    if scene.indoors and scene.things:  # the shell of the room is the widest thing there is
        shell = max(scene.things, key=lambda thing: float(np.prod((thing.bounds[1] - thing.bounds[0])[[0, 2]])))
        table[shell.id] = CLASSES.index("inside")
    return table


def _seen(world: World, camera: Camera, kinds: NDArray[np.uint8], eye_m: float) -> Shot:
    assert world.gaussians is not None
    seen = render(world.gaussians, camera, layers=("distance", "thing"))
    assert seen.distance is not None and seen.thing is not None
    sky = ~(seen.distance < SKY_DISTANCE_M)
    kind = np.where(sky, np.uint8(CLASSES.index("sky")), kinds[seen.thing])
    return Shot(camera, seen.picture, np.where(sky, np.float32(np.inf), seen.distance).astype(np.float32), kind.astype(np.uint8), eye_m)


def _eye(scene: Scene, number: int, rng: np.random.Generator) -> tuple[tuple[float, float, float], float]:
    """A place near one of the viewpoints, and its height above the ground, between a child's and a raised arm's."""
    x, y, z = scene.viewpoints[number % len(scene.viewpoints)]
    aside = ASIDE_M[scene.indoors]
    east, south = rng.normal(0, aside, 2)
    feet = float(y) - EYE_HEIGHT_M
    if scene.terrain is not None and not scene.indoors:
        before, after = scene.terrain.heights.at(np.array([x, x + east]), np.array([z, z + south]))
        feet += float(after - before)
    eye_m = float(rng.uniform(*HEIGHTS_M))
    return (float(x + east), feet + eye_m, float(z + south)), eye_m


def _pinhole(eye: tuple[float, float, float], rng: np.random.Generator) -> Camera:
    width, height = PINHOLE_PX
    return pinhole(
        eye,
        yaw_rad=float(rng.uniform(0, _MOST_RELATIVE_TURN)),
        pitch_rad=float(rng.normal(*PITCH_RAD)),
        width_px=width,
        height_px=height,
        horizontal_fov_rad=float(rng.uniform(*FOV_RAD)),
    )


def is_panorama(shot: Shot) -> bool:
    """Whether a shot shows the whole sphere."""
    return shot.camera.projection is Projection.EQUIRECTANGULAR
