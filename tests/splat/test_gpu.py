"""What gsplat is given, proved without a GPU: its own plain torch code, on the CPU, against our projection and colours."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.camera import pinhole
from pipelines.gaussians import Gaussians
from pipelines.splat import cpu, gpu, render
from pipelines.splat.project import CENTRE_X, CENTRE_Y, CONIC_XX, CONIC_XY, CONIC_YY, ROOT, sh_colour
from tests.splat.scenes import psnr_db, scatter

CAMERA = pinhole((0.4, 0.3, 5.0), yaw_rad=0.3, pitch_rad=-0.1, width_px=320, height_px=180)


def test_gsplat_projects_the_same_ellipses() -> None:
    torch = pytest.importorskip("torch")
    from gsplat.cuda._torch_impl import _fully_fused_projection, _quat_scale_to_covar_preci

    splats = scatter(2000, size_m=0.1)
    given = gpu.arguments(splats, CAMERA, background=(0, 0, 0), near_m=0.05, device="cpu")
    covariances = _quat_scale_to_covar_preci(given["quats"], given["scales"], compute_preci=False)[0]
    keys = ("viewmats", "Ks", "width", "height", "eps2d", "near_plane")
    radii, centres, depths, conics, _ = _fully_fused_projection(given["means"], covariances, *(given[key] for key in keys))
    ours = cpu.project(splats, CAMERA, near_m=0.05, with_layers=False)
    slots = np.concatenate([np.arange(f, f + c) for f, c in zip(ours.firsts, ours.counts, strict=True)])
    records, origins = ours.records[slots], ours.origins[slots]
    assert len(slots) > 500 and bool((radii[0, origins] > 0).all())
    assert np.allclose(records[:, [CENTRE_X, CENTRE_Y]], centres[0, origins].numpy(), atol=2e-3)
    assert np.allclose(ours.depths[slots], depths[0, origins].numpy(), rtol=1e-5)
    theirs = conics[0, origins].numpy() * np.array([-0.5, -1.0, -0.5]) / ROOT
    assert np.allclose(records[:, [CONIC_XX, CONIC_XY, CONIC_YY]], theirs, rtol=0.01, atol=1e-6)
    unseen = np.setdiff1d(np.flatnonzero(radii[0].numpy().min(axis=-1) > 0), origins)
    assert len(unseen) < 0.1 * len(slots)  # our bounds heed the opacity and are a little tighter
    assert torch.equal(given["Ks"][0, :2, 2], torch.tensor([160.0, 90.0]))


@pytest.mark.parametrize("degree", range(4))
def test_gsplat_sees_the_same_colours(degree: int) -> None:
    pytest.importorskip("torch")
    from gsplat.cuda._torch_impl import _spherical_harmonics

    splats = scatter(100, degree=degree)
    given = gpu.arguments(splats, CAMERA, background=(0, 0, 0), near_m=0.05, device="cpu")
    import torch

    eye = torch.linalg.inv(given["viewmats"])[0, :3, 3]
    theirs = (_spherical_harmonics(given["sh_degree"], given["means"] - eye, given["colors"]) + 0.5).clamp_min(0).numpy()
    away = splats.means - CAMERA.position
    away = (away / np.linalg.norm(away, axis=1, keepdims=True)).astype(np.float32)
    ours = np.array([sh_colour(splats.harmonics, i, *away[i]) for i in range(len(splats))])
    assert np.allclose(ours, theirs, atol=2e-6)


@pytest.mark.gpu
@pytest.mark.skipif(not gpu.is_available(), reason="no CUDA device that gsplat can use")
def test_gsplat_draws_the_same_picture() -> None:
    splats: Gaussians = scatter(2000, degree=2)
    with_gsplat = gpu.render(splats, CAMERA, background=(0.2, 0.4, 0.6), near_m=0.05)
    on_the_cpu = cpu.render(splats, CAMERA, background=(0.2, 0.4, 0.6), near_m=0.05, layers=())
    assert psnr_db(with_gsplat.rgb, on_the_cpu.rgb) > 45
    assert np.array_equal(render(splats, CAMERA, background=(0.2, 0.4, 0.6)).rgb, with_gsplat.rgb)
