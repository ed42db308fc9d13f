"""Draws the tree of modules in CONTRIBUTING.md from their captions: python docs/draw_house.py."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- house: drawn by docs/draw_house.py -->\n```text\n", "```\n<!-- /house -->"
ORDER = [
    "__init__", "errors", "prompt", "spec", "scene", "camera", "gaussians", "world", "stage", "recipes",
    "language", "things", "layout", "models", "paint", "vision", "splat", "mesh", "formats", "quality",
]  # fmt: skip
"""What stands first in its folder, in this order; everything else follows by the alphabet, files before folders."""
FOLDERS = ("app", "pipelines", "bench", "docs")
WIDTH = 34


def caption(path: Path) -> str:
    """The first line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    return docstring.splitlines()[0] if docstring else ""


def tree() -> str:
    """The house as text, one line for every module."""
    lines: list[str] = []
    for folder in FOLDERS:
        lines += _draw(ROOT / folder, "")
    return "\n".join(lines) + "\n"


def _draw(folder: Path, indent: str) -> list[str]:
    door = folder / "__init__.py"
    lines = [_line(f"{indent}{folder.name}/", caption(door) if door.exists() else "")]
    inner = indent.replace("├── ", "│   ").replace("└── ", "    ")
    entries = [path for path in folder.iterdir() if _is_drawn(path) and path != door]
    entries.sort(key=lambda path: (_rank(path), path.is_dir(), path.name))
    for number, path in enumerate(entries):
        branch = inner + ("└── " if number == len(entries) - 1 else "├── ")
        lines += _draw(path, branch) if path.is_dir() else [_line(branch + path.name, caption(path))]
    return lines


def _is_drawn(path: Path) -> bool:
    return path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py")))


def _rank(path: Path) -> int:
    return ORDER.index(path.stem) if path.stem in ORDER and path.parent.name == "pipelines" else len(ORDER)


def _line(name: str, text: str) -> str:
    return f"{name:<{WIDTH}}{text}".rstrip()


def main() -> None:
    """Put the tree into the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{PAGE.name} lacks the two marks of the house")
    PAGE.write_text(before + BEGIN + tree() + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
