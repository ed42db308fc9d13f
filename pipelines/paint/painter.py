"""Painter: a diffusers pipeline, opened from a folder, on the device that is there, that tells how far it is and can be stopped."""

from __future__ import annotations

import inspect
import json
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import InputError, UnavailableError, is_out_of_memory
from pipelines.models import Mode, give_memory_back
from pipelines.paint.families import AUTOMATIC, Family, Task, family_of
from pipelines.paint.turning import Turning, denoiser_of, turning, wrapped
from pipelines.stage import TellStage

Pixels = NDArray[np.uint8]

PLACING = {"none": "to", "model": "enable_model_cpu_offload", "sequential": "enable_sequential_cpu_offload"}
"""How diffusers calls it when a pipeline is brought to a card: whole, part by part, layer by layer."""


@dataclass
class Painter:
    """An opened pipeline. `task` says what it does; `close` gives its memory back."""

    pipe: Any
    family: Family
    task: Task
    name: str

    @classmethod
    def open(
        cls, folder: Path, task: Task, *, adapter: Path | None = None, control: Path | None = None, name: str = "", mode: Mode | None = None
    ) -> Self:  # fmt: skip
        """Open the weights in `folder` for a task. Raises UnavailableError with the cure when that is not possible.

        adapter: a LoRA, or the folder of a UNet that takes the place of the model's own.  control: the folder of a control network.
        mode: how it is brought to the graphics card; None leaves it to the processor.  Where memory runs out, that error is raised.
        """
        import torch

        name = name or folder.name
        family = family_of(pipeline_class(folder))
        dtype = torch.bfloat16 if mode is not None and torch.cuda.is_available() else torch.float32
        _quiet()
        try:
            with _without_library_warnings():
                extra = _components(family, adapter, control, dtype)
                opener = _class(_opener(family, task, name))
                pipe = opener.from_pretrained(str(folder), dtype=dtype, use_safetensors=True, local_files_only=True, **extra)
                if adapter is not None and "unet" not in extra:
                    pipe.load_lora_weights(str(adapter), use_safetensors=True, local_files_only=True)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError) as error:
            if is_out_of_memory(error):
                raise
            raise UnavailableError(
                f"the model {name} cannot be opened for this ({_first_line(error)}): pull it again, or name another"
            ) from error
        pipe.set_progress_bar_config(disable=True)
        if mode is not None and mode.storage == "float8":
            denoiser_of(pipe).enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=dtype)
        painter = cls(pipe, family, task, name)
        painter.place(mode)
        return painter

    def place(self, mode: Mode | None) -> None:
        """Bring it to the graphics card, if there is one, as `mode` says."""
        import torch

        if mode is not None and torch.cuda.is_available():
            place(self.pipe, mode, "cuda")

    def rest(self) -> int:
        """Leave the graphics card; the bytes that it takes in the machine's memory."""
        import torch

        if torch.cuda.is_available():
            self.pipe.remove_all_hooks()
            self.pipe.to("cpu", silence_dtype_warnings=True)
            give_memory_back()
        return weights_bytes(self.pipe)

    def close(self) -> None:
        """Give the weights' memory back."""
        self.pipe = None
        give_memory_back()

    @property
    def factor(self) -> int:
        """Pixels a latent column."""
        return int(self.pipe.vae_scale_factor)

    def size_for(self, width_px: int, height_px: int) -> tuple[int, int]:
        """The (width, height) nearest to what is wanted that it paints: multiples of its patches, and not more than it can."""
        share = 1.0
        if self.family.most_pixels is not None:
            share = min(1.0, (self.family.most_pixels / (width_px * height_px)) ** 0.5)
        unit = max(self.family.multiple_px, self.factor * 2)
        width, height = (max(unit, int(side * share + 1e-6) // unit * unit) for side in (width_px, height_px))
        return width, height

    def paint(
        self, words: str, tell: TellStage, *, width_px: int, height_px: int, seed: int = 0, closed: bool = True, steps: int | None = None,
        **pictures: Any,
    ) -> Pixels:  # fmt: skip
        """A picture (height_px, width_px, 3) uint8 of the words.

        closed: its left and right edges meet.  pictures: further arguments of the pipeline (image, mask_image, strength …); the sides
        must be such as `size_for` gives.  Raises Cancelled when `tell` does, and UnavailableError for sizes that it cannot paint.
        """
        import torch

        count = steps or self.family.steps
        turn = Turning(height_px // self.factor, width_px // self.factor)
        total = max(1, int(count * float(pictures.get("strength", 1.0))))

        def after_step(pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            turn.step = step + 1
            tell(min(1.0, (step + 1) / (total + 1)), f"painting, step {step + 1} of {total}")
            return tensors

        generator = torch.Generator("cpu").manual_seed(seed)  # the same noise whatever the device
        wanted: dict[str, Any] = {"num_inference_steps": count, "callback_on_step_end": after_step, "generator": generator}
        known = inspect.signature(type(self.pipe).__call__).parameters
        settings = {**self.family.settings, **wanted, **pictures, "width": width_px, "height": height_px, "output_type": "np"}
        tell(0.0, "reading the words")
        try:
            with ExitStack() as stack:
                stack.enter_context(_without_library_warnings())
                if closed:
                    stack.enter_context(turning(self.pipe, turn))
                    stack.enter_context(wrapped(self.pipe.vae, self.factor))
                painted = self.pipe(prompt=words, **{name: value for name, value in settings.items() if name in known}).images[0]
        except (ValueError, RuntimeError, TypeError) as error:
            if is_out_of_memory(error):
                raise
            raise UnavailableError(f"{self.name} cannot paint {width_px} × {height_px} pixels ({_first_line(error)})") from error
        finally:
            self.pipe.maybe_free_model_hooks()
        return (np.nan_to_num(np.asarray(painted, np.float32)).clip(0, 1) * 255 + 0.5).astype(np.uint8)


def pipeline_class(folder: Path) -> str:
    """The name of the pipeline that a folder of weights is for; raises UnavailableError when it is none."""
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        return str(index["_class_name"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnavailableError(f"{folder} holds no diffusion model: model_index.json is missing or damaged") from error


def _opener(family: Family, task: Task, name: str) -> str:
    """The class that opens a folder for a task."""
    if task in family.classes:
        return family.classes[task]
    if family.classes or task not in AUTOMATIC:
        raise UnavailableError(f"{name} cannot {task} pictures: {family.name} has no such pipeline; name another model")
    return AUTOMATIC[task]


def _components(family: Family, adapter: Path | None, control: Path | None, dtype: Any) -> dict[str, Any]:
    """Parts that take the place of, or are added to, those of the model's folder."""
    parts: dict[str, Any] = {}
    options = {"dtype": dtype, "use_safetensors": True, "local_files_only": True}
    if adapter is not None and (adapter / "config.json").is_file():
        parts["unet"] = _class("UNet2DConditionModel").from_pretrained(str(adapter), **options)
    if control is not None:
        if family.control is None:
            raise UnavailableError(f"{family.name} has no control network that diffusers knows: name another model, or leave it out")
        parts["controlnet"] = _class(family.control[0]).from_pretrained(str(control), **options)
    return parts


def _class(name: str) -> Any:
    import diffusers

    return getattr(diffusers, name)


def _quiet() -> None:
    """No progress bars and hints of the libraries: progress is ours to tell."""
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()


def place(pipe: Any, mode: Mode, device: str) -> None:
    """Bring a pipeline to a device as `mode` says: all of it, or hooks that bring a part, or a layer, when its turn comes."""
    getattr(pipe, PLACING[mode.offload])(device=device)
    if hasattr(pipe.vae, "enable_tiling"):
        if mode.offload == "none":
            pipe.vae.disable_tiling()
        else:
            pipe.vae.enable_tiling()  # a large picture is decoded piece by piece


def weights_bytes(pipe: Any) -> int:
    """What all weights of a pipeline take in memory, bytes."""
    modules = [part for part in pipe.components.values() if hasattr(part, "parameters")]
    return sum(weights.numel() * weights.element_size() for module in modules for weights in module.parameters())


@contextmanager
def _without_library_warnings() -> Iterator[None]:
    """What diffusers and transformers say about their own future is not for people who make worlds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200] if text else ''}"


def resized(picture: Pixels, width_px: int, height_px: int) -> Pixels:
    """The same picture at another size, by Lanczos; unchanged where it has that size."""
    from PIL import Image

    if picture.shape[:2] == (height_px, width_px):
        return picture
    return np.asarray(Image.fromarray(picture).resize((width_px, height_px), Image.Resampling.LANCZOS))


def check_panorama_width(width_px: int) -> None:
    """Raises InputError for widths that no painter can close."""
    if not 64 <= width_px <= 8192 or width_px % 32:
        raise InputError(f"a panorama of {width_px} pixels cannot be painted: use a multiple of 32 from 64 to 8,192")
