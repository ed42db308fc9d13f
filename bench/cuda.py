"""CUDA measured: a million splats refined side by side with the defaults of gsplat's own trainer, and both renderers compared.

`trained_as_by_default` follows examples/simple_trainer.py of gsplat 1.5 with the settings that it has by default: that program does not
come with the package, and wants a folder made by COLMAP. Both get the same splats to begin with and the same views, and are timed here.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.refine import lifted
from pipelines.gaussians import Gaussians
from pipelines.quality.filming import filmed, meadow, sidestep
from pipelines.scene import Spawn
from pipelines.splat import cpu, gpu, quality, thin
from pipelines.splat.fitting import Plan, order_of
from pipelines.splat.gpu_fitting import Rasterize, aim_on, arguments, fit_on, gaussians_of, parameters_of, ssim_of
from pipelines.world import MeasuredView

STEPS, SPLATS, SIDE_PX = 7_000, 1_000_000, 1_024
LEAST_AGREEMENT_DB, BACKGROUND = 40.0, (0.2, 0.4, 0.6)
NO_CARD = (
    "there is no graphics card here that gsplat can use, so nothing was measured: run this on a machine with an NVIDIA card, its CUDA "
    "toolkit, and a torch built for CUDA (worldloom doctor says what is missing)"
)
SSIM_SHARE, DEGREE, STEPS_PER_DEGREE = 0.2, 3, 1_000
FIRST_OPACITY, GLOBAL_SCALE, LAST_MEANS_SHARE, NEAR_M = 0.1, 1.1, 0.01, 0.01
RATES = {"means": 1.6e-4, "scales": 5e-3, "quats": 1e-3, "opacities": 5e-2, "sh0": 2.5e-3, "shN": 2.5e-3 / 20}


@dataclass(frozen=True)
class Figures:
    """Means over the held-out views.  peak_bytes: the most that torch had on the card."""

    who: str
    splats: int
    psnr_db: float
    worst_psnr_db: float
    ssim: float
    seconds: float
    peak_bytes: int


def measure(console: Console, *, steps: int = STEPS, splats: int = SPLATS, side_px: int = SIDE_PX) -> dict[str, Any]:
    """One walk past a world made from words, square views: every fourth is used, those between are held out."""
    if not gpu.is_available():
        console.print(NO_CARD, soft_wrap=True)
        return {"lacking": NO_CARD}
    gsplat = importlib.import_module("gsplat")
    place, spawn = meadow(splats=splats)
    used, held = shots_of(place, spawn, side_px)
    agreement = [agreement_db(place.gaussians, view) for view in held]
    eye = used[len(used) // 2].camera.position
    start = thin(lifted(used[::4]), splats, eye=(float(eye[0]), float(eye[1]), float(eye[2])))
    plan = Plan(steps=steps, splats=splats)
    rows = [
        timed("gsplat's trainer, defaults", held, lambda: trained_as_by_default("cuda", gsplat.rasterization, start, used, steps, seed=1)),
        timed("worldloom", held, lambda: fit_on("cuda", gsplat.rasterization, start, used, plan, seed=1, tell=lambda share, note: None)),
    ]
    show(console, rows, agreement, title=f"{splats:,} splats, {steps:,} steps, {len(used)} views of {side_px} × {side_px}")
    return {"refine": [asdict(row) for row in rows], "agreement_db": agreement}


def shots_of(place: Any, spawn: Spawn, side_px: int) -> tuple[list[MeasuredView], list[MeasuredView]]:
    """(views to refine with, views held out), square."""
    frames = filmed(place, sidestep(spawn, frames=97, width_px=side_px, height_px=side_px))
    return frames[::4], frames[2::8]


def agreement_db(splats: Gaussians, view: MeasuredView) -> float:
    """PSNR between what gsplat and what our kernels for the processor draw for a camera."""
    on_the_card = gpu.render(splats, view.camera, background=BACKGROUND, near_m=NEAR_M).rgb
    on_the_processor = cpu.render(splats, view.camera, background=BACKGROUND, near_m=NEAR_M, layers=()).rgb
    return float(-10 * np.log10(max(float(np.mean((on_the_card - on_the_processor) ** 2)), 1e-10)))


def timed(who: str, held: Sequence[MeasuredView], make: Callable[[], Gaussians]) -> Figures:
    """Make splats on the card, and compare them with what was held out."""
    cuda = importlib.import_module("torch").cuda
    cuda.empty_cache()
    cuda.reset_peak_memory_stats()
    begun = time.perf_counter()
    made = make()
    cuda.synchronize()
    seconds = time.perf_counter() - begun
    seen = quality(made, held)
    psnr, ssim = [one.psnr_db for one in seen], [one.ssim for one in seen]
    return Figures(who, len(made), float(np.mean(psnr)), min(psnr), float(np.mean(ssim)), seconds, int(cuda.max_memory_allocated()))


def show(console: Console, rows: Sequence[Figures], agreement: Sequence[float], *, title: str) -> None:
    """The table, and what was aimed for."""
    table = Table("who", "splats", "PSNR (dB)", "worst", "SSIM", "time (s)", "memory (GB)", title=title, box=None)
    for row in rows:
        numbers = (f"{row.psnr_db:.2f}", f"{row.worst_psnr_db:.2f}", f"{row.ssim:.3f}", f"{row.seconds:.0f}", f"{row.peak_bytes / 1e9:.1f}")
        table.add_row(row.who, f"{row.splats:,}", *numbers)
    console.print(table)
    theirs, ours = rows
    reached = ours.psnr_db >= theirs.psnr_db and ours.seconds <= theirs.seconds
    console.print(f"at least as good in at most the same time: {'yes' if reached else 'NO'}")
    agrees = min(agreement) >= LEAST_AGREEMENT_DB
    console.print(f"renderers agree to {min(agreement):.1f} dB (aim {LEAST_AGREEMENT_DB:.0f}): {'yes' if agrees else 'NO'}")


def trained_as_by_default(
    device: str, rasterize: Rasterize, start: Gaussians, views: Sequence[MeasuredView], steps: int, *, seed: int
) -> Gaussians:
    """Splats at the places and in the colours of `start`, trained as gsplat's simple_trainer does when it is told nothing else."""
    torch = importlib.import_module("torch")
    strategy = importlib.import_module("gsplat.strategy").DefaultStrategy()
    torch.manual_seed(seed)
    eyes = np.stack([view.camera.position for view in views])
    size_m = GLOBAL_SCALE * float(np.linalg.norm(eyes - eyes.mean(axis=0), axis=1).max())
    parameters = parameters_of(begun(start).with_degree(DEGREE), device)
    parameters.pop("thing")
    optimizers = {
        name: torch.optim.Adam([parameters[name]], lr=rate * (size_m if name == "means" else 1), eps=1e-15) for name, rate in RATES.items()
    }
    slower = torch.optim.lr_scheduler.ExponentialLR(optimizers["means"], gamma=LAST_MEANS_SHARE ** (1 / steps))
    strategy.check_sanity(parameters, optimizers)
    state = strategy.initialize_state(scene_scale=size_m)
    aims = [aim_on(view, device) for view in views]
    for step, index in enumerate(order_of(len(views), steps, np.random.default_rng(seed))):
        given = arguments(parameters, aims[index])
        given |= {"render_mode": "RGB", "near_plane": NEAR_M, "sh_degree": min(step // STEPS_PER_DEGREE, DEGREE), "packed": False}
        images, _, info = rasterize(**given)
        strategy.step_pre_backward(parameters, optimizers, state, step, info)
        wanted = aims[index].rgb
        loss = (1 - SSIM_SHARE) * (images - wanted).abs().mean() + SSIM_SHARE * (1 - ssim_of(images, wanted))
        loss.backward()
        for optimizer in optimizers.values():
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        slower.step()
        strategy.step_post_backward(parameters, optimizers, state, step, info, packed=False)
    made = {**parameters, "thing": torch.zeros(len(parameters["means"]), dtype=torch.int32)}
    return gaussians_of(made)


def begun(start: Gaussians) -> Gaussians:
    """Round splats, as large as the gaps between three neighbours, hardly opaque."""
    from scipy.spatial import cKDTree

    gaps = np.sqrt((cKDTree(start.means).query(start.means, 4, workers=-1)[0][:, 1:] ** 2).mean(axis=1))
    count = len(start)
    return Gaussians(
        start.means,
        np.repeat(np.maximum(gaps, 1e-6)[:, None], 3, axis=1).astype(np.float32),
        np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
        np.full(count, FIRST_OPACITY, np.float32),
        start.harmonics,
        start.thing,
    )
