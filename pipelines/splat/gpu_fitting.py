"""Fitting on a GPU: the same losses as on the CPU, with gsplat's rasterization, torch's slopes, and gsplat's MCMC strategy.

gsplat adds up slopes in no fixed order, so results differ in their last digits from run to run, unlike those of the CPU.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.gaussians import Gaussians
from pipelines.splat.budget import DEAD_OPACITY, floaters
from pipelines.splat.fitting import FAR_M, NEAR_UNIT_M, Plan
from pipelines.splat.fitting import order_of as order_of_views
from pipelines.splat.gpu import intrinsics, opencv_from_world
from pipelines.splat.likeness import TAPS, WINDOW
from pipelines.splat.optimise import logarithms_of, logits_of
from pipelines.world import MeasuredView, View

# Learning rates of Kerbl et al. 2023 and of gsplat's own trainer; that of the means is multiplied by the scene's size in metres.
_RATES = {"means": 1.6e-4, "scales": 5e-3, "quats": 1e-3, "opacities": 5e-2, "sh0": 2.5e-3, "shN": 2.5e-3 / 20}
_LAST_MEANS_SHARE = 0.01
_NEAR_M = 0.05

Rasterize = Callable[..., Any]


@dataclass(frozen=True)
class TorchAim:
    """A view on the device: `viewmats` (1, 4, 4), `Ks` (1, 3, 3), rgb (1, H, W, 3) 0 … 1, z's share of the distance (H, W), nearness."""

    viewmats: Any
    intrinsics: Any
    rgb: Any
    depth_share: Any
    nearness: Any | None


def fit_with_gsplat(
    gaussians: Gaussians, views: Sequence[View], plan: Plan, *, seed: int, tell: Callable[[float, str], None] = lambda share, note: None
) -> Gaussians:
    """As `fitting.fit`, where `gpu.is_available()`. The pace is gsplat's: `plan.rates`, `reuse_every` and `jitter` are not used."""
    torch, gsplat = importlib.import_module("torch"), importlib.import_module("gsplat")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return fit_on("cuda", gsplat.rasterization, gaussians, views, plan, seed=seed, tell=tell)


def fit_on(
    device: str, rasterize: Rasterize, gaussians: Gaussians, views: Sequence[View], plan: Plan, *, seed: int,
    tell: Callable[[float, str], None],
) -> Gaussians:  # fmt: skip
    """The work of `fit_with_gsplat` with any function that takes the arguments of gsplat.rasterization, on any device."""
    torch = importlib.import_module("torch")
    size_m = extent_m(gaussians, views)
    parameters = parameters_of(gaussians, device)
    optimizers = {
        name: torch.optim.Adam([parameters[name]], lr=rate * (size_m if name == "means" else 1), eps=1e-15)
        for name, rate in _RATES.items()
        if name in parameters
    }
    strategy = strategy_for(plan, len(gaussians))
    strategy.check_sanity(parameters, optimizers)
    state = strategy.initialize_state()
    log_gains = torch.zeros((len(views), 3), device=device, requires_grad=plan.exposures)
    if plan.exposures:
        gain_optimizer = torch.optim.Adam([log_gains], lr=1e-3)
    aims = [aim_on(view, device) for view in views]
    rng = np.random.default_rng(seed)
    for number, index in enumerate(order_of_views(len(views), plan.steps, rng)):
        done = number / plan.steps
        tell(done, f"looking again, {number:,} of {plan.steps:,}")
        rate = _RATES["means"] * size_m * _LAST_MEANS_SHARE**done
        optimizers["means"].param_groups[0]["lr"] = rate
        images, alphas, info = rasterize(**arguments(parameters, aims[index]))
        gain = torch.exp(log_gains[index] - log_gains.mean(dim=0))
        behind = torch.tensor(rng.random(3, np.float32), device=device)
        images = torch.cat([images[..., :3] + (1 - alphas) * behind, images[..., 3:]], dim=-1)
        loss = loss_of(images, alphas, aims[index], gain, plan=plan, distance_weight=plan.distance_weight * 0.1**done)
        loss = loss + plan.rates.less_opacity * torch.sigmoid(parameters["opacities"]).mean()
        loss = loss + plan.rates.less_size * torch.exp(parameters["scales"]).mean() / size_m
        loss.backward()
        for optimizer in (*optimizers.values(), *([gain_optimizer] if plan.exposures else [])):
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        strategy.step_post_backward(parameters, optimizers, state, number, info, lr=rate)
    fitted = gaussians_of(parameters)
    measured = [view for view in views if isinstance(view, MeasuredView)]
    keep = fitted.opacities > DEAD_OPACITY
    return fitted.take(keep & ~floaters(fitted, measured) if measured else keep)


def strategy_for(plan: Plan, count: int) -> Any:
    """gsplat's MCMC strategy with the plan's budget: a twentieth more splats at a time, none moved in the last steps."""
    mcmc = importlib.import_module("gsplat.strategy.mcmc")
    last = int(plan.steps * (1 - plan.settle_share))
    return mcmc.MCMCStrategy(
        cap_max=max(plan.splats, count),
        refine_start_iter=min(500, plan.steps // 14),
        refine_stop_iter=last,
        refine_every=max(1, min(100, plan.steps // 70)),
        min_opacity=0.005,
    )


def extent_m(gaussians: Gaussians, views: Sequence[View]) -> float:
    """The size that paces the means: how far views stand from their middle, or a tenth of the median distance of what they see."""
    places = np.stack([view.camera.position for view in views])
    middle = places.mean(axis=0)
    reach = float(np.linalg.norm(places - middle, axis=1).max())
    return max(1.1 * reach, 0.1 * float(np.median(np.linalg.norm(gaussians.means - middle, axis=1))), 0.01)


def parameters_of(gaussians: Gaussians, device: str) -> dict[str, Any]:
    """The splats as gsplat's strategies want them: logarithms, logits, harmonics in two parts; and things, which travel along."""
    torch = importlib.import_module("torch")
    values: dict[str, NDArray[Any]] = {
        "means": gaussians.means,
        "scales": logarithms_of(gaussians.scales),
        "quats": gaussians.rotations,
        "opacities": logits_of(gaussians.opacities),
        "sh0": gaussians.harmonics[:, :1],
    }
    if gaussians.degree:
        values["shN"] = gaussians.harmonics[:, 1:]
    parameters = {
        name: torch.nn.Parameter(torch.tensor(np.ascontiguousarray(value, np.float32), device=device)) for name, value in values.items()
    }
    thing = torch.tensor(gaussians.thing, device=device)
    return {**parameters, "thing": torch.nn.Parameter(thing, requires_grad=False)}


def gaussians_of(parameters: dict[str, Any]) -> Gaussians:
    """The way back from `parameters_of`."""
    arrays = {name: value.detach().cpu().numpy() for name, value in parameters.items()}
    rotations = arrays["quats"] / np.linalg.norm(arrays["quats"], axis=1, keepdims=True)
    harmonics = [arrays["sh0"], *([arrays["shN"]] if "shN" in arrays else [])]
    return Gaussians(
        arrays["means"],
        np.exp(arrays["scales"]),
        rotations.astype(np.float32),
        (1 / (1 + np.exp(-arrays["opacities"]))).astype(np.float32),
        np.concatenate(harmonics, axis=1),
        arrays["thing"],
    )


def aim_on(view: View, device: str) -> TorchAim:
    """A pinhole view, on the device."""
    torch = importlib.import_module("torch")

    def tensor(values: NDArray[Any]) -> Any:
        return torch.as_tensor(np.ascontiguousarray(values, np.float32), device=device)

    forward = -view.camera.world_from_camera[:3, 2]
    nearness = tensor(NEAR_UNIT_M / np.maximum(view.distance, _NEAR_M)) if isinstance(view, MeasuredView) else None
    return TorchAim(
        tensor(opencv_from_world(view.camera))[None],
        tensor(intrinsics(view.camera))[None],
        tensor(view.rgb / 255)[None],
        tensor(view.camera.rays() @ forward),
        nearness,
    )


def arguments(parameters: dict[str, Any], aim: TorchAim) -> dict[str, Any]:
    """What gsplat.rasterization is called with: colours and expected depth along z where distances were measured."""
    torch = importlib.import_module("torch")
    harmonics = parameters["sh0"] if "shN" not in parameters else torch.cat([parameters["sh0"], parameters["shN"]], dim=1)
    return {
        "means": parameters["means"],
        "quats": parameters["quats"],
        "scales": torch.exp(parameters["scales"]),
        "opacities": torch.sigmoid(parameters["opacities"]),
        "colors": harmonics,
        "viewmats": aim.viewmats,
        "Ks": aim.intrinsics,
        "width": aim.rgb.shape[2],
        "height": aim.rgb.shape[1],
        "near_plane": _NEAR_M,
        "eps2d": 0.3,
        "sh_degree": round(harmonics.shape[1] ** 0.5) - 1,
        "render_mode": "RGB" if aim.nearness is None else "RGB+ED",
        "rasterize_mode": "classic",
    }


def loss_of(images: Any, alphas: Any, aim: TorchAim, gain: Any, *, plan: Plan, distance_weight: float) -> Any:
    """L1, SSIM and nearness, as `likeness` has them; nearness is that of the expected depth, where most of the light is stopped."""
    torch = importlib.import_module("torch")
    rgb = images[..., :3] * gain
    loss = (1 - plan.ssim_share) * (rgb - aim.rgb).abs().mean() + plan.ssim_share * (1 - ssim_of(rgb, aim.rgb))
    if aim.nearness is None or distance_weight <= 0:
        return loss
    known = ~torch.isnan(aim.nearness) & (alphas[0, ..., 0] >= 0.5)
    if not bool(known.any()):
        return loss
    distance = images[0, ..., 3] / aim.depth_share
    near, wanted = NEAR_UNIT_M / distance[known].clamp_min(_NEAR_M), aim.nearness[known]
    return loss + distance_weight * ((near - wanted).abs() / wanted.clamp_min(NEAR_UNIT_M / FAR_M)).mean()


def ssim_of(x: Any, y: Any) -> Any:
    """Mean structural similarity of pictures (1, H, W, 3); see `likeness`."""
    torch = importlib.import_module("torch")
    window = torch.as_tensor(np.outer(WINDOW, WINDOW), device=x.device).repeat(3, 1, 1, 1)
    x, y = x.permute(0, 3, 1, 2), y.permute(0, 3, 1, 2)

    def blur(values: Any) -> Any:
        return torch.nn.functional.conv2d(values, window, padding=TAPS // 2, groups=3)

    mean_x, mean_y = blur(x), blur(y)
    both = blur(x * y) - mean_x * mean_y
    spread = blur(x * x) - mean_x**2 + blur(y * y) - mean_y**2
    top = (2 * mean_x * mean_y + 0.01**2) * (2 * both + 0.03**2)
    return (top / ((mean_x**2 + mean_y**2 + 0.01**2) * (spread + 0.03**2))).mean()
