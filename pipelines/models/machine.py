"""The machine: how much memory its graphics card has free, how each model fits into it, and which tiers can run here.

GB are 10⁹ bytes. What a way of loading needs is the table's figure where a source gives one; where the weights are here, their parts are
counted in their files; else it is estimated from the number of parameters. Counts and estimates add `WORKING_BYTES` for what is computed.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from pipelines.errors import GraphicsMemoryError, UnavailableError
from pipelines.models.folder import Lock, files_folder, read_lock
from pipelines.models.table import TIERS, Mode, ModelCard, Offload, Storage, model_for
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
_PAINTERS = ("transformer", "unet")  # the parts of a diffusers pipeline that are kept in float8
_ORDER: tuple[tuple[Offload, Storage], ...] = (("none", "bfloat16"), ("model", "bfloat16"), ("model", "float8"), ("sequential", "bfloat16"))


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


def free_vram_bytes() -> int | None:
    """Memory that is free on the graphics card; None without CUDA. Without a driver torch is not even imported."""
    if not _driver_is_there():
        return None
    try:
        torch = importlib.import_module("torch")
        return int(torch.cuda.mem_get_info()[0]) if torch.cuda.is_available() else None
    except (ImportError, OSError, RuntimeError):
        return None


def modes(card: ModelCard) -> tuple[Mode, ...]:
    """The ways to load a model, fastest first, each with the memory it needs on the card."""
    known: dict[tuple[Offload, Storage], float] = {}
    lock = read_lock(card.id) if "/" in card.id else None
    for mode in (*card.vram, *(_estimated(card) if lock is None else _counted(card, lock))):
        key = (mode.offload, mode.storage)
        stated = any((other.offload, other.storage) == key for other in card.vram)
        known[key] = max(known.get(key, 0.0), mode.gb) if lock is not None or not stated else known.get(key, mode.gb)
    return tuple(Mode(offload=key[0], storage=key[1], gb=known[key]) for key in _ORDER if key in known)


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
        missing = tuple(name for name in names if read_lock(name) is None)
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
    return GraphicsMemoryError(f"the graphics card has too little memory for {card.id} in the stage {stage}{had}: {cure}, or free the card")


@contextmanager
def memory_told(card: ModelCard, stage: str, tier: str) -> Iterator[None]:
    """Load and run a model in this block: where CUDA's memory runs out, GraphicsMemoryError says what would fit instead."""
    free_bytes = free_vram_bytes()
    try:
        yield
    except RuntimeError as error:
        if type(error).__name__ != "OutOfMemoryError" and "out of memory" not in str(error).lower():
            raise
        raise out_of_memory(card, stage, tier, free_bytes) from None


def _counted(card: ModelCard, lock: Lock) -> tuple[Mode, ...]:
    """By the tensors in the files that are here, as they are loaded in bfloat16; float8 is for the part that paints alone."""
    parts = _parts(lock.id, lock.revision, tuple(name for name in lock.files if name.endswith(SUFFIX)))
    largest = max(parts.values(), default=0)
    shrunk = max((count * (1 if part in _PAINTERS else 2) for part, count in parts.items()), default=0)
    return _modes(card, whole=sum(parts.values()), largest=largest, shrunk_bytes=shrunk)


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


@cache
def _parts(name: str, revision: str, files: tuple[str, ...]) -> Counter[str]:
    """Folder → parameters of a pulled model; a commit never changes."""
    lock = read_lock(name)
    found: Counter[str] = Counter()
    if lock is not None and lock.revision == revision:
        for file in files:
            path = files_folder(lock) / file
            found[file.rpartition("/")[0]] += parameters_in(path) if path.is_file() else 0
    return found


def _driver_is_there() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
