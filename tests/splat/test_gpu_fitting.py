"""Fitting with gsplat, proved without a GPU: its own strategy moves the splats, and plain torch code stands in for its kernels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipelines.camera import pinhole
from pipelines.gaussians import Gaussians
from pipelines.splat import gpu, quality, render
from pipelines.splat.budget import shared_opacity
from pipelines.splat.fitting import NEAR_UNIT_M, Plan
from pipelines.splat.gpu_fitting import aim_on, arguments, fit_on, fit_with_gsplat, gaussians_of, loss_of, parameters_of, ssim_of
from pipelines.splat.likeness import likeness, nearness_slopes, target_of
from pipelines.world import MeasuredView, View
from tests.splat.scenes import scatter

torch = pytest.importorskip("torch")

PLAN = Plan(steps=36, splats=80)


def scene() -> Gaussians:
    return scatter(60, spread_m=0.8, size_m=0.3, degree=1)


def views() -> list[MeasuredView]:
    taken = []
    for x in (-1.0, 0.0, 1.0, 0.5):
        camera = pinhole((x, 0.2, 4.0), yaw_rad=math.atan2(x, 4.0), width_px=24, height_px=18)
        seen = render(scene(), camera, layers=("distance",))
        assert seen.distance is not None
        taken.append(MeasuredView(camera, seen.picture, np.where(np.isinf(seen.distance), np.float32(np.nan), seen.distance)))
    return taken


def plain_rasterization(**given: Any) -> tuple[Any, Any, dict[str, Any]]:
    """What gsplat.rasterization returns, for few splats and small pictures, with gsplat's own torch code for projection and colours."""
    from gsplat.cuda._torch_impl import _fully_fused_projection, _quat_scale_to_covar_preci, _spherical_harmonics

    quats = torch.nn.functional.normalize(given["quats"], dim=-1)
    covariances = _quat_scale_to_covar_preci(quats, given["scales"], compute_preci=False)[0]
    keys = ("viewmats", "Ks", "width", "height", "eps2d", "near_plane")
    radii, centres, depths, conics, _ = _fully_fused_projection(given["means"], covariances, *(given[key] for key in keys))
    eye = torch.linalg.inv(given["viewmats"])[0, :3, 3]
    colours = (_spherical_harmonics(given["sh_degree"], given["means"] - eye, given["colors"]) + 0.5).clamp_min(0)
    row, column = torch.meshgrid(torch.arange(given["height"]) + 0.5, torch.arange(given["width"]) + 0.5, indexing="ij")
    order = torch.argsort(depths[0].detach())
    order = order[radii[0, order].min(dim=-1).values > 0]
    layers = torch.cat([colours, depths[0][:, None]], dim=1)[order]
    x, y = column - centres[0, order, 0, None, None], row - centres[0, order, 1, None, None]
    xx, xy, yy = conics[0, order, :, None, None].unbind(1)
    alpha = given["opacities"][order, None, None] * torch.exp(-0.5 * (xx * x * x + yy * y * y) - xy * x * y)
    let_through = torch.cumprod(1 - alpha, dim=0)
    weights = alpha * torch.cat([torch.ones_like(let_through[:1]), let_through[:-1]])
    image = torch.einsum("nhw,nc->hwc", weights, layers)
    through = let_through[-1]
    alphas = (1 - through)[..., None]
    if given["render_mode"] == "RGB":
        told = {"means2d": centres, "radii": radii, "width": given["width"], "height": given["height"]}
        told |= {"n_cameras": 1, "gaussian_ids": None}
        return image[None, ..., :3], alphas[None], told
    expected = image[..., 3:] / alphas.clamp_min(1e-10)
    return torch.cat([image[..., :3], expected], dim=-1)[None], alphas[None], {}


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """gsplat's strategy without its compiled kernels."""
    import gsplat.strategy.ops as ops
    from gsplat.cuda._torch_impl import _quat_scale_to_covar_preci

    def covariances(quats: Any, scales: Any, **options: Any) -> Any:
        return _quat_scale_to_covar_preci(torch.nn.functional.normalize(quats, dim=-1), scales, **options)

    def relocation(*, opacities: Any, scales: Any, ratios: Any, binoms: Any) -> Any:
        each, shrunk = shared_opacity(opacities.numpy(), ratios.numpy())
        return torch.tensor(each), scales * torch.tensor(shrunk)[:, None]

    monkeypatch.setattr(ops, "quat_scale_to_covar_preci", covariances)
    monkeypatch.setattr(ops, "compute_relocation", relocation)


def test_splats_survive_the_way_to_torch_and_back() -> None:
    splats = scene()
    back = gaussians_of(parameters_of(splats, "cpu"))
    assert np.array_equal(back.thing, splats.thing)
    for name in ("means", "scales", "rotations", "harmonics"):
        assert np.allclose(getattr(back, name), getattr(splats, name), rtol=1e-5, atol=1e-6)
    assert np.allclose(back.opacities, np.clip(splats.opacities, 0.01, 0.995), atol=1e-6)


def test_losses_are_those_of_the_cpu() -> None:
    view = views()[0]
    rng = np.random.default_rng(0)
    rgb = rng.random(view.rgb.shape).astype(np.float32)
    theirs = likeness(rgb, target_of((view.rgb / 255).astype(np.float32)))
    image = torch.tensor(rgb)[None]
    aim = aim_on(View(view.camera, view.rgb), "cpu")
    assert float(ssim_of(image, aim.rgb)) == pytest.approx(theirs.ssim, abs=1e-5)
    alphas, gain = torch.ones((1, *view.distance.shape, 1)), torch.ones(3)
    assert float(loss_of(image, alphas, aim, gain, plan=PLAN, distance_weight=1)) == pytest.approx(theirs.loss, abs=1e-5)
    distance = np.nan_to_num(view.distance, nan=3.0) * rng.uniform(0.8, 1.2, view.distance.shape)
    depth = distance * (view.camera.rays() @ -view.camera.world_from_camera[:3, 2])
    image = torch.cat([image, torch.tensor(depth.astype(np.float32))[None, ..., None]], dim=-1)
    near = nearness_slopes(
        (NEAR_UNIT_M / distance).astype(np.float32), (NEAR_UNIT_M / view.distance).astype(np.float32), floor=NEAR_UNIT_M / 40
    )[0]
    loss = loss_of(image, alphas, aim_on(view, "cpu"), gain, plan=PLAN, distance_weight=0.3)
    assert float(loss) == pytest.approx(theirs.loss + 0.3 * near, rel=1e-4)


def test_gsplat_is_asked_for_what_our_renderer_draws() -> None:
    view = views()[0]
    images, alphas, _ = plain_rasterization(**arguments(parameters_of(scene(), "cpu"), aim_on(view, "cpu")))
    seen = render(scene(), view.camera)
    assert np.abs(images[0, ..., :3].detach().numpy() - seen.rgb).mean() < 0.01
    assert np.abs(alphas[0, ..., 0].detach().numpy() - seen.alpha).mean() < 0.01


@pytest.mark.usefixtures("kernels")
def test_fitting_improves_views_and_keeps_the_budget() -> None:
    rng = np.random.default_rng(1)
    start = replace(
        scene(), means=scene().means + rng.normal(0, 0.05, (60, 3)).astype(np.float32), harmonics=scene().harmonics * np.float32(0.5)
    )
    told: list[float] = []
    torch.manual_seed(0)
    plan = replace(PLAN, exposures=True)
    fitted = fit_on("cpu", plain_rasterization, start, views()[:3], plan, seed=1, tell=lambda share, note: told.append(share))
    before, after = (np.mean([view.psnr_db for view in quality(splats, views()[3:])]) for splats in (start, fitted))
    assert after > before + 0.5
    assert 60 < len(fitted) <= 80
    assert len(told) == plan.steps
    assert set(np.unique(fitted.thing)) <= set(range(5))


@pytest.mark.gpu
@pytest.mark.skipif(not gpu.is_available(), reason="no CUDA device that gsplat can use")
def test_gsplat_fits() -> None:
    start = replace(scene(), harmonics=scene().harmonics * np.float32(0.5))
    fitted = fit_with_gsplat(start, views()[:3], replace(PLAN, steps=300), seed=1)
    before, after = (np.mean([view.psnr_db for view in quality(splats, views()[3:])]) for splats in (start, fitted))
    assert after > before + 2
    assert len(fitted) <= 80


def test_the_trainer_that_we_are_measured_against_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make bench BENCH=cuda` must not win against a cripple: from splats of the right places and colours it comes near the views."""
    from bench.cuda import begun, trained_as_by_default

    start, seen = scene(), views()
    before = min(view.psnr_db for view in quality(begun(start), seen))
    trained = trained_as_by_default("cpu", plain_rasterization, start, seen, 60, seed=1)
    assert min(view.psnr_db for view in quality(trained, seen)) > before + 3
    assert trained.degree == 3


def test_without_a_card_the_comparison_says_so() -> None:
    from rich.console import Console

    from bench import cuda

    if gpu.is_available():
        pytest.skip("there is a card")
    console = Console(record=True, width=80)
    assert cuda.measure(console) == {"lacking": cuda.NO_CARD}
    assert "no graphics card" in console.export_text()
