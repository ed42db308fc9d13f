"""A painter comes to the card in the fastest way that fits: which calls of diffusers that means, and that pictures stay alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines import Prompt, generate
from pipelines.errors import GraphicsMemoryError
from pipelines.models import Mode, ModelCard, modes, warm, way_to_load
from pipelines.paint import Paint, Repaint
from pipelines.paint.families import FAMILIES, Task
from pipelines.paint.painter import Painter, place, weights_bytes
from pipelines.paint.turning import denoiser_of
from pipelines.stage import Progress, Recipe
from tests.paint.checkpoints import CONTROLS, sdxl_unet

PARTS = Mode(offload="model", gb=1)
SIZE: dict[str, Any] = {"width_px": 128, "height_px": 64, "steps": 2, "seed": 5}
FLOAT8 = Mode(offload="model", storage="float8", gb=1)


class Recording:
    """Stands in for a pipeline, and writes down how it is brought to a device."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.vae = self
        self.components: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return lambda *where, **settings: self.calls.append(" ".join((name, *where)))


def counted(folder: Path) -> dict[str, int]:
    """Parameters in each part's files, as the library of the format counts them."""
    from safetensors.numpy import load_file

    return {file.parent.name: sum(values.size for values in load_file(file).values()) for file in folder.rglob("*.safetensors")}


@pytest.mark.parametrize("family", ["sdxl", "qwen", "z", "klein"])
def test_free_memory_decides_which_calls_are_made(checkpoints: dict[str, Path], family: str) -> None:
    """Bytes on the card: all parts, the largest part, the largest with the painter at half its size; each with 3 GB to work in."""
    counts = counted(checkpoints[family])
    denoiser = "transformer" if "transformer" in counts else "unet"
    whole, part = 2 * sum(counts.values()), 2 * max(counts.values())
    shrunk = max(count * (1 if name == denoiser else 2) for name, count in counts.items())
    card, work = ModelCard(str(checkpoints[family])), 3_000_000_000
    steps = [(whole, ["to", "disable_tiling"]), (part, ["enable_model_cpu_offload", "enable_tiling"])]
    if shrunk < part:
        steps.append((shrunk, ["enable_model_cpu_offload", "enable_tiling"]))
    for needed, calls in steps:
        mode = way_to_load(card, "paint", "super", work + needed, environment={})
        assert mode is not None
        pipe = Recording()
        place(pipe, mode, "cuda")
        assert pipe.calls == calls
        assert (mode.storage == "float8") is (needed == shrunk != part)
    with pytest.raises(GraphicsMemoryError, match="use the tier nano"):
        way_to_load(card, "paint", "super", work + min(needed for needed, _ in steps) - 1, environment={})
    assert way_to_load(card, "paint", "super", None, environment={}) is None


def test_layer_by_layer_only_when_named(checkpoints: dict[str, Path]) -> None:
    card = ModelCard(str(checkpoints["z"]))
    mode = way_to_load(card, "paint", "super", 1, environment={"WORLDLOOM_LOADING": "layers"})
    assert mode is not None
    assert mode.words == "layer by layer"
    pipe = Recording()
    place(pipe, mode, "cuda")
    assert pipe.calls == ["enable_sequential_cpu_offload", "enable_tiling"]


def test_what_waits_for_the_next_job_has_left_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    pipe = Recording()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: pipe.calls.append("empty_cache"))
    painter = Painter(pipe, FAMILIES[0], Task.TEXT, "some/painter")
    painter.place(PARTS)
    assert pipe.calls.pop(0) == "enable_model_cpu_offload"
    pipe.calls.clear()
    painter.rest()
    assert pipe.calls == ["remove_all_hooks", "to cpu", "empty_cache"]
    painter.place(PARTS)
    assert "enable_model_cpu_offload" in pipe.calls


def test_released_pipelines_have_what_is_called() -> None:
    import diffusers

    for family in FAMILIES:
        for name in family.classes.values():
            for call in ("to", "enable_model_cpu_offload", "enable_sequential_cpu_offload", "maybe_free_model_hooks", "remove_all_hooks"):
                assert callable(getattr(getattr(diffusers, name), call))


@pytest.mark.parametrize("family", ["sdxl", "qwen", "z", "klein"])
def test_hooks_of_offloading_change_no_picture(checkpoints: dict[str, Path], family: str) -> None:
    """The real hooks, with the processor in place of the card: they meet ours, which turn what the painter sees."""
    painter = Painter.open(checkpoints[family], Task.TEXT)
    plain = painter.paint("a meadow", lambda f, n: None, **SIZE)
    place(painter.pipe, PARTS, "cpu")
    painter.pipe.vae.disable_tiling()
    assert np.array_equal(painter.paint("a meadow", lambda f, n: None, **SIZE), plain)
    assert np.array_equal(painter.paint("a meadow", lambda f, n: None, **SIZE), plain)


@pytest.mark.parametrize("family", ["sdxl", "qwen", "z", "klein"])
def test_float8_halves_the_painter_and_hardly_changes_the_picture(checkpoints: dict[str, Path], family: str) -> None:
    import torch

    plain, lean = Painter.open(checkpoints[family], Task.TEXT), Painter.open(checkpoints[family], Task.TEXT, mode=FLOAT8)
    weights = dict(denoiser_of(lean.pipe).named_parameters())
    shrunk = {name for name, value in weights.items() if value.dtype == torch.float8_e4m3fn}
    attention = {name for name, value in weights.items() if "att" in name and "norm" not in name and value.ndim == 2}
    assert attention and attention <= shrunk
    spared = 3 * sum(weights[name].numel() for name in shrunk)  # one byte in place of a processor's four; of two on a card
    assert weights_bytes(plain.pipe) - weights_bytes(lean.pipe) == spared
    pictures = [painter.paint("a meadow", lambda f, n: None, **SIZE).astype(float) for painter in (plain, lean, lean)]
    other = plain.paint("a meadow", lambda f, n: None, **{**SIZE, "seed": 6}).astype(float)
    assert np.array_equal(pictures[1], pictures[2])
    assert not np.array_equal(pictures[0], pictures[1])
    assert np.abs(pictures[0] - pictures[1]).mean() < 0.5 * np.abs(pictures[0] - other).mean()


def test_float8_keeps_a_lora(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    """What is loaded on top stays in full precision, and tells as much."""
    from diffusers import StableDiffusionXLPipeline
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    unet = sdxl_unet()
    unet.add_adapter(LoraConfig(r=2, lora_alpha=2, init_lora_weights=False, target_modules=["to_q", "to_k", "to_v"]))
    StableDiffusionXLPipeline.save_lora_weights(tmp_path, unet_lora_layers=get_peft_model_state_dict(unet))
    found = {
        (adapter, mode): Painter.open(checkpoints["sdxl"], Task.TEXT, adapter=adapter, mode=mode)
        .paint("a meadow", lambda f, n: None, **SIZE)
        .astype(float)
        for adapter in (None, tmp_path)
        for mode in (None, FLOAT8)
    }
    assert np.abs(found[tmp_path, FLOAT8] - found[tmp_path, None]).mean() < np.abs(found[tmp_path, FLOAT8] - found[None, FLOAT8]).mean()


def test_what_is_loaded_on_top_is_counted(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    control = CONTROLS["qwen"](tmp_path / "control", checkpoints["qwen"])
    bare, both = (ModelCard(str(checkpoints["qwen"]), control=name) for name in (None, str(control)))
    (count,) = counted(control).values()
    whole = {card.control: next(mode.bytes for mode in modes(card) if mode.offload == "none") for card in (bare, both)}
    assert whole[str(control)] - whole[None] == 2 * count


def test_progress_names_the_way(checkpoints: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a card, weights may still be kept in float8 when it is named."""
    monkeypatch.setenv("WORLDLOOM_LOADING", "float8")
    monkeypatch.setattr("pipelines.paint.hub.free_vram_bytes", lambda: 16_100_000_000)
    notes: list[Progress] = []
    recipe = Recipe("test", "super", (Paint(width_px=128, steps=2, model=str(checkpoints["z"])),))
    generate(Prompt(text="a meadow"), recipe, notes.append)
    assert "opening z part by part in float8, to fit 16 GB" in [note.note for note in notes]


def test_a_card_that_is_too_small_is_told_before_anything_is_opened(checkpoints: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.paint.repaint import measured_panorama
    from pipelines.world import World

    monkeypatch.setattr("pipelines.paint.hub.free_vram_bytes", lambda: 2_000_000_000)
    monkeypatch.setattr(Painter, "open", lambda *args, **kwargs: pytest.fail("it was opened"))
    world = World(Prompt(text="a meadow"), views=(measured_panorama(np.full((64, 128), 3, np.float32)),))
    with pytest.raises(
        GraphicsMemoryError, match=r"too little memory for \S+z in the stage repaint \(2\.0 GB were free\): use the tier nano"
    ):
        Repaint(width_px=128, model=str(checkpoints["z"])).run(world, lambda f, n: None)


def test_the_same_weights_wait_for_the_next_job_and_others_push_them_out(
    checkpoints: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    opening = Painter.open

    def open_it(folder: Path, *arguments: Any, **settings: Any) -> Painter:
        opened.append(folder.name)
        return opening(folder, *arguments, **settings)

    monkeypatch.setattr(Painter, "open", open_it)
    sizes = {name: weights_bytes(opening(checkpoints[name], Task.TEXT).pipe) for name in ("z", "qwen")}
    monkeypatch.setattr(warm, "budget_bytes", max(sizes.values()) + 1)

    def painted(name: str, seed: int = 5) -> Any:
        recipe = Recipe("test", "super", (Paint(width_px=128, steps=2, model=str(checkpoints[name])),))
        return generate(Prompt(text="a meadow", seed=seed), recipe).views[0].rgb

    try:
        first = painted("z")
        assert warm.bytes == sizes["z"]
        painted("z", seed=6)
        assert np.array_equal(painted("z"), first)  # what the job between them did leaves no trace
        assert opened == ["z"]
        painted("qwen")
        assert warm.bytes == sizes["qwen"]  # the budget does not hold both
        assert np.array_equal(painted("z"), first)
        assert opened == ["z", "qwen", "z"]
    finally:
        warm.clear()
