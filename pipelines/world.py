"""World, View, MeasuredView: what has been made so far."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera
from pipelines.gaussians import Gaussians
from pipelines.prompt import Prompt
from pipelines.scene import Mesh, Scene
from pipelines.spec import SceneSpec


@dataclass(frozen=True)
class View:
    """What a camera saw or a model painted: rgb (H, W, 3) uint8 sRGB."""

    camera: Camera
    rgb: NDArray[np.uint8]


@dataclass(frozen=True)
class MeasuredView(View):
    """A view with distance (H, W) float32 metres along the ray; inf = sky, NaN = not known."""

    distance: NDArray[np.float32]


@dataclass(frozen=True)
class PointCloud:
    """Points that several views have in common.

    positions: (N, 3) float32 metres.  colours: (N, 3) uint8 sRGB.  seen_by: for each view, the (M,) numbers of the points it sees.
    """

    positions: NDArray[np.float32]
    colours: NDArray[np.uint8]
    seen_by: tuple[NDArray[np.int32], ...]


@dataclass(frozen=True, slots=True)
class MadeBy:
    """One stage's signature: who made this part of the world, under which licence, and how long it took."""

    stage: str
    seconds: float
    model: str | None = None
    revision: str | None = None
    licence: str | None = None


@dataclass(frozen=True)
class World:
    """A world on its way through the stages; each stage returns a new one with more of it filled in.

    levels: merged subsets of `gaussians` for small machines, largest first.  panorama: from the spawn point, with distance.
    thumbnail: the first look.  unseen: surfaces that were made up where no camera looked, through which nobody shall walk.
    """

    prompt: Prompt
    spec: SceneSpec | None = None
    scene: Scene | None = None
    views: tuple[View, ...] = ()
    points: PointCloud | None = None
    gaussians: Gaussians | None = None
    unseen: Mesh | None = None
    levels: tuple[Gaussians, ...] = ()
    panorama: MeasuredView | None = None
    thumbnail: View | None = None
    recipe: str = ""
    made_by: tuple[MadeBy, ...] = field(default=())
