"""Renders docs/things/ anew, a contact sheet for each family of things and the page: python docs/make_contact_sheets.py [FAMILY …]."""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

from app.commands.pictures import contact_sheet, portrait, webp_within
from pipelines.layout.members import LAND_KINDS, is_feature
from pipelines.things import Library, Order

FOLDER = Path(__file__).parent / "things"
WIDTH_PX, HEIGHT_PX, COLUMNS = 208, 169, 6
OVERSAMPLING = 2  # rendered this much larger and averaged: crisp edges without steps
SPLATS = 150_000
MAX_BYTES = 250_000


def main() -> None:
    """Render the families that are named, or all, and write the page about all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", nargs="*")
    arguments = parser.parse_args()
    library = Library.load()
    families: dict[str, list[str]] = defaultdict(list)
    for kind in library.kinds.values():
        families[kind.family].append(kind.name)
    unknown = set(arguments.family) - set(families)
    if unknown:
        parser.error(f"there is no family {sorted(unknown)[0]!r}: choose from {', '.join(sorted(families))}")
    FOLDER.mkdir(exist_ok=True)
    for family, names in sorted(families.items()):
        if not arguments.family or family in arguments.family:
            begun = time.perf_counter()
            _write_sheet(library, family, sorted(names))
            print(f"{family}: {len(names)} kinds, {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    _write_page(families)


def _write_sheet(library: Library, family: str, names: list[str]) -> None:
    pictures = []
    for name in names:
        if is_feature(name) or name in LAND_KINDS:
            continue  # the layout shapes them; alone they are nothing to see
        large = portrait(library, name, Order(), width_px=WIDTH_PX * OVERSAMPLING, height_px=HEIGHT_PX * OVERSAMPLING, splats=SPLATS)
        pictures.append((name, np.asarray(Image.fromarray(large).resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BOX))))
    if not pictures:
        return
    sheet = contact_sheet(pictures, columns=min(COLUMNS, len(names)))
    (FOLDER / f"{family}.webp").write_bytes(webp_within(sheet, MAX_BYTES))


def _write_page(families: dict[str, list[str]]) -> None:
    count = sum(map(len, families.values()))
    lines = [
        "# The things",
        "",
        f"{count} kinds in {len(families)} families, each built, lit and turned into splats by the stages that make worlds.",
        "Made by `python docs/make_contact_sheets.py`. `worldloom things show KIND -o picture.png` shows one of them large,",
        "`worldloom things list` all their names and words.",
    ]
    for family, names in sorted(families.items()):
        listed = ", ".join(sorted(names))
        pictured = (FOLDER / f"{family}.webp").exists()
        lines += ["", f"## {family[0].upper()}{family[1:].replace('_', ' ')}: {len(names)}", ""]
        lines += [f"![{listed}]({family}.webp)" if pictured else f"Shaped by the layout as part of the ground: {listed}."]
    (FOLDER / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
