"""Fit: trains a network within minutes or steps, keeps a slow average of it, and takes up again where it was stopped."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from pipelines.errors import InputError
from pipelines.flow import SHAPES, Parameters, clean, load_weights, new_parameters
from pipelines.formats import written_whole
from pipelines.training.album import Album
from pipelines.training.descent import Descent
from pipelines.training.masks import SHARES, Job
from pipelines.training.objective import loss_of
from pipelines.training.worlds import Split

WARM_UP_STEPS = 30
SLOWEST = 0.999  # of the average's memory
STATE, SLOW, FAST = "state.json", "average", "now"


@dataclass(frozen=True)
class FitPlan:
    """What is trained, from what, for how long: until `steps` or `minutes` are over, whichever comes first.

    batch: samples a step.  rate: the highest rate of learning.  only: one job instead of all.  begin: a folder of weights that a new
    training begins from, None = from nothing.  log_s, save_s: how often it is told and stored. With `steps` alone (minutes infinite) the
    result does not depend on the clock.
    """

    data: Path
    folder: Path
    shape: str = "small"
    minutes: float = 60.0
    steps: int = 10_000_000
    batch: int = 32
    rate: float = 1.4e-3
    seed: int = 1
    device: str = "auto"
    only: Job | None = None
    begin: Path | None = None
    log_s: float = 20.0
    save_s: float = 120.0
    refresh: bool = False


@dataclass
class Trained:
    """Where a training stands. `average` is what is used afterwards.  before: how the weights that it began from were trained."""

    now: Parameters
    average: Parameters
    moments: dict[str, Any] = field(default_factory=dict)
    step: int = 0
    seconds: float = 0.0
    samples: int = 0
    shots: int = 0
    worlds: int = 0
    before: dict[str, Any] | None = None


def fit(plan: FitPlan, say: Callable[[str], None]) -> Trained:
    """Train, or train on: `plan.folder` holds the state. Returns where it stands at the end."""
    if plan.shape not in SHAPES:
        raise InputError(f"there is no network {plan.shape!r}: choose one of {', '.join(SHAPES)}")
    device = device_named(plan.device)
    shape = SHAPES[plan.shape]
    album = Album(plan.data, Split.TRAIN, shape, device)
    trained = _taken_up(plan, device)
    trained.shots, trained.worlds = len(album), album.worlds
    size = sum(parameter.numel() for parameter in trained.now.values()) / 1e6
    say(f"{plan.shape}: {size:.1f} M parameters, {len(album)} shots, on {device}, from step {trained.step}")
    shares = SHARES if plan.only is None else {plan.only: 1.0}
    descent = Descent(trained.now, plan.rate, trained.moments)
    began, told, saved = time.perf_counter() - trained.seconds, trained.seconds, trained.seconds
    total, counted = torch.zeros((), device=device), 0
    try:
        while not _over(plan, trained):
            loss = _step(trained, descent, album, plan, shares)
            trained.seconds = time.perf_counter() - began
            total, counted = total + loss, counted + 1  # on the device: to look at it would be to wait for it
            if trained.seconds - told > plan.log_s or _over(plan, trained):
                mean = float(total) / counted
                say(_line(trained, mean))
                _append(plan.folder / "log.jsonl", {"step": trained.step, "seconds": round(trained.seconds, 1), "loss": mean})
                told, total, counted = trained.seconds, torch.zeros((), device=device), 0
                if plan.refresh:
                    album.refresh()
                    trained.shots, trained.worlds = len(album), album.worlds
            if trained.seconds - saved > plan.save_s:
                _keep(trained, descent, plan)
                saved = trained.seconds
    finally:  # stopped by hand, too, between two steps: all that was learnt is kept
        _keep(trained, descent, plan)
    return trained


def device_named(name: str) -> str:
    """`auto` is cuda where there is one."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name


def narrow_is_quick(device: str) -> bool:
    """Whether this machine multiplies in bfloat16 faster than in single precision."""
    if device == "cuda":
        return True
    can = torch.cpu.get_capabilities()
    return bool(can.get("amx_bf16") or can.get("avx512_bf16"))


def load_average(folder: Path) -> Parameters:
    """The averaged parameters of a training folder; raises InputError where there are none."""
    path = folder / f"{SLOW}.safetensors"
    if not path.is_file():
        raise InputError(f"{folder} holds no training: run `python -m pipelines.training train` first")
    from safetensors.torch import load_file

    return dict(load_file(path))


def _step(trained: Trained, descent: Descent, album: Album, plan: FitPlan, shares: Mapping[Job, float]) -> Any:
    chance = torch.Generator(album.device).manual_seed(plan.seed * 1_000_003 + trained.step)
    batch = album.batch(plan.batch, chance=chance, shares=shares)
    with torch.autocast(album.device, torch.bfloat16) if narrow_is_quick(album.device) else nullcontext():
        inputs = batch.inputs.contiguous(memory_format=torch.channels_last)
        said = clean(descent.parameters(), album.shape, inputs, batch.time, batch.meaning)
    loss = loss_of(said.float(), batch)
    descent.follow(loss, _share_of_rate(plan, trained))
    trained.step += 1
    trained.samples += plan.batch
    memory = min(SLOWEST, (1 + trained.step) / (10 + trained.step))
    with torch.no_grad():
        torch._foreach_lerp_(list(trained.average.values()), [p.detach() for p in trained.now.values()], 1 - memory)
    return loss.detach()


def _share_of_rate(plan: FitPlan, trained: Trained) -> float:
    """Up in thirty steps, then down along a cosine to a hundredth when the time or the steps are over."""
    done = max(trained.step / plan.steps, trained.seconds / (plan.minutes * 60))
    return min(1.0, (trained.step + 1) / WARM_UP_STEPS) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def _over(plan: FitPlan, trained: Trained) -> bool:
    return trained.step >= plan.steps or trained.seconds >= plan.minutes * 60


def _taken_up(plan: FitPlan, device: str) -> Trained:
    """The state in the folder, or a new one; raises InputError where it is of another network or seed."""
    path = plan.folder / STATE
    if not path.is_file():
        values, before = (new_parameters(SHAPES[plan.shape], seed=plan.seed), None) if plan.begin is None else _begun(plan, plan.begin)
        now = laid({name: value.to(device) for name, value in values.items()})
        return Trained(now, {name: value.clone() for name, value in now.items()}, before=before)
    from safetensors.torch import load_file

    said = json.loads(path.read_text())
    if (said["shape"], said["seed"]) != (plan.shape, plan.seed):
        raise InputError(f"{plan.folder} holds a training of {said['shape']} with seed {said['seed']}: name another folder, or those")
    parts = {name: laid(load_file(plan.folder / f"{name}.safetensors", device=device)) for name in (SLOW, FAST, "moments")}
    order = list(new_parameters(SHAPES[plan.shape], seed=0))
    now, average = ({name: parts[part][name] for name in order} for part in (FAST, SLOW))
    return Trained(now, average, parts["moments"], said["step"], said["seconds"], said["samples"], before=said.get("before"))


def _begun(plan: FitPlan, folder: Path) -> tuple[Parameters, dict[str, Any]]:
    """Another training's weights and how they were trained; raises InputError where they are of another shape, WeightsError if unusable."""
    shape = SHAPES[plan.shape]
    found = load_weights("panorama" if shape.sphere else "depth", folder)
    if found.shape != shape:
        raise InputError(f"the weights in {folder} are not of the shape {plan.shape}: choose theirs with --shape, or begin from nothing")
    return found.parameters, dict(found.facts.get("training", {}))


def laid(values: Parameters) -> Parameters:
    """The same values with the channels of a place side by side: convolutions are a fifth faster so."""
    return {name: value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value for name, value in values.items()}


def _keep(trained: Trained, descent: Descent, plan: FitPlan) -> None:
    """Store everything that is needed to go on. The small file that names the step comes last."""
    from safetensors.torch import save_file

    plan.folder.mkdir(parents=True, exist_ok=True)
    for part, tensors in ((SLOW, trained.average), (FAST, trained.now), ("moments", descent.moments())):
        with written_whole(plan.folder / f"{part}.safetensors", overwrite=True) as workshop:
            save_file({name: value.detach().contiguous() for name, value in tensors.items()}, workshop / f"{part}.safetensors")
    said = {
        "shape": plan.shape, "seed": plan.seed, "step": trained.step, "seconds": trained.seconds, "samples": trained.samples,
        "shots": trained.shots, "worlds": trained.worlds, "before": trained.before,
        "batch": plan.batch, "rate": plan.rate, "device": _device_words(plan.device), "only": plan.only,
    }  # fmt: skip
    with written_whole(plan.folder / STATE, overwrite=True) as workshop:
        (workshop / STATE).write_text(json.dumps(said, indent=1) + "\n")


def _device_words(name: str) -> str:
    if device_named(name) == "cuda":
        return str(torch.cuda.get_device_name())
    return f"CPU, {torch.get_num_threads()} threads"


def _line(trained: Trained, loss: float) -> str:
    rate = trained.samples / max(trained.seconds, 1e-9)
    return f"step {trained.step}, {trained.seconds / 60:.1f} min, loss {loss:.4f}, {rate:.1f} samples a second"


def _append(path: Path, entry: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(entry) + "\n")
