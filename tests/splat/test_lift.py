"""Lift: measured views become splats that look the same from where they were seen, and hold when one steps aside."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion

from pipelines import Prompt, World
from pipelines.camera import Camera, look_at, panorama, pinhole
from pipelines.errors import InputError
from pipelines.gaussians import Gaussians, frames_from_quaternions
from pipelines.splat import Lift, render
from pipelines.splat.patches import patches
from pipelines.world import MeasuredView, View
from tests.vision.measured_rooms import ball_distance, box_distance, field, room

EYE = np.array([0.0, 1.65, 0.0])
BALL = np.array([0.4, 1.2, -2.0])


def lifted(*views: View, splats: int = 60_000) -> Gaussians:
    world = Lift(splats).run(World(Prompt(text="measured"), views=views), lambda fraction, note: None)
    assert world.gaussians is not None and 0 < len(world.gaussians) <= splats
    return world.gaussians


def psnr(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    return float(-10 * np.log10(((a - b) ** 2).mean()))


def truth(camera: Camera, *, ball: bool = False) -> NDArray[np.float64]:
    return room(camera, ball=ball).rgb / 255


@pytest.fixture(scope="module")
def bare_room() -> Gaussians:
    return lifted(room())


@pytest.fixture(scope="module")
def room_with_ball() -> Gaussians:
    return lifted(room(ball=True))


@pytest.mark.parametrize("yaw_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("aside", [(0.0, 0.0, 0.0), (0.5, 0.1, -0.5)])
def test_a_room_is_closed_and_right_from_other_places_too(bare_room: Gaussians, yaw_deg: float, aside: tuple[float, ...]) -> None:
    """180° looks at the seam of the panorama; walls are analytic."""
    camera = pinhole(EYE + aside, yaw_rad=np.radians(yaw_deg), width_px=160, height_px=90)
    seen = render(bare_room, camera, layers=("distance", "normal"))
    wanted, _ = box_distance(camera.position, camera.rays().astype(np.float64))
    assert seen.alpha.min() > 0.9
    assert seen.distance is not None and seen.normal is not None
    error = np.abs(seen.distance / wanted - 1)
    assert np.median(error) < 0.003 and np.percentile(error, 99) < 0.06
    assert psnr(seen.rgb, truth(camera)) > 22
    facing = np.abs(seen.normal).max(axis=-1)
    assert np.median(facing) > 0.999, "walls are flat along the axes"


@pytest.mark.parametrize("pitch_deg", [89.9, -89.9])
def test_the_poles_are_as_sound_as_the_rest(bare_room: Gaussians, pitch_deg: float) -> None:
    camera = pinhole(EYE, pitch_rad=np.radians(pitch_deg), width_px=120, height_px=120)
    seen = render(bare_room, camera, layers=("distance",))
    wanted, _ = box_distance(camera.position, camera.rays().astype(np.float64))
    assert seen.distance is not None
    assert seen.alpha.min() > 0.9 and np.abs(seen.distance / wanted - 1).max() < 0.1
    below = np.hypot(bare_room.means[:, 0], bare_room.means[:, 2]) < 0.3
    assert below.sum() < 0.03 * len(bare_room), "a pole is no place for more splats than its angle is worth"


def test_behind_a_ball_the_wall_goes_on(room_with_ball: Gaussians) -> None:
    """From 0.8 m aside: what the ball hid before is closed, and at the wall's distance; truth by ray and sphere."""
    camera = pinhole(EYE + (-0.8, 0.0, 0.0), width_px=200, height_px=112)
    rays = camera.rays().astype(np.float64)
    wall, _ = box_distance(camera.position, rays)
    ball = ball_distance(camera.position, rays, BALL, 0.44)  # the outermost pixel belongs to neither
    seen = render(room_with_ball, camera, layers=("distance",))
    assert seen.distance is not None
    back = EYE - (camera.position + rays * wall[..., None])
    to_eye = np.linalg.norm(back, axis=-1)
    off = BALL - (EYE - back)
    along = (off * back).sum(axis=-1) / to_eye
    missed_by = np.sqrt((off * off).sum(axis=-1) - along**2)  # how far from the ball's middle the way to the first eye passes
    hidden = (missed_by < 0.37) & (along > 0) & np.isinf(ball)
    assert hidden.sum() > 100, "the test must look at what was hidden"
    assert (seen.alpha < 0.9).mean() < 0.01
    error = np.abs(seen.distance / wall - 1)[hidden]
    assert np.mean(error < 0.08) > 0.85  # in one corner the floor goes on where the wall should


def test_no_splat_bridges_an_edge(room_with_ball: Gaussians) -> None:
    """Nothing hangs in the air between the ball and the wall behind it."""
    from_ball = np.abs(np.linalg.norm(room_with_ball.means - BALL, axis=1) - 0.4)
    from_walls = np.minimum(np.abs(room_with_ball.means - (-2.0, 0.0, -4.0)), np.abs(room_with_ball.means - (3.0, 2.6, 2.5))).min(axis=1)
    stray = (from_ball > 0.1) & (from_walls > 0.15)
    assert stray.mean() < 0.004
    normal = np.take_along_axis(
        frames_from_quaternions(room_with_ball.rotations), np.argmin(room_with_ball.scales, axis=1)[:, None, None], 2
    )
    on_wall = from_walls < 0.01
    assert np.median(np.abs(normal[on_wall, :, 0]).max(axis=1)) > 0.999


def test_sky_stands_far_off_and_goes_on_behind_things() -> None:
    gaussians = lifted(field())
    far = np.linalg.norm(gaussians.means - EYE, axis=1)
    sky = far > 1_400
    assert sky.any() and np.abs(far[sky] - 1_500).max() < 1
    assert np.linalg.norm(gaussians.colours[sky] - np.array([90, 140, 220]) / 255, axis=1).max() < 0.05
    camera = pinhole(EYE + (1.0, 0.3, 0.0), yaw_rad=look_at((1.0, 1.95, 0.0), (0.0, 1.5, -5.0))[0], width_px=160, height_px=90)
    seen = render(gaussians, camera)
    assert (seen.alpha < 0.9).mean() < 0.005
    assert psnr(seen.rgb, field(camera).rgb / 255) > 23


def test_few_splats_still_show_the_room() -> None:
    camera = pinhole(EYE, width_px=160, height_px=90)
    few = lifted(room(), splats=6_000)
    assert render(few, camera).alpha.min() > 0.85
    assert psnr(render(few, camera).rgb, truth(camera)) > 18


def test_unknown_places_of_a_panorama_are_spanned() -> None:
    view = room()
    distance = view.distance.copy()
    distance[114:150, 230:280] = np.nan
    camera = pinhole(EYE, width_px=120, height_px=68)
    seen = render(lifted(replace(view, distance=distance)), camera, layers=("distance",))
    wanted, _ = box_distance(camera.position, camera.rays().astype(np.float64))
    assert seen.distance is not None and seen.alpha.min() > 0.9
    assert np.percentile(np.abs(seen.distance / wanted - 1), 99) < 0.15


def pinholes(count: int = 5) -> list[Camera]:
    places = [EYE + (x, 0.0, 0.3 * x) for x in np.linspace(-0.8, 0.8, count)]
    return [pinhole(place, yaw_rad=look_at(place, (0.3, 1.3, -4.0))[0], width_px=160, height_px=90) for place in places]


def test_many_views_become_one_surface_each_point_once() -> None:
    views = [room(camera) for camera in pinholes()]
    gaussians = lifted(*views)
    one = lifted(views[2])
    assert len(gaussians) < 2.2 * len(one), "what five views see is not laid five times"
    for camera in pinholes():
        seen = render(gaussians, camera)
        assert (seen.alpha < 0.9).mean() < 0.03 and psnr(seen.rgb, truth(camera)) > 20


@pytest.mark.parametrize("others", [4, 1])
def test_what_other_views_see_through_is_left_out(others: int) -> None:
    """A ghost in one view's distances leaves no splats in the air: not with four others that look through it, nor with a single one."""
    ghostly, *views = [room(camera) for camera in np.roll(np.array(pinholes(), dtype=object), -2)]
    distance = ghostly.distance.copy()
    distance[35:55, 70:90] *= 0.5
    gaussians = lifted(replace(ghostly, distance=distance), *views[:others])
    in_the_air = ((gaussians.means > (-1.7, 0.3, -3.7)) & (gaussians.means < (2.7, 2.3, 1.0))).all(axis=1)
    assert in_the_air.mean() < 0.002


def test_what_no_view_knows_is_left_out_and_sky_is_gathered() -> None:
    cameras = [pinhole((x, 1.65, 0.0), width_px=160, height_px=90) for x in (-0.3, 0.3)]
    views = [field(camera) for camera in cameras]
    views = [replace(view, distance=np.where(view.distance < 3, np.float32(np.nan), view.distance)) for view in views]
    gaussians = lifted(*views)
    far = np.linalg.norm(gaussians.means - EYE, axis=1)
    near = gaussians.means[far < 2.5]
    assert len(near) and np.abs(near[:, 1]).max() < 0.1 and (far > 1_400).any(), "only the continued ground"
    seen = render(gaussians, pinhole(EYE, width_px=160, height_px=90))
    assert np.abs(seen.rgb[5] - np.array([90, 140, 220]) / 255).max() < 0.05


def test_the_same_views_give_the_same_splats(bare_room: Gaussians) -> None:
    again = lifted(room())
    for name in Gaussians.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(again, name), getattr(bare_room, name))


def test_views_without_distances_are_refused() -> None:
    view = room()
    with pytest.raises(InputError, match="distances"):
        lifted(View(view.camera, view.rgb))
    with pytest.raises(InputError, match="how far away"):
        lifted(MeasuredView(view.camera, view.rgb, np.full_like(view.distance, np.nan)))


def test_an_odd_sized_panorama_wraps_without_a_gap() -> None:
    camera = panorama((0.0, 1.65, 0.0), width_px=514)
    gaussians = lifted(room(camera))
    behind = pinhole(EYE, yaw_rad=np.pi, width_px=160, height_px=90)
    assert render(gaussians, behind).alpha.min() > 0.9


# -- what is painted beside the start --------------------------------------------------------------------------------------------------

ASIDE = pinhole((1.0, 1.65, -0.3), yaw_rad=math.radians(20), width_px=128, height_px=96)  # sees the wall that the ball hides from the start


def painted(*, colour: int | None = None) -> MeasuredView:
    """What a painter and a depth model bring to ASIDE: the truth, in its own colour or another one."""
    true = room(ASIDE, ball=True)
    return true if colour is None else replace(true, rgb=np.full_like(true.rgb, colour))


def test_without_guesses_there_are_gaps_to_paint() -> None:
    start = room(ball=True)
    bare = Lift(splats=60_000, hidden=False).run(World(Prompt(text="a room"), views=(start,)), lambda share, note: None).gaussians
    assert bare is not None
    assert (render(bare, ASIDE).alpha < 0.5).mean() > 0.02
    assert (render(bare, start.camera).alpha < 0.5).mean() < 0.001


def test_what_was_painted_is_shown_only_where_nothing_was() -> None:
    start = World(Prompt(text="a room"), views=(room(ball=True),))
    bare = Lift(splats=60_000, hidden=False).run(start, lambda share, note: None)
    assert bare.gaussians is not None
    gap = render(bare.gaussians, ASIDE).alpha < 0.5
    whole = Lift(splats=60_000).run(replace(bare, views=(*bare.views, painted(colour=0))), lambda share, note: None).gaussians
    assert whole is not None and len(whole) <= 60_000
    seen = render(whole, ASIDE)
    inner = binary_erosion(gap, iterations=2)
    assert inner.any() and seen.picture[inner].mean() < 30, "black, as it was painted"
    outer = ~binary_dilation(gap, iterations=3)
    assert np.abs(seen.picture.astype(float) - room(ASIDE, ball=True).rgb)[outer].mean() < 16, "the room, as it was seen from the start"
    assert (seen.alpha > 0.5).mean() > 0.995
    from_the_start = render(whole, start.views[0].camera).rgb
    assert psnr(from_the_start, start.views[0].rgb / 255) > 20, "nothing stands before what was seen"


def test_the_truth_painted_is_nearer_to_it_than_a_guess() -> None:
    start = World(Prompt(text="a room"), views=(room(ball=True),))
    bare = Lift(splats=60_000, hidden=False).run(start, lambda share, note: None)
    assert bare.gaussians is not None
    gap = render(bare.gaussians, ASIDE).alpha < 0.5
    guess = Lift(splats=60_000).run(start, lambda share, note: None).gaussians
    whole = Lift(splats=60_000).run(replace(bare, views=(*bare.views, painted())), lambda share, note: None).gaussians
    assert guess is not None and whole is not None
    true = room(ASIDE, ball=True).rgb.astype(float)
    off_guess, off_whole = (np.abs(render(one, ASIDE).picture.astype(float) - true)[gap].mean() for one in (guess, whole))
    assert off_whole < 0.7 * off_guess


def test_the_same_painted_twice_is_taken_once() -> None:
    bare = Lift(splats=60_000, hidden=False).run(World(Prompt(text="a room"), views=(room(ball=True),)), lambda share, note: None)
    assert bare.gaussians is not None
    first, second = painted(colour=0), painted(colour=255)
    (kept,) = patches(bare.gaussians, [first, second])
    assert (kept.rgb == 0).all() and kept.kept.sum() >= 0.95 * (render(bare.gaussians, ASIDE).alpha < 0.5).sum()
