"""Session: the whole making of the small model within so many minutes: data, both networks, their figures, and the weights."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.formats import written_whole
from pipelines.training.evaluate import FIGURES, EvaluationPlan, card, evaluate, export
from pipelines.training.fit import FitPlan, fit
from pipelines.training.make_data import DataPlan, make_data
from pipelines.training.worlds import Split

Say = Callable[[str], None]

HELD_OUT_SHARE, DATA_SHARE, DEPTH_SHARE, PANORAMA_SHARE = 0.05, 0.25, 0.32, 0.30  # of the minutes; what is left is for measuring
HELD_OUT_WORLDS = 24  # twice every place that no training world shows, and as many known ones
MOST_WORLDS = 600  # more pictures than two gigabytes of memory hold
DIARY = "session.json"


@dataclass(frozen=True)
class SessionPlan:
    """minutes: for everything together.  workers: processes that make data.  most: pictures that each network is measured on.

    positions, pinholes: of each world; building a world takes long and another picture of it next to nothing.  weights: where networks are
    exported to that beat the plain guesses, None = nowhere.
    """

    folder: Path
    minutes: float = 150.0
    workers: int = 2
    shape: str = "small"
    depth_shape: str = "small-depth"
    batch: int = FitPlan.batch
    rate: float = FitPlan.rate
    positions: int = 12
    pinholes: int = 4
    most: int = 96
    device: str = "auto"
    weights: Path | None = None


def run_all(plan: SessionPlan, say: Say) -> dict[str, Any]:
    """Do every step that is not done yet; the same call goes on where one was stopped. Returns the figures of both networks.

    The depth network comes first and is exported as soon as it is measured, so that a session that is cut short leaves something.
    """
    diary = _Diary(plan.folder / DIARY, say)
    data = plan.folder / "data"
    few = min(plan.positions, 3), min(plan.pinholes, 2)
    held = (Split.HELD_OUT, HELD_OUT_SHARE, HELD_OUT_WORLDS, *few)
    for split, share, worlds, positions, pinholes in (held, (Split.TRAIN, DATA_SHARE, MOST_WORLDS, plan.positions, plan.pinholes)):
        minutes = plan.minutes * share - diary.seconds(f"data, {split}") / 60
        if minutes > 0 and not diary.is_done(f"data, {split}"):
            order = DataPlan(data, split, 0, worlds, positions, pinholes, minutes, plan.workers)
            with diary.step(f"data, {split}"):
                make_data(order, say)
    figures: dict[str, Any] = {}
    for name, shape, share in (("depth", plan.depth_shape, DEPTH_SHARE), ("panorama", plan.shape, PANORAMA_SHARE)):
        folder = plan.folder / name
        with diary.step(f"training, {name}"):
            trained = fit(FitPlan(data, folder, shape, plan.minutes * share, batch=plan.batch, rate=plan.rate, device=plan.device), say)
        figures[name] = json.loads((folder / FIGURES).read_text()) if (folder / FIGURES).is_file() else None
        if figures[name] is None or figures[name]["training"]["step"] != trained.step:
            with diary.step(f"measuring, {name}"):
                figures[name] = evaluate(EvaluationPlan(data, folder, plan.most, plan.device), say)
        if plan.weights is not None:
            if lack := not_better(figures[name]):
                say(f"{name} is not exported: {lack}; `evaluate --weights` exports it all the same")
            else:
                export(folder, plan.weights, say)
    say(diary.table())
    say(card(figures))
    return figures


def not_better(figures: dict[str, Any]) -> str:
    """Where a network is no better than plain guesses, in words; "" where it is."""
    depth = figures["depth"]
    found, guessed = min(e["abs_rel"] for way, e in depth.items() if way != "by elevation"), depth["by elevation"]["abs_rel"]
    if found >= guessed:
        return f"its distances are off by {found:.2f}, and by elevation alone they would be by {guessed:.2f}"
    unlike = figures.get("unlikeness")
    if unlike and unlike["outpainted"] >= unlike["mirrored and blurred"]:
        found, guessed = unlike["outpainted"], unlike["mirrored and blurred"]
        return f"what it paints is {found:.1f} from true pictures, and blurred mirror images are {guessed:.1f}"
    return ""


class _Diary:
    """How long each step has taken so far, over all runs, and whether it is done."""

    def __init__(self, path: Path, say: Say) -> None:
        self._path, self._say = path, say
        self._steps: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.is_file() else {}

    def seconds(self, name: str) -> float:
        return float(self._steps.get(name, {}).get("seconds", 0))

    def is_done(self, name: str) -> bool:
        return bool(self._steps.get(name, {}).get("done"))

    def step(self, name: str) -> _Step:
        self._say(f"── {name}")
        return _Step(self, name)

    def enter(self, name: str, seconds: float, *, done: bool) -> None:
        self._steps[name] = {"seconds": round(self.seconds(name) + seconds, 1), "done": done}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(self._path, overwrite=True) as workshop:
            (workshop / self._path.name).write_text(json.dumps(self._steps, indent=1) + "\n")

    def table(self) -> str:
        rows = [f"| {name} | {entry['seconds'] / 60:.1f} |" for name, entry in self._steps.items()]
        return "\n".join(["| step | minutes |", "|---|---|", *rows])


@dataclass
class _Step:
    diary: _Diary
    name: str
    began: float = 0.0

    def __enter__(self) -> None:
        self.began = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.diary.enter(self.name, time.perf_counter() - self.began, done=kind is None)
