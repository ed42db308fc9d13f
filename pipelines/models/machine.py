"""The machine: how much memory its graphics card has free, how each model fits into it, and which tiers can run here.

GB are 10⁹ bytes. What a way of loading needs is the table's figure where a source gives one; where the weights are here, their parts are
counted in their files, with what is loaded on top of them; else it is estimated from the number of parameters. Counts and estimates add
`WORKING_BYTES` for what is computed.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipelines.errors import GraphicsMemoryError, InputError, MemoryShortError, UnavailableError, WeightsError, is_out_of_memory
from pipelines.models.folder import files_folder, sound_lock
from pipelines.models.table import TIERS, Mode, ModelCard, Offload, Storage, card_of, is_hub_id, model_for
from pipelines.models.weights import SUFFIX, parameters_in

WORKING_BYTES = 3_000_000_000
"""Set aside for activations beside the weights of a diffusion model; ours, not measured."""
SMALL_WORKING_BYTES = 1_000_000_000
"""The same for models that look at pictures."""
LAYER_BYTES = 1_000_000_000
"""The largest layer of any model here, with room to spare; what `sequential` keeps on the card."""
STAGES = ("paint", "measure", "fill")
"""The stages whose models decide whether a tier can run; they are loaded one after the other, so the largest counts."""

_BYTES = 2  # of a parameter in bfloat16
_PROCESSOR_BYTES = 4  # of a parameter in float32, as processors compute
_PAINTERS = ("transformer", "unet")  # the parts of a diffusers pipeline that are kept in float8
_WAYS: Mapping[str, tuple[Offload, Storage]] = {
    "whole": ("none", "bfloat16"),
    "parts": ("model", "bfloat16"),
    "float8": ("model", "float8"),
    "layers": ("sequential", "bfloat16"),
}
"""The ways to load, fastest first, by the words of WORLDLOOM_LOADING."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model fits this machine. mode: the fastest way to load it that fits; None: none does, or it runs on the processor (cpu).

    needed_bytes: of that mode, or of the smallest one where none fits; None where nothing is known.
    """

    mode: Mode | None
    needed_bytes: int | None
    cpu: bool = False

    @property
    def runs(self) -> bool:
        """Whether the model runs here."""
        return self.mode is not None or self.cpu


@dataclass(frozen=True, slots=True)
class TierFit:
    """How a tier fits this machine. fits: by stage; missing: repositories that are not here yet; needed_bytes: of the largest stage."""

    tier: str
    fits: dict[str, Fit]
    missing: tuple[str, ...]
    needed_bytes: int

    @property
    def runs(self) -> bool:
        """Whether the card is large enough."""
        return all(fit.runs for fit in self.fits.values())


def free_vram_bytes(*, with_ours: bool = False) -> int | None:
    """Memory that is free on the graphics card; None without CUDA. Without a driver torch is not even imported.

    with_ours: with what this process holds there, and would give back.
    """
    if not _driver_is_there():
        return None
    try:
        torch = importlib.import_module("torch")
        if not torch.cuda.is_available():
            return None
        kept = torch.cuda.memory_reserved()  # from the driver; what of it is not allocated torch gives out again
        return int(torch.cuda.mem_get_info()[0]) + int(kept if with_ours else kept - torch.cuda.memory_allocated())
    except (ImportError, OSError, RuntimeError):
        return None


@cache
def card_bytes() -> int | None:
    """All memory of the first graphics card, used or not, by its driver alone: torch is not imported and nothing is taken on the card.

    None where there is no CUDA, or torch was built without it.
    """
    try:
        driver = None if version("torch").endswith("+cpu") else _driver()
        device, size = ctypes.c_int(), ctypes.c_size_t()
        if driver is None or driver.cuInit(0) or driver.cuDeviceGet(ctypes.byref(device), 0):
            return None
        return None if driver.cuDeviceTotalMem_v2(ctypes.byref(size), device) else size.value
    except (AttributeError, PackageNotFoundError):
        return None


def modes(card: ModelCard) -> tuple[Mode, ...]:
    """The ways to load a model, fastest first, each with the memory it needs on the card."""
    known: dict[tuple[Offload, Storage], float] = {}
    parts = _parts(card.id)
    for mode in (*card.vram, *(_estimated(card) if parts is None else _counted(card, parts))):
        key = (mode.offload, mode.storage)
        stated = any((other.offload, other.storage) == key for other in card.vram)
        known[key] = max(known.get(key, 0.0), mode.gb) if parts is not None or not stated else known.get(key, mode.gb)
    return tuple(Mode(offload=key[0], storage=key[1], gb=known[key]) for key in _WAYS.values() if key in known)


def fit(card: ModelCard, free_bytes: int | None, *, slow: bool = False) -> Fit:
    """The fastest way to load a model into so much free memory (None: no graphics card).

    slow: `sequential`, too, which takes many times as long and is never chosen by itself.
    """
    ways = [mode for mode in modes(card) if slow or mode.offload != "sequential"]
    if free_bytes is not None:
        mode = next((mode for mode in ways if mode.bytes <= free_bytes), None)
        if mode is not None:
            return Fit(mode, mode.bytes)
    return Fit(None, min((mode.bytes for mode in ways), default=None), card.cpu)


def way_to_load(
    card: ModelCard, stage: str, tier: str, free_bytes: int | None, *, environment: Mapping[str, str] = os.environ
) -> Mode | None:  # fmt: skip
    """How a model whose weights are here is to be loaded, by the free memory of the card; None: on the processor.

    WORLDLOOM_LOADING names another way for diffusion models, whether it fits or not. Raises GraphicsMemoryError where none fits.
    """
    named = environment.get("WORLDLOOM_LOADING", "").strip()
    if named and named not in _WAYS:
        raise InputError(f"WORLDLOOM_LOADING={named[:80]} is no way to load weights: choose from {', '.join(_WAYS)}, or unset it")
    ways = modes(card)
    if named and card.library != "transformers":
        return next((mode for mode in ways if (mode.offload, mode.storage) == _WAYS[named]), None)
    if free_bytes is None:
        return None
    found = fit(card, free_bytes)
    if not found.runs and ways:
        raise out_of_memory(card, stage, tier, free_bytes)
    return found.mode


def tiers_that_fit(free_bytes: int | None, stages: Sequence[str] = STAGES) -> tuple[TierFit, ...]:
    """Every tier that has models for all of these stages, smallest first, with how it fits; `nano` needs none and is not among them."""
    found = []
    for tier in TIERS[1:]:
        try:
            chosen = {stage: model_for(stage, tier) for stage in stages}
        except UnavailableError:
            continue
        fits = {stage: fit(card, free_bytes) for stage, card in chosen.items()}
        names = dict.fromkeys(name for card in chosen.values() for name in (card.id, card.adapter) if name and "/" in name)
        missing = tuple(name for name in names if sound_lock(name) is None)
        needed = max((one.needed_bytes or 0 for one in fits.values() if not one.cpu), default=0)
        found.append(TierFit(tier, fits, missing, needed))
    return tuple(found)


def best_tier(free_bytes: int | None, stages: Sequence[str] = STAGES, *, only_here: bool = True) -> str:
    """The largest tier that runs in so much memory; `nano` where none does. only_here: of those whose weights were pulled."""
    able = [one.tier for one in tiers_that_fit(free_bytes, stages) if one.runs and not (only_here and one.missing)]
    return able[-1] if able else TIERS[0]


def out_of_memory(card: ModelCard, stage: str, tier: str, free_bytes: int | None) -> GraphicsMemoryError:
    """The sentence for a graphics card that is too small or too full for a stage, with the tier that would fit."""
    had = "" if free_bytes is None else f" ({free_bytes / 1e9:.1f} GB were free)"
    smaller = [one for one in tiers_that_fit(free_bytes) if one.runs and TIERS.index(one.tier) < TIERS.index(tier)]
    if smaller:
        cure = f"use the tier {smaller[-1].tier}, which needs {smaller[-1].needed_bytes / 1e9:.0f} GB"
    else:
        cure = "use the tier nano, which needs no graphics card"
    by_layers = free_bytes is not None and fit(card, free_bytes).mode is None and fit(card, free_bytes, slow=True).mode is not None
    last = ", free the card, or set WORLDLOOM_LOADING=layers, which takes many times as long" if by_layers else ", or free the card"
    return GraphicsMemoryError(f"the graphics card has too little memory for {card.id} in the stage {stage}{had}: {cure}{last}")


@contextmanager
def memory_told(card: ModelCard, stage: str, tier: str) -> Iterator[None]:
    """Load and run a model in this block: where memory runs out, GraphicsMemoryError or MemoryShortError says what would fit instead."""
    free_bytes = free_vram_bytes(with_ours=True)
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        where = is_out_of_memory(error)
        if where is None:
            raise
        if where == "card":
            raise out_of_memory(card, stage, tier, free_bytes) from None
        whole = sum((_parts(card.id) or Counter()).values()) * _PROCESSOR_BYTES
        needs = f", which takes {whole / 1e9:.0f} GB or more there" if whole >= 1e9 else ""
        leaner = "" if card.library == "transformers" else ", or set WORLDLOOM_LOADING=float8"
        raise MemoryShortError(
            f"this machine has too little memory for {card.id} in the stage {stage}{needs}: use the tier nano, which needs no weights, "
            f"or end other programs{leaner}"
        ) from None


def _counted(card: ModelCard, parts: Counter[str]) -> tuple[Mode, ...]:
    """By the tensors in the files that are here, as they are loaded in bfloat16; float8 is for the part that paints alone.

    What is loaded on top, an adapter or a control network, lies on the card together with the part that paints.
    """
    painter = next((part for part in _PAINTERS if part in parts), "")
    on_top = sum(
        sum((_parts(name) or Counter()).values())
        for name in (card.adapter, card.control)
        if name and not (name == card.adapter and _is_part(name))
    )
    beside = {part: on_top if part == painter else 0 for part in parts}
    return _modes(
        card,
        whole=sum(parts.values()) + on_top,
        largest=max((count + beside[part] for part, count in parts.items()), default=0),
        shrunk_bytes=max(((count + beside[part]) * _BYTES - (count if part == painter else 0) for part, count in parts.items()), default=0),
    )


def _is_part(name: str) -> bool:
    """Whether an adapter takes the place of a part of the model, so that it needs no room of its own."""
    known = card_of(name)
    return (known is not None and known.role == "part") or (Path(name).expanduser() / "config.json").is_file()


def _estimated(card: ModelCard) -> tuple[Mode, ...]:
    """By the number of parameters; of a diffusion model that is its largest part, so what all parts need together is not known."""
    if card.parameters is None:
        return ()
    count = round(card.parameters)
    return _modes(card, whole=None if card.library == "diffusers" else count, largest=count, shrunk_bytes=None)


def _modes(card: ModelCard, *, whole: int | None, largest: int, shrunk_bytes: int | None) -> tuple[Mode, ...]:
    """whole, largest: parameters of all parts and of the largest one.  shrunk_bytes: of the largest part when the painter is in float8."""
    if card.library == "transformers":
        return () if whole is None else (Mode(gb=(whole * _BYTES + SMALL_WORKING_BYTES) / 1e9),)
    sizes: dict[tuple[Offload, Storage], int | None] = {
        ("none", "bfloat16"): None if whole is None else whole * _BYTES,
        ("model", "bfloat16"): largest * _BYTES,
        ("model", "float8"): shrunk_bytes,
        ("sequential", "bfloat16"): min(LAYER_BYTES, largest * _BYTES),
    }
    return tuple(Mode(offload=key[0], storage=key[1], gb=(size + WORKING_BYTES) / 1e9) for key, size in sizes.items() if size is not None)


def _parts(name: str) -> Counter[str] | None:
    """Folder → parameters of a model that was pulled, or lies in a folder of the user's; None where it is not here, or not whole."""
    lock = sound_lock(name) if is_hub_id(name) else None
    folder = Path(name).expanduser() if lock is None else files_folder(lock)
    if lock is not None:
        files = tuple(file for file in lock.files if file.endswith(SUFFIX))
    else:
        files = tuple(sorted(path.relative_to(folder).as_posix() for path in folder.rglob(f"*{SUFFIX}"))) if folder.is_dir() else ()
    try:
        return _parts_in(folder.absolute(), files) if files else None
    except WeightsError:
        return None


@cache
def _parts_in(folder: Path, files: tuple[str, ...]) -> Counter[str]:
    """Folder → parameters; a commit never changes, and a user's folder hardly while a process lasts."""
    found: Counter[str] = Counter()
    for file in files:
        found[file.rpartition("/")[0]] += parameters_in(folder / file)
    return found


def _driver_is_there() -> bool:
    return _driver() is not None


def _driver() -> ctypes.CDLL | None:
    """The graphics card's driver; None where there is none."""
    try:
        return ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
