"""Stages of the small model: paint from words, outpaint a photograph, measure a picture, repaint known geometry; on any machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection, panorama, seen_along
from pipelines.errors import InputError
from pipelines.flow.above import continued, tones
from pipelines.flow.detail import grained
from pipelines.flow.encoding import DISTANCE, FARTHEST_M, KIND, colour_of, distance_of, encoded, log_distance, ray_channels
from pipelines.flow.lacking import PART, SPHERE
from pipelines.flow.sharpening import resized, sharpened
from pipelines.flow.turned import Ring, all_around
from pipelines.scene import EYE_HEIGHT_M
from pipelines.stage import Stage, TellStage, part_of
from pipelines.world import MeasuredView, View, World

if TYPE_CHECKING:
    from pipelines.flow.weights import Weights

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

FEATHER_SHARE = 1 / 64  # of a panorama's width: how far outside the photograph colours are led over
EDGE_PX = 2
LEAST_EYE_M = 0.1  # a camera is believed to be at least so high above the ground
STEEP = 0.35  # sine of how far below the horizon one looks at one's own ground
GROUND_SHARE = 0.2  # of the eyes' height: what is so much higher or lower is no level ground
TONE_SHARE = 1 / 16  # of a panorama's height: what is softer is a tone, what is finer a shape
JOIN_SHARE = 1 / 48  # of a panorama's width: how far distances are led over
EVEN_FROM_RAD, EVEN_RAD = math.radians(20), math.radians(70)  # from the horizon: where rows begin to be of one colour, and where they are
KNOWN_SHARE = 0.98  # of a small pixel that must be known for it to count as known


@dataclass
class FlowStage(Stage):
    """A stage that opens one of the networks. weights: their folder, None = those that come with the package."""

    network: ClassVar[str] = SPHERE
    weights: Path | None = None
    model: str | None = None
    revision: str | None = None
    licence: str | None = None
    _open: Weights | None = field(default=None, init=False, repr=False, compare=False)

    def load(self) -> None:
        """Read and check the weights; raises WeightsError with the cure."""
        if self._open is None:
            self._open = self._read(self.network)

    def unload(self) -> None:
        self._open = None

    def _read(self, network: str) -> Weights:
        """The weights of a network, whose name and licence the world will bear."""
        from pipelines.flow.weights import ID, LICENCE, load_weights

        found = load_weights(network, self.weights, device=_device())
        self.model, self.revision, self.licence = ID, found.revision, LICENCE
        return found

    def opened(self) -> Weights:
        """The weights, loaded if need be."""
        self.load()
        assert self._open is not None  # load saw to it
        return self._open


@dataclass
class Paint(FlowStage):
    """Words → a panorama with distances, seen by a standing visitor at the start. width_px: of the panorama, twice its height."""

    name: ClassVar[str] = "paint"
    cost: ClassVar[float] = 4.0
    width_px: int = 1024

    def run(self, world: World, tell: TellStage) -> World:
        """Fill in `world.views`."""
        if not world.prompt.text:
            raise InputError("there are no words to paint from: describe the place")
        around = panorama((0.0, EYE_HEIGHT_M, 0.0), width_px=self.width_px)
        found = _flow(self.opened(), world, None, around, tell)
        found = _said_of(self.opened(), colour_of(found), around)
        return replace(world, views=(_grown(found, around),))


@dataclass
class Outpaint(FlowStage):
    """Pinhole views taken from one place, measured or not → one panorama with distances, its known pixels the photographs'."""

    name: ClassVar[str] = "outpaint"
    cost: ClassVar[float] = 5.0
    width_px: int = 1024

    def run(self, world: World, tell: TellStage) -> World:
        """Turn `world.views` into one panorama."""
        from pipelines.paint import photographs_on_the_sphere

        around, canvas, known = photographs_on_the_sphere(world, self.width_px, tell)
        seen = _out_to_the_edge(_distances_on_the_sphere(world.views, around), known)
        found = _flow(self.opened(), world, MeasuredView(around, canvas, seen), around, part_of(tell, 0.1, 0.6), known=known)
        tell(0.6, "turning what the photograph shows all around")
        ring, picture = surrounded(self.opened(), canvas, known, seen, colour_of(found), around)
        tell(0.9, "measuring what is around")
        found = _said_of(self.opened(), _sized(picture, *found.shape[-2:]), around)
        rest = sharpened(_metres(found, around), _unit(colour_of(found)), _unit(picture), sphere=True)
        distance = _joined(ring.distance, rest, _farthest(around), around.width_px * JOIN_SHARE)
        level = _is_level_ground(distance, around)
        picture = grained(picture, known & level, level & ~ring.known, around.width_px / found.shape[-1])
        tell(1.0, "")
        return replace(world, views=(MeasuredView(around, picture, distance),))


def surrounded(
    weights: Weights, canvas: Pixels, known: NDArray[np.bool_], seen: Floats, painted: Pixels, around: Camera
) -> tuple[Ring, Pixels]:
    """A photograph on the sphere with copies of it all around; and the whole panorama, above and below in their soft tones.

    canvas, known, seen: (H, W) colours, where they are known, metres.  painted: (h, w, 3) what the network paints, which says which copy is
    wanted where.
    """
    from pipelines.paint import blended, extended, guessed

    toned = _toned(painted, guessed(canvas, known))
    kinds = _said_of(weights, toned, around)[KIND]
    ring = all_around(canvas, known, seen, _eye_m(around), up=_up(around, *painted.shape[:2]), painted=_unit(toned), kinds=kinds)
    feather_px = around.width_px * FEATHER_SHARE
    picture = blended(ring.rgb, ring.known, continued(ring, _even_poles(tones(ring))), feather_px)
    if known.all():
        return ring, picture
    return ring, blended(canvas, known, extended(picture, ~known), feather_px)


@dataclass
class Measure(FlowStage):
    """Views → MeasuredViews in metres. Pinhole pictures are measured by the depth network, panoramas by the one that paints them.

    Views that are measured already keep their distances; what is not known in them is found out and brought to their scale.
    """

    name: ClassVar[str] = "measure"
    cost: ClassVar[float] = 2.0

    def load(self) -> None:
        """Weights are opened when it is known which are needed."""

    def run(self, world: World, tell: TellStage) -> World:
        """Turn every view of the world into a measured one."""
        if not world.views:
            raise InputError("there is nothing to measure: run the stages that make views first")
        views: list[View] = []
        for number, view in enumerate(world.views):
            tell(number / len(world.views), f"measuring view {number + 1} of {len(world.views)}")
            given = view.distance if isinstance(view, MeasuredView) else None
            if given is not None and not np.isnan(given).any():
                views.append(view)
                continue
            found = self._found(view)
            if given is not None:
                found = np.where(np.isnan(given), _led_over(found, given), given).astype(np.float32)
            views.append(MeasuredView(view.camera, view.rgb, found))
        self.unload()
        tell(1.0, "")
        return replace(world, views=tuple(views))

    def _found(self, view: View) -> Floats:
        """Distance (H, W) metres along the ray of all of a view's pixels, inf = sky."""
        sphere = view.camera.projection is Projection.EQUIRECTANGULAR
        if self._open is None or self._open.shape.sphere is not sphere:
            self._open = self._read(SPHERE if sphere else PART)
        shape = self._open.shape
        large = _unit(view.rgb)
        small = resized(large, shape.height_px, shape.width_px, sphere=sphere)
        found = _metres(_said_of(self._open, _bytes(small * 255), view.camera), view.camera)
        return sharpened(found, small, large, sphere=sphere)


@dataclass
class Repaint(FlowStage):
    """A panorama of distances, with or without colours → the same distances with painted colours."""

    name: ClassVar[str] = "repaint"
    cost: ClassVar[float] = 5.0
    width_px: int = 1024

    def run(self, world: World, tell: TellStage) -> World:
        """Turn the world's views into one painted panorama with its distances."""
        from pipelines.paint import known_geometry, mend_poles

        if not world.prompt.text:
            raise InputError("there are no words to paint from: describe how the place looks")
        tell(0.0, "looking at the geometry")
        geometry = known_geometry(world, self.width_px)
        found = _flow(self.opened(), world, geometry, geometry.camera, tell, geometry_only=True)
        height, width = geometry.distance.shape
        picture = mend_poles(_sized(colour_of(found), height, width))
        tell(1.0, "")
        return replace(world, views=(MeasuredView(geometry.camera, picture, geometry.distance),))


def _flow(
    weights: Weights,
    world: World,
    view: MeasuredView | None,
    around: Camera,
    tell: TellStage,
    *,
    known: NDArray[np.bool_] | None = None,
    geometry_only: bool = False,
) -> Floats:
    """All channels (C, h, w) at the network's size. view: what is known of the panorama; known: (H, W) where its colours are."""
    from pipelines.flow.sampling import completed
    from pipelines.language import embed

    shape = weights.shape
    size = (shape.height_px, shape.width_px)
    channels, mask = encoded(None, None, None, size), np.zeros((3, *size), np.float32)
    if view is not None:
        channels, mask = _known(view, known, size, geometry_only)
    meaning = embed([world.prompt.text])[0] if world.prompt.text else None
    tell(0.0, "painting")
    rays = _rays(around, *size)
    return completed(
        weights.parameters,
        shape,
        channels,
        mask,
        rays=rays,
        meaning=meaning,
        seed=world.prompt.seed,
        tell=lambda share: tell(share, "painting"),
    )


def _said_of(weights: Weights, colours: Pixels, camera: Camera) -> Floats:
    """All channels (C, h, w) of colours (h, w, 3) at the network's size, the others as it says them at once.

    Of painted colours, too: that is nearer to the truth than what was sampled with them (docs/small-model.md).
    """
    from pipelines.flow.sampling import measured

    size = weights.shape.height_px, weights.shape.width_px
    return measured(weights.parameters, weights.shape, encoded(colours, None, None, size), rays=_rays(camera, *size))


def _toned(painted: Pixels, guess: Pixels) -> Pixels:
    """A painted panorama (h, w, 3) with the soft tones of another of any size: what the network paints has shapes, but hardly the hues."""
    from scipy.ndimage import gaussian_filter

    height, width = painted.shape[:2]
    tones = resized(guess.astype(np.float32), height, width, sphere=True)
    spread = gaussian_filter(tones - painted, (height * TONE_SHARE, height * TONE_SHARE, 0), mode=("nearest", "wrap", "nearest"))
    return _bytes(painted + spread)


def _even_poles(picture: Pixels) -> Pixels:
    """A panorama whose rows are the more of one colour, the nearer they are to a pole, where they are short circles."""
    height = len(picture)
    away_rad = np.abs((np.arange(height) + 0.5) / height - 0.5) * math.pi
    share = ((away_rad - EVEN_FROM_RAD) / (EVEN_RAD - EVEN_FROM_RAD)).clip(0, 1)[:, None, None]
    return _bytes(picture + (picture.mean(axis=1, keepdims=True) - picture) * share)


def _known(view: MeasuredView, known: NDArray[np.bool_] | None, size: tuple[int, int], geometry_only: bool) -> tuple[Floats, Floats]:
    """Channels and mask at the network's size; where only a part of a small pixel is known, it counts as unknown."""
    everywhere = np.ones(view.distance.shape, np.bool_) if known is None else known
    share = resized(everywhere.astype(np.float32), *size, sphere=True)
    colours = resized(view.rgb.astype(np.float32) * everywhere[..., None], *size, sphere=True) / np.maximum(share, 1e-3)[..., None]
    measured = ~np.isnan(view.distance)
    logs = resized(np.where(measured, log_distance(view.distance / _scale(view.camera)), 0).astype(np.float32), *size, sphere=True)
    there = resized(measured.astype(np.float32), *size, sphere=True)
    channels = encoded(_bytes(colours), None, None, size)
    channels[DISTANCE] = (logs / np.maximum(there, 1e-3))[None]
    mask = np.zeros((3, *size), np.float32)
    mask[0] = (share > KNOWN_SHARE) & (not geometry_only)
    mask[1] = there > KNOWN_SHARE
    return channels, mask


def _scale(camera: Camera) -> np.float32:
    """How many metres are one of the network's, in whose world every camera is where the eyes of a standing visitor are."""
    return np.float32(_eye_m(camera) / EYE_HEIGHT_M)


def _eye_m(camera: Camera) -> float:
    return max(float(camera.position[1]), LEAST_EYE_M)


def _is_level_ground(distance: Floats, camera: Camera) -> NDArray[np.bool_]:
    """(H, W) where a panorama's pixels are as far away as level ground at its camera's feet is."""
    drop = -distance * camera.rays()[..., 1]
    height = _eye_m(camera)
    return np.asarray(np.abs(drop - height) < GROUND_SHARE * height)


def _metres(found: Floats, camera: Camera) -> Floats:
    """What the network says of distances (C, h, w) → (h, w) metres from a camera, inf = sky."""
    return distance_of(found, _up(camera, *found.shape[-2:])) * _scale(camera)


def _grown(found: Floats, around: Camera) -> MeasuredView:
    """The network's picture at the camera's size, poles mended, and its distances along the picture's edges."""
    from pipelines.paint import mend_poles

    picture = mend_poles(_sized(colour_of(found), around.height_px, around.width_px))
    distance = sharpened(_metres(found, around), _unit(colour_of(found)), _unit(picture), sphere=True)
    return MeasuredView(around, picture, distance)


def _distances_on_the_sphere(views: Sequence[View], around: Camera) -> Floats:
    """(H, W) metres along the panorama's rays where a view has been measured, NaN elsewhere; of two, the one whose middle is nearer."""
    rays = around.rays()
    found = np.full(rays.shape[:2], np.nan, np.float32)
    nearest = np.full(rays.shape[:2], -np.inf, np.float32)
    for view in views:
        if not isinstance(view, MeasuredView):
            continue
        sky = seen_along(np.isinf(view.distance).astype(np.float32), view.camera, rays)
        logs = seen_along(np.log(np.where(np.isfinite(view.distance), view.distance, FARTHEST_M)), view.camera, rays)
        towards = rays @ -view.camera.world_from_camera[:3, 2].astype(np.float32)
        better = np.isfinite(sky) & (towards > nearest)
        values = np.where(sky > 0.5, np.float32(np.inf), np.exp(logs))
        found[better], nearest[better] = values[better], towards[better]
    return found


def _out_to_the_edge(seen: Floats, known: NDArray[np.bool_]) -> Floats:
    """Distances also where only a colour is known, within two pixels of the nearest that has one: photographs are read more finely."""
    from scipy.ndimage import distance_transform_edt

    if np.isnan(seen).all():
        return seen
    away, (row, column) = distance_transform_edt(np.isnan(seen), return_indices=True)
    return np.where(known & (away <= EDGE_PX), seen[row, column], seen).astype(np.float32)


def _led_over(painted: Floats, given: Floats) -> Floats:
    """Distances brought to the scale of given ones by the median of the ratio where both are known."""
    both = np.isfinite(painted) & np.isfinite(given) & (given > 0)
    return painted * np.float32(np.median(given[both] / painted[both])) if both.any() else painted


def _farthest(camera: Camera) -> Floats:
    """(H, W) how far away what was painted may be: below the eye no farther than the ground that whoever took the photograph stood on."""
    up = camera.rays()[..., 1]
    return np.where(up < -STEEP, _eye_m(camera) / np.maximum(-up, STEEP), np.inf).astype(np.float32)


def _joined(given: Floats, painted: Floats, farthest: Floats, feather_px: float) -> Floats:
    """Given distances (H, W), and where there are none (NaN) painted ones, brought to their scale and led over to them at the border."""
    from pipelines.paint import led_over

    painted = np.minimum(_led_over(painted, given), farthest)
    both = np.isfinite(given) & np.isfinite(painted)
    if not both.any():
        return np.where(np.isnan(given), painted, given).astype(np.float32)
    ratios = np.log(np.divide(given, painted, out=np.ones_like(given), where=both))[..., None]
    factor = np.exp(led_over(ratios, both, np.zeros_like(ratios), feather_px)[..., 0])
    return np.where(np.isnan(given), np.minimum(painted * factor, farthest), given).astype(np.float32)


def _rays(camera: Camera, height_px: int, width_px: int) -> Floats:
    """Where the pixels look of a camera's picture that has been brought to another size."""
    up = _up(camera, height_px, width_px)
    if camera.projection is Projection.EQUIRECTANGULAR:
        return ray_channels(up, 2 * math.pi / width_px)
    return ray_channels(up, math.sqrt(camera.width_px * camera.height_px / (width_px * height_px)) / camera.focal_px)


def _up(camera: Camera, height_px: int, width_px: int) -> Floats:
    """(h, w) sine of the elevation of the pixels of a camera's picture at another size."""
    return resized(np.ascontiguousarray(camera.rays()[..., 1], np.float32), height_px, width_px, sphere=False)


def _sized(picture: Pixels, height_px: int, width_px: int) -> Pixels:
    """A panorama (H, W, 3) at another size."""
    return _bytes(resized(picture.astype(np.float32), height_px, width_px, sphere=True))


def _unit(picture: Pixels) -> Floats:
    return np.asarray(picture, np.float32) / np.float32(255)


def _bytes(values: NDArray[np.floating]) -> Pixels:
    return (values + 0.5).clip(0, 255).astype(np.uint8)


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
