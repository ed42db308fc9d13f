"""Measure: the stage that finds out how far away everything in a view is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection
from pipelines.errors import InputError, UnavailableError
from pipelines.models import ModelCard, card_of, free_vram_bytes, memory_told, model_for, open_model, warm, way_to_load
from pipelines.stage import Stage, TellStage, part_of, told_meanwhile
from pipelines.vision.depth_network import DepthNetwork, open_network
from pipelines.vision.faces import aligned_scales, along_rays, cut_faces, fused
from pipelines.vision.look import eye_height
from pipelines.vision.measured_sky import named_sky, sky_mask
from pipelines.world import MeasuredView, View, World

Floats = NDArray[np.float32]

BELOW = math.sin(math.radians(12.0))  # rays steeper than this look at the ground where it is level
LEAST_GROUND = 50  # rays that must look at the ground for a scale to be taken from it
SURE_WITHIN = 1.5  # factor by which the metres of a network may be wrong
LEAST_KNOWN = 50  # pixels that must be known for the others to be aligned to them


@dataclass
class Measure(Stage):
    """Views → MeasuredViews by a depth network. model: id or folder, None = the tier's own.

    Views that are measured already keep their distances; what is not known in them is found out and brought to their scale.  sky_model:
    id or folder of a transformers model that names what it sees; None = the sky is told by distance, direction and colour.
    """

    name: ClassVar[str] = "measure"
    cost: ClassVar[float] = 8.0
    tier: str = "super"
    model: str | None = None
    revision: str | None = None
    licence: str | None = None
    sky_model: str | None = None
    _card: ModelCard | None = field(default=None, init=False, repr=False, compare=False)  # what was asked for

    def run(self, world: World, tell: TellStage) -> World:
        """Turn every view of the world into a measured one."""
        if not world.views:
            raise InputError("there is nothing to measure: run the stages that make views first")
        total = len(world.views)
        views: list[View] = []
        with self._opened(tell) as network:
            for i, view in enumerate(world.views):
                tell_part = part_of(tell, i / total, 1 / total)
                tell_part(0.0, f"measuring view {i + 1} of {total}")
                views.append(self._measured(view, network, tell_part, is_sure=world.prompt.eye_height_m is not None))
        tell(1.0, "")
        return replace(world, views=tuple(views))

    @contextmanager
    def _opened(self, tell: TellStage) -> Iterator[DepthNetwork]:
        """The network, on the graphics card where it fits there; when done it leaves the card."""
        if self._card is None:
            named = self.model and (card_of(self.model) or ModelCard(self.model, library="transformers"))
            self._card = named or model_for(self.name, self.tier)
        card = self._card
        opened = open_model(card.id, lambda fraction, name: tell(0.0, f"checking {name}, {fraction:.0%}"))
        self.model, self.revision, self.licence = opened.id, opened.revision, opened.licence
        if self.sky_model is not None:
            self.licence = " + ".join(name for name in (opened.licence, open_model(self.sky_model).licence) if name) or None
        with memory_told(card, self.name, self.tier):
            key = (self.name, opened.path, opened.revision)
            device = "cpu" if way_to_load(card, self.name, self.tier, free_vram_bytes()) is None else "cuda"
            waiting = warm.take(key)
            if isinstance(waiting, DepthNetwork):
                network = waiting
            else:
                network = told_meanwhile(lambda: open_network(opened.path, opened.id), tell, f"opening {opened.id}")
            try:
                network.place(device)
                yield network
            except BaseException:
                network.close()
                raise
            warm.give(key, network)

    def _measured(self, view: View, network: DepthNetwork, tell: TellStage, *, is_sure: bool) -> MeasuredView:
        given = view.distance if isinstance(view, MeasuredView) else None
        if given is not None and not np.isnan(given).any():
            return MeasuredView(view.camera, view.rgb, given)
        found = measured(view, network, tell)
        rays = view.camera.rays()
        if given is not None:
            return MeasuredView(view.camera, view.rgb, completed(given, self._with_sky(view, found, rays)))
        camera = view.camera
        if not network.metric:
            found = found * np.float32(scale_by_ground(found, rays, float(camera.position[1])))
        elif camera.projection is Projection.EQUIRECTANGULAR:
            camera, found = standing(camera, found, is_sure=is_sure)
        return MeasuredView(camera, view.rgb, self._with_sky(view, found, rays))

    def _with_sky(self, view: View, found: Floats, rays: Floats) -> Floats:
        """Distances that are inf where the sky is."""
        sky = sky_mask(view.rgb, found, rays) if self.sky_model is None else named_sky(view.rgb, open_model(self.sky_model).path)
        return np.where(sky, np.float32(np.inf), found)


def standing(camera: Camera, distance: Floats, *, is_sure: bool = False) -> tuple[Camera, Floats]:
    """A panorama's camera and metres as a network gave them, brought together so that the floor below it lies at y = 0.

    Networks are off by tens of percent, and most pictures are taken by people who stand: a floor that is nearly where it is for them
    scales the distances, so that a visitor sees what the camera saw. One much lower or higher moves the camera instead, unless is_sure:
    whoever took the panorama said how high the camera was.
    """
    below_m, stands_m = eye_height(distance), float(camera.position[1])
    if is_sure or 1 / SURE_WITHIN <= stands_m / below_m <= SURE_WITHIN:
        return camera, distance * np.float32(stands_m / below_m)
    moved = camera.world_from_camera.copy()
    moved[1, 3] = below_m
    return replace(camera, world_from_camera=moved), distance


def measured(view: View, network: DepthNetwork, tell: TellStage) -> Floats:
    """Distance (H, W) along the ray of all of a view's pixels: in metres by a metric network, else up to a factor.

    A panorama is measured on six overlapping faces that are brought to one scale.
    """
    if view.camera.projection is Projection.PINHOLE:
        return along_rays(network.depth(view.rgb, view.camera), view.camera)
    faces = cut_faces(view, lambda i: tell(0.0, f"turning to direction {i + 1} of 6"))
    distances = []
    for i, face in enumerate(faces):
        tell(0.8 * i / len(faces), f"measuring direction {i + 1} of {len(faces)}")
        distances.append(along_rays(network.depth(face.rgb, face.camera), face.camera))
    cameras = [face.camera for face in faces]
    tell(0.8, "bringing directions to one scale")
    scales = aligned_scales(distances, cameras, view.camera)
    same = [distance * scale for distance, scale in zip(distances, scales, strict=True)]
    return fused(same, cameras, view.camera, lambda i: tell(0.8 + 0.2 * i / len(faces), "joining directions"))


def scale_by_ground(distance: Floats, rays: Floats, eye_m: float) -> float:
    """The factor that puts the ground below a camera where it is: `eye_m` below it, level.

    The median over all rays that look down by more than 12°; things that stand on the ground are nearer than it, and too few to matter.
    Raises UnavailableError where no ground is seen.
    """
    down = -rays[..., 1]
    looks_down = (down > BELOW) & np.isfinite(distance) & (distance > 0)
    if looks_down.sum() < LEAST_GROUND or eye_m <= 0:
        raise UnavailableError("the picture shows too little ground to take its scale from: choose a depth model that measures in metres")
    return float(np.median(eye_m / down[looks_down] / distance[looks_down]))


def completed(given: Floats, found: Floats) -> Floats:
    """Given distances (H, W), where they are NaN by what was found, brought to their scale.

    The two are compared on the given pixels nearest to the gaps; factor and exponent (a network that sees everything too flat or too
    deep) come from least squares of logarithms, the exponent kept between ½ and 2. Sky does not count, and what is found as sky is sky.
    """
    from scipy.ndimage import distance_transform_edt

    gaps = np.isnan(given)
    if not gaps.any():
        return given
    both = np.isfinite(given) & np.isfinite(found) & (given > 0) & (found > 0)
    if both.sum() < LEAST_KNOWN:
        return np.where(gaps, found, given)
    away = distance_transform_edt(~gaps)[both]
    near = away <= np.partition(away, LEAST_KNOWN - 1)[LEAST_KNOWN - 1] * 4
    x, y = np.log(found[both][near]), np.log(given[both][near])
    spread = float(x.std())
    slope = float(np.clip(((x - x.mean()) * (y - y.mean())).mean() / spread**2, 0.5, 2.0)) if spread > 0.05 else 1.0
    offset = float(np.median(y - slope * x))
    brought = np.exp(offset + slope * np.log(np.where(np.isfinite(found) & (found > 0), found, 1.0)))
    filled = np.where(np.isposinf(found), np.inf, np.where(np.isfinite(found), brought, np.nan))
    return np.where(gaps, filled, given).astype(np.float32)
