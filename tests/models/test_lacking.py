"""What a machine lacks for a recipe with models is told in one sentence with the cure, and quickly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.models import lacking, locks, model_for
from pipelines.models.folder import FileLock, Lock, write_lock
from pipelines.prompt import Kind
from pipelines.recipes import CARDS, WITH_MODELS, card_for

NANO, SUPER, ULTRA = CARDS


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights, no models of the user's own."""
    monkeypatch.setenv("WORLDLOOM_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("WORLDLOOM_SMALL_MODEL", str(tmp_path / "small"))
    for stage in WITH_MODELS:
        monkeypatch.delenv(f"WORLDLOOM_{stage.upper()}_MODEL", raising=False)
        monkeypatch.delenv(f"WORLDLOOM_{stage.upper()}_ADAPTER", raising=False)


def pull(*names: str) -> None:
    """As if they had been pulled: their locks are there."""
    for name in names:
        write_lock(
            Lock(worldloom_lock=1, id=name, revision="0" * 40, licence="mit", files={"config.json": FileLock(bytes=1, sha256="0" * 64)})
        )


def card_of(monkeypatch: pytest.MonkeyPatch, gigabytes: float | None) -> None:
    monkeypatch.setattr(lacking, "card_bytes", lambda: None if gigabytes is None else int(gigabytes * 1e9))


def needed(kind: Kind, tier: str) -> list[str]:
    chosen = [model_for(stage, tier) for stage in SUPER.rows[kind] if stage in WITH_MODELS]
    return [name for card in chosen for name in (card.id, card.adapter) if name]


def test_a_bare_machine_lacks_everything_and_is_told_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    card_of(monkeypatch, None)
    said = SUPER.lacking(Kind.PHOTOGRAPH)
    assert said.startswith("it needs a graphics card with CUDA and 16 GB of memory")
    assert "worldloom models pull super" in said
    assert "models pull ultra" in ULTRA.lacking(Kind.TEXT)
    assert "name the tier nano" in SUPER.lacking(Kind.VIDEO)


def test_what_is_there_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    card_of(monkeypatch, 12)
    assert SUPER.lacking(Kind.TEXT).startswith("it needs a graphics card with CUDA and 16 GB of memory (this one has 12 GB), and weights")
    assert card_for(None).tier == "nano"
    card_of(monkeypatch, 17)
    assert "graphics card" not in SUPER.lacking(Kind.TEXT)
    pull(*needed(Kind.TEXT, "super"))
    assert set(locks()) == set(needed(Kind.TEXT, "super"))
    assert SUPER.lacking(Kind.TEXT) == ""
    assert card_for(None).tier == "super"
    assert ULTRA.lacking(Kind.TEXT).startswith("it needs a graphics card with CUDA and 24 GB of memory (this one has 17 GB), and weights")


def test_a_panorama_needs_nothing_but_a_depth_model(monkeypatch: pytest.MonkeyPatch) -> None:
    card_of(monkeypatch, None)
    assert NANO.lacking(Kind.PANORAMA) == "it needs weights that are not here yet (`worldloom models pull measure`)"
    pull(model_for("measure", "super").id)
    assert NANO.lacking(Kind.PANORAMA) == ""
    assert card_for(None, Kind.PANORAMA).tier == "nano"
    assert {kind for kind in NANO.rows if NANO.lacking(kind)} == {Kind.PHOTOGRAPH, Kind.LAYOUT}, "these need the small model"


def test_models_of_the_users_own_run_without_a_graphics_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    card_of(monkeypatch, None)
    for stage in ("FILL", "MEASURE"):
        monkeypatch.setenv(f"WORLDLOOM_{stage}_MODEL", str(tmp_path))
    assert SUPER.lacking(Kind.PANORAMA) == ""
    assert "graphics card" in SUPER.lacking(Kind.TEXT), "its painter is still that of the table"
    monkeypatch.setenv("WORLDLOOM_PAINT_MODEL", "somebody/painter")
    assert SUPER.lacking(Kind.TEXT) == "it needs weights that are not here yet (`worldloom models pull somebody/painter`)"
    monkeypatch.setenv("WORLDLOOM_PAINT_MODEL", "nowhere at all")
    assert "WORLDLOOM_PAINT_MODEL=nowhere at all" in SUPER.lacking(Kind.TEXT)


def test_packages_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    card_of(monkeypatch, 80)
    pull(*needed(Kind.TEXT, "super"))
    monkeypatch.setattr(lacking, "find_spec", lambda name: None if name == "diffusers" else object())
    assert SUPER.lacking(Kind.TEXT) == "it needs the package diffusers (`pip install 'worldloom[hub]'`)"


def test_asking_imports_nothing_heavy() -> None:
    program = (
        "import sys; from pipelines.recipes import cards\n"
        "[card.lacking(kind) for card in cards() for kind in card.rows]\n"
        "print(sorted({'torch', 'transformers', 'diffusers', 'numba', 'scipy', 'PIL'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout.strip() == "[]"
