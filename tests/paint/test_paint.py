"""Words become a panorama with checkpoints of four families, and what goes wrong is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines import Prompt, generate
from pipelines.camera import Projection
from pipelines.errors import Cancelled, GraphicsMemoryError, InputError, MemoryShortError, UnavailableError
from pipelines.paint import Paint
from pipelines.paint.families import Task, family_of
from pipelines.paint.painter import Painter
from pipelines.scene import EYE_HEIGHT_M
from pipelines.stage import Progress, Recipe
from pipelines.world import World
from tests.paint.checkpoints import sdxl_unet

PROMPT = Prompt(text="a meadow with a well", seed=5)


class Closed:
    """Counts the painters that are open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open: list[Painter] = []
        opening, closing = Painter.open, Painter.close

        def open_it(*args: Any, **kwargs: Any) -> Painter:
            self.open.append(opening(*args, **kwargs))
            return self.open[-1]

        def close_it(painter: Painter) -> None:
            self.open.remove(painter)
            closing(painter)

        monkeypatch.setattr(Painter, "open", open_it)
        monkeypatch.setattr(Painter, "close", close_it)


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Closed:
    return Closed(monkeypatch)


def painted(**settings: object) -> World:
    return generate(PROMPT, Recipe("test", "super", (Paint(width_px=128, steps=3, **settings),)))  # type: ignore[arg-type]


@pytest.mark.parametrize("family", ["sdxl", "qwen", "z", "klein"])
def test_words_become_a_panorama_of_the_same_bytes_each_time(checkpoints: dict[str, Path], family: str) -> None:
    notes: list[Progress] = []
    stage = Paint(width_px=128, steps=3, model=str(checkpoints[family]))
    world = generate(PROMPT, Recipe("test", "super", (stage,)), notes.append)
    (view,) = world.views
    assert view.camera.projection is Projection.EQUIRECTANGULAR
    assert view.rgb.shape == (64, 128, 3)
    assert tuple(view.camera.position) == (0, EYE_HEIGHT_M, 0)
    assert view.rgb.std() > 3
    assert world.made_by[0].model == checkpoints[family].name
    assert [note.note for note in notes if "step" in note.note] == [f"painting, step {i} of 3" for i in (1, 2, 3)]
    again = generate(PROMPT, Recipe("test", "super", (stage,)))
    assert np.array_equal(again.views[0].rgb, view.rgb)
    other = generate(Prompt(text=PROMPT.text, seed=6), Recipe("test", "super", (stage,)))
    assert not np.array_equal(other.views[0].rgb, view.rgb)


def test_a_panorama_too_large_for_a_family_is_painted_smaller_and_enlarged(checkpoints: dict[str, Path]) -> None:
    painter = Painter.open(checkpoints["klein"], Task.TEXT)
    width, height = painter.size_for(2048, 1024)
    assert width * height <= 1024 * 1024
    assert width % 16 == height % 16 == 0
    assert width / height == pytest.approx(2, rel=0.02)
    assert Painter.open(checkpoints["z"], Task.TEXT).size_for(2048, 1024) == (2048, 1024)


def test_cancelling_stops_the_painting_and_frees_its_weights(checkpoints: dict[str, Path], closed: Closed) -> None:
    stage = Paint(width_px=128, steps=30, model=str(checkpoints["z"]))
    seen = []

    def stop(progress: Progress) -> None:
        seen.append(progress.note)
        if "step 2" in progress.note:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        generate(PROMPT, Recipe("test", "super", (stage,)), stop)
    assert not any("step 3" in note for note in seen)
    assert not closed.open


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("card", r"the graphics card has too little memory for \S+z in the stage paint: use the tier nano"),
        ("machine", r"this machine has too little memory for \S+z in the stage paint: use the tier nano, which needs no weights"),
    ],
)
@pytest.mark.parametrize("when", ["opening", "painting"])
def test_out_of_memory_is_said_with_a_cure(
    checkpoints: dict[str, Path], monkeypatch: pytest.MonkeyPatch, closed: Closed, error: str, words: str, when: str
) -> None:
    import torch
    from diffusers import ZImagePipeline, ZImageTransformer2DModel

    def full(*args: object, **kwargs: object) -> object:
        if error == "card":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return torch.empty(10**15)  # torch says it in words of its own

    if when == "opening":
        monkeypatch.setattr(ZImagePipeline, "from_pretrained", full)
    else:
        monkeypatch.setattr(ZImageTransformer2DModel, "forward", full)
    with pytest.raises(GraphicsMemoryError if error == "card" else MemoryShortError, match=words):
        painted(model=str(checkpoints["z"]))
    assert not closed.open


def test_a_lora_changes_the_picture_and_a_unet_takes_the_place_of_its_own(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    from diffusers import StableDiffusionXLPipeline
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    unet = sdxl_unet()
    unet.add_adapter(LoraConfig(r=2, lora_alpha=2, init_lora_weights=False, target_modules=["to_q", "to_k", "to_v"]))
    StableDiffusionXLPipeline.save_lora_weights(tmp_path / "lora", unet_lora_layers=get_peft_model_state_dict(unet))
    sdxl_unet(seed=8).save_pretrained(tmp_path / "unet")
    plain = painted(model=str(checkpoints["sdxl"])).views[0].rgb
    with_lora = painted(model=str(checkpoints["sdxl"]), adapter=str(tmp_path / "lora")).views[0].rgb
    with_unet = painted(model=str(checkpoints["sdxl"]), adapter=str(tmp_path / "unet")).views[0].rgb
    assert not np.array_equal(plain, with_lora)
    assert not np.array_equal(plain, with_unet)
    assert not np.array_equal(with_lora, with_unet)


def test_what_cannot_be_opened_or_painted_is_said(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="not on this machine"):
        painted(model="nobody/nothing")
    with pytest.raises(UnavailableError, match=r"holds no .safetensors file"):
        painted(model=str(tmp_path))
    broken = tmp_path / "broken"
    shutil.copytree(checkpoints["z"], broken)
    (broken / "transformer" / "diffusion_pytorch_model.safetensors").write_bytes(b"\x00" * 40)
    with pytest.raises(UnavailableError, match="is no safetensors file"):
        painted(model=str(broken))
    with pytest.raises(InputError, match="a panorama of 100 pixels"):
        Paint(width_px=100, model=str(checkpoints["z"])).run(World(PROMPT), lambda f, n: None)


def test_pickled_weights_are_refused(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    import torch

    pickled = tmp_path / "pickled"
    shutil.copytree(checkpoints["z"], pickled)
    (pickled / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    torch.save({}, pickled / "vae" / "diffusion_pytorch_model.bin")
    with pytest.raises(UnavailableError, match="holds pickled weights"):
        painted(model=str(pickled))


def test_families_are_known_by_their_pipelines(checkpoints: dict[str, Path]) -> None:
    import diffusers

    for folder in checkpoints.values():
        family = family_of(json.loads((folder / "model_index.json").read_text())["_class_name"])
        assert family.classes[Task.TEXT] == json.loads((folder / "model_index.json").read_text())["_class_name"]
        for name in family.classes.values():
            assert hasattr(diffusers, name)
        if family.control is not None:
            assert hasattr(diffusers, family.control[0])
    assert family_of("SanaPipeline").name == "another family"
