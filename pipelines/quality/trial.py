"""Trial: a place whose truth is known is filmed, made anew from the film or the photographs alone, and both are compared."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipelines.camera import Camera
from pipelines.errors import InputError
from pipelines.gaussians import Gaussians
from pipelines.prompt import Picture, Prompt
from pipelines.quality.alike import Alike, alike, nearest
from pipelines.quality.filming import Place, filmed, meadow, sidestep, write_film, write_photographs
from pipelines.quality.soundness import HOLE_ALPHA, OFF_M, Soundness, examine
from pipelines.recipes import DEFAULT_SPLATS, recipe_for
from pipelines.scene import Spawn
from pipelines.stage import Stage, Tell, TellStage, part_of, run_stages
from pipelines.world import MeasuredView, View, World

EVERY = 6  # every sixth view is held out: not shown to what comes after the cameras are known
FEWEST_FRAMES = 12
ROOM_M = 0.3  # a camera that is nearer to something stands in it
IN_FRONT = 0.8  # what is shown nearer than at this share of the true distance hangs in front of it
SEED = 1


@dataclass(frozen=True)
class Off:
    """Means over the held-out cameras, moved by `metres`, of the world made anew against the truth.

    cameras: how many there were room for.  psnr_db: where something is shown.  holes: share of pixels that let more than 5 % of the light
    through.  distance_error: mean of |shown − true| / true (AbsRel), where something is shown and the truth is not sky.  in_front: share
    of these that show something at less than 0.8 of the true distance.
    """

    where: str
    metres: float
    cameras: int
    psnr_db: float
    holes: float
    distance_error: float
    in_front: float


@dataclass(frozen=True)
class Trial:
    """frames: that were taken; placed: of them, or of the key frames chosen from a film; held_out: of these.  seconds: by stage; cpu_s: of
    all cores and processes.  psnr_db, ssim: means over the held-out views, against what their camera took; worst_psnr_db: the least.
    scale: the true size of what is one metre in the world; camera_error_m: root mean square.  off: on and off the path.
    """

    name: str
    frames: int
    placed: int
    held_out: int
    seconds: dict[str, float]
    cpu_s: float
    psnr_db: float
    worst_psnr_db: float
    ssim: float
    scale: float
    camera_error_m: float
    off: tuple[Off, ...]
    soundness: Soundness


@dataclass(frozen=True)
class Anew:
    """A world made anew; its views, and those of them that it was not made from."""

    world: World
    views: tuple[View, ...]
    held: tuple[View, ...]


def trial_of_film(*, frames: int = 48, width_px: int = 640, splats: int = DEFAULT_SPLATS, tell: TellStage | None = None) -> Trial:
    """A world made from words is filmed by someone who walks 6 m sideways. Raises InputError for fewer than 12 frames."""
    told = _checked(frames, tell)
    place, spawn = meadow(tell=lambda report: told(0.1 * report.fraction, "making a place to film"))
    cameras = sidestep(spawn, frames=frames, width_px=width_px, height_px=width_px * 9 // 16)
    with tempfile.TemporaryDirectory(prefix="worldloom-trial-") as folder:
        shots = filmed(place, cameras, lambda share: told(0.1 + 0.1 * share, "filming"))
        film = Path(folder) / "film.mp4"
        write_film(film, [shot.rgb for shot in shots])
        return _tried("film", place, shots, Prompt(video=film, seed=SEED), splats=splats, tell=told)


def trial_of_photographs(*, frames: int = 20, width_px: int = 640, splats: int = DEFAULT_SPLATS, tell: TellStage | None = None) -> Trial:
    """A room papered with real photographs is photographed along 3 m. Raises InputError for fewer than 12 frames."""
    from pipelines.quality.photographed import PhotographedRoom

    told = _checked(frames, tell)
    told(0.0, "papering a room with photographs")
    place = PhotographedRoom()
    cameras = room_cameras(frames=frames, width_px=width_px)
    with tempfile.TemporaryDirectory(prefix="worldloom-trial-") as folder:
        shots = filmed(place, cameras, lambda share: told(0.05 + 0.15 * share, "taking photographs"))
        paths = write_photographs(Path(folder), [shot.rgb for shot in shots], seed=SEED)
        prompt = Prompt(pictures=tuple(Picture(path) for path in paths), seed=SEED)
        return _tried("photographs", place, shots, prompt, splats=splats, tell=told)


def room_cameras(*, frames: int, width_px: int) -> list[Camera]:
    """Where the photographed room is photographed from."""
    return sidestep(Spawn(), frames=frames, way_m=3.0, target_m=5.0, width_px=width_px, height_px=width_px * 9 // 16)


def _checked(frames: int, tell: TellStage | None) -> TellStage:
    if frames < FEWEST_FRAMES:
        raise InputError(f"{frames} frames are too few to measure with, because some are held out: use at least {FEWEST_FRAMES}")
    return tell or (lambda share, note: None)


def _tried(name: str, place: Place, shots: Sequence[MeasuredView], prompt: Prompt, *, splats: int, tell: TellStage) -> Trial:
    """Made anew by the recipe that this machine would take, and compared."""
    from pipelines.splat import quality

    begun = _processor_s()
    anew = made_anew(prompt, recipe_for(kind=prompt.kind, splats=splats).stages, part_of(tell, 0.2, 0.65))
    spent = _processor_s() - begun
    world = anew.world
    assert world.gaussians is not None
    cameras = [shots[nearest(view, shots)].camera for view in anew.views]
    aligned = alike(anew.views, cameras)
    held = [camera for camera, view in zip(cameras, anew.views, strict=True) if any(view is one for one in anew.held)]
    seen = quality(world.gaussians, anew.held)
    return Trial(
        name=name,
        frames=len(shots),
        placed=len(anew.views),
        held_out=len(anew.held),
        seconds={made.stage: round(made.seconds, 1) for made in world.made_by},
        cpu_s=round(spent, 1),
        psnr_db=float(np.mean([one.psnr_db for one in seen])),
        worst_psnr_db=min(one.psnr_db for one in seen),
        ssim=float(np.mean([one.ssim for one in seen])),
        scale=aligned.scale,
        camera_error_m=aligned.error_m,
        off=off_path(world.gaussians, place, held, aligned, part_of(tell, 0.85, 0.1)),
        soundness=examine(world.gaussians, world.scene.spawn if world.scene else Spawn(), part_of(tell, 0.95, 0.05)),
    )


def _told(tell: TellStage) -> Tell:
    """What hears of a run's progress, for somebody who tells of a part of his own."""
    return lambda report: tell(report.fraction, report.note or report.stage)


def made_anew(prompt: Prompt, stages: Sequence[Stage], tell: TellStage) -> Anew:
    """Run `stages`; as soon as they have found views, every sixth is taken away and kept."""
    world, views, held = World(prompt=prompt), tuple[View, ...](), tuple[View, ...]()
    total, done = sum(stage.cost for stage in stages), 0.0
    for stage in stages:
        part = part_of(tell, done / total, stage.cost / total)
        world = run_stages(world, (stage,), _told(part))
        done += stage.cost
        if world.views and not views:
            views = world.views
            used = [number for number in range(len(views)) if number % EVERY != EVERY // 2]
            held = tuple(view for number, view in enumerate(views) if number not in used)
            points = world.points and replace(world.points, seen_by=tuple(world.points.seen_by[number] for number in used))
            world = replace(world, views=tuple(views[number] for number in used), points=points)
    return Anew(world, views, held)


def off_path(made: Gaussians, place: Place, cameras: Sequence[Camera], aligned: Alike, tell: TellStage) -> tuple[Off, ...]:
    """Both worlds from the true `cameras` and from beside them, by 0.5, 1 and 2 metres."""
    rows: list[Off] = []
    ways = (("on the path", None), ("up", (0.0, 1.0, 0.0)), ("ahead", (0.0, 0.0, -1.0)), ("back", (0.0, 0.0, 1.0)))
    for number, (where, direction) in enumerate(ways):
        tell(number / len(ways), "comparing with the truth")
        for metres in (0.0,) if direction is None else OFF_M:
            pairs = [pair for camera in cameras if (pair := compared(made, place, _moved(camera, direction, metres), aligned)) is not None]
            means = [float(value) for value in np.mean(pairs, axis=0)] if pairs else [math.nan] * 4
            rows.append(Off(where, metres, len(pairs), *means))
    return tuple(rows)


def compared(made: Gaussians, place: Place, camera: Camera, aligned: Alike) -> tuple[float, float, float, float] | None:
    """(PSNR, holes, distance error, in front), as in Off, for one camera of the true place; None where it would stand in something."""
    from pipelines.splat import render

    true = place.see(camera)
    if np.nanmin(true.distance) < ROOM_M:
        return None
    ours = render(made, aligned.camera(camera), layers=("distance",))
    assert ours.distance is not None
    shown = ours.alpha >= HOLE_ALPHA
    square = float(((ours.rgb - true.rgb.astype(np.float32) / np.float32(255))[shown] ** 2).mean()) if shown.any() else 1.0
    both = shown & np.isfinite(true.distance) & np.isfinite(ours.distance)
    share = ours.distance[both] * aligned.scale / true.distance[both]
    error, in_front = (float(np.abs(share - 1).mean()), float((share < IN_FRONT).mean())) if both.any() else (math.nan, math.nan)
    return -10 * math.log10(max(square, 1e-10)), 1 - float(shown.mean()), error, in_front


def _moved(camera: Camera, direction: tuple[float, float, float] | None, metres: float) -> Camera:
    """By so much along an axis of its own."""
    pose = camera.world_from_camera.copy()
    if direction is not None:
        pose[:3, 3] += metres * (pose[:3, :3] @ np.array(direction))
    return replace(camera, world_from_camera=pose)


def _processor_s() -> float:
    """What all cores have worked for this process and for those that it started and has seen end."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
