"""The whole session in one command: every step once, the figures as a table, weights only where they beat plain guesses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.flow import load_weights
from pipelines.training import session
from pipelines.training.__main__ import main
from pipelines.training.make_data import DataPlan
from pipelines.training.session import not_better
from tests.flow.small_weights import plain_data


def figures(found: float, guessed: float, *, outpainted: float | None = None) -> dict[str, Any]:
    said: dict[str, Any] = {"depth": {"at once": {"abs_rel": found}, "by elevation": {"abs_rel": guessed}}}
    return said if outpainted is None else {**said, "unlikeness": {"outpainted": outpainted, "mirrored and blurred": 5.0}}


def test_what_is_better_than_plain_guesses() -> None:
    assert not_better(figures(0.2, 0.5)) == "" == not_better(figures(0.2, 0.5, outpainted=4.0))
    assert "0.60" in not_better(figures(0.6, 0.5)) and "0.50" in not_better(figures(0.6, 0.5))
    assert "6.0 from true pictures" in not_better(figures(0.2, 0.5, outpainted=6.0))


def test_the_whole_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    orders: list[DataPlan] = []

    def made(plan: DataPlan, say: object) -> int:
        if not orders:
            plain_data(plan.folder)
        orders.append(plan)
        return 8

    monkeypatch.setattr(session, "make_data", made)
    monkeypatch.setattr(session, "not_better", lambda figures: "worse" if "unlikeness" in figures else "")
    weights = tmp_path / "weights"
    command = ["all", str(tmp_path / "run"), "--shape", "mini", "--depth-shape", "mini-depth", "--minutes", "0.08", "--batch", "4"]
    command += ["--most", "4", "--device", "cpu", "--weights", str(weights)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert [order.split for order in orders] == ["held-out", "train"] and orders[1].folder == tmp_path / "run" / "data"
    assert "| training, depth |" in said and "| by elevation |" in said and "from 8 pictures of 2 worlds" in said
    assert load_weights("depth", weights).shape.sphere is False
    assert "panorama is not exported: worse" in said and "panorama" not in json.loads((weights / "model.json").read_text())["networks"]
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("figures.json")}
    assert len(before) == 2
    assert main(command) == 0
    assert len(orders) == 2, "nothing is made twice"
    assert before == {path: path.stat().st_mtime_ns for path in before}, "and nothing measured twice"
    assert main([*command[:-2], "--minutes", "0.09"]) == 0
    assert json.loads((tmp_path / "run" / "depth" / "state.json").read_text())["seconds"] >= 0.09 * 60 * session.DEPTH_SHARE, "trained on"
    after = json.loads((tmp_path / "run" / "depth" / "figures.json").read_text())["training"]
    assert after["step"] == json.loads((tmp_path / "run" / "depth" / "state.json").read_text())["step"], "and measured again"
