"""Places made anew: cameras paired with the truth, views held out, and real photographs of a known room at 24 dB and more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from pipelines import Prompt, Stage, View, World
from pipelines.camera import Camera, pinhole, pose
from pipelines.errors import InputError
from pipelines.prompt import Picture
from pipelines.quality import trial_of_film, trial_of_photographs
from pipelines.quality.alike import Alike, alike, nearest
from pipelines.quality.filming import SplatPlace, filmed, write_film, write_photographs
from pipelines.quality.photographed import PhotographedRoom
from pipelines.quality.trial import compared, made_anew, off_path, room_cameras
from pipelines.splat import Lift, Refine, quality
from pipelines.stage import TellStage
from pipelines.vision import Pose, Stereo
from pipelines.world import PointCloud
from tests.quality.test_soundness import shell


def views_of(cameras: Sequence[Camera]) -> list[View]:
    """Each of its own grey."""
    return [
        View(camera, np.full((camera.height_px, camera.width_px, 3), 10 + 9 * number, np.uint8)) for number, camera in enumerate(cameras)
    ]


def test_the_similarity_is_found() -> None:
    """Cameras turned by 30 degrees, shrunk to two thirds and moved are taken back to where they were."""
    true = room_cameras(frames=12, width_px=64)
    turn = pose((0, 0, 0), yaw_rad=math.radians(30))
    ours = []
    for camera in true:
        matrix = turn @ camera.world_from_camera
        matrix[:3, 3] = matrix[:3, 3] / 1.5 + (1, 2, 3)
        ours.append(replace(camera, world_from_camera=matrix))
    found = alike(views_of(ours), true)
    assert found.scale == pytest.approx(1.5)
    assert found.error_m < 1e-9
    for camera, moved in zip(true, ours, strict=True):
        assert np.allclose(found.camera(camera).world_from_camera, moved.world_from_camera)


def test_views_find_their_shots_though_their_edges_were_cut() -> None:
    shots = filmed(SplatPlace(shell()), [pinhole((x, 1.6, 0), yaw_rad=x, width_px=96, height_px=54) for x in (-0.6, -0.2, 0.2, 0.6)])
    cut = View(shots[2].camera, shots[2].rgb[2:-2, 3:-3] + np.uint8(2))
    assert nearest(cut, shots) == 2


@dataclass(frozen=True)
class _Finds(Stage):
    """Finds thirteen views."""

    name: ClassVar[str] = "finds"

    def run(self, world: World, tell: TellStage) -> World:
        tell(0.5, "")
        views = tuple(views_of(room_cameras(frames=13, width_px=32)))
        points = PointCloud(np.zeros((13, 3), np.float32), np.zeros((13, 3), np.uint8), tuple(np.array([n], np.int32) for n in range(13)))
        return replace(world, views=views, points=points)


@dataclass(frozen=True)
class _Looks(Stage):
    """Notes which greys it is shown, in its splats' things."""

    name: ClassVar[str] = "looks"

    def run(self, world: World, tell: TellStage) -> World:
        assert world.points is not None
        assert [int(seen[0]) for seen in world.points.seen_by] == [(int(view.rgb[0, 0, 0]) - 10) // 9 for view in world.views]
        greys = np.array([view.rgb[0, 0, 0] for view in world.views], np.int32)
        some = shell().take(slice(0, len(greys)))
        return replace(world, gaussians=replace(some, thing=greys))


def test_what_is_held_out_is_not_shown_to_later_stages() -> None:
    told: list[float] = []
    anew = made_anew(Prompt(text="any"), (_Finds(), _Looks()), lambda share, note: told.append(share))
    assert anew.world.gaussians is not None
    held = [int(view.rgb[0, 0, 0]) for view in anew.held]
    assert held == [10 + 9 * 3, 10 + 9 * 9]
    assert sorted([*anew.world.gaussians.thing.tolist(), *held]) == [10 + 9 * number for number in range(13)]
    assert len(anew.views) == 13
    assert [made.stage for made in anew.world.made_by] == ["finds", "looks"]
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


SAME = Alike(np.eye(3), 1.0, np.zeros(3), 0.0)


def test_a_world_compared_with_itself_has_no_faults() -> None:
    place = SplatPlace(shell())
    rows = off_path(place.gaussians, place, [pinhole((0, 1.5, 0), width_px=96, height_px=54)], SAME, lambda share, note: None)
    assert [(row.where, row.metres) for row in rows[:4]] == [("on the path", 0), ("up", 0.5), ("up", 1), ("up", 2)]
    for row in rows:
        if row.cameras:  # 2 m up is above the ceiling, but there is room there
            assert row.psnr_db > 50  # the truth is rounded to bytes
            assert row.distance_error < 1e-6
            assert row.in_front == 0


def test_what_hangs_in_front_is_missing_and_off_is_said() -> None:
    """A world whose walls are all a tenth nearer, with a board before the right half of the picture, and a camera in the wall."""
    place = SplatPlace(shell())
    camera = pinhole((0, 1.5, 0), width_px=96, height_px=54)
    eye = camera.position.astype(np.float32)
    nearer = replace(shell(), means=eye + (shell().means - eye) * np.float32(0.9))
    row = off_path(nearer, place, [camera], SAME, lambda share, note: None)[0]
    assert row.distance_error == pytest.approx(0.1, abs=0.005)
    assert row.in_front < 0.01
    much_nearer = replace(nearer, means=eye + (shell().means - eye) * np.float32(0.7))
    assert off_path(much_nearer, place, [camera], SAME, lambda share, note: None)[0].in_front > 0.99
    half = shell().take(shell().means[:, 0] < 0)
    assert off_path(half, place, [camera], SAME, lambda share, note: None)[0].holes == pytest.approx(0.5, abs=0.05)
    inside = off_path(nearer, place, [pinhole((0, 1.5, -3.9), width_px=96, height_px=54)], SAME, lambda share, note: None)[0]
    assert inside.cameras == 0
    assert math.isnan(inside.psnr_db)


def test_too_few_frames_are_refused() -> None:
    for trial in (trial_of_film, trial_of_photographs):
        with pytest.raises(InputError, match="5 frames are too few"):
            trial(frames=5)


@pytest.mark.slow
def test_real_photographs_of_a_known_room_become_it_again(tmp_path: Path) -> None:
    """Eight photographs with noise, exposures of their own and JPEG, of which nothing else is known; a ninth, not shown, compares."""
    room = PhotographedRoom()
    shots = filmed(room, room_cameras(frames=9, width_px=320))
    prompt = Prompt(pictures=tuple(Picture(path) for path in write_photographs(tmp_path, [shot.rgb for shot in shots], seed=2)))
    stages = (Pose(), Stereo(), Lift(splats=60_000), Refine(splats=40_000, steps=120))
    anew = made_anew(prompt, stages, lambda share, note: None)
    assert anew.world.gaussians is not None
    assert (len(anew.views), len(anew.held)) == (9, 1)
    (seen,) = quality(anew.world.gaussians, anew.held)
    aligned = alike(anew.views, [shots[nearest(view, shots)].camera for view in anew.views])
    found = compared(anew.world.gaussians, room, shots[nearest(anew.held[0], shots)].camera, aligned)
    assert found is not None
    psnr_db, holes, distance_error, in_front = found
    assert seen.psnr_db >= 24
    assert seen.ssim > 0.7
    assert psnr_db >= 22  # from the true camera, which includes what lens and cameras are off
    assert holes < 0.05
    assert distance_error < 0.05
    assert in_front < 0.02
    assert aligned.error_m < 0.03


def test_photographs_are_worn_as_said(tmp_path: Path) -> None:
    """Grey frames come back with noise and exposures of their own, the same for the same seed."""
    from PIL import Image

    frames = [np.full((64, 96, 3), 120, np.uint8)] * 12
    (tmp_path / "again").mkdir()
    paths, again = (write_photographs(folder, frames, seed=1) for folder in (tmp_path, tmp_path / "again"))
    assert [one.read_bytes() for one in paths] == [one.read_bytes() for one in again]
    means = [np.asarray(Image.open(path)).mean() for path in paths]
    assert np.std(means) / 120 == pytest.approx(0.03, rel=0.4)
    assert 0.3 < np.asarray(Image.open(paths[0]), np.float64)[..., 1].std() < 3


def test_a_film_holds_its_frames(tmp_path: Path) -> None:
    import av

    frames = [view.rgb for view in views_of(room_cameras(frames=12, width_px=64))]
    write_film(tmp_path / "film.mp4", frames)
    with av.open(str(tmp_path / "film.mp4")) as container:
        read = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 10
    assert [frame.shape for frame in read] == [(36, 64, 3)] * 12
    assert np.allclose([frame.mean() for frame in read], [frame.mean() for frame in frames], atol=3)
