"""Training learns, is taken up again as if it had never stopped, and does not depend on the clock."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.errors import InputError
from pipelines.flow import CHANNELS, SHAPES, clean, load_weights, log_distance, new_parameters
from pipelines.training.album import Album, Batch
from pipelines.training.evaluate import EvaluationPlan, evaluate
from pipelines.training.fit import FitPlan, Trained, fit, load_average
from pipelines.training.masks import SHARES
from pipelines.training.objective import loss_of


def silent(words: str) -> None:
    assert words


def plan(data: Path, folder: Path, *, shape: str = "mini", steps: int = 6, log_s: float = 1e9) -> FitPlan:
    return FitPlan(data, folder, shape=shape, minutes=float("inf"), steps=steps, batch=4, rate=2e-3, log_s=log_s)


def same(one: Trained, other: Trained) -> bool:
    return all(torch.equal(one.average[name], other.average[name]) and torch.equal(one.now[name], other.now[name]) for name in one.now)


@pytest.mark.parametrize("shape", ["mini", "mini-depth"])
def test_eight_samples_are_learnt(shape: str, data: Path, tmp_path: Path) -> None:
    trained = fit(plan(data, tmp_path / shape, shape=shape, steps=40), silent)
    album = Album(data, "train", SHAPES[shape])
    assert len(album) == 8
    batch = album.batch(32, chance=torch.Generator().manual_seed(99), shares=SHARES)
    new = fit(plan(data, tmp_path / "new", shape=shape, steps=0), silent)
    with torch.no_grad():
        before, after = (
            loss_of(clean(parameters, SHAPES[shape], batch.inputs, batch.time, batch.meaning), batch)
            for parameters in (new.now, trained.average)
        )
    assert float(after) < 0.6 * float(before)


def test_taken_up_as_if_never_stopped(data: Path, tmp_path: Path) -> None:
    whole = fit(plan(data, tmp_path / "whole"), silent)
    assert same(whole, fit(plan(data, tmp_path / "again"), silent))
    said: list[str] = []

    def stop(words: str) -> None:
        said.append(words)
        if words.startswith("step 3,"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(plan(data, tmp_path / "cut", log_s=0), stop)
    assert json.loads((tmp_path / "cut" / "state.json").read_text())["step"] == 3
    assert same(whole, fit(plan(data, tmp_path / "cut"), silent))
    assert not same(whole, fit(plan(data, tmp_path / "short", steps=5), silent))


def test_a_training_begins_from_weights(data: Path, tmp_path: Path) -> None:
    first = fit(plan(data, tmp_path / "first"), silent)
    evaluate(EvaluationPlan(data, tmp_path / "first", 2, weights=tmp_path / "weights"), silent)
    begun = fit(replace(plan(data, tmp_path / "second", steps=0), begin=tmp_path / "weights"), silent)
    for name, value in begun.now.items():
        torch.testing.assert_close(value, first.average[name], atol=2e-3, rtol=2e-3)  # half-precision numbers between
    fit(replace(plan(data, tmp_path / "second", steps=3), begin=tmp_path / "weights"), silent)
    evaluate(EvaluationPlan(data, tmp_path / "second", 2, weights=tmp_path / "after"), silent)
    assert re.search(r"mini: 24 samples in 0 minutes on .+; then 12 samples in 0 minutes", (tmp_path / "after" / "CARD.md").read_text())
    evaluate(EvaluationPlan(data, tmp_path / "second", 2, weights=tmp_path / "mean", mean_with=tmp_path / "weights"), silent)
    both = load_weights("panorama", tmp_path / "weights").parameters, load_average(tmp_path / "second")
    for name, value in load_weights("panorama", tmp_path / "mean").parameters.items():
        torch.testing.assert_close(value, sum(one[name] for one in both) / 2, atol=2e-3, rtol=2e-3)
    assert "the mean of the weights before and after" in (tmp_path / "mean" / "CARD.md").read_text()
    with pytest.raises(InputError, match="not of the shape small: choose theirs"):
        fit(replace(plan(data, tmp_path / "third", shape="small"), begin=tmp_path / "weights"), silent)


def test_trainings_are_not_mixed_up(data: Path, tmp_path: Path) -> None:
    fit(plan(data, tmp_path, steps=1), silent)
    with pytest.raises(InputError, match="holds a training of mini with seed 1"):
        fit(plan(data, tmp_path, shape="mini-depth", steps=2), silent)
    with pytest.raises(InputError, match="no network 'huge'"):
        fit(plan(data, tmp_path / "new", shape="huge"), silent)


def test_the_objective_is_zero_for_the_truth_and_blind_to_what_is_known(data: Path) -> None:
    batch: Batch = Album(data, "train", SHAPES["mini"]).batch(8, chance=torch.Generator().manual_seed(1), shares=SHARES)
    assert float(loss_of(batch.target, batch)) == 0
    known = batch.weights == 0
    assert 0 < known.float().mean() < 1
    assert float(loss_of(torch.where(known, batch.target + 5, batch.target), batch)) == 0
    wrong = batch.target.clone()
    wrong[:, 3] += 0.1
    assert float(loss_of(wrong, batch)) > 0


def test_an_error_that_all_pixels_share_counts_less(data: Path) -> None:
    batch = Album(data, "train", SHAPES["mini-depth"]).batch(4, chance=torch.Generator().manual_seed(1), shares=SHARES)
    shared, apart = batch.target.clone(), batch.target.clone()
    shared[:, 3] += 0.1
    halves = np.where(np.arange(SHAPES["mini-depth"].width_px) % 32 < 16, 0.1, -0.1)
    apart[:, 3] += torch.from_numpy(halves).float()
    assert batch.target.shape[1] == CHANNELS
    assert 0 < float(loss_of(shared, batch)) < 0.7 * float(loss_of(apart, batch))


@pytest.mark.parametrize("share_near", [0.2, 0.5])
def test_where_it_may_be_near_or_far_near_is_said(data: Path, share_near: float) -> None:
    """Of all answers for pixels of which nobody can tell whether they are 3 or 30 m away, the objective's best has the least AbsRel."""
    batch = Album(data, "train", SHAPES["mini-depth"]).batch(1, chance=torch.Generator().manual_seed(1), shares=SHARES)
    near = torch.rand(batch.target[0, 3].shape, generator=torch.Generator().manual_seed(2)) < share_near
    metres = torch.where(near, 3.0, 30.0)
    batch.target[0, 3] = torch.from_numpy(log_distance(metres.numpy()))
    answers = np.geomspace(2, 40, 60, dtype=np.float32)
    losses, relative = [], []
    for answer in answers:
        said = batch.target.clone()
        said[0, 3] = float(log_distance(np.array([answer]))[0])
        losses.append(float(loss_of(said, batch)))
        relative.append(float(((answer - metres).abs() / metres).mean()))
    assert answers[np.argmin(losses)] == pytest.approx(answers[np.argmin(relative)], rel=0.1) == pytest.approx(3, rel=0.1)


def test_what_is_said_depends_on_the_picture(data: Path) -> None:
    """How far away each picture is on the whole is told apart within some hundred steps."""
    shape = SHAPES["mini-depth"]
    batch = Album(data, "train", shape).batch(6, chance=torch.Generator().manual_seed(3), shares=SHARES)
    parameters = {name: value.requires_grad_(True) for name, value in new_parameters(shape, seed=1).items()}
    optimiser = torch.optim.AdamW(list(parameters.values()), lr=8e-3, betas=(0.9, 0.99))
    losses: list[float] = []
    likeness, learnt = 0.0, False
    while not learnt and len(losses) < 160:
        said = clean(parameters, shape, batch.inputs, batch.time, batch.meaning)
        loss = loss_of(said, batch)
        means = [values[:, 3].mean((1, 2)).detach() for values in (said, batch.target)]
        likeness = float(torch.corrcoef(torch.stack(means))[0, 1])
        losses.append(float(loss.detach()))
        learnt = losses[-1] < 0.25 * losses[0] and likeness > 0.88  # new parameters reach 0.79 by chance
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(parameters.values()), 1.0)
        optimiser.step()
    assert learnt, (losses[-1] / losses[0], likeness)
