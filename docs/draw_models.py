"""Draws the table of models in docs/models.md from pipelines/models/models.yaml: python docs/draw_models.py."""

from __future__ import annotations

from pathlib import Path

from pipelines.models import ModelCard, cards

PAGE = Path(__file__).with_name("models.md")
BEGIN, END = "<!-- models: drawn by docs/draw_models.py -->\n", "<!-- /models -->"
NOT_KNOWN = "not known"
ROLES = {"adapter": "a LoRA for panoramas", "part": "takes the place of a part", "control": "a ControlNet: depth leads the brush"}


def tables() -> str:
    """Two tables in Markdown: what recipes take by themselves, and what only you can choose."""
    taken = [card for card in cards() if card.avoid is None]
    named = [card for card in cards() if card.avoid is not None]
    lines = ["| model | for | tier | licence | memory | sources |", "|---|---|---|---|---|---|"]
    lines += [f"| `{c.id}` | {_use(c)} | {', '.join(c.tiers)} | {c.licence or NOT_KNOWN} | {_memory(c)} | {_sources(c)} |" for c in taken]
    lines += ["", "Only when you name them:", "", "| model | for | licence | why | sources |", "|---|---|---|---|---|"]
    lines += [f"| `{c.id}` | {_use(c)} | {c.licence or NOT_KNOWN} | {c.avoid} | {_sources(c)} |" for c in named]
    return "\n".join(lines) + "\n"


def _use(card: ModelCard) -> str:
    return ", ".join(card.stages or ()) or ROLES[card.role]


def _memory(card: ModelCard) -> str:
    ways = {"none": "whole", "model": "part by part", "sequential": "layer by layer"}
    known = [f"{m.gb:g} GB {ways[m.offload]}{' in float8' if m.storage == 'float8' else ''}" for m in card.vram]
    return ", ".join(known) or ("small" if card.cpu else NOT_KNOWN)


def _sources(card: ModelCard) -> str:
    return "; ".join(f"{fact}: {source}" for fact, source in (card.sources or {}).items())


def main() -> None:
    """Put the tables into the page."""
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}{tables()}{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
