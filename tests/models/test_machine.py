"""Which model fits which graphics card: by stated figures, by the weights on the disk, and honestly not at all."""

from __future__ import annotations

import pytest

from pipelines.errors import GraphicsMemoryError
from pipelines.models import ModelCard, best_tier, card_of, fit, free_vram_bytes, memory_told, model_for, modes, plan, pull, tiers_that_fit
from pipelines.models import machine as here
from tests.models.conftest import weights
from tests.models.hub import Hub, Repository

GB = 10**9


@pytest.mark.parametrize(
    ("free_gb", "mode", "tier"),
    [
        (None, None, "nano"),
        (8, None, "nano"),
        (15.9, None, "nano"),
        (16, None, "super"),
        (23.9, None, "super"),
        (24, ("model", "float8"), "ultra"),
        (44, ("model", "bfloat16"), "ultra"),
        (60, ("none", "bfloat16"), "ultra"),
    ],
)
def test_qwen_image_and_the_tier_by_free_memory(free_gb: float | None, mode: tuple[str, str] | None, tier: str) -> None:
    """60 GB whole, 24 GB in float8 by parts (stated); by parts in bfloat16: 20 × 10⁹ parameters of 2 bytes, and 3 GB to work in."""
    free = None if free_gb is None else round(free_gb * GB)
    found = fit(model_for("paint", "ultra", {}), free)
    assert (None if found.mode is None else (found.mode.offload, found.mode.storage)) == mode
    assert best_tier(free, only_here=False) == tier


def test_the_slow_way_is_never_chosen_by_itself() -> None:
    card = model_for("paint", "ultra", {})
    assert not fit(card, 8 * GB).runs
    slow = fit(card, 8 * GB, slow=True)
    assert slow.mode is not None and slow.mode.offload == "sequential"


def test_small_models_run_on_the_processor() -> None:
    assert fit(model_for("measure", "super", {}), None).runs
    assert not fit(model_for("fill", "super", {}), None).runs


def test_a_tier_whose_weights_are_not_here_is_not_chosen() -> None:
    assert best_tier(80 * GB) == "nano"
    assert all(one.runs and one.missing for one in tiers_that_fit(80 * GB))


def test_an_unknown_model_is_not_judged() -> None:
    found = fit(ModelCard("a/b"), 80 * GB)
    assert (found.mode, found.needed_bytes, found.runs) == (None, None, False)


def test_weights_on_the_disk_are_counted(hub: Hub) -> None:
    """Parameters: transformer 40² + 40, vae 24² + 24; 2 bytes each in bfloat16, 1 in the transformer alone in float8; 3 GB to work in."""
    hub.repositories["tiny/pipeline"].files["transformer/more.safetensors"] = weights(7, 10)
    pull(plan("tiny/pipeline"))
    transformer, vae = 40 * 41 + 10 * 11, 24 * 25
    expected = {
        ("none", "bfloat16"): 2 * (transformer + vae),
        ("model", "bfloat16"): 2 * transformer,
        ("model", "float8"): max(transformer, 2 * vae),
        ("sequential", "bfloat16"): 2 * transformer,
    }
    found = {(mode.offload, mode.storage): mode.bytes - 3 * GB for mode in modes(ModelCard("tiny/pipeline", library="diffusers"))}
    assert found == expected


def test_what_was_counted_never_undercuts_what_was_stated(hub: Hub) -> None:
    card = card_of("Qwen/Qwen-Image")
    assert card is not None
    hub.repositories[card.id] = hub.repositories["tiny/pipeline"]
    pull(plan(card.id))
    assert {(mode.offload, mode.storage): mode.gb for mode in modes(card)}["model", "float8"] == 24


def test_no_driver_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "_driver_is_there", lambda: False)
    monkeypatch.setattr("pipelines.models.machine.importlib.import_module", lambda name: pytest.fail(f"{name} is imported for nothing"))
    assert free_vram_bytes() is None


def test_a_driver_asks_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    class Cuda:
        is_available = staticmethod(lambda: True)
        mem_get_info = staticmethod(lambda: (7 * GB, 8 * GB))
        memory_reserved = staticmethod(lambda: 3 * GB)
        memory_allocated = staticmethod(lambda: 2 * GB)

    monkeypatch.setattr(here, "_driver_is_there", lambda: True)
    monkeypatch.setattr("pipelines.models.machine.importlib.import_module", lambda name: type("Torch", (), {"cuda": Cuda}))
    assert free_vram_bytes() == 8 * GB  # with what torch keeps, and nobody uses
    assert free_vram_bytes(with_ours=True) == 10 * GB


class OutOfMemoryError(RuntimeError):
    """Called as torch's own is."""


@pytest.mark.parametrize(("free_gb", "cure"), [(20, "use the tier super, which needs 16 GB"), (10, "use the tier nano, which needs no")])
def test_out_of_memory_names_the_tier_that_fits(monkeypatch: pytest.MonkeyPatch, free_gb: int, cure: str) -> None:
    monkeypatch.setattr(here, "free_vram_bytes", lambda *, with_ours: free_gb * GB)
    card = model_for("paint", "ultra", {})
    with (
        pytest.raises(
            GraphicsMemoryError, match=rf"too little memory for Qwen/Qwen-Image in the stage paint \({free_gb}\.0 GB were free\): {cure}"
        ),
        memory_told(card, "paint", "ultra"),
    ):
        raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def test_other_failures_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_told(ModelCard("a/b"), "paint", "super"):
        raise RuntimeError("shapes differ")


def test_a_repository_of_one_file(hub: Hub) -> None:
    hub.repositories["tiny/one"] = Repository({"model.safetensors": weights()})
    pull(plan("tiny/one"))
    assert next(iter(modes(ModelCard("tiny/one", library="transformers")))).bytes == GB + 2 * (24 * 25)
