"""Refine: splats come to show what views saw; the budget holds; the same input gives the same bytes."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from pipelines.camera import look_at, panorama, pinhole
from pipelines.errors import Cancelled, GraphicsMemoryError, InputError
from pipelines.gaussians import Gaussians, join
from pipelines.prompt import Prompt
from pipelines.splat import Refine, quality, render
from pipelines.splat.budget import floaters, reuse, shared_opacity
from pipelines.splat.fitting import Plan, fit
from pipelines.splat.optimise import begin
from pipelines.splat.refine import with_sky
from pipelines.splat.targets import fitting_factor, pinholes_of, smaller
from pipelines.world import MeasuredView, View, World
from tests.splat.scenes import scatter, sheet

PLAN = Plan(steps=60, splats=1_500, reuse_every=12)


@cache
def room(fineness: int = 900) -> Gaussians:
    """A floor and two walls of many colours, of `fineness` discs each."""
    floor = sheet(np.array([-3.0, 0, -3]), np.array([6.0, 0, 0]), np.array([0, 0, 6.0]), count=fineness)
    wall = sheet(np.array([-3.0, 0, -3]), np.array([6.0, 0, 0]), np.array([0, 3.0, 0]), count=fineness, thing=2)
    side = sheet(np.array([-3.0, 0, -3]), np.array([0, 0, 6.0]), np.array([0, 3.0, 0]), count=fineness, thing=3)
    return join([floor, wall, side])


@cache
def views(count: int = 9) -> tuple[MeasuredView, ...]:
    """Pictures of the room from an arc."""
    taken = []
    for share in np.linspace(-1, 1, count):
        at = (1.5 * float(share), 1.4, 2.6 - 0.4 * abs(float(share)))
        yaw, pitch = look_at(at, (-0.6, 0.9, -2.0))
        camera = pinhole(at, yaw_rad=yaw, pitch_rad=pitch, width_px=160, height_px=90)
        seen = render(room(), camera, layers=("distance",))
        assert seen.distance is not None
        taken.append(MeasuredView(camera, seen.picture, np.where(np.isinf(seen.distance), np.float32(np.nan), seen.distance)))
    return tuple(taken)


def rough() -> Gaussians:
    """A third of the room's splats, displaced, too round, and grey."""
    rng = np.random.default_rng(2)
    some = room().take(np.sort(rng.choice(len(room()), 900, replace=False)))
    means = some.means + rng.normal(0, 0.04, some.means.shape)
    scales = np.full_like(some.scales, 0.11)
    return replace(some, means=means.astype(np.float32), scales=scales, harmonics=some.harmonics * np.float32(0.3))


def psnr_db(splats: Gaussians, of: tuple[MeasuredView, ...]) -> float:
    return float(np.mean([view.psnr_db for view in quality(splats, of)]))


def test_views_that_were_not_used_are_shown_better() -> None:
    used, held = views()[::2], views()[1::2]
    before = quality(rough(), held)
    refined = fit(rough(), used, PLAN, seed=1)
    after = quality(refined, held)
    assert np.mean([a.psnr_db for a in after]) > np.mean([b.psnr_db for b in before]) + 4
    assert np.mean([a.ssim for a in after]) > np.mean([b.ssim for b in before]) + 0.1
    assert 900 < len(refined) <= PLAN.splats
    assert set(np.unique(refined.thing)) <= {1, 2, 3}
    assert all(np.isfinite(getattr(refined, name)).all() for name in ("means", "scales", "rotations", "opacities", "harmonics"))


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    few = replace(PLAN, steps=26)
    one, same, other = (fit(rough(), views()[::3], few, seed=seed) for seed in (5, 5, 6))
    assert all(np.array_equal(getattr(one, name), getattr(same, name)) for name in Gaussians.__dataclass_fields__)
    assert not np.array_equal(one.means, other.means)


def test_measured_distances_are_heeded() -> None:
    with_, without = (fit(rough(), views()[::2], replace(PLAN, distance_weight=weight), seed=1) for weight in (0.5, 0.0))
    errors = [np.mean([view.distance_error for view in quality(splats, views()[1::2])]) for splats in (with_, without)]
    assert errors[0] < 0.8 * errors[1]


def test_without_distances_and_with_harmonics() -> None:
    plain = tuple(View(view.camera, view.rgb) for view in views()[::2])
    refined = fit(rough().with_degree(1), plain, replace(PLAN, steps=40), seed=1)
    assert refined.degree == 1
    assert np.abs(refined.harmonics[:, 1:]).max() > 1e-3
    assert psnr_db(refined, views()[1::2]) > psnr_db(rough(), views()[1::2]) + 2


def test_pictures_of_different_exposure_do_not_darken_the_world() -> None:
    dimmed = tuple(
        MeasuredView(v.camera, (v.rgb * (0.7 if k % 2 else 1.0)).astype(np.uint8), v.distance) for k, v in enumerate(views()[::2])
    )
    plain, knowing = (fit(rough(), dimmed, replace(PLAN, exposures=aware), seed=1) for aware in (False, True))

    def detail(splats: Gaussians) -> float:
        """SSIM forgives a difference in brightness, but not what is smeared to make up for it."""
        return float(np.mean([view.ssim for view in quality(splats, views()[1::2])]))

    assert detail(knowing) > detail(plain)


def test_dark_surfaces_become_opaque() -> None:
    """Over black alone a dark splat looks the same whether it is there or not."""
    dark = tuple(MeasuredView(v.camera, v.rgb // 8, v.distance) for v in views()[::2])
    thin = replace(room(), opacities=np.full(len(room()), 0.5, np.float32), harmonics=room().harmonics * np.float32(0.1))
    refined = fit(thin, dark, replace(PLAN, splats=len(thin)), seed=1)

    def shown(splats: Gaussians) -> float:
        """Mean alpha where the room is closed."""
        return float(np.mean([render(splats, v.camera).alpha[np.isfinite(v.distance)].mean() for v in views()[1::2]]))

    assert shown(refined) > 0.97 > shown(thin)


def test_stage_keeps_the_world_and_the_budget() -> None:
    world = World(Prompt(text="a room", seed=3), views=views()[::2], gaussians=room())
    told: list[float] = []
    after = Refine(steps=12, splats=1_000).run(world, lambda share, note: told.append(share))
    assert after.gaussians is not None
    assert world.gaussians is not None
    assert len(after.gaussians) <= 1_000
    assert len(world.gaussians) == len(room())
    assert after.views == world.views
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_stage_refuses_what_it_cannot_use_and_stops_when_told() -> None:
    empty = World(Prompt(text="a room"), views=views())
    with pytest.raises(InputError, match="no splats"):
        Refine().run(empty, lambda share, note: None)
    with pytest.raises(InputError, match="no views"):
        Refine().run(World(Prompt(text="a room"), gaussians=room()), lambda share, note: None)

    def stop(share: float, note: str) -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        Refine(steps=12).run(World(Prompt(text="a room"), views=views(), gaussians=room()), stop)


def test_equal_copies_stop_as_much_light_as_the_one_they_stand_for() -> None:
    x = np.linspace(-12, 12, 20_001)
    opacity = np.array([0.9, 0.5, 0.2, 0.95], np.float32)
    copies = np.array([2, 3, 7, 12])
    each, shrunk = shared_opacity(opacity, copies)
    for k in range(4):
        let_through = (1 - each[k] * np.exp(-0.5 * (x / shrunk[k]) ** 2)) ** copies[k]
        assert np.trapezoid(1 - let_through, x) == pytest.approx(opacity[k] * math.sqrt(2 * math.pi), rel=1e-3)


def test_the_dead_move_to_where_pixels_are_wrong() -> None:
    splats = scatter(400, spread_m=1.0)
    dead = np.arange(400) < 50
    training = begin(replace(splats, opacities=np.where(dead, 0.001, 0.6).astype(np.float32)), room=500)
    assert (training.splats.opacities[:50] < 0.011).all()
    training.values[:50, 10] = -9
    wanted = splats.means[:, 0] > 0
    training.blames[:400] = np.where(wanted & ~dead, 1.0, 0.0)
    after = reuse(training, np.random.default_rng(0), grow_to=460, doomed=dead)
    assert after.count == 460
    fresh = np.concatenate([np.arange(50), np.arange(400, 460)])
    nearest = np.linalg.norm(after.gaussians.means[fresh][:, None] - splats.means[wanted & ~dead][None], axis=2).min(axis=1)
    assert np.median(nearest) < 0.3
    assert (after.splats.opacities[fresh] > 0.05).all()
    assert not training.blames.any()


def test_what_hangs_in_the_air_is_found_and_what_stands_on_the_ground_is_not() -> None:
    hanging = replace(scatter(30, size_m=0.01, spread_m=0.1), means=np.full((30, 3), (0.0, 1.2, 0.6), np.float32))
    both = join([room(), hanging])
    found = floaters(both, views())
    assert found[len(room()) :].all()
    assert found[: len(room())].mean() < 0.01


def test_sky_is_put_where_views_saw_it_and_nothing_stands_there() -> None:
    view = views()[0]
    with_inf = MeasuredView(view.camera, np.full_like(view.rgb, 200), np.where(np.isnan(view.distance), np.inf, view.distance))
    assert np.isinf(with_inf.distance).any()
    added = with_sky(room(), [with_inf])
    assert len(added) > len(room())
    seen = render(added, view.camera)
    assert seen.alpha[np.isinf(with_inf.distance)].mean() > 0.9
    unmeasured = with_sky(room(), [view])
    assert len(room()) < len(unmeasured) <= len(added)
    assert (unmeasured.means[len(room()) :, 1] > view.camera.position[1]).all()
    assert len(with_sky(added, [with_inf])) - len(added) < 0.2 * (len(added) - len(room()))


def test_faces_of_a_panorama_show_what_pinholes_at_its_place_show() -> None:
    camera = panorama((0.2, 1.3, 0.4), yaw_rad=0.7, width_px=512)
    fine = room(20_000)  # overlapping discs are in another order in panoramas: they must be small
    seen = render(fine, camera, layers=("distance",))
    assert seen.distance is not None
    faces = pinholes_of([MeasuredView(camera, seen.picture, seen.distance)])
    assert len(faces) == 6
    for face in faces:
        assert isinstance(face, MeasuredView)
        direct = render(fine, face.camera, layers=("distance",))
        assert direct.distance is not None
        assert np.abs(direct.rgb - face.rgb / 255).mean() < 0.03
        both = np.isfinite(direct.distance) & np.isfinite(face.distance)
        assert not both.any() or np.median(np.abs(direct.distance[both] - face.distance[both])) < 0.03


def test_smaller_views_see_the_same() -> None:
    view = views()[3]
    small = smaller(view, 3)
    assert isinstance(small, MeasuredView)
    assert (small.camera.width_px, small.camera.height_px) == (53, 30)
    direct = render(room(), small.camera)
    assert np.abs(direct.rgb - small.rgb / 255).mean() < 0.03
    assert fitting_factor(view.camera, 160 * 90) == 1
    assert fitting_factor(view.camera, 160 * 90 - 1) == 2
    assert fitting_factor(view.camera, 1_600) == 3


def test_a_card_without_memory_is_told_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **settings: object) -> Gaussians:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

    start, seen = rough(), views()
    monkeypatch.setattr("pipelines.splat.gpu_fitting.fit_with_gsplat", full)
    monkeypatch.setattr("pipelines.splat.gpu.is_available", lambda: True)
    monkeypatch.setattr("pipelines.splat.refine.with_sky", lambda gaussians, views: gaussians)  # it draws, which here nothing on a card can
    with pytest.raises(GraphicsMemoryError, match=r"too little memory to refine 2,000 splats: use the tier nano"):
        Refine(splats=2_000).run(World(Prompt(text="a room"), gaussians=start, views=seen), lambda share, note: None)
