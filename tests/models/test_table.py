"""The table says only what its sources say, and what a stage takes follows from it and from the user's settings."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipelines.errors import InputError, UnavailableError
from pipelines.models import ModelCard, card_of, cards, choices, licences, model_for, repositories_for, stage_names
from pipelines.models.table import is_hub_id

FACTS = {"licence": "licence", "parameters": "parameters", "size_bytes": "size", "vram": "vram", "steps": "steps", "cpu": "cpu"}
FACTS |= {"gated": "gated"}


@cache
def source_of(library: str) -> str:
    """Every line of an installed library that names a repository or a class of ours."""
    spec = find_spec(library)
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent
    places = ["pipelines"] if library == "diffusers" else ["models"]
    return "\n".join(path.read_text("utf-8", errors="replace") for place in places for path in sorted((folder / place).rglob("*.py")))


def test_every_entry_is_one_repository_and_names_only_entries() -> None:
    names = [card.id for card in cards()]
    assert len(names) == len(set(names)) >= 20
    assert all(is_hub_id(name) for name in names)
    for card in cards():
        assert all(card_of(name) is not None for name in card.needs), card.id
        assert (card.role == "model") == bool(card.stages) == bool(card.tiers), card.id
        assert set(card.tiers) <= {"super", "ultra"}


def test_every_fact_has_a_source() -> None:
    for card in cards():
        sources = dict(card.sources or {})
        assert "id" in sources
        for field, word in FACTS.items():
            known = getattr(card, field) not in (None, (), False)
            assert known == (word in sources), f"{card.id}: {field}"
        assert not any(mark in sources.values() for mark in ("", None))
        if card.library is not None and any((card.stages or {}).values()):
            assert sources["stages"].startswith(card.library)


def test_what_is_said_of_libraries_is_true_of_them() -> None:
    """Ids and classes that a library is named for stand in the release that is installed."""
    from importlib.metadata import version

    for card in cards():
        for fact, source in (card.sources or {}).items():
            library, _, release = source.partition(" ")
            if library in ("diffusers", "transformers"):
                assert version(library) == release, f"{card.id}: {source} is not what is installed"
                text = source_of(library)
                words = [card.id] if fact == "id" else [f"class {name}(" for name in (card.stages or {}).values() if name]
                for word in words:
                    assert word in text, f"{card.id}: {word} is not in {source}"


def test_nothing_that_is_taken_by_itself_is_known_to_forbid_sale_or_to_be_gated() -> None:
    for card in cards():
        if card.avoid is None:
            assert card.commercial is not False and not card.gated, card.id
            assert card.licence is None or licences()[card.licence].sell is True, card.id


@pytest.mark.parametrize(
    ("stage", "tier", "model", "pipeline", "adapter"),
    [
        ("paint", "super", "Tongyi-MAI/Z-Image-Turbo", "ZImagePipeline", "CedarC/Z-Image_360"),
        ("outpaint", "super", "Tongyi-MAI/Z-Image-Turbo", "ZImageInpaintPipeline", "CedarC/Z-Image_360"),
        ("paint", "ultra", "Qwen/Qwen-Image", "QwenImagePipeline", "ProGamerGov/qwen-360-diffusion"),
        ("fill", "ultra", "black-forest-labs/FLUX.2-klein-4B", "Flux2KleinInpaintPipeline", None),
    ],
)
def test_a_stage_takes_the_first_that_is_on(stage: str, tier: str, model: str, pipeline: str, adapter: str | None) -> None:
    card = model_for(stage, tier, {})
    assert (card.id, card.pipeline, card.adapter, card.own) == (model, pipeline, adapter, False)
    assert card.revision is None  # nobody has pinned one, and none is made up


def test_a_control_belongs_to_its_stage() -> None:
    assert model_for("repaint", "super", {}).control == "alibaba-pai/Z-Image-Turbo-Fun-Controlnet-Union"
    assert model_for("paint", "super", {}).control is None


def test_a_model_of_ones_own(tmp_path: Path) -> None:
    own = model_for("paint", "super", {"WORLDLOOM_PAINT_MODEL": "somebody/painter"})
    assert (own.id, own.own, own.adapter, own.pipeline, own.licence) == ("somebody/painter", True, None, None, None)
    with_adapter = {"WORLDLOOM_PAINT_MODEL": str(tmp_path), "WORLDLOOM_PAINT_ADAPTER": "somebody/lora"}
    card = model_for("paint", "ultra", with_adapter)
    assert (card.id, card.adapter) == (str(tmp_path), "somebody/lora")
    known = model_for("paint", "super", {"WORLDLOOM_PAINT_MODEL": "black-forest-labs/FLUX.1-dev"})
    assert (known.own, known.pipeline, known.commercial) == (True, "FluxPipeline", False)
    bare = model_for("paint", "super", {"WORLDLOOM_PAINT_ADAPTER": "none"})
    assert (bare.id, bare.adapter, bare.own) == ("Tongyi-MAI/Z-Image-Turbo", None, False)
    assert set(choices({"WORLDLOOM_FILL_MODEL": "somebody/filler"})) == {"fill"}


@pytest.mark.parametrize("value", ["no such thing", "a/b/c", "/nowhere/at/all", "../x/y", "-a/b"])
def test_a_setting_that_is_neither(value: str) -> None:
    with pytest.raises(InputError, match=r"WORLDLOOM_PAINT_MODEL=.* is neither a repository .* nor a folder"):
        model_for("paint", "super", {"WORLDLOOM_PAINT_MODEL": value})


def test_stages_and_tiers_without_a_model() -> None:
    with pytest.raises(InputError, match="no stage 'lift' takes a model: choose from paint"):
        model_for("lift", "super", {})
    with pytest.raises(UnavailableError, match=r"no model for pose .* needs the package mapanything.*WORLDLOOM_POSE_MODEL"):
        model_for("pose", "super", {})
    with pytest.raises(UnavailableError, match="in the tier nano"):
        model_for("paint", "nano", {})


def test_what_a_word_fetches() -> None:
    paint = repositories_for("paint", "super", {})
    assert paint == {"Tongyi-MAI/Z-Image-Turbo": False, "CedarC/Z-Image_360": False}
    tier = repositories_for("super", "ultra", {})
    assert set(paint) | {"alibaba-pai/Z-Image-Turbo-Fun-Controlnet-Union", "black-forest-labs/FLUX.2-klein-4B"} <= set(tier)
    assert "Qwen/Qwen-Image" not in tier
    assert repositories_for("nano", "super", {}) == {}
    named = repositories_for("qwen/qwen-image", "super", {})
    assert named == {
        "Qwen/Qwen-Image": True, "ProGamerGov/qwen-360-diffusion": False, "InstantX/Qwen-Image-ControlNet-Union": False,
    }  # fmt: skip
    assert repositories_for("fill", "super", {"WORLDLOOM_FILL_MODEL": "my/own"}) == {"my/own": True}
    with pytest.raises(InputError, match=r"'nonsense' is no repository \(owner/name\), tier .* or stage"):
        repositories_for("nonsense", "super", {})


def test_every_stage_that_takes_models_has_one_word() -> None:
    assert set(stage_names()) == {"paint", "outpaint", "repaint", "fill", "measure", "sky", "pose", "caption"}
    assert ModelCard("a/b").needs == ("a/b",)


def test_the_page_says_what_the_table_says() -> None:
    from docs.draw_models import BEGIN, END, PAGE, tables

    drawn = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert drawn == tables(), "run: python docs/draw_models.py"
    for card in cards():
        assert f"| `{card.id}` |" in drawn
    for stage in stage_names():
        assert f"`{stage}`" in PAGE.read_text(encoding="utf-8")
