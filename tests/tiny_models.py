"""Tiny models for whole recipes: random weights in the formats of released ones, and the settings that put them in their places."""

from __future__ import annotations

import math
from pathlib import Path

from tests.paint.checkpoints import flux2_klein, z_image
from tests.vision.depth_checkpoints import depth_anything

AWAY_M = 2.0
"""What the depth model says of everything, along the viewing axis: so it sees a cube, whose floor is as far below."""

LICENCES = {"painter": "apache-2.0", "filler": "mit", "ruler": "cc-by-4.0"}
"""Folder → the licence on its card."""


def flat(folder: Path) -> Path:
    """A depth model that answers AWAY_M everywhere, as exactly as its numbers go."""
    from safetensors.torch import load_file, save_file

    file = depth_anything(folder, metric=True) / "model.safetensors"
    weights = load_file(file)
    weights["head.conv3.weight"].zero_()
    weights["head.conv3.bias"].fill_(math.log(AWAY_M / 20 / (1 - AWAY_M / 20)))  # the sigmoid of it, times 20 m
    save_file(weights, file, metadata={"format": "pt"})
    return folder


def tiny_models(root: Path, *, width_px: int = 256) -> dict[str, str]:
    """The models in folders below `root`, and the environment in which every stage takes its own. width_px: of painted panoramas."""
    folders = {"painter": z_image(root / "painter"), "filler": flux2_klein(root / "filler"), "ruler": flat(root / "ruler")}
    for name, folder in folders.items():
        (folder / "README.md").write_text(f"---\nlicense: {LICENCES[name]}\n---\nA tiny model.\n")
    chosen = {"PAINT": "painter", "OUTPAINT": "painter", "REPAINT": "painter", "FILL": "filler", "MEASURE": "ruler"}
    named = {f"WORLDLOOM_{stage}_MODEL": str(folders[name]) for stage, name in chosen.items()}
    return {**named, "WORLDLOOM_PANORAMA_PX": str(width_px)}
